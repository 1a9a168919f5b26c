package intake

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/web"
)

// Service is the use cases of the inlet. Its fields are the wiring; all but Classify and Always
// must be set.
type Service struct {
	DB    *db.DB
	Now   clock.Now
	ID    id.Source
	Cases *casework.Service
	// Key signs challenges and makes query codes. It is not in the database: who has a copy of
	// that has no codes.
	Key []byte
	// Jurisdiction finds one by its division code; "" is the only one there is.
	Jurisdiction func(code string) (account.Jurisdiction, error)
	// Home is the area of a jurisdiction itself.
	Home func(ctx context.Context, j account.Jurisdiction) (string, error)
	// Classify proposes classes; nil goes by the words of their titles.
	Classify Classify
	// Always asks everybody without an account for a challenge, not only after several reports.
	Always bool

	near nearby
}

// Origin is the machine that something is asked from.
type Origin struct {
	Addr      string // IP address
	UserAgent string
}

// client is what a challenge is bound to.
func (o Origin) client() string { return network(o.Addr) + "\n" + o.UserAgent }

// row is what is kept of a query code.
type row struct{ jurisdiction, caseID, reporter string }

var (
	insertCode = db.SQL(`INSERT INTO query_code (code_hash, jurisdiction, case_id, reporter_id, made_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`)
	codeByHash = db.SQL(`SELECT jurisdiction, case_id, reporter_id FROM query_code WHERE code_hash = $1`)
)

// hashed is how a code is kept.
func (s *Service) hashed(code string) string {
	return hex.EncodeToString(mac(s.Key, "code", []byte(code)))
}

// byCode is what a code stands for; ok is false for one that nobody was given.
func (s *Service) byCode(ctx context.Context, code string) (r row, ok bool, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := tx.Row(ctx, codeByHash, []any{s.hashed(code)}, &r.jurisdiction, &r.caseID, &r.reporter)
		ok = err == nil
		if errors.Is(err, db.ErrNoRows) {
			return nil
		}
		return err
	})
	return r, ok, err
}

// reporter is who brings something, in which way, to a jurisdiction. by is who is logged in,
// nil for nobody. Without an account one reports for oneself only; for a caller, only who has
// a post that sees more than its own cases.
func (s *Service) reporter(ctx context.Context, by *account.Actor, j account.Jurisdiction, way, key string) (who, error) {
	alone := account.Actor{PersonID: identity(s.Key, j.ID, key), Jurisdiction: j.ID}
	actor, anonymous := alone, true
	if by != nil && way != ByHelper {
		if by.Jurisdiction != j.ID {
			return who{}, fault.New(fault.Forbidden, "intake.not_your_county")
		}
		actor, anonymous = *by, false
	}
	w := who{anonymous: anonymous}
	var err error
	if w.Actor, err = s.Cases.By(ctx, actor); err != nil {
		return who{}, err
	}
	switch way {
	case BySelf, "":
		return w, nil
	case ByCaller, ByHelper:
	default:
		return who{}, fault.New(fault.Invalid, "intake.unknown_way")
	}
	if by == nil {
		return who{}, fault.New(fault.Unauthenticated, "session.none")
	}
	if by.Jurisdiction != j.ID {
		return who{}, fault.New(fault.Forbidden, "intake.not_your_county")
	}
	if way == ByHelper {
		w.Helper = by.PersonID
		return w, nil
	}
	return w, s.Cases.Staff(ctx, w.Actor)
}

// Report opens a case for a report and gives its query code. A report from nobody in
// particular is counted by its address and may need an answered challenge:
// intake.challenge_needed, intake.challenge_wrong, intake.too_many. The same report sent again
// gives the same number and the same code.
func (s *Service) Report(ctx context.Context, by *account.Actor, from Origin, r Report) (Filed, error) {
	r.Text = strings.TrimSpace(r.Text)
	j, err := s.Jurisdiction(r.Jurisdiction)
	if err != nil {
		return Filed{}, err
	}
	w, err := s.reporter(ctx, by, j, r.By, r.Key)
	if err != nil {
		return Filed{}, err
	}
	if r.Form != "" {
		if err := s.entersForms(ctx, by); err != nil {
			return Filed{}, err
		}
	}
	code := newCode(mac(s.Key, "new code", []byte(j.ID), []byte(w.PersonID), []byte(r.Key)))
	if _, filed, err := s.byCode(ctx, code); err != nil {
		return Filed{}, err
	} else if !filed && by == nil {
		if err := s.admit(ctx, from, r); err != nil {
			return Filed{}, err
		}
	}
	if err := s.paced(ctx, by, casework.Reporting); err != nil {
		return Filed{}, err
	}
	o, called, err := s.opening(ctx, w, j, r)
	if err != nil {
		return Filed{}, err
	}
	opened, err := s.Cases.Open(ctx, w.Actor, o)
	if err != nil {
		return Filed{}, asCalled(err, called)
	}
	// The reporter of the case, also where a clerk typed it; of one that was open already,
	// whoever now adds to it.
	reporter := w.PersonID
	if o.Reporter != "" {
		reporter = o.Reporter
	}
	return Filed{opened.Case.ID, opened.Case.Number, grouped(code)}, s.give(ctx, code, row{j.ID, opened.Case.ID, reporter}, w)
}

// paced refuses what somebody with an account, but without an office, does too often.
func (s *Service) paced(ctx context.Context, by *account.Actor, what casework.Doing) error {
	if by == nil {
		return nil
	}
	actor, err := s.Cases.By(ctx, *by)
	if err != nil {
		return err
	}
	return s.Cases.Paced(ctx, actor, what)
}

