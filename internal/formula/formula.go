// Package formula is the small total expressions of packs.
package formula

// Expr is a compiled expression. It prints as its text.
type Expr struct{ text string }

// String returns the text the expression was compiled from.
func (e *Expr) String() string { return e.text }
