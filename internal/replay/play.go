package replay

import (
	"context"
	"slices"
	"time"

	"gezhi/internal/casework"
	"gezhi/internal/fault"
	"gezhi/internal/workflow"
)

// event is one thing that a row says happened.
type event struct {
	at  time.Time
	row *Row
	end bool
}

// events are the beginnings and ends of all rows in the order of time; what happens at the
// same moment happens in the order of the file, beginnings first, so that a row can repeat
// one of the same moment.
func events(h *History) []event {
	var all []event
	for _, r := range h.Rows {
		all = append(all, event{r.Opened, r, false})
		if !r.open {
			all = append(all, event{r.Closed, r, true})
		}
	}
	slices.SortStableFunc(all, func(a, b event) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		switch {
		case a.end == b.end:
			return 0
		case a.end:
			return 1
		}
		return -1
	})
	return all
}

// player replays the rows of a setting.
type player struct {
	*engine
	s    *Setting
	byID map[string]*Row

	next    time.Time // nothing is due before; the life that Generate writes has one mark, at its due time
	waiting int       // events since jobs ran
}

// together is how many events may pass before their messages are delivered.
const together = 64

// play lives the history through, up to the last thing that the file says.
func (p *player) play(ctx context.Context, all []event) error {
	for _, v := range all {
		if p.waiting++; p.waiting == together || v.at.After(p.next) {
			if err := p.pass(ctx, v.at); err != nil {
				return err
			}
		}
		p.hand.Set(v.at)
		do := p.begin
		if v.end {
			do = p.end
		}
		if err := do(ctx, v.row); err != nil {
			return fault.Wrap(err, fault.Internal, "replay.act_refused", "line", v.row.Line)
		}
	}
	return p.pass(ctx, p.hand.Now().Add(time.Millisecond))
}

// pass lets time pass up to just before a moment, at which a case may still end in time, and remembers when the next thing is due.
func (p *player) pass(ctx context.Context, at time.Time) error {
	p.waiting = 0
	if err := p.until(ctx, at); err != nil {
		return err
	}
	next, ok, err := p.jobs.Next(ctx)
	if !ok {
		next = casework.Never
	}
	p.next = next
	return err
}

// heard remembers the due time of a case that was opened.
func (p *player) heard(c *casework.Case) {
	if c.DueAt.Before(p.next) {
		p.next = c.DueAt
	}
}

// begin opens a row's case and gives it to the unit that handles it, after the returns that
// the file counts.
func (p *player) begin(ctx context.Context, r *Row) error {
	fields := map[string]any{"source": r.ID}
	if !r.Due.IsZero() {
		fields["due_by"] = r.Due.Format(time.RFC3339)
	}
	o, err := p.cases.Open(ctx, p.clerk, casework.Opening{Class: p.s.Name + "/" + p.s.class(r), Text: r.Text, Fields: fields, Channel: r.Channel,
		AreaID: p.areas[p.s.area(r)], LonE7: r.LonE7, LatE7: r.LatE7, HasPoint: r.Located == Exact, Nature: casework.Sample})
	if err != nil {
		return err
	}
	r.caseID = o.Case.ID
	p.heard(o.Case)
	for range r.Returns {
		if err := p.assign(ctx, r); err != nil {
			return err
		}
		if err := p.act(ctx, r, p.worker(r), workflow.Return, nil); err != nil {
			return err
		}
	}
	if r.State == stateWaiting {
		return nil
	}
	return p.assign(ctx, r)
}

func (p *player) assign(ctx context.Context, r *Row) error {
	return p.act(ctx, r, p.clerk, "assign", map[string]any{"handler": p.units[p.s.unit(r)]})
}

// end closes a row's case: merged into the case it repeats where that is known and still
// open, else by the action of its outcome.
func (p *player) end(ctx context.Context, r *Row) error {
	defer func() { r.ended = true }()
	if r.State == stateDuplicate {
		if o := p.byID[r.Of]; o != nil && o != r && o.caseID != "" && !o.ended {
			r.merged = true
			// The file does not say who found it; whoever did saw both, as no unit of this history may.
			return p.act(ctx, r, &casework.Actor{System: true, Jurisdiction: p.clerk.Jurisdiction}, workflow.Merge, map[string]any{"into": o.caseID})
		}
	}
	return p.act(ctx, r, p.worker(r), "end_"+r.State, nil)
}

func (p *player) worker(r *Row) *casework.Actor { return p.workers[p.s.unit(r)] }

func (p *player) act(ctx context.Context, r *Row, who *casework.Actor, action string, values map[string]any) error {
	_, err := p.cases.Act(ctx, who, casework.Act{Case: r.caseID, Action: action, Values: values})
	return err
}
