package feed

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"gezhi/internal/audit"
	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// Export finds the answers that were given since the last export and writes down that they
// are in this one; ok is false, and there is no run, where nothing is new. A feed without
// columns for answers is feed.no_replies.
func (s *Service) Export(ctx context.Context, jurisdiction string, m *Mapping, by string) (run Run, ok bool, err error) {
	if m.Replies == nil {
		return run, false, fault.New(fault.Invalid, "feed.no_replies")
	}
	fresh, err := s.answered(ctx, jurisdiction, m)
	if err != nil || len(fresh) == 0 {
		return run, false, err
	}
	run = Run{ID: s.ID(), Source: m.Name, Kind: Export, Person: by, State: Done, Done: int64(len(fresh)), Total: int64(len(fresh))}
	body, _ := json.Marshal(Report{Rows: len(fresh), Answers: len(fresh), Lines: []Line{}}) // plain fields always marshal
	run.report = string(body)
	leaf := s.ID()
	return run, true, s.DB.Write(ctx, db.Keys{"feed/" + jurisdiction + "/" + m.Name}, func(ctx context.Context, tx *db.Tx) error {
		now := s.Now()
		run.BeganAt, run.MovedAt = now, now
		if err := tx.Queue(ctx, insertRun, run.ID, jurisdiction, m.Name, Export, by, run.Total, now); err != nil {
			return err
		}
		for _, k := range fresh {
			if err := tx.Queue(ctx, insertAnswer, run.ID, k.number, k.caseID, k.answeredAt); err != nil {
				return err
			}
			if err := tx.Queue(ctx, answerItem, jurisdiction, m.Name, k.number, k.answeredAt); err != nil {
				return err
			}
		}
		if err := tx.Queue(ctx, endRun, run.ID, Done, run.Done, run.Total, run.report, now); err != nil {
			return err
		}
		return audit.Append(ctx, tx, audit.Leaf{ID: leaf, Jurisdiction: jurisdiction, Subject: "feed/" + m.Name, Act: "answers.exported", Person: by, At: now,
			Said: map[string]any{"run": run.ID, "answers": len(fresh)}})
	})
}

// answered are the items with an answer that no export has held, with when it was given.
func (s *Service) answered(ctx context.Context, jurisdiction string, m *Mapping) (fresh []kept, err error) {
	for after := ""; ; {
		var page []kept
		err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			page, err = db.Collect(ctx, tx, maybeAnswered, []any{jurisdiction, m.Name, after}, scanItem)
			return err
		})
		if err != nil || len(page) == 0 {
			return fresh, err
		}
		for _, k := range page {
			_, said, err := s.said(ctx, jurisdiction, k.caseID, casework.Never)
			if err != nil {
				return nil, err
			}
			if n := len(said); n > 0 && said[n-1].At.After(k.answeredAt) {
				k.answeredAt = said[n-1].At
				fresh = append(fresh, k)
			}
			after = k.number
		}
	}
}

// said is a case with what its reporter was answered until a moment; of a case that was merged
// into another one, what that one answered, too.
func (s *Service) said(ctx context.Context, jurisdiction, id string, until time.Time) (v *casework.View, out []casework.Reply, err error) {
	who := &casework.Actor{System: true, Jurisdiction: jurisdiction}
	if v, err = s.Cases.View(ctx, who, id); err != nil {
		return nil, nil, err
	}
	replies := v.Replies()
	if v.MergedInto != "" {
		into, err := s.Cases.View(ctx, who, v.MergedInto)
		if err != nil {
			return nil, nil, err
		}
		replies = append(replies, into.Replies()...)
	}
	for _, r := range replies {
		if !r.At.After(until) {
			out = append(out, r)
		}
	}
	return v, out, nil
}

// Answers are the rows of an export, in the columns of the feed, made anew from the cases.
func (s *Service) Answers(ctx context.Context, jurisdiction string, m *Mapping, run string) (head []string, rows [][]string, err error) {
	if m.Replies == nil {
		return nil, nil, fault.New(fault.Invalid, "feed.no_replies")
	}
	var held []kept
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		held, err = db.Collect(ctx, tx, answersOf, []any{run}, scanItem)
		return err
	}); err != nil {
		return nil, nil, err
	}
	for _, c := range m.Replies.Columns {
		head = append(head, c.Title)
	}
	for _, k := range held {
		v, said, err := s.said(ctx, jurisdiction, k.caseID, k.answeredAt)
		if err != nil {
			return nil, nil, err
		}
		if len(said) == 0 { // erased since
			continue
		}
		row := make([]string, len(head))
		for i := range m.Replies.Columns {
			row[i] = s.cell(m, &m.Replies.Columns[i], k.number, v, said[len(said)-1])
		}
		rows = append(rows, row)
	}
	return head, rows, nil
}

// cell is what stands in one column of an answer.
func (s *Service) cell(m *Mapping, c *Column, theirs string, v *casework.View, r casework.Reply) string {
	word := func(w string) string {
		if x, ok := c.Of[w]; ok {
			return x
		}
		return w
	}
	switch c.Is {
	case isTheirNumber:
		return theirs
	case isNumber:
		return v.Number
	case isAnswer:
		return r.Text
	case isAnsweredAt:
		layout := c.Layout
		if layout == "" {
			layout = time.DateTime
		}
		return r.At.In(m.Zone).Format(layout)
	case isAction:
		return word(r.Action)
	case isOutcome:
		return word(v.Outcome)
	case isClass:
		return word(v.Case.Class)
	case isUnit:
		if u, ok := s.Cases.World.Tree().Unit(r.UnitID); ok {
			return word(u.Name)
		}
		return ""
	}
	return c.Text
}

// Write writes a table of answers as the feed wants it. No cell is one that a spreadsheet
// would run.
func (r *Replies) Write(w io.Writer, head []string, rows [][]string) error {
	if r.XLSX {
		return web.WriteXLSX(w, head, func(yield func([]string, error) bool) {
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
		})
	}
	if r.GBK {
		e := simplifiedchinese.GB18030.NewEncoder().Writer(w)
		return writeCSV(e, head, rows)
	}
	if _, err := io.WriteString(w, "\xef\xbb\xbf"); err != nil {
		return err
	}
	return writeCSV(w, head, rows)
}

func writeCSV(w io.Writer, head []string, rows [][]string) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	_ = out.Write(web.Harmless(head)) // its error is kept for Flush
	for _, row := range rows {
		_ = out.Write(web.Harmless(row))
	}
	out.Flush()
	return out.Error()
}

// File is the name and the media type of a file of answers.
func (r *Replies) File(feed string, at time.Time) (name, media string) {
	name = feed + "-" + at.Format("20060102-1504")
	if r.XLSX {
		return name + ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return name + ".csv", "text/csv"
}
