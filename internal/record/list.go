package record

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/territory"
	"gezhi/internal/worktime"
)

// SortLatest is the order of those that hold since latest first; the usual one is that of keys.
const SortLatest = "latest"

// Query asks for a page of the records of a kind.
type Query struct {
	Kind   string // "kind" or "pack/kind"
	Text   string // part of the key or title
	Day    string // those that hold then; "" is today
	AreaID string // this area and below
	Sort   string // SortLatest, or "" for the order of keys
	After  Cursor
	Limit  int

	area *territory.Area
}

// Cursor is where a page ended.
type Cursor struct {
	Key   string `json:"k"`
	Began string `json:"b,omitempty"` // in the order of SortLatest
	Sort  string `json:"s,omitempty"`
}

// longestText is how many characters a search may have.
const longestText = 50

// today is the calendar day of a moment.
func today(at time.Time) string { return at.In(clock.CST).Format(time.DateOnly) }

// List returns a page of what a scope reaches. next is nil on the last page, which may hold
// fewer than asked for, and so may others: of what the rows of a page know, only the
// revisions tell whether it holds on the day.
func (s *Service) List(ctx context.Context, scope account.Scope, q Query) (k Kind, rows []Standing, next *Cursor, err error) {
	if k, err = s.kind(ctx, scope.Jurisdiction, q.Kind); err != nil {
		return k, nil, nil, err
	}
	if err = s.settled(ctx, scope, &q); err != nil {
		return k, nil, nil, err
	}
	text, args := listSQL(scope, k, q)
	if text == "" {
		return k, nil, nil, nil
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		type found struct {
			*Record
			at Cursor
		}
		rows, next = nil, nil
		page, err := db.Collect(ctx, tx, db.Stmt(text), args, func(r db.Rows) (x found, err error) {
			x.Record = &Record{}
			dest, finish := recordInto(x.Record)
			err = r.Scan(append(dest, &x.at.Key, &x.at.Began)...)
			finish()
			return x, err
		})
		if err != nil {
			return err
		}
		if len(page) > q.Limit {
			page = page[:q.Limit]
			next = &page[q.Limit-1].at
			next.Sort = q.Sort
		}
		for _, x := range page {
			span, ok, err := On(ctx, tx, x.ID, q.Day)
			if err != nil {
				return err
			}
			if ok {
				rows = append(rows, Standing{x.Record, span})
			}
		}
		return nil
	})
	return k, rows, next, err
}

// settled gives a query its defaults and refuses what it cannot mean.
func (s *Service) settled(ctx context.Context, scope account.Scope, q *Query) error {
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	if q.Day = cmp.Or(q.Day, today(s.Now())); !isDay(q.Day) {
		return fault.New(fault.Invalid, "territory.bad_date")
	}
	if q.After != (Cursor{}) && q.After.Sort != q.Sort {
		return fault.New(fault.Invalid, "page.bad_cursor")
	}
	if len([]rune(q.Text)) > longestText {
		return fault.New(fault.Invalid, "record.text_too_long", "most", longestText)
	}
	if q.AreaID == "" {
		return nil
	}
	tree, err := s.Territory.Tree(ctx)
	if err != nil {
		return err
	}
	a, ok := tree.Area(q.AreaID)
	if !ok || a.Jurisdiction != scope.Jurisdiction {
		return fault.New(fault.Invalid, "territory.unknown_area")
	}
	q.area = a
	return nil
}

// Named are the ids of all whom the records of a kind name today: the people and units that stand
// in that register, each once, in the order of the records.
func (s *Service) Named(ctx context.Context, jurisdiction, kind string) (ids []string, err error) {
	k, err := s.kind(ctx, jurisdiction, kind)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := AllOn(ctx, tx, jurisdiction, k.Pack.Name, k.Name, today(s.Now()))
		ids = nil
		for _, x := range all {
			for _, f := range k.Fields {
				if f.Type != subjectPerson && f.Type != subjectUnit {
					continue
				}
				for _, id := range idsIn(x.Values[f.Name]) {
					if !slices.Contains(ids, id) {
						ids = append(ids, id)
					}
				}
			}
		}
		return err
	})
	return ids, err
}

func isDay(s string) bool {
	_, err := worktime.ParseDate(s)
	return err == nil
}

// View is a record as one person may see it.
type View struct {
	*Record
	Kind    Kind
	Holds   *Span // on the day asked for; nil where nothing does
	Course  []Span
	Related []RelatedTo
}

