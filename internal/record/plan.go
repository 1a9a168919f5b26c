package record

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/worktime"
)

// relationsOf are the relations that begin at a kind.
func relationsOf(k Kind) []pack.Relation {
	return slices.DeleteFunc(slices.Clone(k.Pack.Relations), func(r pack.Relation) bool { return r.From != k.Name })
}

// planner works out what drafts change and, unless it is dry, writes it.
type planner struct {
	s *Service
	*checking
	tx    *db.Tx
	dry   bool
	count Report
	heard []Change
	keys  map[string]bool // keys of rows of the same file, which may be related to each other
}

func (p *planner) all(ctx context.Context, rows []checked) error {
	for i := range rows {
		if err := p.one(ctx, rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// one plans a draft: the record it is about, its next revision, and what that changes.
func (p *planner) one(ctx context.Context, d checked) error {
	if !p.dry {
		if err := p.lock(ctx, d.key); err != nil {
			return err
		}
	}
	r, err := ByKey(ctx, p.tx, p.imp.Jurisdiction, p.kind.Pack.Name, p.kind.Name, d.key)
	fresh := fault.CodeOf(err) == "record.not_found"
	if err != nil && !fresh {
		return err
	}
	var known []Revision
	if fresh {
		r = &Record{Jurisdiction: p.imp.Jurisdiction, Pack: p.kind.Pack.Name, Kind: p.kind.Name, Nature: p.imp.Nature}
	} else if known, err = p.s.known(ctx, p.tx, r.ID); err != nil {
		return err
	}
	before := Course(known)
	now, _ := on(before, d.from)
	if d.Until == "" && !d.Lasts {
		d.until = knownEnd(before, d.from)
	}
	next := p.next(&d, now.Revision)
	p.complete(&d, next)
	moved, err := p.moves(ctx, r.ID, &d)
	if err != nil {
		return err
	}
	added := []Revision{*next}
	if d.Until != "" && d.until < endless {
		added = append(added, Revision{From: dayText(d.until + 1), Gone: true, Cause: next.Cause})
	}
	after := Course(append(slices.Clone(known), numbered(added)...))
	if sameCourse(before, after) {
		if moved && !fresh {
			p.count.Changed++
		} else {
			p.count.Unchanged++
		}
		return nil
	}
	p.tally(before, after, d.from)
	if p.dry {
		return nil
	}
	r.Key = d.key
	return p.write(ctx, r, fresh, known, added)
}

// knownEnd is how long a draft that says nothing of an end holds: as long as what it
// revises, or what begins after it, is known to.
func knownEnd(course []Span, from worktime.Date) worktime.Date {
	for _, s := range course {
		if s.Until >= from {
			return endOf(course, max(s.From, from))
		}
	}
	return endless
}

// numbered gives revisions that are not written yet ids behind all that are.
func numbered(added []Revision) []Revision {
	out := slices.Clone(added)
	for i := range out {
		out[i].ID = "~" + string(rune('a'+i))
	}
	return out
}

// tally counts a draft that changes something.
func (p *planner) tally(before, after []Span, from worktime.Date) {
	was, there := on(before, from)
	now, _ := on(after, from)
	switch {
	case !there:
		p.count.Begun++
	case endOf(after, from) < endOf(before, from) && same(was.Revision, now.Revision):
		p.count.Ended++
	default:
		p.count.Changed++
	}
}

// write records revisions of a record, and what follows from them.
func (p *planner) write(ctx context.Context, r *Record, fresh bool, known, added []Revision) error {
	now := p.s.Now()
	if fresh {
		r.ID = p.s.NewID()
	}
	rows := []audit.Ref{{Table: audit.Records, Key: []any{r.ID}}}
	for i := range added {
		added[i].ID, added[i].RecordID, added[i].RecordedAt = p.s.NewID(), r.ID, now
		kept, err := p.s.seal(ctx, p.tx, p.kind, r, added[i])
		if err != nil {
			return err
		}
		if err := kept.insert(ctx, p.tx); err != nil {
			return err
		}
		rows = append(rows, audit.Ref{Table: audit.Revisions, Key: []any{r.ID, added[i].ID}})
	}
	before, after := Course(known), Course(append(slices.Clone(known), added...))
	p.settle(r, before, after)
	if err := p.subjects(ctx, r, after); err != nil {
		return err
	}
	for _, x := range changes(before, after) {
		x.RecordID, x.Jurisdiction, x.Pack, x.Kind, x.Revision = r.ID, r.Jurisdiction, r.Pack, r.Kind, added[0].ID
		p.heard = append(p.heard, x)
	}
	save := r.update
	if fresh {
		save = r.insert
	}
	if err := save(ctx, p.tx, foundBy(r)); err != nil {
		return err
	}
	return audit.Append(ctx, p.tx, audit.Leaf{ID: p.s.NewID(), Jurisdiction: r.Jurisdiction, Subject: "record/" + r.ID, Act: "revision.recorded", Person: p.imp.By, At: now, Rows: rows})
}

// settle brings the row of a record to what is last known of it.
func (p *planner) settle(r *Record, before, after []Span) {
	if len(after) == 0 { // it ended before it began
		r.Began, r.Ended = dayText(before[0].From), dayText(before[0].From-1)
		return
	}
	last := after[len(after)-1]
	r.Began, r.Ended = dayText(after[0].From), dayText(last.Until)
	r.AreaID, r.Title = last.AreaID, p.kind.titleOf(last.Revision, r.Key)
	r.placed(p.tree)
}

// foundBy is what a search looks in.
func foundBy(r *Record) string { return folded(KeyText(r.Key) + " " + r.Title) }

// subjects remembers the people and units that a record names, or named on some day.
func (p *planner) subjects(ctx context.Context, r *Record, after []Span) error {
	stands := map[string]bool{}
	for i, s := range after {
		for _, x := range p.kind.subjects(s.Revision) {
			stands[x] = i == len(after)-1
		}
	}
	if err := p.tx.Queue(ctx, subjectsLeave, r.ID); err != nil {
		return err
	}
	for _, x := range slices.Sorted(maps.Keys(stands)) {
		if err := p.tx.Queue(ctx, putSubject, x, r.ID, r.Jurisdiction, stands[x]); err != nil {
			return err
		}
	}
	return nil
}

// lost are the keys of the records that hold on the import's day and are not in the file.
func (p *planner) lost(ctx context.Context, rows []checked) ([]string, error) {
	type known struct{ id, key string }
	all, err := db.Collect(ctx, p.tx, missing, []any{p.imp.Jurisdiction, p.kind.Pack.Name, p.kind.Name, p.imp.From}, func(r db.Rows) (x known, err error) {
		return x, r.Scan(&x.id, &x.key)
	})
	listed := map[string]bool{}
	for i := range rows {
		listed[identityOf(rows[i].key)] = true
	}
	var out []string
	for _, x := range all {
		if !listed[x.key] {
			out = append(out, x.id)
		}
	}
	return out, err
}

// end ends records with the day before the import's.
func (p *planner) end(ctx context.Context, ids []string) error {
	for _, id := range ids {
		r, err := ByID(ctx, p.tx, id)
		if err != nil {
			return err
		}
		known, err := p.s.known(ctx, p.tx, id)
		if err != nil {
			return err
		}
		gone := Revision{From: p.imp.From, Gone: true, Cause: cmp.Or(p.imp.Cause, causeImport)}
		if before := Course(known); sameCourse(before, Course(append(slices.Clone(known), numbered([]Revision{gone})...))) {
			continue
		}
		p.count.Ended++
		if err := p.write(ctx, r, false, known, []Revision{gone}); err != nil {
			return err
		}
	}
	return nil
}

// target finds the record that a relation names by its key.
func (p *planner) target(ctx context.Context, rel pack.Relation, key []string) (string, error) {
	r, err := ByKey(ctx, p.tx, p.imp.Jurisdiction, p.kind.Pack.Name, rel.To, key)
	if fault.CodeOf(err) == "record.not_found" {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return r.ID, nil
}

// moves refuses relations to records that are not there, and tells whether the draft
// changes any.
func (p *planner) moves(ctx context.Context, from string, d *checked) (moved bool, err error) {
	for _, rel := range p.related {
		keys, said := d.Related[rel.Name]
		if !said {
			continue
		}
		want := map[string]bool{}
		for _, key := range keys {
			id, err := p.target(ctx, rel, key)
			if err != nil {
				return false, err
			}
			if id == "" && !(rel.To == p.kind.Name && p.keys[identityOf(key)]) {
				p.refuse(&d.Draft, rel.Name, "record.unknown_related")
			}
			want[id] = true
		}
		have, err := Related(ctx, p.tx, p.kind.Pack.Name, rel.Name, from, dayText(d.from), false)
		if err != nil {
			return false, err
		}
		moved = moved || len(have) != len(want) || slices.ContainsFunc(have, func(id string) bool { return !want[id] })
	}
	return moved, nil
}

// relate writes the relations of drafts whose records stand by now.
func (p *planner) relate(ctx context.Context, rows []checked) error {
	for i := range rows {
		d := &rows[i]
		r, err := ByKey(ctx, p.tx, p.imp.Jurisdiction, p.kind.Pack.Name, p.kind.Name, d.key)
		if err != nil {
			return err
		}
		for _, rel := range p.related {
			keys, said := d.Related[rel.Name]
			if !said {
				continue
			}
			want := map[string]bool{}
			for _, key := range keys {
				id, err := p.target(ctx, rel, key)
				if err != nil {
					return err
				}
				want[id] = id != ""
			}
			if err := p.rejoin(ctx, r, rel.Name, want, d.from); err != nil {
				return err
			}
		}
	}
	return nil
}

// rejoin ends the relations that are no longer wanted and begins those that are new.
func (p *planner) rejoin(ctx context.Context, r *Record, name string, want map[string]bool, from worktime.Date) error {
	have, err := db.Collect(ctx, p.tx, relationsFrom, []any{r.Pack, name, r.ID}, scanRelating)
	if err != nil {
		return err
	}
	leaf := func(x relating) error {
		return audit.Append(ctx, p.tx, audit.Leaf{ID: p.s.NewID(), Jurisdiction: r.Jurisdiction, Subject: "record/" + r.ID, Act: "relation.recorded",
			Person: p.imp.By, At: p.s.Now(), Said: map[string]string{"relation": name}, Rows: []audit.Ref{{Table: audit.Relations, Key: []any{x.id}}}})
	}
	for _, x := range have {
		switch {
		case !x.on(dayText(from)):
		case want[x.to]:
			delete(want, x.to) // stands already
		default:
			x.until = dayText(from - 1)
			if err := p.tx.Queue(ctx, endRelation, x.id, x.until); err != nil {
				return err
			}
			if err := leaf(x); err != nil {
				return err
			}
		}
	}
	for _, to := range slices.Sorted(maps.Keys(want)) {
		if !want[to] {
			continue
		}
		x := relating{id: p.s.NewID(), kind: name, from: r.ID, to: to, since: dayText(from)}
		if err := p.tx.Queue(ctx, insertRelation, x.id, r.Jurisdiction, r.Pack, name, x.from, x.to, x.since); err != nil {
			return err
		}
		if err := leaf(x); err != nil {
			return err
		}
	}
	return nil
}
