package workflow

import "gezhi/internal/formula"

// Coverage is a rule on a set of records: each has so many of something. What it finds is a list
// of gaps; it never hinders the saving of one record.
type Coverage struct {
	Name  string
	Every string        // kind of record
	Where *formula.Expr // which of them; nil: all
	Via   string        // a relation: each is joined to so many by it
	Has   string        // a class or life: so many cases are about each, void ones not counted
	Least int
	Most  int // 0: no limit
}
