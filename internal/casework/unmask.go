package casework

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/number"
	"gezhi/internal/workflow"
)

// Unmasked is a personal value as it was given with a move.
type Unmasked struct {
	Name, MoveID string
	Value        any
}

// Reading is one reading of what is masked: who read what of whom, and why.
type Reading struct {
	ID, Jurisdiction, Subject, CaseID string
	What                              []string // names of fields and texts; file/ID
	Purpose                           string   // one of form.Purposes
	PersonID, PostID                  string   // who read, under which post
	At                                time.Time
	Number                            string // of the case; read only
}

// Nobody unmasks more often than readingsMost times in readingsIn: who needs more reads out a
// register, which is another right.
const (
	readingsMost = 60
	readingsIn   = time.Hour
)

var (
	insertReading = db.SQL(`INSERT INTO reading (id, jurisdiction, subject, case_id, what, purpose, person_id, post_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	readingsSince = db.SQL(`SELECT count(*) FROM reading WHERE person_id = $1 AND at > $2`)
	readingsOf    = db.SQL(`SELECT r.id, r.jurisdiction, r.subject, r.case_id, r.what, r.purpose, r.person_id, r.post_id, r.at, COALESCE(c.number, '')
		FROM reading r LEFT JOIN cases c ON c.id = r.case_id WHERE r.subject = $1 AND r.id < $2 ORDER BY r.id DESC LIMIT $3`)
	readingsAbout = db.SQL(`SELECT r.id, r.jurisdiction, r.subject, r.case_id, r.what, r.purpose, r.person_id, r.post_id, r.at, c.number
		FROM reading r JOIN cases c ON c.id = r.case_id WHERE r.subject = $1 AND c.root_id = $2 AND r.id < $3 ORDER BY r.id DESC LIMIT $4`)
	casesByLookup = db.SQL(`SELECT DISTINCT case_id FROM payload WHERE lookup = $1 ORDER BY case_id DESC LIMIT $2`)
)

func scanReading(r db.Rows) (x Reading, err error) {
	var what string
	var at int64
	if err = r.Scan(&x.ID, &x.Jurisdiction, &x.Subject, &x.CaseID, &what, &x.Purpose, &x.PersonID, &x.PostID, &at, &x.Number); err != nil {
		return x, err
	}
	x.At = db.Time(at)
	return x, json.Unmarshal([]byte(what), &x.What)
}

// Unmask reads personal values of a case for a purpose; no names are all of them. It is
// refused without a right for that purpose (privacy.no_right) and after too many readings
// (privacy.too_many_readings). The reading is written down, and leaves a leaf.
func (s *Service) Unmask(ctx context.Context, who *Actor, id, purpose string, names []string) (out []Unmasked, err error) {
	err = s.reading(ctx, who, id, purpose, func(st *state, kept []payload) (what []string, err error) {
		out = nil
		for _, x := range kept {
			if len(names) > 0 && !slices.Contains(names, x.name) {
				continue
			}
			v, there, err := x.open(s.Vault)
			if err != nil {
				return nil, err
			}
			if !there {
				continue
			}
			if err := st.mayUnmask(who, x.name, purpose); err != nil {
				return nil, err
			}
			out = append(out, Unmasked{x.name, x.moveID, v})
			if !slices.Contains(what, x.name) {
				what = append(what, x.name)
			}
		}
		if len(out) == 0 {
			err = fault.New(fault.NotFound, "privacy.nothing_masked")
		}
		return what, err
	})
	return out, err
}

// reading lets read, which says what it read, look into what a case keeps of somebody, and
// writes down that it did.
func (s *Service) reading(ctx context.Context, who *Actor, id, purpose string, read func(*state, []payload) ([]string, error)) error {
	if !slices.Contains(form.Purposes, purpose) {
		return fault.New(fault.Invalid, "privacy.bad_purpose")
	}
	if err := s.World.Renew(ctx); err != nil {
		return err
	}
	return s.DB.Write(ctx, db.Keys{"readings/" + who.PersonID}, func(ctx context.Context, tx *db.Tx) error {
		var kept []payload
		st, err := s.load(ctx, tx, id, s.Now(), func(*loading) db.Ask {
			return db.Ask{Stmt: payloadsOf, Args: []any{id}, Scan: db.Into(&kept, scanPayload)}
		})
		if err != nil {
			return err
		}
		if !st.sees(who) {
			return fault.New(fault.NotFound, "case.not_found")
		}
		if err := s.notTooOften(ctx, tx, who); err != nil {
			return err
		}
		what, err := read(st, kept)
		if err != nil {
			return err
		}
		return s.writeReading(ctx, tx, st.Case, who, st.postHere(who), purpose, what)
	})
}

func (s *Service) notTooOften(ctx context.Context, tx *db.Tx, who *Actor) error {
	var n int64
	if err := tx.Row(ctx, readingsSince, []any{who.PersonID, s.Now().Add(-readingsIn)}, &n); err != nil {
		return err
	}
	if n >= readingsMost {
		return fault.New(fault.TooMany, "privacy.too_many_readings", "most", readingsMost)
	}
	return nil
}

func (s *Service) writeReading(ctx context.Context, tx *db.Tx, c *Case, who *Actor, post Post, purpose string, what []string) error {
	names, err := json.Marshal(what)
	if err != nil {
		return err
	}
	now, row := s.Now(), s.ID()
	if err := tx.Queue(ctx, insertReading, row, c.Jurisdiction, c.whose(), c.ID, string(names), purpose, who.PersonID, post.ID, now); err != nil {
		return err
	}
	return audit.Append(ctx, tx, audit.Leaf{ID: s.ID(), Jurisdiction: c.Jurisdiction, Subject: "case/" + c.ID, Act: "unmasked", Person: who.PersonID, At: now,
		Rows: []audit.Ref{{Table: audit.Readings, Key: []any{row}}}})
}

// mayUnmask refuses who has no right to read a value for a purpose: the field names a seat or
// role of his among its readers, or a role of his that reaches here unmasks for it.
func (st *state) mayUnmask(who *Actor, name, purpose string) error {
	if who.PersonID == st.ReporterID && who.PersonID != "" {
		return nil
	}
	if f := st.class.Field(name); f != nil && f.Personal != nil && len(f.SeenBy) > 0 && st.among(who, f.SeenBy) {
		return nil
	}
	for _, p := range who.Posts {
		r := st.class.In.Pack.Role(p.Role)
		if r != nil && slices.Contains(r.Unmasks, purpose) && st.reaches(p) {
			return nil
		}
	}
	return fault.New(fault.Forbidden, "privacy.no_right")
}

// purposes are those for which the actor may read what is masked here.
func (st *state) purposes(who *Actor) []string {
	var out []string
	for _, p := range form.Purposes {
		if who.PersonID != st.ReporterID && st.mayUnmask(who, "", p) == nil {
			out = append(out, p)
		}
	}
	return out
}

// reaches tells whether a post alone has to do with the case: it lies in its area, or its unit
// or holder sits here.
func (st *state) reaches(p Post) bool {
	if p.AreaID != "" && int(p.AreaLevel) < len(st.Areas) && st.Areas[p.AreaLevel] == p.AreaID {
		return true
	}
	return slices.ContainsFunc(st.seats, func(x *Participant) bool {
		return x.State == Held && (x.Subject == p.UnitID && x.Kind == workflow.SeatUnit || x.Subject == p.ID || x.Subject == p.PersonID)
	})
}

// among tells whether the actor holds one of the seats or, here, one of the roles.
func (st *state) among(who *Actor, readers []string) bool {
	return slices.ContainsFunc(readers, func(name string) bool {
		if st.life.Seat(name) != nil {
			_, ok, err := st.sits(who, name)
			return ok && err == nil
		}
		return slices.ContainsFunc(who.Posts, func(p Post) bool { return p.Role == name && st.reaches(p) })
	})
}

// hideUnseen takes from a view the values that only others may read, though nobody's person
// is in them.
func (st *state) hideUnseen(who *Actor, v *View) {
	if who.System {
		return
	}
	for i := range st.class.Fields {
		f := &st.class.Fields[i]
		if !st.hides(who, f) {
			continue
		}
		delete(v.Fields, f.Name)
		for _, m := range v.Moves {
			delete(m.Data.Values, f.Name)
			delete(m.Data.Formula, f.Name)
		}
	}
}

// hides tells whether a field is for other readers, though nobody's person is in it.
func (st *state) hides(who *Actor, f *form.Field) bool {
	return f.Personal == nil && len(f.SeenBy) > 0 && !who.System && !st.among(who, f.SeenBy)
}

// Readings lists who read what is kept of a subject ("person/ID", "case/ID"), the latest
// first, before an id ("" is the latest).
func (s *Service) Readings(ctx context.Context, subject, before string, limit int) (out []Reading, err error) {
	if before == "" {
		before = "~" // behind every id
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = db.Collect(ctx, tx, readingsOf, []any{subject, before, limit}, scanReading)
		return err
	})
	return out, err
}

// ReadingsOfReport lists who read what the reporter of a case gave with it, or with a part of
// it, as Readings does.
func (s *Service) ReadingsOfReport(ctx context.Context, c *Case, before string, limit int) (out []Reading, err error) {
	if before == "" {
		before = "~"
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = db.Collect(ctx, tx, readingsAbout, []any{c.whose(), c.RootID, before, limit}, scanReading)
		return err
	})
	return out, err
}

// mostEarlier is how many earlier cases of a caller are looked up.
const mostEarlier = 20

// EarlierOf finds the cases in which a telephone number was given, as far as the asker may see
// them and unmask for the purpose. Each one found is a reading of it.
func (s *Service) EarlierOf(ctx context.Context, who *Actor, phone, purpose string) (out []*Case, err error) {
	normal, ok := number.Phone(phone)
	if !ok || !slices.Contains(form.Purposes, purpose) {
		return nil, fault.New(fault.Invalid, "privacy.bad_lookup")
	}
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, db.Keys{"readings/" + who.PersonID}, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		if err := s.notTooOften(ctx, tx, who); err != nil {
			return err
		}
		hash, err := s.Vault.Lookup(ctx, tx, who.Jurisdiction, lookupPhone, normal)
		if err != nil {
			return err
		}
		ids, err := db.Collect(ctx, tx, casesByLookup, []any{hash, mostEarlier}, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) })
		if err != nil {
			return err
		}
		for _, id := range ids {
			st, err := s.load(ctx, tx, id, s.Now())
			if err != nil {
				return err
			}
			if !st.sees(who) || st.mayUnmask(who, "", purpose) != nil {
				continue
			}
			if err := s.writeReading(ctx, tx, st.Case, who, st.postHere(who), purpose, []string{lookupPhone}); err != nil {
				return err
			}
			out = append(out, st.Case)
		}
		return nil
	})
	return out, err
}
