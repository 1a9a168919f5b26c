package points

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/formula"
	"gezhi/internal/jobs"
	"gezhi/internal/pack"
)

// Watch says what looks odd in the shop: one owner fetched so often at one merchant in a month. It
// opens a case at which people look; nothing is refused, held or taken away.
type Watch struct {
	Name    string            `json:"name"`
	Fetched int64             `json:"fetched"`
	Class   string            `json:"class"`
	Give    map[string]string `json:"give,omitempty"` // formulas of pack.LedgerFacts, by field
}

func watchesOf(p *pack.Pack, ledger string) (out []Watch) {
	for _, w := range p.Watches {
		if w.Ledger != ledger {
			continue
		}
		x := Watch{w.Name, int64(w.Fetched), p.Name + "/" + w.Opens, map[string]string{}}
		for _, g := range w.Give {
			x.Give[g.Field] = g.Value.String()
		}
		out = append(out, x)
	}
	return out
}

// topicWatch is what looked odd, to be asked once something was fetched.
const topicWatch = "shopwatch"

// fetched is what a message of that work says: who fetched something where.
type fetched struct {
	Ledger   string `json:"ledger"`
	Owner    string `json:"owner"`
	Merchant string `json:"merchant"`
}

var fetchedAt = db.SQL(`SELECT count(*) FROM points_claim WHERE jurisdiction = $1 AND owner = $2 AND ledger_id = $3 AND merchant_id = $4 AND state = 'fetched' AND ended_at >= $5 AND ended_at < $6`)

func (s *Service) watchLater(ctx context.Context, tx *db.Tx, at Place, c Claim) error {
	body, err := json.Marshal(fetched{at.Ledger, c.Owner, c.Merchant})
	if err != nil {
		return err
	}
	return jobs.Post(ctx, tx, jobs.Message{ID: s.NewID(), Jurisdiction: at.Jurisdiction, Topic: topicWatch, Subject: "shop/" + c.Owner, Body: body, MadeAt: s.Now()})
}

// hearWatch asks what looks odd, and opens one case for each owner, merchant and month.
func (s *Service) hearWatch(ctx context.Context, m jobs.Message) error {
	var x fetched
	if err := json.Unmarshal(m.Body, &x); err != nil {
		return err
	}
	var l Ledger
	var seen int64
	month := m.MadeAt.In(clock.CST)
	from := time.Date(month.Year(), month.Month(), 1, 0, 0, 0, 0, clock.CST)
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if l, err = ledger(ctx, tx, LedgerID(m.Jurisdiction, x.Ledger)); err != nil || len(l.Watches) == 0 {
			return err
		}
		return tx.Row(ctx, fetchedAt, []any{m.Jurisdiction, x.Owner, LedgerID(m.Jurisdiction, x.Ledger), x.Merchant, from, from.AddDate(0, 1, 0)}, &seen)
	}); err != nil {
		return err
	}
	_, person, _ := strings.Cut(x.Owner, "/")
	for _, w := range l.Watches {
		if seen < w.Fetched || s.OpenOdd == nil {
			continue
		}
		fields := map[string]any{}
		for field, text := range w.Give {
			e, err := formula.Compile(text)
			if err != nil {
				return err
			}
			v, err := e.Eval(formula.Env{Seat: func(name string) formula.Value {
				return map[string]formula.Value{"owner": person, "seen": formula.Int(seen), "usual": formula.Int(w.Fetched)}[name]
			}})
			if err != nil {
				return err
			}
			if n, ok := v.(formula.Num); ok {
				v = json.Number(n.String())
			}
			fields[field] = v
		}
		if err := s.OpenOdd(ctx, m.Jurisdiction, casework.Opening{Class: w.Class, Fields: fields, Channel: "watch", AreaID: s.placeOf(ctx, person),
			Key: "watch/" + w.Name + "/" + x.Owner + "/" + x.Merchant + "/" + Month(from), OneKey: true}); err != nil {
			return err
		}
	}
	return nil
}

// placeOf is the smallest place in which somebody has a post, "" for none.
func (s *Service) placeOf(ctx context.Context, person string) string {
	return cmp.Or(s.group(ctx, groupLevels["village"], person), s.group(ctx, groupLevels["township"], person), s.group(ctx, groupLevels["county"], person))
}
