package points

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/jobs"
	"gezhi/internal/pack"
	"gezhi/internal/record"
)

// Shelf says which records of a pack are the goods and merchants of a ledger, and which of their
// fields say what. The shop follows the register: that is the one place to edit.
type Shelf struct {
	Pack      string    `json:"pack"`
	Goods     *ShelfOf  `json:"goods,omitempty"`
	Merchants *ShelfOf  `json:"merchants,omitempty"`
	Levels    [2]string `json:"levels,omitempty"` // columns: from how many points which title
}

// ShelfOf is a kind of records and its fields, by what they say: title, price, stock, photo,
// merchant, days; unit, levels.
type ShelfOf struct {
	Kind   string            `json:"kind"`
	Fields map[string]string `json:"fields"`
}

// shelfOf is what a pack says of the shop of a ledger.
func shelfOf(p *pack.Pack, name string) *Shelf {
	l := p.Shop(name)
	if l == nil {
		return nil
	}
	out := &Shelf{Pack: p.Name}
	if l.Goods != nil {
		out.Goods = &ShelfOf{l.Goods.Kind, l.Goods.Fields}
	}
	if l.Merchants == nil {
		return out
	}
	out.Merchants = &ShelfOf{l.Merchants.Kind, l.Merchants.Fields}
	kind := p.Record(l.Merchants.Kind)
	if i := slices.IndexFunc(kind.Fields, func(f form.Field) bool { return f.Name == l.Merchants.Fields["levels"] }); i >= 0 {
		for _, col := range kind.Fields[i].Rows {
			switch col.FormulaType() {
			case formula.Number:
				out.Levels[0] = col.Name
			default:
				out.Levels[1] = col.Name
			}
		}
	}
	return out
}

// topicShelf is the work that follows from changes of goods and merchants.
const topicShelf = "shelf"

// stocked is what a message of that work says: which records of a ledger's shop to look at;
// without any, all.
type stocked struct {
	Ledger  string   `json:"ledger"`
	Records []string `json:"records,omitempty"`
}

// Register gives a runner the work of this package.
func (s *Service) Register(r *jobs.Runner) {
	r.Topics[topicShelf] = s.restock
	r.Topics[topicWatch] = s.hearWatch
}

