package story

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// expect compares the world with what must be true now.
func (w *world) expect(ctx context.Context, x Expect) error {
	for _, c := range x.Cases {
		id, err := w.caseID(ctx, c.Case, c.Line)
		if err != nil {
			return err
		}
		if err := w.expectCase(ctx, id, c); err != nil {
			return err
		}
	}
	for _, t := range x.Told {
		if err := w.wasTold(t, ""); err != nil {
			return err
		}
	}
	for _, i := range x.Inbox {
		if err := w.hasInbox(ctx, i); err != nil {
			return err
		}
	}
	if err := w.counts(ctx, x.Count); err != nil {
		return err
	}
	if err := w.expectLedger(ctx, x.Ledger); err != nil {
		return err
	}
	for _, f := range x.Facts {
		if err := w.expectRecord(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// same compares one thing; what says which.
func same(line int, what, want, got string) error {
	if want == got {
		return nil
	}
	return differ(line, "story.differs", "what", what, "want", shown(want), "got", shown(got))
}

func shown(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// sameList compares two lists in their order.
func sameList(line int, what string, want, got []string) error {
	return same(line, what, "["+strings.Join(want, ", ")+"]", "["+strings.Join(got, ", ")+"]")
}

// sameSet compares two lists whatever their order.
func sameSet(line int, what string, want, got []string) error {
	w, g := slices.Clone(want), slices.Clone(got)
	slices.Sort(w)
	slices.Sort(g)
	return sameList(line, what, w, slices.Compact(g))
}

// wasTold compares what somebody was told, in order; of one case, or of all when case is "".
func (w *world) wasTold(t Names, id string) error {
	people := w.peopleOf(t.Name)
	if len(people) == 0 {
		return unknown(t.Line, t.Name)
	}
	var got []string
	for _, n := range w.notices {
		if id != "" && n.Case != id || !slices.ContainsFunc(n.People, func(p string) bool { return slices.Contains(people, p) }) {
			continue
		}
		code := n.Event
		if i := len(got); i < len(t.List) && t.List[i] == n.Event+"."+n.Clock {
			code = t.List[i] // the story says of which clock
		}
		got = append(got, code)
	}
	return sameList(t.Line, "told "+t.Name, t.List, got)
}

// hasInbox compares what waits for somebody: cases and tasks they lead, and those of a
// queue that they may take.
func (w *world) hasInbox(ctx context.Context, i Names) error {
	who, err := w.everyone(ctx, i.Name, i.Line)
	if err != nil {
		return err
	}
	var got []string
	for _, a := range who {
		for _, queue := range []string{casework.QueueMine, casework.QueueUnassigned} {
			ids, err := w.queue(ctx, a, queue)
			if err != nil {
				return err
			}
			got = append(got, ids...)
		}
	}
	var want []string
	for _, path := range i.List {
		id, err := w.caseID(ctx, path, i.Line)
		if err != nil {
			return err
		}
		want = append(want, w.caseName(ctx, id))
	}
	return sameSet(i.Line, "inbox "+i.Name, want, got)
}

// queue are the names of the cases in a queue of somebody who may do something there.
func (w *world) queue(ctx context.Context, who *casework.Actor, queue string) ([]string, error) {
	var out []string
	q := casework.Query{Queue: queue, Tasks: true, Limit: 200}
	for {
		rows, next, err := w.cases.List(ctx, who, q)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if queue == casework.QueueUnassigned {
				v, err := w.cases.View(ctx, who, r.ID)
				if err != nil {
					return nil, err
				}
				if !slices.ContainsFunc(v.Can, func(o casework.Offer) bool { return !o.Overlay }) || v.ReporterID == who.PersonID {
					continue
				}
			}
			out = append(out, w.caseName(ctx, r.ID))
		}
		if next == nil {
			return out, nil
		}
		q.After = *next
	}
}

var countClasses = db.SQL(`SELECT CASE WHEN kind = 'task' THEN 'task' ELSE class END, count(*) FROM cases WHERE jurisdiction = $1 GROUP BY 1`)

// counts compares how many cases of a class there are; "task" counts tasks.
func (w *world) counts(ctx context.Context, want []Number) error {
	if len(want) == 0 {
		return nil
	}
	have := map[string]int{}
	err := w.d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Collect(ctx, tx, countClasses, []any{jurisdiction}, func(r db.Rows) (x struct{}, err error) {
			var class string
			var n int
			err = r.Scan(&class, &n)
			have[class] = n
			return x, err
		})
		return err
	})
	if err != nil {
		return err
	}
	for _, n := range want {
		if err := same(n.Line, "count "+n.Name, strconv.Itoa(n.N), strconv.Itoa(have[n.Name])); err != nil {
			return err
		}
	}
	return nil
}

// textOfValue is a value as a story writes it.
func (w *world) textOfValue(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return w.call(v)
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, w.textOfValue(x))
		}
		return "[" + strings.Join(out, ", ") + "]"
	case map[string]any:
		var out []string
		for k, x := range v {
			out = append(out, k+": "+w.textOfValue(x))
		}
		slices.Sort(out)
		return "{" + strings.Join(out, ", ") + "}"
	}
	return fmt.Sprint(v)
}

// expectLikely compares which open cases are proposed to somebody as the same matter, the
// likeliest first.
func (w *world) expectLikely(ctx context.Context, v *casework.View, x CaseExpect) error {
	for _, want := range x.Likely {
		actors, err := w.everyone(ctx, want.Name, want.Line)
		if err != nil {
			return err
		}
		likely, err := w.cases.LikelyOf(ctx, actors[0], v.ID)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		var got []string
		for _, l := range likely {
			got = append(got, w.caseName(ctx, l.ID))
		}
		if err := sameList(want.Line, w.caseName(ctx, v.ID)+" likely "+want.Name, want.List, got); err != nil {
			return err
		}
	}
	return nil
}
