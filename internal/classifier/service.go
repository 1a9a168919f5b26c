package classifier

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/casework"
	"gezhi/internal/classify"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
)

// Service keeps the models of all jurisdictions.
type Service struct {
	DB    *db.DB
	Now   clock.Now
	NewID id.Source
	Cases *casework.Service
	// Fresh is how long a model in memory is trusted before it is looked whether a newer one
	// is there.
	Fresh time.Duration

	mu    sync.Mutex
	known map[string]*known // by jurisdiction
}

// known is what is in memory of a jurisdiction.
type known struct {
	id     string
	model  *classify.Model // nil: none
	looked time.Time
}

// Learn makes a model of what a lesson holds, and puts it in use. Fault: classify.too_few.
func (s *Service) Learn(ctx context.Context, l Lesson) (Stored, error) {
	examples := l.Examples
	if l.Cases {
		settled, err := s.settled(ctx, l.Jurisdiction)
		if err != nil {
			return Stored{}, err
		}
		examples = append(settled, examples...)
	}
	m, err := classify.Train(examples, l.Texts)
	if err != nil {
		return Stored{}, err
	}
	data, err := m.Encode()
	if err != nil {
		return Stored{}, err
	}
	figures, err := json.Marshal(m.Figures)
	if err != nil {
		return Stored{}, err
	}
	x := Stored{Jurisdiction: l.Jurisdiction, By: l.By, Cases: len(examples) - len(l.Examples), Examples: m.Examples, Texts: m.Texts, Figures: m.Figures}
	err = s.DB.Write(ctx, db.Keys{key(l.Jurisdiction)}, func(ctx context.Context, tx *db.Tx) error {
		x.ID, x.MadeAt = s.NewID(), s.Now()
		if err := x.insert(ctx, tx, string(figures), base64.StdEncoding.EncodeToString(data)); err != nil {
			return err
		}
		return s.note(ctx, tx, x, "classifier.learnt", x.By, x.MadeAt)
	})
	s.forget(l.Jurisdiction)
	return x, err
}

// note writes into the audit log what was done to a model.
func (s *Service) note(ctx context.Context, tx *db.Tx, x Stored, act, by string, at time.Time) error {
	return audit.Append(ctx, tx, audit.Leaf{ID: s.NewID(), Jurisdiction: x.Jurisdiction, Subject: key(x.Jurisdiction), Act: act, Person: by, At: at, Rows: []audit.Ref{{Table: audit.Models, Key: []any{x.ID}}}})
}

func key(jurisdiction string) string { return "classifier/" + jurisdiction }

// settled are the closed cases that may train, the newest first.
func (s *Service) settled(ctx context.Context, jurisdiction string) (out []classify.Example, err error) {
	after := ""
	for len(out) < mostCases {
		n := 0
		err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			cases, err := s.Cases.Settled(ctx, tx, jurisdiction, after, pageSize)
			if err != nil {
				return err
			}
			n = len(cases)
			for _, c := range cases {
				after = c.ID
				may, err := s.Cases.Trainable(ctx, tx, c)
				if err != nil {
					return err
				}
				if text, ok := c.Fields[casework.FieldText].(string); may && ok {
					out = append(out, classify.Example{Text: classify.Text{Body: text}, Class: c.ClassID()})
				}
			}
			return nil
		})
		if err != nil || n < pageSize {
			return out, err
		}
	}
	return out, nil
}

// Propose returns the likeliest classes of a text, as pack/scheme:code, the likeliest first;
// none where nothing was learnt.
func (s *Service) Propose(ctx context.Context, jurisdiction string, t classify.Text) ([]classify.Guess, error) {
	m, err := s.model(ctx, jurisdiction)
	if m == nil || err != nil {
		return nil, err
	}
	return m.Say(t, mostGuesses), nil
}

// model is the one in use; nil where there is none.
func (s *Service) model(ctx context.Context, jurisdiction string) (*classify.Model, error) {
	s.mu.Lock()
	k := s.known[jurisdiction]
	s.mu.Unlock()
	now := s.Now()
	if k != nil && now.Sub(k.looked) < s.Fresh {
		return k.model, nil
	}
	fresh := &known{looked: now}
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := tx.Row(ctx, newestModel, []any{jurisdiction}, &fresh.id)
		if err == db.ErrNoRows {
			return nil
		}
		if err != nil {
			return err
		}
		if k != nil && k.id == fresh.id {
			fresh.model = k.model
			return nil
		}
		fresh.model, err = readModel(ctx, tx, fresh.id)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]*known{}
	}
	s.known[jurisdiction] = fresh
	return fresh.model, nil
}

func (s *Service) forget(jurisdiction string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, jurisdiction)
}

// List returns the models of a jurisdiction, the newest first.
func (s *Service) List(ctx context.Context, jurisdiction string) (out []Stored, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, err = db.Collect(ctx, tx, modelsOf, []any{jurisdiction}, scanStored)
		return err
	})
	return out, err
}

// End takes the model in use out of it: the one before is asked again, or the titles of the
// classes. Fault: classifier.none.
func (s *Service) End(ctx context.Context, jurisdiction, by string) (x Stored, err error) {
	err = s.DB.Write(ctx, db.Keys{key(jurisdiction)}, func(ctx context.Context, tx *db.Tx) error {
		x = Stored{Jurisdiction: jurisdiction}
		err := tx.Row(ctx, newestModel, []any{jurisdiction}, &x.ID)
		if err == db.ErrNoRows {
			return fault.New(fault.NotFound, "classifier.none")
		}
		if err != nil {
			return err
		}
		x.EndedAt = s.Now()
		if err := tx.Queue(ctx, endModel, x.ID, x.EndedAt); err != nil {
			return err
		}
		return s.note(ctx, tx, x, "classifier.ended", by, x.EndedAt)
	})
	s.forget(jurisdiction)
	return x, err
}
