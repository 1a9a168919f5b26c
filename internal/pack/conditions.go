package pack

import (
	"fmt"

	"gezhi/internal/formula"
	"gezhi/internal/workflow"
)

// Condition is something that holds or does not: an if, a need, a rule of severity, what a
// join counts.
// A pack read again has the same conditions at the same places.
type Condition struct {
	Place string // "incident.actions.finish.needs.1"
	Text  string // as written, or what is needed
	Of    any    // the *formula.Expr or *workflow.Need that is tried
}

// Conditions lists every condition of a pack, those of classes first. One place may stand
// several times, for conditions that are the same. What check cannot
// see through, stories must show: each of them both true and false.
func (p *Pack) Conditions() []Condition {
	var out []Condition
	for _, c := range p.Classes { // classes share their rules: one of them speaks for all
		for _, r := range c.Rules {
			out = append(out, Condition{"severity " + r.If.String() + " to " + r.To, r.If.String(), r.If})
		}
	}
	for i := range p.Lives {
		l := &p.Lives[i]
		add := func(e *formula.Expr, place string, args ...any) {
			if e != nil {
				out = append(out, Condition{l.Name + "." + fmt.Sprintf(place, args...), e.String(), e})
			}
		}
		join := func(j *workflow.Join, place string) {
			if j != nil {
				add(j.That, "%s.that", place)
				add(j.Where, "%s.where", place)
			}
		}
		for j := range l.Parts {
			s := &l.Parts[j]
			add(s.For.Where, "parts.%s.for.where", s.Name)
			if s.For.Offer != nil {
				add(s.For.Offer.If, "parts.%s.for.offer.if", s.Name)
			}
			join(s.Join, "parts."+s.Name+".join")
		}
		for _, w := range l.Watches {
			add(w.If, "watch.%s.if", w.Name)
		}
		for j := range l.Actions {
			a := &l.Actions[j]
			add(a.If, "actions.%s.if", a.Name)
			for n := range a.Needs {
				need := &a.Needs[n]
				place := fmt.Sprintf("actions.%s.needs.%d", a.Name, n+1)
				if need.That != nil {
					add(need.That, "%s", place)
					continue
				}
				out = append(out, Condition{l.Name + "." + place, needText(need), need})
				join(need.Join, place)
			}
			for n, t := range a.To {
				add(t.If, "actions.%s.to.%d", a.Name, n+1)
			}
			for n, e := range a.Then {
				if e.Move != nil {
					add(e.Move.Where, "actions.%s.then.%d.where", a.Name, n+1)
				}
			}
		}
	}
	return out
}

// needText says what a need without a formula asks for.
func needText(n *workflow.Need) string {
	switch {
	case n.Part != "":
		return "part " + n.Part
	case n.Record != "":
		return "record " + n.Record
	case n.Gap != "":
		return "gap " + n.Gap
	case n.Seat != "":
		return "seat " + n.Seat
	}
	return "field " + n.Field
}
