package pack

import (
	"slices"

	"gezhi/internal/formula"
	"gezhi/internal/pack/shape"
	"gezhi/internal/workflow"
)

// writeShape is the effect that changes a record.
var writeShape = obj("a record that changes",
	opt("create", name), opt("revise", expr), opt("end", expr), opt("relate", name), opt("of", expr), opt("to", expr),
	opt("with", give), opt("from", expr), opt("until", expr))

func readWrite(n *shape.Node) *workflow.Write {
	if n == nil {
		return nil
	}
	return &workflow.Write{Create: readText(n.Get("create")), Revise: readExpr(n.Get("revise")), End: readExpr(n.Get("end")), Relate: readText(n.Get("relate")),
		Of: readExpr(n.Get("of")), To: readExpr(n.Get("to")), With: readGive(n.Get("with")), From: readExpr(n.Get("from")), Until: readExpr(n.Get("until"))}
}

// MayBeChangedBy tells whether cases of a class, or of a life, may change records of the kind.
func (r *Record) MayBeChangedBy(class, life string) bool {
	return slices.Contains(r.ChangedBy, class) || slices.Contains(r.ChangedBy, life)
}

// writeFormulas visits the formulas of an effect that changes a record.
func writeFormulas(w *workflow.Write, at []string, s scope, call func(*formula.Expr, []string, scope), gives func([]workflow.Assign, []string, scope)) {
	for key, e := range map[string]*formula.Expr{"revise": w.Revise, "end": w.End, "of": w.Of, "to": w.To, "from": w.From, "until": w.Until} {
		call(e, append(slices.Clone(at), key), s)
	}
	gives(w.With, append(slices.Clone(at), "with"), s)
}
