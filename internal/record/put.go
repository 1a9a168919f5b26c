package record

import (
	"context"
	"strings"

	"gezhi/internal/db"
	"gezhi/internal/territory"
	"gezhi/internal/worktime"
)

var lockRecord = db.Either(`SELECT 1`, `SELECT 1 FROM record WHERE jurisdiction = $1 AND pack = $2 AND kind = $3 AND key = $4 FOR UPDATE`)

// Put makes a draft stand within the caller's transaction: of a new record, whose key it gives,
// or of one that is there. record.bad_rows says what is wrong with it.
func (s *Service) Put(ctx context.Context, tx *db.Tx, k Kind, r *Record, d Draft, imp Import, tree *territory.Tree) error {
	if r != nil { // what it is called stays unless the draft says otherwise
		for i, name := range k.Key {
			if _, said := d.Values[name]; !said && i < len(r.Key) {
				d.Values[name] = r.Key[i]
			}
		}
	}
	p := s.within(tx, k, imp, tree)
	rows := p.checking.all([]Draft{d})
	p.keys = keysOf(rows)
	if len(p.bad) > 0 {
		return p.done(ctx, nil)
	}
	return p.done(ctx, p.all(ctx, rows))
}

// EndOne ends a record within the caller's transaction: it holds no more from the import's day on.
func (s *Service) EndOne(ctx context.Context, tx *db.Tx, k Kind, r *Record, imp Import, tree *territory.Tree) error {
	p := s.within(tx, k, imp, tree)
	if err := p.lock(ctx, r.Key); err != nil {
		return err
	}
	return p.done(ctx, p.end(ctx, []string{r.ID}))
}

// Relate joins two records by a relation from the import's day on, within the caller's
// transaction. Where the one may have one such relation only, it takes the place of the other.
func (s *Service) Relate(ctx context.Context, tx *db.Tx, k Kind, relation string, from, to *Record, imp Import, tree *territory.Tree) error {
	p := s.within(tx, k, imp, tree)
	if err := p.lock(ctx, from.Key); err != nil {
		return err
	}
	day, err := worktime.ParseDate(imp.From)
	if err != nil {
		return err
	}
	want := map[string]bool{to.ID: true}
	for _, rel := range p.related {
		if rel.Name != relation || strings.HasSuffix(rel.FromHas, "1") && rel.FromHas != "1.." { // 1 or 0..1
			continue
		}
		have, err := Related(ctx, tx, k.Pack.Name, relation, from.ID, imp.From, false)
		if err != nil {
			return err
		}
		for _, id := range have {
			want[id] = true
		}
	}
	return p.done(ctx, p.rejoin(ctx, from, relation, want, day))
}

// within is a planner in somebody else's transaction, who has a picture of the territory.
func (s *Service) within(tx *db.Tx, k Kind, imp Import, tree *territory.Tree) *planner {
	return &planner{s: s, tx: tx, checking: &checking{kind: k, imp: imp, tree: tree, related: relationsOf(k)}}
}

// done tells who listens what has changed, unless something was wrong.
func (p *planner) done(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	if len(p.bad) > 0 {
		wrong := Report{Bad: p.bad}
		return wrong.refused()
	}
	if p.s.OnChange == nil || len(p.heard) == 0 {
		return nil
	}
	return p.s.OnChange(ctx, p.tx, p.heard)
}

// lock keeps others from revising a record before this transaction ends.
func (p *planner) lock(ctx context.Context, key []string) error {
	return p.tx.Queue(ctx, lockRecord, p.imp.Jurisdiction, p.kind.Pack.Name, p.kind.Name, identityOf(key))
}
