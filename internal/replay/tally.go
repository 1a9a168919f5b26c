package replay

import (
	"context"
	"fmt"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/replay/counts"
)

var (
	// Cases of a month by everything that is compared. A clock that runs at the end of the
	// history is late when its due time lies before that; one that stopped, when it stopped
	// after its due time.
	countCells = db.SQL(`SELECT c.class, c.channel,
		CASE WHEN c.phase = 'closed' THEN c.outcome ELSE c.phase END,
		CASE WHEN k.case_id IS NULL THEN 0 WHEN k.state = 'stopped' AND k.until_at > k.due_at THEN 2 WHEN k.state <> 'stopped' AND k.due_at < $5 THEN 2 ELSE 1 END,
		CASE WHEN c.merged_into <> '' OR c.outcome = 'duplicate' THEN 1 ELSE 0 END,
		COUNT(*), CAST(SUM(c.returns) AS BIGINT)
		FROM cases c LEFT JOIN clock k ON k.case_id = c.id AND k.name = 'due'
		WHERE c.jurisdiction = $1 AND c.pack = $2 AND c.opened_at >= $3 AND c.opened_at < $4 GROUP BY 1, 2, 3, 4, 5`)
	countCases = db.SQL(`SELECT COUNT(*), COALESCE(CAST(SUM(moves) AS BIGINT), 0), COALESCE(CAST(SUM(CASE WHEN merged_into <> '' THEN 1 ELSE 0 END) AS BIGINT), 0)
		FROM cases WHERE jurisdiction = $1`)
	countMoves = db.SQL(`SELECT COUNT(*) FROM move WHERE jurisdiction = $1`)
	// Due times that came before the clock stopped, and marks struck: every clock has one.
	countMarks = db.SQL(`SELECT COALESCE(CAST(SUM(CASE WHEN state = 'stopped' AND until_at > due_at OR state <> 'stopped' AND due_at <= $2 THEN 1 ELSE 0 END) AS BIGINT), 0),
		COALESCE(CAST(SUM(marks) AS BIGINT), 0) FROM clock WHERE jurisdiction = $1`)
	countLinks = db.SQL(`SELECT COUNT(*) FROM link WHERE jurisdiction = $1 AND kind = 'merged' AND until_at = 0`)
	countOwed  = db.SQL(`SELECT (SELECT COUNT(*) FROM timer WHERE jurisdiction = $1 AND due_at <= $2) + (SELECT COUNT(*) FROM outbox WHERE jurisdiction = $1 AND state <> 'done')`)
)

// Stock is what the database holds after a replay.
type Stock struct {
	Cases, Moves, Merged int
}

// tally counts in the database what package counts counts in the file.
func (e *engine) tally(ctx context.Context, s *Setting, from, until time.Time) (*counts.Counts, error) {
	out := &counts.Counts{Cells: map[counts.Cell]int{}}
	texts := map[string]string{}
	for _, c := range s.Classes {
		texts[c.Code] = c.Text
	}
	due := [...]string{counts.None, counts.InTime, counts.Late}
	first := time.Date(from.In(s.Zone).Year(), from.In(s.Zone).Month(), 1, 0, 0, 0, 0, s.Zone)
	err := e.db.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		for month := first; !month.After(until); month = month.AddDate(0, 1, 0) {
			rows, err := tx.Query(ctx, countCells, e.jurisdiction, s.Name, month, month.AddDate(0, 1, 0), until)
			if err != nil {
				return err
			}
			for rows.Next() {
				cell := counts.Cell{Month: month.Format("2006-01")}
				var class string
				var how, duplicate, n, returned int64
				if err := rows.Scan(&class, &cell.Channel, &cell.State, &how, &duplicate, &n, &returned); err != nil {
					rows.Close()
					return err
				}
				cell.Class, cell.Due, cell.Duplicate = texts[class], due[how], duplicate == 1
				out.Cells[cell] += int(n)
				out.Returned += int(returned)
			}
			rows.Close()
			if err := rows.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// stock counts rows, and what the engine still owes at the end of the history: due timers
// and undelivered messages, of which there must be none.
func (e *engine) stock(ctx context.Context, until time.Time) (st Stock, wrong []string, err error) {
	var cases, moves, merged, written, links, owed, due, struck int64
	err = e.db.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Row(ctx, countCases, []any{e.jurisdiction}, &cases, &moves, &merged); err != nil {
			return err
		}
		if err := tx.Row(ctx, countMoves, []any{e.jurisdiction}, &written); err != nil {
			return err
		}
		if err := tx.Row(ctx, countLinks, []any{e.jurisdiction}, &links); err != nil {
			return err
		}
		if err := tx.Row(ctx, countMarks, []any{e.jurisdiction, until}, &due, &struck); err != nil {
			return err
		}
		return tx.Row(ctx, countOwed, []any{e.jurisdiction, until}, &owed)
	})
	if moves != written {
		wrong = append(wrong, difference("moves that cases count, and rows of moves", int(moves), int(written)))
	}
	if merged != links {
		wrong = append(wrong, difference("merged cases, and links of merged cases", int(merged), int(links)))
	}
	if due != struck || due != int64(e.timers) {
		wrong = append(wrong, fmt.Sprintf("%d due times came, %d marks were struck, %d timers fired", due, struck, e.timers))
	}
	if owed != 0 {
		wrong = append(wrong, difference("timers and messages still owed", 0, int(owed)))
	}
	return Stock{int(cases), int(moves), int(merged)}, wrong, err
}
