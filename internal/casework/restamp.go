package casework

import (
	"context"
	"encoding/json"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/jobs"
)

// actionRestamp is the move of a case that stands in another queue, or another area, because
// a post or the divisions changed.
const actionRestamp = "restamp"

const (
	topicRestamp = "case.restamp"
	restampPage  = 100 // cases looked at by one message
)

// restamp is a walk through the open cases of an area, a page to a message.
type restamp struct {
	Area  string `json:"area"`            // ""; all that the divisions moved
	Level int    `json:"level,omitempty"` // set: its cases are placed anew
	Cause string `json:"cause"`
	After Cursor `json:"after"`
}

// PostMoved hears, within the transaction, that a post begins or ends at a moment: the cases
// of its area are then looked at, whoever leads them by it. Nothing is lost with somebody who
// leaves: what they had taken goes back to their unit, or to the level above, and once their
// last post has ended so do the seats they were given by name.
func (s *Service) PostMoved(ctx context.Context, tx *db.Tx, jurisdiction string, p account.Post, at time.Time) error {
	area := p.AreaID
	if area == "" {
		area = "unit/" + p.UnitID
	}
	if !p.Until.IsZero() && !at.Before(p.Until) {
		if err := s.postVacate(ctx, tx, jurisdiction, p, at); err != nil {
			return err
		}
	}
	return s.postRestamp(ctx, tx, jurisdiction, restamp{Area: area, Cause: "post " + p.ID}, at)
}

func (s *Service) postRestamp(ctx context.Context, tx *db.Tx, jurisdiction string, r restamp, at time.Time) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	now := s.Now()
	if at.Before(now) {
		at = now
	}
	if s.Wake != nil {
		tx.AfterCommit(s.Wake)
	}
	return jobs.Post(ctx, tx, jobs.Message{ID: s.ID(), Jurisdiction: jurisdiction, Topic: topicRestamp, Subject: "area/" + r.Area, Body: body, MadeAt: now, DueAt: at})
}

// openIn lists the open cases below an area of each level, page by page.
var openIn = func() (out [8]db.Stmt) {
	for l := 1; l < len(out); l++ {
		out[l] = db.SQL(`SELECT due_at, id FROM cases WHERE jurisdiction = $1 AND ` + levelColumns[l] + ` = $2 AND phase <> 'closed' AND ` +
			levelColumns[l] + ` <> '' AND (due_at, id) > ($3, $4) ORDER BY due_at, id LIMIT $5`)
	}
	return out
}()

// restampArea looks at a page of the open cases of an area, writes those whose stamps have
// changed, and leaves the next page to the next message.
func (s *Service) restampArea(ctx context.Context, jurisdiction string, r restamp) error {
	id := r.Area
	if u, ok := s.World.Unit(unitRef(id)); ok {
		id = u.AreaID
	}
	area, ok := s.World.Area(id)
	if !ok {
		return nil // nobody stands there any more
	}
	type row struct {
		Cursor
		stale bool
	}
	var page []row
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		page, err = db.Collect(ctx, tx, openIn[area.Level], []any{jurisdiction, area.ID, r.After.Due, r.After.ID, restampPage}, func(rows db.Rows) (x row, err error) {
			return x, rows.Scan(&x.Due, &x.ID)
		})
		for i := range page {
			st, err := s.load(ctx, tx, page[i].ID, s.Now())
			if err != nil {
				return err
			}
			if page[i].stale, err = st.stale(); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, x := range page {
		if x.stale {
			if err := s.restampCase(ctx, x.ID, r.Cause); err != nil {
				return err
			}
		}
	}
	if len(page) < restampPage {
		return nil
	}
	r.After = page[len(page)-1].Cursor
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return s.postRestamp(ctx, tx, jurisdiction, r, s.Now())
	})
}

func unitRef(ref string) string {
	if len(ref) > 5 && ref[:5] == "unit/" {
		return ref[5:]
	}
	return ""
}

// stale tells whether somebody else leads the case now than its row says.
func (st *state) stale() (bool, error) {
	was := [3]string{st.UnitID, st.AssigneeID, st.Queue}
	st.responsible()
	is := [3]string{st.UnitID, st.AssigneeID, st.Queue}
	st.UnitID, st.AssigneeID, st.Queue = was[0], was[1], was[2]
	return was != is, nil
}

// restampCase writes who leads a case now; looking again changes nothing.
func (s *Service) restampCase(ctx context.Context, id, cause string) error {
	err := s.DB.Write(ctx, db.Keys{"case/" + id}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil || !st.Open() {
			return err
		}
		st.now = s.Now()
		if stale, err := st.stale(); err != nil || !stale {
			return err
		}
		st.begin(&Actor{System: true}, Act{Action: actionRestamp, Cause: cause}, s.ID())
		if st.before, err = st.hashes(); err != nil {
			return err
		}
		return st.save()
	})
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil
	}
	return err
}
