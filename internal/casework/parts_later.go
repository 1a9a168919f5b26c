package casework

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/jobs"
	"gezhi/internal/workflow"
)

const (
	maxItems   = 20_000 // of one set: what is beyond maxParts is written by jobs
	itemsAJob  = 250
	topicParts = "case.parts"
)

// moreParts are items of a set that are written after the act which opened it.
type moreParts struct {
	Case  string `json:"case"`
	Set   string `json:"set"`
	Round int64  `json:"round"`
	Items []item `json:"items"`
	As    string `json:"as,omitempty"` // whose act opened the set
	Cause string `json:"cause"`
}

// atOnce are the items of a set that the act itself writes; the rest waits in the outbox, so
// that no act holds its case for long. Until all are written the set is not complete.
func (st *state) atOnce(d *workflow.PartSet, round int64, items []item) ([]item, error) {
	most := maxItems
	if d.For.Kind == workflow.ForDates {
		most = maxParts
	}
	if len(items) > most {
		return nil, fault.New(fault.TooLarge, "case.too_many_parts", "most", most)
	}
	if len(items) <= maxParts {
		return items, nil
	}
	for some := range slices.Chunk(items[maxParts:], itemsAJob) {
		if err := st.post(topicParts, moreParts{Case: st.ID, Set: d.Name, Round: round, Items: some, As: st.move.PersonID, Cause: st.move.ID}); err != nil {
			return nil, err
		}
	}
	return items[:maxParts], nil
}

// unwritten tells that a set has items which no job has written yet.
func (s *PartSet) unwritten() bool {
	return s.Source != workflow.ForDates && s.Source != workflow.ForOffer && s.Source != workflow.ForPublic && s.Opened < s.Expected
}

// ended tells that the join of a set has fired: nobody waits for it any more.
func (s *PartSet) ended() bool { return s.State == SetJoined || s.State == SetFailed }

// openMore writes items of a set under the key of its case, each message once. A case that
// has ended meanwhile opens no more of them.
func (s *Service) openMore(ctx context.Context, m jobs.Message) error {
	var more moreParts
	dec := json.NewDecoder(bytes.NewReader(m.Body))
	dec.UseNumber() // numbers stay exact
	if err := dec.Decode(&more); err != nil {
		return err
	}
	if err := s.World.Renew(ctx); err != nil {
		return err
	}
	return s.DB.Write(ctx, db.Keys{"case/" + more.Case}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, more.Case, s.Now())
		if err != nil {
			return err
		}
		st.now = s.Now()
		moveID := s.ID()
		done, err := s.claim(ctx, tx, more.As, "parts/"+more.Case, m.ID, "", moveID, st.now)
		if err != nil || done != "" || !st.Open() {
			return err
		}
		d := st.life.Part(more.Set)
		i := slices.IndexFunc(st.sets, func(x *PartSet) bool { return x.Name == more.Set && x.Round == more.Round })
		if d == nil || i < 0 {
			return nil
		}
		if st.before, err = st.hashes(); err != nil {
			return err
		}
		st.begin(&Actor{System: true, PersonID: more.As}, Act{Action: movePart + moveAdded, Cause: more.Cause}, moveID)
		set := st.sets[i]
		if err := st.openParts(d, set, more.Items); err != nil {
			return err
		}
		set.Opened += int64(len(more.Items))
		set.changed = true
		if !set.unwritten() { // some may have been answered while the rest was written
			st.joinSelf = append(st.joinSelf, set.Name)
		}
		return st.save()
	})
}
