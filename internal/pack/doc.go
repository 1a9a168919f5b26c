// Package pack reads, checks and versions scenario packs: folders of YAML that say what
// things are (classes), how they go (lives), who answers for what (duty) and in which words.
//
// Load reads a folder strictly and answers with a Pack and a Report of everything wrong,
// each with file, line, excerpt and, where one is near, the word probably meant. Check adds
// what a human would miss. Encode turns a pack into the bytes a database keeps by Hash, and
// Decode reads them back, so that a case lives under the pack it was opened with. Resolve
// lays a county's overlay over a pack and answers what counts for one class.
//
// The files are described once, in the shapes; reader, checks and the published JSON
// Schema follow from there. Nothing here touches a database, a clock or the network, and
// no pack's own words stand here: codes of problems are put into words by words/*.yaml.
package pack
