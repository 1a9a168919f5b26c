package casework

import (
	"slices"

	"gezhi/internal/formula"
	"gezhi/internal/pack"
	"gezhi/internal/workflow"
)

// onSpot tells a face how what was found and done in one act is ended; nil where the class does
// not allow it. Whether this reporter may is decided when the action is done.
func (s *Service) onSpot(w words, k *pack.EffectiveClass) *SpotJSON {
	if !k.Spot || k.Life == nil {
		return nil
	}
	at := spotAction(k.Life)
	if at < 0 {
		return nil
	}
	a := &k.Life.Actions[at]
	return &SpotJSON{a.Name, s.actionTitle(w, k.Class.Life, a.Name), askedBy(w, k, a.Asks, true), askedBy(w, k, a.Also, false)}
}

// spotAction is where among the actions of a life the one stands by which a case is ended on the
// spot; -1 for none.
func spotAction(l *pack.Life) int {
	return slices.IndexFunc(l.Actions, func(a workflow.Action) bool {
		return a.Outcome != "" && slices.ContainsFunc(a.If.Refs(), func(r formula.Ref) bool { return r.String() == "class.spot" })
	})
}

// askedBy describes the fields among names, for a case that is not there yet.
func askedBy(w words, k *pack.EffectiveClass, names []string, required bool) []FormJSON {
	out := []FormJSON{}
	for _, n := range names {
		if f := k.Field(n); f != nil {
			d := formOf(w, k.Class.Life, f)
			d.Required = required
			out = append(out, d)
		}
	}
	return out
}
