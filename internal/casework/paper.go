package casework

import (
	"context"
	"slices"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Form is a blank form on paper, by the number that its case will have.
type Form struct {
	Number     string
	ReservedAt time.Time
	CaseID     string // "" while it is blank
}

// MostForms is how many forms are reserved at once.
const MostForms = 100

var (
	insertForm = db.SQL(`INSERT INTO paper_form (jurisdiction, number, person_id, reserved_at) VALUES ($1, $2, $3, $4)`)
	takeForm   = db.SQL(`UPDATE paper_form SET case_id = $3, claimed_at = $4 WHERE jurisdiction = $1 AND number = $2 AND case_id = ''`)
	formsOf    = db.SQL(`SELECT number, reserved_at, case_id FROM paper_form WHERE jurisdiction = $1 ORDER BY reserved_at DESC, number LIMIT $2`)
	oneForm    = db.SQL(`SELECT number, reserved_at, case_id FROM paper_form WHERE jurisdiction = $1 AND number = $2`)
	byNumber   = db.SQL(`SELECT id FROM cases WHERE jurisdiction = $1 AND number = $2 AND parent_id = ''`)
)

func scanForm(r db.Rows) (f Form, err error) {
	var at int64
	err = r.Scan(&f.Number, &at, &f.CaseID)
	f.ReservedAt = db.Time(at)
	return f, err
}

// Staff tells whether somebody has a post that sees more than its own cases, which no administrator has; case.staff_only
// to whom it is not.
func (s *Service) Staff(ctx context.Context, who *Actor) error {
	sees, err := s.Book.Sees(ctx, who.Jurisdiction)
	if err == nil && !slices.ContainsFunc(who.Posts, func(p Post) bool { return !account.IsKernelRole(p.Role) && sees(p.Role) > account.SeesOwn }) {
		err = fault.New(fault.Forbidden, "case.staff_only")
	}
	return err
}

// Doing is what people without an office can do so often that they have to wait.
type Doing string

// What is counted, each for itself.
const (
	Reporting Doing = "report"
	Moving    Doing = "move" // an act in a case: a comment, an urge, a rating
)

// Paced refuses whoever is not of the staff what they do too often, as Slow says.
func (s *Service) Paced(ctx context.Context, who *Actor, what Doing) error {
	if s.Slow == nil {
		return nil
	}
	err := s.Staff(ctx, who)
	if fault.CodeOf(err) == "case.staff_only" {
		return s.Slow(ctx, what)
	}
	return err
}

// Reserve takes numbers for blank forms that are printed now and entered later, each as the
// class writes its numbers. Refused: case.staff_only, case.too_many_forms.
func (s *Service) Reserve(ctx context.Context, who *Actor, class string, count int) ([]Form, error) {
	if count < 1 || count > MostForms {
		return nil, fault.New(fault.Invalid, "case.too_many_forms", "most", MostForms)
	}
	if err := s.Staff(ctx, who); err != nil {
		return nil, err
	}
	k, err := s.Book.InForce(ctx, who.Jurisdiction, class)
	if err != nil {
		return nil, err
	}
	now, leaf := s.Now(), s.ID()
	var out []Form
	for range count {
		n, err := s.number(ctx, who.Jurisdiction, now)
		if err != nil {
			return nil, err
		}
		out = append(out, Form{Number: numbered(k, now, n), ReservedAt: now})
	}
	return out, s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		for _, f := range out {
			if err := tx.Queue(ctx, insertForm, who.Jurisdiction, f.Number, who.PersonID, now); err != nil {
				return err
			}
		}
		return audit.Append(ctx, tx, audit.Leaf{ID: leaf, Jurisdiction: who.Jurisdiction, Subject: "forms", Act: "forms.reserved", Person: who.PersonID, At: now,
			Said: map[string]any{"first": out[0].Number, "count": count}})
	})
}

// Forms are the forms that were reserved last.
func (s *Service) Forms(ctx context.Context, who *Actor, most int) (out []Form, err error) {
	if err := s.Staff(ctx, who); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = db.Collect(ctx, tx, formsOf, []any{who.Jurisdiction, int64(most)}, scanForm)
		return err
	})
	return out, err
}

// Numbered finds what a number on paper stands for: a case that the asker may see, or a form
// that is blank yet; case.not_found to anybody else.
func (s *Service) Numbered(ctx context.Context, who *Actor, number string) (v *View, blank *Form, err error) {
	var cases []string
	var forms []Form
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if cases, err = db.Collect(ctx, tx, byNumber, []any{who.Jurisdiction, number}, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) }); err == nil {
			forms, err = db.Collect(ctx, tx, oneForm, []any{who.Jurisdiction, number}, scanForm)
		}
		return err
	}); err != nil {
		return nil, nil, err
	}
	if len(cases) > 0 {
		v, err = s.View(ctx, who, cases[0])
		return v, nil, err
	}
	if len(forms) == 0 || forms[0].CaseID != "" || s.Staff(ctx, who) != nil {
		return nil, nil, fault.New(fault.NotFound, "case.not_found")
	}
	return nil, &forms[0], nil
}

// claimForm lets a case take the number of a form: case.form_taken where another one has it,
// or where nobody printed it.
func (s *Service) claimForm(ctx context.Context, tx *db.Tx, c *Case, number string, now time.Time) error {
	n, err := tx.Exec(ctx, takeForm, c.Jurisdiction, number, c.ID, now)
	if err == nil && n == 0 {
		err = &fault.Error{Kind: fault.Conflict, Code: "case.form_taken", At: []fault.Place{{Path: "form", Code: "case.form_taken"}}}
	}
	if err == nil {
		c.Number = number
	}
	return err
}
