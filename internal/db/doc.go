// Package db opens SQLite or PostgreSQL, runs transactions on either, and migrates.
//
// There is one SQL text for both engines: `$1` arguments, TEXT ids, BIGINT milliseconds
// UTC, 0 or 1 for truth, JSON as text that is never queried inside. Absent text is ”,
// an absent moment is 0. Every text is declared with [SQL], so that a test can prepare all
// of them on both engines. A few things have two texts: [Either] in statements, lines
// that begin with {sqlite} or {postgres} in migrations. What differs between the engines lives here and nowhere else.
//
// # Writing
//
// [DB.Write] names what it changes by keys ("case/ID"). PostgreSQL locks the sorted keys
// first and runs at READ COMMITTED; SQLite has one writer and runs the closures that wait
// together inside one transaction, so that one flush to disk serves many. Either way a rule
// is written as if it were alone in the world. A closure may run more than once: it touches
// only its Tx, and sets outer variables it would mind setting twice only after success.
//
// A function that takes a *Tx joins; one that does not opens its own; nesting is refused.
package db
