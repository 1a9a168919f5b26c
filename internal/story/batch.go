package story

import (
	"context"
	"slices"

	"gezhi/internal/casework"
)

// batch does one action on several cases in one request, and compares what became of each.
func (w *world) batch(ctx context.Context, e Event) error {
	who, err := w.everyone(ctx, e.By, e.Line)
	if err != nil {
		return err
	}
	var acts []casework.Act
	for _, path := range e.Cases {
		id, err := w.caseID(ctx, path, e.Line)
		if err != nil {
			return err
		}
		v, err := w.cases.View(ctx, system, id)
		if err != nil {
			return err
		}
		said, err := w.say(ctx, e, who[0].PersonID, spokenOf(v, e), v.Life)
		if err != nil {
			return err
		}
		acts = append(acts, casework.Act{Case: id, Action: e.Name, Values: said.values, Why: w.reasons(e.Why), Reason: said.reason, Note: said.note})
	}
	for i, r := range w.cases.Batch(ctx, w.able(ctx, who, acts[0].Case, e.Name), e.Key, acts) {
		code, err := refusal(r.Err)
		if err != nil {
			return err
		}
		one := e
		one.Refused = e.Refused
		if want, said := e.Each[e.Cases[i]]; said {
			one.Refused = want
		}
		w.tell(e, e.Cases[i], r.Err)
		if err := judge(one, code); err != nil {
			return err
		}
	}
	for name := range e.Each {
		if !slices.Contains(e.Cases, name) {
			return unknown(e.Line, name)
		}
	}
	return nil
}
