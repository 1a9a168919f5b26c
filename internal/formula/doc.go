// Package formula is the small total expressions of packs: guards, values, limits.
//
// A formula always ends: there is no loop but over the items of a bounded list, no
// recursion, no assignment, and every evaluation has a budget of steps. It reads only what
// its Env hands over, under closed names (field, class, about, parts, …), and cannot reach
// a clock, a file or a database by itself.
//
// Numbers are exact decimals with six places; money is a number of yuan with two. Nothing
// is ever rounded silently except the seventh place of a quotient or a product (half away
// from zero). A name that has no value is none: arithmetic with none is none, comparing
// with none is false, a condition that is none does not hold, max and min skip it.
//
// The grammar, loosest first:
//
//	c ? a : b    a ?? b    or    and    not    == != < <= > >= in within
//	+ -    * /    -a    a.b    f(x, …)    (a)    [a, b]    'text' 12.5 true false none today
//
// It is read by a parser of our own rather than by a general expression language: a
// general one would have to be forbidden most of what it can do, computes in binary
// floating point, and knows no "area within area".
package formula
