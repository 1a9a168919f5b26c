package pack

import (
	"slices"

	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
)

// write checks an effect that changes a record.
func (k *lifeCheck) write(w *workflow.Write, at []string) {
	at = append(slices.Clone(at), "write")
	verbs := 0
	for _, is := range []bool{w.Create != "", w.Revise != nil, w.End != nil, w.Relate != ""} {
		if is {
			verbs++
		}
	}
	says := w.Create != "" || w.Revise != nil
	if verbs != 1 || says != (len(w.With) > 0) || w.Until != nil && !says || (w.Relate != "") != (w.Of != nil) || (w.Of != nil) != (w.To != nil) {
		k.note("effect.write_incomplete", at)
		return
	}
	kinds := k.kindsWritten(w, at)
	for _, r := range kinds {
		if r.Table || !k.changes(r) {
			k.note("effect.writes_others", at, "name", r.Name, "life", k.l.Name)
			continue
		}
		for _, g := range w.With {
			f := find(r.Fields, func(f *form.Field) bool { return f.Name == g.Field })
			if f == nil || f.Formula != nil {
				k.missing("record.unknown_field", append(at, "with"), g.Field, names(r.Fields, func(f form.Field) string { return f.Name }))
			}
		}
	}
}

// changes tells whether the kind may be changed by the life, or by one of its classes.
func (k *lifeCheck) changes(r *Record) bool {
	return r.MayBeChangedBy("", k.l.Name) || slices.ContainsFunc(k.p.Classes, func(c Class) bool { return c.Life == k.l.Name && r.MayBeChangedBy(c.Code, "") })
}

// kindsWritten are the kinds of records that an effect changes, as far as the text tells.
func (k *lifeCheck) kindsWritten(w *workflow.Write, at []string) (out []*Record) {
	known := names(k.p.Records, func(r Record) string { return r.Name })
	add := func(name string) {
		if r := k.p.Record(name); r != nil {
			out = append(out, r)
		} else {
			k.missing("life.unknown_record", at, name, known)
		}
	}
	switch {
	case w.Create != "":
		add(w.Create)
	case w.Relate != "":
		r := find(k.p.Relations, func(r *Relation) bool { return r.Name == w.Relate })
		if r == nil {
			k.missing("life.unknown_record", at, w.Relate, names(k.p.Relations, func(r Relation) string { return r.Name }))
			return nil
		}
		add(r.From)
	default:
		for _, e := range []*formula.Expr{w.Revise, w.End} {
			if e == nil || len(e.Refs()) != 1 || len(e.Refs()[0].Path) != 1 || e.Refs()[0].Path[0] != "about" {
				continue
			}
			for _, a := range k.l.About {
				if a.Kind == workflow.AboutRecord && k.p.Record(a.Of) != nil {
					add(a.Of)
				}
			}
		}
	}
	return out
}
