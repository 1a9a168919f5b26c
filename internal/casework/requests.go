package casework

import (
	"context"
	"encoding/json"
	"slices"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/jobs"
	"gezhi/internal/pack"
	"gezhi/internal/workflow"
)

// A subject's request is a case like any other; its pack says who decides and by when. What it
// grants happens here.

const (
	topicErase    = "case.erase"
	actionErased  = "erased"
	actionCorrect = "correct"
)

// granted is an erasure that somebody has granted.
type granted struct {
	Case   string `json:"case"`             // the request
	Number string `json:"number,omitempty"` // of the case it is about; "" is all
	As     string `json:"as"`               // who granted it
}

var (
	numberedCase = db.SQL(`SELECT id FROM cases WHERE jurisdiction = $1 AND number = $2 AND parent_id = ''`)
	reportedBy   = db.SQL(`SELECT c.id FROM involved i JOIN cases c ON c.id = i.case_id WHERE i.subject = $1 AND c.reporter_id = $2 AND c.id > $3 ORDER BY c.id LIMIT $4`)
)

// grantPersonal lets the reporter take a copy, or leaves the erasure to be done after the
// commit: each case has a key of its own.
func (st *state) grantPersonal(p *workflow.Personal) error {
	if p.Do == workflow.PersonalCopy {
		return st.setField(pack.FieldCopy, true)
	}
	g := granted{Case: st.ID, As: st.move.PersonID}
	if p.Of != nil {
		v, err := p.Of.Eval(st.env())
		if err != nil {
			return err
		}
		g.Number, _ = plain(v).(string)
	}
	b, err := json.Marshal(g)
	if err != nil {
		return err
	}
	st.tx.AfterCommit(func() {
		if st.s.Wake != nil {
			st.s.Wake()
		}
	})
	return jobs.Post(st.ctx, st.tx, jobs.Message{ID: st.s.ID(), Jurisdiction: st.Jurisdiction, Topic: topicErase, Subject: "case/" + st.ID, Body: b, MadeAt: st.now})
}

// eraseGranted erases what the cases of a subject keep of him, but for the request itself, and
// writes into the request how many they were.
func (s *Service) eraseGranted(ctx context.Context, m jobs.Message) error {
	var g granted
	if err := json.Unmarshal(m.Body, &g); err != nil {
		return err
	}
	if err := s.World.Renew(ctx); err != nil {
		return err
	}
	ids, err := s.casesOfSubject(ctx, g.Case, g.Number)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.EraseOf(ctx, id, g.Case, g.As); err != nil {
			return err
		}
	}
	return s.DB.Write(ctx, db.Keys{"case/" + g.Case}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, g.Case, s.Now())
		if err != nil {
			return err
		}
		moveID := s.ID()
		if done, err := s.claim(ctx, tx, g.As, "act/"+g.Case, m.ID, "", moveID, s.Now()); err != nil || done != "" {
			return err
		}
		if st.before, err = st.hashes(); err != nil {
			return err
		}
		st.begin(&Actor{PersonID: g.As, System: true}, Act{Action: actionErased, Cause: m.ID}, moveID)
		st.move.Data.Values = map[string]any{"cases": len(ids)}
		st.event(workflow.OnDid, actionErased, "")
		return st.save()
	})
}

// casesOfSubject are the cases that the reporter of a request reported: the one of that number,
// or all, without the request itself.
func (s *Service) casesOfSubject(ctx context.Context, request, number string) (out []string, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		r, err := s.read(ctx, tx, request)
		if err != nil {
			return err
		}
		if number == "" {
			for after := ""; ; {
				page, err := db.Collect(ctx, tx, reportedBy, []any{"person/" + r.ReporterID, r.ReporterID, after, retentionPage}, scanID)
				if err != nil {
					return err
				}
				out = append(out, page...)
				if len(page) < retentionPage {
					break
				}
				after = page[len(page)-1]
			}
			out = slices.DeleteFunc(out, func(id string) bool { return id == request })
			return nil
		}
		var id string
		if err := tx.Row(ctx, numberedCase, []any{r.Jurisdiction, number}, &id); err == db.ErrNoRows {
			return nil
		} else if err != nil {
			return err
		}
		c, err := s.read(ctx, tx, id)
		if err == nil && r.ReporterID != "" && c.ReporterID == r.ReporterID {
			out = []string{id} // somebody else's is left alone, whatever the request says
		}
		return err
	})
	return out, err
}

