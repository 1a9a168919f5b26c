// Package replay runs a foreign history through the real engine under a set clock.
//
// A table of somebody else's requests (type, when opened, when due, when closed, how it
// ended) becomes cases: a [Mapping] says which column is what, [ReadRows] turns lines into
// rows or refuses them with a reason, [Generate] writes a pack and a jurisdiction made of
// the table's own types, offices and places, and [Run] opens, assigns, returns, merges and
// closes every row in the order of time through the use cases of package casework, with
// every timer fired at its own moment.
//
// What then stands in the database is counted by SQL and compared with what package counts,
// which knows nothing of the engine, finds in the file itself. They must be equal.
//
// # What it never does
//
// It never writes to the database that serves people unless told which one, never sends
// anything to anybody, and never guesses: a line that it cannot read is refused and named.
package replay
