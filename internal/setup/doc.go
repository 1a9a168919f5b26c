// Package setup is what the system administrator sets up besides accounts: the units of the
// jurisdiction, the scenario packs in force with their stories, and the grids of its villages.
//
// Words: a check reads an uploaded pack and changes nothing; it answers what is wrong with the
// pack, what it would change and what would be missing. Loading takes the same file with the
// hash that the check told, so that what was looked at is what comes into force.
//
// Stories are run in databases of their own that are thrown away; what is kept is how the last
// run went. Grids are drawn as sketches of territory and put in force as one of its reforms.
//
// Tables: pack_story_run (migration 00347); units and sketches are territory's, packs and their
// stories casework's. Routes: /setup/…
//
// It shows no case and nothing that a case holds, and never loads a pack that does not pass
// its check. It ends no unit that somebody works in or that has open cases.
package setup
