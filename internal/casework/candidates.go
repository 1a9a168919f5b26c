package casework

import (
	"iter"
	"slices"

	"gezhi/internal/form"
	"gezhi/internal/pack"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

// Candidate is somebody whose duty a case may be, and why. It is a proposal: whoever dispatches
// takes it or another.
type Candidate struct {
	Subject string
	Why     string     // the duty line as it stands
	Said    pack.Words // the line's own reason, for people; nil where it gives none
	Level   string     // of a line of the pack
	Holds   bool       // has the case already
}

// mostCandidates is as many as a form can show beside a field.
const mostCandidates = 4

// dutyHolders are those whose duty the class is here: by the jurisdiction's own list, then by the
// lines of the pack that fit. One may come twice.
func (st *state) dutyHolders(kind string) iter.Seq[Candidate] {
	return func(yield func(Candidate) bool) {
		for _, d := range st.dutiesAt() {
			subject := st.dutySubject(kind, d.Unit, d.Role, d.Area, st.s.World.Unit)
			if subject != "" && !yield(Candidate{Subject: subject, Why: st.ownReason(d)}) {
				return
			}
		}
		for _, d := range st.class.duties(st.Areas, st.day()) {
			ofKind := func(kind string) (Unit, bool) { return st.s.World.UnitOfKind(kind, d.area) }
			subject := st.dutySubject(kind, d.Unit, d.Post, d.area, ofKind)
			if subject != "" && !yield(Candidate{Subject: subject, Why: d.reason(), Said: d.Why, Level: d.Level}) {
				return
			}
		}
	}
}

// dutySubject is whom a duty line names, but for those from whom the case is kept; "" for nobody.
func (st *state) dutySubject(kind, unit, role, area string, find func(string) (Unit, bool)) string {
	if unit == "" {
		return st.holderOf(kind, role, area)
	}
	if u, ok := find(unit); ok && !st.keptFromUnit(u) {
		return u.ID
	}
	return ""
}

// duty is who handles the class here, with the line as the reason. Nobody found is the
// dispatcher's queue, never a lost case.
func (st *state) duty(kind string) (subject, why string) {
	for c := range st.dutyHolders(kind) {
		return c.Subject, c.Why
	}
	return "", ""
}

// candidates are proposed for a seat that is filled by duty: who holds it, then whose duty the
// case is, the nearest first. nil for any other seat.
func (st *state) candidates(d *workflow.Seat) ([]Candidate, error) {
	if d == nil || d.First == nil || d.First.Kind != workflow.FirstDuty {
		return nil, nil
	}
	var out []Candidate
	for _, p := range st.held(d.Name) {
		out = append(out, Candidate{Subject: p.Subject, Why: p.Why, Holds: true})
	}
	for c := range st.dutyHolders(d.Kind) {
		if i := slices.IndexFunc(out, func(x Candidate) bool { return x.Subject == c.Subject }); i >= 0 {
			if out[i].Why == c.Why { // the line that found the holder says why in words
				out[i].Said, out[i].Level = c.Said, c.Level
			}
			continue
		}
		ok, err := st.listed(d, d.Kind, c.Subject)
		if err != nil {
			return nil, err
		}
		if ok && len(out) < mostCandidates {
			out = append(out, c)
		}
	}
	return out, nil
}

// proposals are the candidates for the seats among what an action asks.
func (st *state) proposals(names ...string) (map[string][]Candidate, error) {
	var out map[string][]Candidate
	for _, n := range names {
		found, err := st.candidates(st.life.Seat(n))
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			if out == nil {
				out = map[string][]Candidate{}
			}
			out[n] = found
		}
	}
	return out, nil
}

// byDuty is the name of the seat of a life that is filled by duty with units; "" for none.
func byDuty(l *workflow.Life) string {
	for _, d := range l.Seats {
		if d.First != nil && d.First.Kind == workflow.FirstDuty && d.Kind == workflow.SeatUnit {
			return d.Name
		}
	}
	return ""
}

// inOneGo are the kernel's actions that may be done on several cases at once.
var inOneGo = []string{workflow.Acknowledge, workflow.Urge, workflow.Supervise, workflow.Escalate, workflow.Transfer, workflow.Comment}

// inOneGo tells whether an action of a life may be done on several cases at once. What ends a
// case, tells its reporter something or looks at another's work decides about people: each such
// case is looked at by itself unless the pack says otherwise, and so is every case that is kept
// from somebody or about somebody.
func (st *state) inOneGo(d *workflow.Action, closes bool) bool {
	if d.Batch != "" {
		return !st.aboutSomebody()
	}
	return !closes && len(d.Apart) == 0 && !tellsReporter(d) && !st.aboutSomebody()
}

// mayClose tells whether an action can end the case.
func (st *state) mayClose(d *workflow.Action) bool {
	return slices.ContainsFunc(d.To, func(t workflow.Target) bool { return st.life.Phase(t.Step) == workflow.Closed })
}

func (st *state) aboutSomebody() bool {
	return len(st.kept) > 0 || st.class.Against == pack.AgainstRequired
}

// SeatCandidateJSON is somebody who is proposed for a field, and why.
type SeatCandidateJSON struct {
	Value string `json:"value"`
	Title string `json:"title"`
	Why   string `json:"why,omitempty"`
	Holds bool   `json:"holds,omitempty" doc:"has it already: left out, it stays so"`
}

func (s *Service) candidatesJSON(w words, v *View, all []Candidate) []SeatCandidateJSON {
	var out []SeatCandidateJSON
	for _, c := range all {
		x := SeatCandidateJSON{Value: c.Subject, Title: s.nameOf(c.Subject), Why: w.title(c.Said, ""), Holds: c.Holds}
		if x.Why == "" && c.Level != "" {
			x.Why = web.Say(w.lang, "foresee.duty", map[string]any{"class": w.title(v.Class.Title, v.Class.Code), "level": web.Say(w.lang, "level."+c.Level, nil)})
		} else if x.Why == "" && !c.Holds {
			x.Why = c.Why
		}
		out = append(out, x)
	}
	return out
}

// offered lays beside the fields of an action what stands ready for them: who is proposed, what
// the case knows already, and texts.
func (s *Service) offered(w words, v *View, o Offer, asks, also []FormJSON) {
	for i, list := range [][]FormJSON{asks, also} {
		for j := range list {
			f := &list[j]
			f.Proposed = s.candidatesJSON(w, v, o.Proposed[f.Name])
			for _, x := range v.Class.TextsFor(f.Name) {
				f.Texts = append(f.Texts, w.title(x, x["zh"]))
			}
			d := v.Class.Field(f.Name)
			// What must be said is said anew; what need not be is shown where it is known.
			if known := v.Fields[f.Name]; i == 1 && d != nil && d.Personal == nil && !masks(v, f.Name) && !form.Empty(known) {
				f.Known = known
			} else if i == 1 && f.Name == valueSeverity && v.Severity != "" {
				f.Known = v.Severity
			}
		}
	}
}