// RecordsChanged takes in what became of records, in the transaction in which it did. The shop
// follows after the commit, or on the day on which it is so.
func (s *Service) RecordsChanged(ctx context.Context, tx *db.Tx, all []record.Change) error {
	if len(all) == 0 {
		return nil
	}
	ledgers, err := db.Collect(ctx, tx, ledgersOf, []any{all[0].Jurisdiction}, scanLedger)
	if err != nil {
		return err
	}
	for _, l := range ledgers {
		byDay := map[string][]string{}
		for _, c := range all {
			if l.Shelf != nil && c.Pack == l.Shelf.Pack && l.Shelf.has(c.Kind) {
				byDay[c.Day] = append(byDay[c.Day], c.RecordID)
			}
		}
		for day, ids := range byDay {
			if err := s.stockLater(ctx, tx, all[0].Jurisdiction, stocked{l.Name, ids}, day); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *Shelf) has(kind string) bool {
	return f.Goods != nil && f.Goods.Kind == kind || f.Merchants != nil && f.Merchants.Kind == kind
}

func (s *Service) stockLater(ctx context.Context, tx *db.Tx, jurisdiction string, x stocked, day string) error {
	body, err := json.Marshal(x)
	if err != nil {
		return err
	}
	m := jobs.Message{ID: s.NewID(), Jurisdiction: jurisdiction, Topic: topicShelf, Subject: "shop/" + jurisdiction + "/" + x.Ledger, Body: body, MadeAt: s.Now()}
	if at, err := time.ParseInLocation(time.DateOnly, day, clock.CST); err == nil && at.After(m.MadeAt) {
		m.DueAt = at
	}
	if s.Wake != nil {
		tx.AfterCommit(s.Wake)
	}
	return jobs.Post(ctx, tx, m)
}

// restock brings the shop of a ledger to what its records say today. Done again it changes nothing.
func (s *Service) restock(ctx context.Context, m jobs.Message) error {
	var x stocked
	if err := json.Unmarshal(m.Body, &x); err != nil {
		return err
	}
	at := Place{m.Jurisdiction, x.Ledger}
	return s.DB.Write(ctx, db.Keys{"shop/" + at.id()}, func(ctx context.Context, tx *db.Tx) error {
		l, err := ledger(ctx, tx, at.id())
		if err != nil || l.Shelf == nil {
			return err
		}
		records := x.Records
		for _, kind := range []*ShelfOf{l.Shelf.Merchants, l.Shelf.Goods} { // goods name merchants
			if kind == nil {
				continue
			}
			touched, err := s.restockKind(ctx, tx, at, l.Shelf, kind, records)
			if err != nil {
				return err
			}
			if touched && kind == l.Shelf.Merchants { // what is fetched at one who came or went
				records = nil
			}
		}
		return nil
	})
}

// restockKind brings merchants or goods to what their records say, and reports whether any of the records were such.
func (s *Service) restockKind(ctx context.Context, tx *db.Tx, at Place, f *Shelf, of *ShelfOf, ids []string) (touched bool, err error) {
	day := s.Now().In(clock.CST).Format(time.DateOnly)
	if len(ids) == 0 {
		all, err := record.AllOn(ctx, tx, at.Jurisdiction, f.Pack, of.Kind, day)
		if err != nil {
			return touched, err
		}
		for _, r := range all {
			ids = append(ids, r.Record.ID)
		}
	}
	for _, id := range ids {
		r, err := record.ByID(ctx, tx, id)
		if err != nil {
			return touched, err
		}
		if r.Kind != of.Kind {
			continue
		}
		touched = true
		span, holds, err := record.On(ctx, tx, id, day)
		if err != nil {
			return touched, err
		}
		if !holds {
			span.Revision = &record.Revision{}
		}
		if of == f.Merchants {
			err = s.restockMerchant(ctx, tx, at, f, r, span, holds)
		} else {
			err = s.restockGood(ctx, tx, at, of, r, span, holds)
		}
		if err != nil {
			return touched, err
		}
	}
	return touched, nil
}

// textIn and numberIn read a field that the shelf names; zero where there is none.
func (of *ShelfOf) textIn(span record.Span, what string) string {
	switch v := span.Values[of.Fields[what]].(type) {
	case string:
		return v
	case []any:
		if len(v) > 0 {
			id, _ := v[0].(string)
			return id
		}
	}
	return ""
}

func (of *ShelfOf) numberIn(span record.Span, what string) int64 {
	n, _ := formula.From(span.Values[of.Fields[what]]).(formula.Num)
	return n.Int64()
}

// keptDays is for how long something is kept for somebody, where no record says.
const keptDays = 14

func (s *Service) restockGood(ctx context.Context, tx *db.Tx, at Place, of *ShelfOf, r *record.Record, span record.Span, holds bool) error {
	g := Good{ID: r.ID, Title: of.textIn(span, "title"), Photo: of.textIn(span, "photo"), Price: of.numberIn(span, "price"),
		Stock: of.numberIn(span, "stock"), Days: of.numberIn(span, "days")}
	if g.Title == "" {
		g.Title = r.Title
	}
	if g.Days < 1 || g.Days > 366 {
		g.Days = keptDays
	}
	if unit := of.textIn(span, "merchant"); unit != "" {
		found, err := db.Collect(ctx, tx, merchantOfUnit, []any{at.Jurisdiction, at.id(), unit}, scanMerchant)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			g.Merchant = found[0].ID
			holds = holds && found[0].EndedAt.IsZero()
		}
	}
	if !holds || g.Price < 1 {
		n, err := tx.Exec(ctx, endGood, g.ID, at.Jurisdiction, s.Now())
		if err != nil || n == 0 {
			return err
		}
		return s.note(ctx, tx, at.Jurisdiction, "good.ended", "", audit.Ref{Table: audit.PointsGoods, Key: []any{g.ID}})
	}
	return s.putGood(ctx, tx, at, g)
}

// putGood makes a good stand. Its stock is how many there have been in all, of which those that
// are kept for somebody, or were fetched, are gone.
func (s *Service) putGood(ctx context.Context, tx *db.Tx, at Place, g Good) error {
	if err := tx.Queue(ctx, lockGood, g.ID); err != nil {
		return err
	}
	var gone int64
	if err := tx.Row(ctx, claimedOf, []any{g.ID}, &gone); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, upsertGood, g.ID, at.Jurisdiction, at.id(), g.Merchant, g.Title, g.Photo, g.Price, max(g.Stock-gone, 0), g.Days, s.Now())
	if err != nil || n == 0 {
		return err
	}
	return s.note(ctx, tx, at.Jurisdiction, "good.stocked", "", audit.Ref{Table: audit.PointsGoods, Key: []any{g.ID}})
}

func (s *Service) restockMerchant(ctx context.Context, tx *db.Tx, at Place, f *Shelf, r *record.Record, span record.Span, holds bool) error {
	m := MerchantOf{ID: r.ID, Name: f.Merchants.textIn(span, "title"), UnitID: f.Merchants.textIn(span, "unit")}
	if m.Name == "" {
		m.Name = r.Title
	}
	if !holds || m.UnitID == "" {
		return s.endMerchant(ctx, tx, at, m.ID)
	}
	rows, _ := span.Values[f.Merchants.Fields["levels"]].([]any)
	for _, row := range rows {
		cols, _ := row.(map[string]any)
		from, _ := formula.From(cols[f.Levels[0]]).(formula.Num)
		title, _ := cols[f.Levels[1]].(string)
		m.Levels = append(m.Levels, Level{from.Int64(), title})
	}
	slices.SortStableFunc(m.Levels, func(a, b Level) int { return int(max(-1, min(1, a.From-b.From))) })
	return s.putMerchant(ctx, tx, at, m)
}

func (s *Service) putMerchant(ctx context.Context, tx *db.Tx, at Place, m MerchantOf) error {
	levels, err := json.Marshal(m.Levels)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, upsertMerchant, m.ID, at.Jurisdiction, at.id(), m.Name, m.UnitID, string(levels), s.Now())
	if err != nil || n == 0 {
		return err
	}
	return s.note(ctx, tx, at.Jurisdiction, "merchant.stocked", "", audit.Ref{Table: audit.PointsMerchants, Key: []any{m.ID}})
}

// endMerchant ends a merchant: nothing is scanned there any more, also what is on its way.
func (s *Service) endMerchant(ctx context.Context, tx *db.Tx, at Place, id string) error {
	n, err := tx.Exec(ctx, endMerchant, id, at.Jurisdiction, s.Now())
	if err != nil || n == 0 {
		return err
	}
	return s.note(ctx, tx, at.Jurisdiction, "merchant.ended", "", audit.Ref{Table: audit.PointsMerchants, Key: []any{id}})
}
