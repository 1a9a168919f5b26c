package pack

import (
	"slices"

	"gezhi/internal/form"
	"gezhi/internal/workflow"
)

// watches checks what is looked for, and that the case which it opens may be about this one.
func (k *lifeCheck) watches() {
	for i := range k.l.Watches {
		w := &k.l.Watches[i]
		at := to("watch", w.Name)
		for j := range w.Upon {
			k.trigger(append(at, "upon"), &w.Upon[j])
		}
		k.class(append(at, "opens"), w.Opens)
		class, l := k.p.Class(w.Opens), (*Life)(nil)
		if class != nil {
			_, l = k.lifeOf(w.Opens)
		}
		if l == nil {
			continue
		}
		if !slices.ContainsFunc(l.About, k.isAbout) {
			k.note("watch.not_about", append(at, "opens"), "class", w.Opens, "life", k.l.Name)
		}
		for _, g := range w.Give {
			if slices.ContainsFunc(l.Seats, func(s workflow.Seat) bool { return s.Name == g.Field }) {
				continue
			}
			if find(append(slices.Clone(l.Fields), class.Fields...), func(f *form.Field) bool { return f.Name == g.Field }) == nil {
				k.note("watch.unknown_field", append(at, "give", g.Field), "name", g.Field, "class", w.Opens)
			}
		}
	}
}

// isAbout tells whether something that a case may be about is a case of this life.
func (k *lifeCheck) isAbout(a workflow.AboutKind) bool {
	return a.Kind == workflow.AboutCase && (a.Of == k.l.Name || slices.ContainsFunc(k.p.Classes, func(c Class) bool { return c.Life == k.l.Name && c.Code == a.Of }))
}