// entersForms refuses whoever is not of the staff: forms on paper are numbered by it.
func (s *Service) entersForms(ctx context.Context, by *account.Actor) error {
	if by == nil {
		return fault.New(fault.Unauthenticated, "session.none")
	}
	actor, err := s.Cases.By(ctx, *by)
	if err != nil {
		return err
	}
	return s.Cases.Staff(ctx, actor)
}

// admit counts a report of somebody without an account, and asks for a challenge where that is
// the rule or where there were many.
func (s *Service) admit(ctx context.Context, from Origin, r Report) error {
	suspicious, err := s.count(ctx, reports, network(from.Addr))
	if err != nil {
		return err
	}
	if suspicious || s.Always {
		return s.pass(ctx, r.Key, from.client(), r.Challenge)
	}
	return nil
}

// give keeps that a code stands for a case. It follows the case in a transaction of its own:
// where that fails the report is sent again, and finds the case there.
func (s *Service) give(ctx context.Context, code string, x row, w who) error {
	leaf, hash := s.ID(), s.hashed(code)
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		now := s.Now()
		n, err := tx.Exec(ctx, insertCode, hash, x.jurisdiction, x.caseID, x.reporter, now)
		if err != nil || n == 0 {
			return err
		}
		return audit.Append(ctx, tx, audit.Leaf{ID: leaf, Jurisdiction: x.jurisdiction, Subject: "case/" + x.caseID, Act: "query_code.given", Person: w.PersonID, At: now,
			Rows: []audit.Ref{{Table: audit.QueryCodes, Key: []any{hash}}}})
	})
}

// opening is the case that a report asks for. Without a class it is one that the packs have
// for what is to be sorted; where they have none: intake.class_needed.
func (s *Service) opening(ctx context.Context, w who, j account.Jurisdiction, r Report) (o casework.Opening, called map[string]string, err error) {
	o = casework.Opening{Class: r.Class, Text: r.Text, AreaID: r.AreaID, Channel: r.Channel, HappenedAt: r.HappenedAt, Nature: j.Nature, Key: r.Key, Against: r.Against, Avoid: r.Avoid, Form: r.Form}
	if o.Channel == "" {
		if o.Channel = channelHome; r.By == ByHelper {
			o.Channel = channelField
		}
	}
	if err := r.check(w); err != nil {
		return o, nil, err
	}
	classes, err := s.Cases.Reportable(ctx, w.Actor, o.Channel)
	if err != nil {
		return o, nil, err
	}
	i := slices.IndexFunc(classes, func(k casework.ClassJSON) bool { return k.ID == o.Class || o.Class == "" && k.Unsorted })
	switch {
	case i < 0 && o.Class == "":
		return o, nil, &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: "class", Code: "intake.class_needed"}}}
	case i < 0:
		return o, nil, fault.New(fault.Invalid, "case.unknown_class")
	}
	o.Class = classes[i].ID
	class, err := s.Cases.Book.InForce(ctx, j.ID, o.Class)
	if err != nil {
		return o, nil, err
	}
	if o.Fields, called, err = r.fieldsFor(class, classes[i].Fields); err != nil {
		return o, nil, err
	}
	if r.Text == "" && r.Recording != "" {
		o.Title = web.Say("zh", "intake.voice_report", nil) // for the clerks who list it
	}
	if r.Point != nil {
		o.SetPoint(*r.Point)
	}
	if r.By == ByCaller {
		o.Reporter, o.Anonymous = identity(s.Key, j.ID, r.Key), true
	}
	return o, called, nil
}

// check refuses what no report may be, before anything is looked up.
func (r *Report) check(w who) error {
	e := &fault.Error{Kind: fault.Invalid, Code: "case.bad_value"}
	wrong := func(path, code string, args ...any) {
		p := fault.Place{Path: path, Code: code}
		if len(args) == 2 {
			p.Args = map[string]any{args[0].(string): args[1]}
		}
		e.At = append(e.At, p)
	}
	if r.empty() {
		wrong("text", "intake.nothing_said")
	}
	if utf8.RuneCountInString(r.Text) > maxText {
		wrong("text", "form.too_long", "most", maxText)
	}
	if len(r.Photos) > maxPhotos {
		wrong("photos", "form.too_many", "most", maxPhotos)
	}
	if r.AreaID == "" && r.Point == nil {
		wrong("area_id", "case.no_place")
	}
	if w.anonymous && w.Helper == "" && r.Channel != "" && r.Channel != channelHome {
		wrong("channel", "case.channel")
	}
	if len(e.At) > 0 {
		return e
	}
	return nil
}

// Challenge makes a new question of a kind for a client.
func (s *Service) Challenge(ctx context.Context, from Origin, kind string) (token string, c challenge, err error) {
	if _, err := s.count(ctx, challenges, network(from.Addr)); err != nil {
		return "", c, err
	}
	nonce := make([]byte, nonceBytes)
	_, _ = rand.Read(nonce) // never fails (Go 1.24)
	expires := s.Now().Add(challengeLasts).Truncate(time.Millisecond)
	return issue(s.Key, kind, nonce, expires, from.client()), challenge{kind, expires, nonce}, nil
}

// Nobody is the reporter of a case that another inlet opens for somebody whom the program does
// not know, by the key of the report: the same each time, and of this report alone.
func (s *Service) Nobody(jurisdiction, report string) string {
	return identity(s.Key, jurisdiction, report)
}

// GiveCode gives the query code of a case to the reporter for whom another inlet opened it. The
// same again gives the same code.
func (s *Service) GiveCode(ctx context.Context, jurisdiction, caseID, reporter, report string) (string, error) {
	code := newCode(mac(s.Key, "new code", []byte(jurisdiction), []byte(reporter), []byte(report)))
	return grouped(code), s.give(ctx, code, row{jurisdiction, caseID, reporter}, who{Actor: &casework.Actor{System: true}})
}
