// Package setup is what the system administrator sets up besides accounts: the units of the
// jurisdiction, and the scenario packs in force.
//
// Words: a check reads an uploaded pack and changes nothing; it answers what is wrong with the
// pack, what it would change and what would be missing. Loading takes the same file with the
// hash that the check told, so that what was looked at is what comes into force.
//
// Tables: none of its own; units are territory's, packs casework's. Routes: /setup/…
//
// It shows no case and nothing that a case holds, and never loads a pack that does not pass
// its check. It ends no unit that somebody works in or that has open cases.
package setup
