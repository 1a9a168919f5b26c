package workflow

import "gezhi/internal/formula"

// Write changes a record of the pack's own. Exactly one of Create, Revise, End and Relate is set.
type Write struct {
	Create string        // kind of a new record
	Revise *formula.Expr // a record
	End    *formula.Expr // a record
	Relate string        // relation that Of shall have to To
	Of, To *formula.Expr
	With   []Assign      // create, revise: by field; none takes a value away
	From   *formula.Expr // first day of what is said, and of End the first on which it holds no more; nil: today
	Until  *formula.Expr // create, revise: last day; nil: none
}
