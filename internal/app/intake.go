package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/classify"
	"gezhi/internal/clock"
	"gezhi/internal/config"
	"gezhi/internal/fault"
	"gezhi/internal/intake"
	"gezhi/internal/paste"
	"gezhi/internal/web"
)

// inlet joins the residents' inlet to cases.
func (a *App) inlet() error {
	key := a.Config.Intake.Key
	if key == nil {
		var err error
		if key, err = keyFile(filepath.Join(a.Config.Data, "intake.key")); err != nil {
			return err
		}
	}
	a.Intake = &intake.Service{DB: a.DB, Now: clock.System, ID: a.newID, Cases: a.Cases, Key: key, Jurisdiction: a.Jurisdictions.byCode, Home: a.home, Always: a.Config.Intake.Always, Classify: a.classify}
	return nil
}

// classify proposes classes for a report by what the jurisdiction has learnt.
func (a *App) classify(ctx context.Context, jurisdiction, text string) ([]intake.Candidate, error) {
	guesses, err := a.Classifier.Propose(ctx, jurisdiction, classify.Text{Body: text})
	var out []intake.Candidate
	for _, g := range guesses {
		out = append(out, intake.Candidate{Class: g.Class, Probability: g.Probability, Words: g.Words, Sure: g.Sure})
	}
	return out, err
}

// keyBytes is the length of a key that the program makes.
const keyBytes = 32

// keyFile reads a key that lies beside the database, and makes it when it is missing; only its
// owner may read it.
func keyFile(path string) ([]byte, error) {
	fresh := make([]byte, keyBytes)
	_, _ = rand.Read(fresh) // never fails (Go 1.24)
	err := config.CreateKeyFile(path, []byte(base64.StdEncoding.EncodeToString(fresh)+"\n"))
	if err == nil {
		return fresh, nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return nil, fault.Wrap(err, fault.Unavailable, "intake.no_key", "file", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "intake.no_key", "file", path)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) < keyBytes {
		return nil, fault.New(fault.Invalid, "intake.bad_key", "file", path)
	}
	return key, nil
}

// guess is what a text out of a chat may mean: the proposals of the residents' inlet.
func (a *App) guess(ctx context.Context, who account.Actor, text string) (places []paste.Place, classes []paste.Class, err error) {
	got, err := a.Intake.Propose(ctx, &who, intake.Origin{}, intake.Draft{Jurisdiction: a.Jurisdictions.get(who.Jurisdiction).Code, Text: text})
	if err != nil {
		return nil, nil, err
	}
	for _, p := range got.Places {
		places = append(places, paste.Place{ID: p.AreaID, Name: p.Name, Why: cmp.Or(p.Named, p.Near)})
	}
	for _, c := range got.Classes {
		k, err := a.Book.InForce(ctx, who.Jurisdiction, c.Class)
		if err != nil {
			return nil, nil, err
		}
		classes = append(classes, paste.Class{ID: c.Class, Title: k.Title[web.Lang(ctx)], Why: strings.Join(c.Words, " ")})
	}
	return places, classes, nil
}
