package replay

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/privacy"
	"gezhi/internal/replay/counts"
)

// Job is one history to replay.
type Job struct {
	Mapping []byte     // the mapping file
	File    []byte     // the history
	Limit   int        // so many lines of it; 0: all
	Dir     string     // where pack and jurisdiction are written
	DB      *db.DB     // migrated
	Tasks   *pack.Pack // the pack that gives the life of tasks
	Vault   *privacy.Vault
}

// Result is what a replay came to.
type Result struct {
	Lines, Loaded, Merged, Refused int
	Expected, Found                *counts.Counts // from the file, from the database
	Stock                          Stock
	Timers, Messages               int
	Exact, Coarse, Nowhere         int // rows by how well they know their place
	From, Until                    time.Time
	Took                           time.Duration // of the replay itself
	Refusals                       []Refusal
	Differences                    []string
}

// Run replays a history into an empty database and compares; one that holds anything is
// replay.not_empty. A difference between file and database is no error:
// it stands in Differences. What the engine refuses is replay.act_refused with its line.
func Run(ctx context.Context, j Job) (*Result, error) {
	m, err := ParseMapping(j.Mapping)
	if err != nil {
		return nil, err
	}
	h, err := ReadRows(m, j.File, j.Limit)
	if err != nil {
		return nil, err
	}
	if len(h.Rows) == 0 {
		return nil, fault.New(fault.Invalid, "replay.no_rows")
	}
	s, err := Generate(m, h, j.Dir, j.Tasks)
	if err != nil {
		return nil, err
	}
	all := events(h)
	r := &Result{Lines: h.Lines, Refused: len(h.Refused), Refusals: h.Refused, From: all[0].at, Until: all[len(all)-1].at}
	e := newEngine(j.DB, r.From.AddDate(0, 0, -1), j.Tasks, j.Vault)
	if err := e.settle(ctx, s, j.Dir); err != nil {
		return nil, err
	}
	began := time.Now()
	p := &player{engine: e, s: s, byID: map[string]*Row{}}
	for _, row := range h.Rows {
		p.byID[row.ID] = row
	}
	if err := p.play(ctx, all); err != nil {
		return nil, err
	}
	r.Took, r.Timers, r.Messages = time.Since(began), e.timers, e.told
	return r, r.compare(ctx, j, e, s, h)
}

// compare counts on both sides.
func (r *Result) compare(ctx context.Context, j Job, e *engine, s *Setting, h *History) (err error) {
	if r.Expected, err = counts.Of(j.Mapping, j.File, j.Limit); err != nil {
		return fault.Wrap(err, fault.Internal, "replay.not_counted")
	}
	if r.Found, err = e.tally(ctx, s, r.From, r.Until); err != nil {
		return err
	}
	if r.Stock, r.Differences, err = e.stock(ctx, r.Until); err != nil {
		return err
	}
	r.Found.Lines, r.Found.Refused = h.Lines, map[string]int{}
	for _, x := range h.Refused {
		r.Found.Refused[x.Reason]++
	}
	for _, row := range h.Rows {
		switch row.Located {
		case Exact:
			r.Exact++
		case Coarse:
			r.Coarse++
		default:
			r.Nowhere++
		}
	}
	for cell, n := range r.Found.Cells {
		if cell.Duplicate {
			r.Merged += n
		} else {
			r.Loaded += n
		}
	}
	r.Differences = append(r.Differences, Differences(r.Expected, r.Found)...)
	if n := r.Loaded + r.Merged; n != r.Stock.Cases {
		r.Differences = append(r.Differences, difference("cases counted, and cases", n, r.Stock.Cases))
	}
	if n := r.Loaded + r.Merged + r.Refused; n != r.Lines {
		r.Differences = append(r.Differences, difference("lines accounted for, and lines", n, r.Lines))
	}
	return nil
}

// Differences are the figures in which two counts disagree, a sentence each.
func Differences(file, database *counts.Counts) []string {
	var out []string
	seen := map[counts.Cell]bool{}
	for _, cells := range []map[counts.Cell]int{file.Cells, database.Cells} {
		for c := range cells {
			if !seen[c] && file.Cells[c] != database.Cells[c] {
				out = append(out, difference(fmt.Sprintf("%s, %s, by %s, %s, %s", c.Class, c.Month, c.Channel, c.State, c.Due), file.Cells[c], database.Cells[c]))
			}
			seen[c] = true
		}
	}
	reasons := map[string]bool{}
	for _, refused := range []map[string]int{file.Refused, database.Refused} {
		for reason := range refused {
			if !reasons[reason] && file.Refused[reason] != database.Refused[reason] {
				out = append(out, difference("refused as "+reason, file.Refused[reason], database.Refused[reason]))
			}
			reasons[reason] = true
		}
	}
	for what, n := range map[string][2]int{"lines": {file.Lines, database.Lines}, "returns": {file.Returned, database.Returned}} {
		if n[0] != n[1] {
			out = append(out, difference(what, n[0], n[1]))
		}
	}
	slices.Sort(out)
	return out
}

func difference(what string, file, database int) string {
	return fmt.Sprintf("%s: %d in the file, %d in the database", what, file, database)
}