// RelatedTo are the records that a relation joins to one.
type RelatedTo struct {
	Relation string // its name, with _back where it leads here
	Records  []*Record
}

// View reads a record with its history, for somebody whose scope reaches it;
// record.not_found to everybody else. day "" is today.
func (s *Service) View(ctx context.Context, scope account.Scope, id, day string) (*View, error) {
	kinds, err := s.Kinds(ctx, scope.Jurisdiction)
	if err != nil {
		return nil, err
	}
	if day = cmp.Or(day, today(s.Now())); !isDay(day) {
		return nil, fault.New(fault.Invalid, "territory.bad_date")
	}
	var v *View
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := ByID(ctx, tx, id)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Pack.Name == r.Pack && k.Name == r.Kind })
		if i < 0 {
			return fault.New(fault.NotFound, "record.not_found")
		}
		if ok, err := Reaches(ctx, tx, scope, r, kinds[i].Public); err != nil || !ok {
			return firstOf(err, fault.New(fault.NotFound, "record.not_found"))
		}
		all, err := Revisions(ctx, tx, id)
		if err != nil {
			return err
		}
		v = &View{Record: r, Kind: kinds[i], Course: Course(all)}
		if holds, ok := on(v.Course, dayOf(day, endless)); ok {
			v.Holds = &holds
			if err := s.Unseal(ctx, tx, id, holds.Revision); err != nil {
				return err
			}
		}
		v.Related, err = related(ctx, tx, scope, kinds, v, day)
		return err
	})
	return v, err
}

func firstOf(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// Reaches tells whether a scope reaches a record, in a transaction.
func Reaches(ctx context.Context, tx *db.Tx, scope account.Scope, r *Record, public bool) (bool, error) {
	named, err := subjects(ctx, tx, r.ID)
	return err == nil && Visible(scope, r, public, named), err
}

// related are the records joined to one on a day, those left out that the scope does not reach.
func related(ctx context.Context, tx *db.Tx, scope account.Scope, kinds []Kind, v *View, day string) ([]RelatedTo, error) {
	var out []RelatedTo
	for _, rel := range v.Kind.Pack.Relations {
		for _, back := range []bool{false, true} {
			end, name := rel.From, rel.Name
			if back {
				end, name = rel.To, rel.Name+"_back"
			}
			if end != v.Kind.Name {
				continue
			}
			ids, err := Related(ctx, tx, v.Pack, rel.Name, v.ID, day, back)
			if err != nil {
				return nil, err
			}
			x := RelatedTo{Relation: name}
			for _, id := range ids {
				r, err := ByID(ctx, tx, id)
				if err != nil {
					return nil, err
				}
				public := slices.ContainsFunc(kinds, func(k Kind) bool { return k.Pack.Name == r.Pack && k.Name == r.Kind && k.Public })
				if ok, err := Reaches(ctx, tx, scope, r, public); err != nil {
					return nil, err
				} else if ok {
					x.Records = append(x.Records, r)
				}
			}
			if len(x.Records) > 0 {
				out = append(out, x)
			}
		}
	}
	return out, nil
}

// Restamp brings the areas above every record of a jurisdiction up to date, after a reform
// of divisions. It returns how many were brought.
func (s *Service) Restamp(ctx context.Context, jurisdiction string) (int, error) {
	tree, err := s.Territory.Tree(ctx)
	if err != nil {
		return 0, err
	}
	total, after := 0, ""
	for {
		n, last := 0, ""
		err := s.DB.Write(ctx, db.Keys{"records/" + jurisdiction}, func(ctx context.Context, tx *db.Tx) error {
			n, last = 0, ""
			var rows []audit.Ref
			page, err := db.Collect(ctx, tx, allAreas, []any{jurisdiction, after, rowsAtOnce}, scanRecord)
			if err != nil {
				return err
			}
			for _, r := range page {
				last = r.ID
				was := r.Areas
				if r.placed(tree); r.Areas == was {
					continue
				}
				n++
				rows = append(rows, audit.Ref{Table: audit.Records, Key: []any{r.ID}})
				if err := tx.Queue(ctx, placeRecord, append([]any{r.ID}, r.areaArgs()...)...); err != nil {
					return err
				}
			}
			if len(rows) == 0 {
				return nil
			}
			return audit.Append(ctx, tx, audit.Leaf{ID: s.NewID(), Jurisdiction: jurisdiction, Subject: "records/" + jurisdiction, Act: "records.placed", At: s.Now(), Rows: rows})
		})
		if total += n; err != nil || last == "" {
			return total, err
		}
		after = last
	}
}