func scanID(r db.Rows) (id string, err error) { return id, r.Scan(&id) }

// Correct sets a personal value right, for its subject or for who may read it: both values stay
// sealed, and the move names the field alone.
func (s *Service) Correct(ctx context.Context, who *Actor, id, name string, value any, reason, purpose string) error {
	if err := s.World.Renew(ctx); err != nil {
		return err
	}
	return s.DB.Write(ctx, db.Keys{"case/" + id}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil {
			return err
		}
		if !st.sees(who) {
			return fault.New(fault.NotFound, "case.not_found")
		}
		if err := st.mayUnmask(who, name, purpose); err != nil {
			return err
		}
		f := st.class.Field(name)
		if f == nil || f.Personal == nil {
			return badValue(name, "form.unknown_field")
		}
		if reason == "" {
			return &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing", At: []fault.Place{{Path: "reason", Code: "form.required"}}}
		}
		x, wrong := f.Validate(value)
		if len(wrong) > 0 {
			return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: wrong}
		}
		if st.before, err = st.hashes(); err != nil {
			return err
		}
		st.begin(who, st.liftAct(Act{Action: actionCorrect, Reason: reason}), s.ID())
		st.under(st.postHere(who))
		if err := st.store(f, name, x); err != nil {
			return err
		}
		st.event(workflow.OnDid, actionCorrect, "")
		return st.save()
	})
}

// Copy is what is kept of a subject, for the subject.
type Copy struct {
	Subject string
	Cases   []*View
	Values  map[string][]Unmasked // by case
	Read    []Reading             // who read it
}

// CopyOf gathers what is kept of the reporter of a request that granted a copy: for the
// reporter, or for who may read it for the purpose. It is a reading of every case.
func (s *Service) CopyOf(ctx context.Context, who *Actor, request, purpose string) (*Copy, error) {
	v, err := s.View(ctx, who, request)
	if err != nil {
		return nil, err
	}
	if granted, _ := v.Fields[pack.FieldCopy].(bool); !granted {
		return nil, fault.New(fault.Conflict, "privacy.no_copy")
	}
	ids, err := s.casesOfSubject(ctx, request, "")
	if err != nil {
		return nil, err
	}
	out := &Copy{Subject: v.whose(), Values: map[string][]Unmasked{}}
	for _, id := range append(ids, request) {
		err := s.copying(ctx, who, id, purpose, out)
		if err != nil {
			return nil, err
		}
	}
	out.Read, err = s.Readings(ctx, out.Subject, "", maxReadings)
	return out, err
}

// maxReadings is how many readings a page, and a copy, shows.
const maxReadings = 200

// copying adds one case to a copy and writes the reading down.
func (s *Service) copying(ctx context.Context, who *Actor, id, purpose string, out *Copy) error {
	return s.DB.Write(ctx, db.Keys{"readings/" + who.PersonID}, func(ctx context.Context, tx *db.Tx) error {
		var kept []payload
		v := &View{}
		st, err := s.load(ctx, tx, id, s.Now(),
			func(l *loading) db.Ask {
				return db.Ask{Stmt: movesOf, Args: []any{id}, Scan: l.movesInto(&v.Moves)}
			},
			func(*loading) db.Ask {
				return db.Ask{Stmt: payloadsOf, Args: []any{id}, Scan: db.Into(&kept, scanPayload)}
			})
		if err != nil {
			return err
		}
		if err := st.mayUnmask(who, "", purpose); err != nil {
			return err
		}
		v.Case, v.Class, v.Life = st.Case, st.class, st.life
		var values []Unmasked
		for _, x := range kept {
			y, there, err := x.open(s.Vault)
			if err != nil {
				return err
			}
			if there {
				values = append(values, Unmasked{x.name, x.moveID, y})
			}
		}
		if err := s.writeReading(ctx, tx, st.Case, who, st.postHere(who), purpose, []string{"copy"}); err != nil {
			return err
		}
		out.Cases = append(slices.DeleteFunc(out.Cases, func(o *View) bool { return o.ID == id }), v) // the closure may run twice
		out.Values[id] = values
		return nil
	})
}
