package pack

import (
	"slices"

	"gezhi/internal/workflow"
)

// hidden are the types of fields that no public view shows: they name people, or are files.
var hidden = []string{"person", "phone", "id_number", "signature", "photo", "audio", "file", "list", "point", "polygon"}

// public checks what everybody may read: nothing personal, and not without an end.
func (k *lifeCheck) public() {
	for i := range k.l.Public {
		v := &k.l.Public[i]
		at := to("public", v.Name)
		for _, s := range v.While {
			k.step(append(at, "while"), s)
		}
		for _, name := range v.Shows {
			switch f := k.field(name); {
			case f == nil:
				k.missing("life.unknown_field", append(at, "shows"), name, k.fieldNames())
			case f.Personal != nil || slices.Contains(hidden, f.Type):
				k.note("public.personal", append(at, "shows"), "name", name)
			}
		}
		if v.Clock != "" && k.l.Clock(v.Clock) == nil {
			k.missing("life.unknown_clock", append(at, "until"), v.Clock, names(k.l.Clocks, clockName))
		}
		if v.Until == nil && v.Clock == "" && slices.ContainsFunc(v.While, func(s string) bool { return k.l.Phase(s) == workflow.Closed }) {
			k.note("public.no_end", append(at, "while"), "name", v.Name)
		}
		if p := k.l.Part(v.Objections); v.Objections != "" && (p == nil || p.For.Public != v.Name || p.Case == "") {
			k.note("public.objections", append(at, "objections"), "name", v.Objections)
		}
		for _, c := range k.p.Classes {
			if c.Life == k.l.Name && c.Against == AgainstRequired {
				k.note("public.against", at, "class", c.Code)
			}
		}
	}
	for i := range k.l.Parts {
		p := &k.l.Parts[i]
		if v := k.l.PublicView(p.For.Public); p.For.Kind == workflow.ForPublic && (v == nil || v.Objections != p.Name) {
			k.note("public.nobody_reads", to("parts", p.Name, "for"), "name", p.For.Public)
		}
	}
}
