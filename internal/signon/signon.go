package signon

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/web"
)

// Service logs people in at outside providers.
type Service struct {
	DB        *db.DB
	Accounts  *account.Service
	Now       clock.Now
	NewID     id.Source
	Providers []*Provider
	// Home gives the jurisdiction of a code, for providers that make people.
	Home func(code string) (account.Jurisdiction, error)
}

// unfinished is how long a log-in at a provider may take.
const unfinished = 10 * time.Minute

// Begun is a log-in that goes on at the provider.
type Begun struct {
	Address string // of the provider, for the browser
	Cookie  string // proves at the end that it is the same browser
}

// Answer is what a provider sends the browser back with.
type Answer struct{ Code, State, Issuer, Error string }

// provider returns a provider by name, or signon.unknown.
func (s *Service) provider(name string) (*Provider, error) {
	i := slices.IndexFunc(s.Providers, func(p *Provider) bool { return p.Name == name })
	if i < 0 {
		return nil, fault.New(fault.NotFound, "signon.unknown")
	}
	return s.Providers[i], nil
}

func random() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails (Go 1.24)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// Local returns target where it is a page of ours, else the desk: after a log-in nobody is sent to
// an address that somebody else made up.
func Local(target string) string {
	const home = "/desk/"
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.ContainsAny(target, "\\\r\n\t") || len(target) > 500 {
		return home
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, "/..") || !slices.Contains(web.FaceNames, first) {
		return home
	}
	return target
}

// Begin starts a log-in. target is where the browser wants to go afterwards, base our own address.
func (s *Service) Begin(ctx context.Context, name, target, base string) (Begun, error) {
	p, err := s.provider(name)
	if err != nil {
		return Begun{}, err
	}
	d, err := p.discover(ctx, s.Now)
	if err != nil {
		return Begun{}, err
	}
	state, nonce, verifier, cookie := random(), random(), oauth2.GenerateVerifier(), random()
	now := s.Now()
	err = s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Queue(ctx, forgetLoginsSQL, now); err != nil {
			return err
		}
		return tx.Queue(ctx, insertLoginSQL, hash(state), hash(cookie), p.Name, nonce, verifier, Local(target), now.Add(unfinished))
	})
	return Begun{p.oauth(d, back(base, p.Name)).AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), cookie}, err
}

// back is where a provider sends the browser to. Each has its own, so that the answer of one is not
// taken for that of another.
func back(base, name string) string { return base + Path + "/" + name + "/callback" }

// Entered is a log-in that has come to its end.
type Entered struct {
	Token  string
	Target string
}

// Finish ends a log-in with what the provider sent. Refusals: signon.state where the answer does not
// belong to a log-in that this browser began, signon.refused where the provider let nobody in,
// signon.token where its token is not right, signon.nobody where the person is not known here,
// signon.other_subject where that person is known as somebody else at the provider.
func (s *Service) Finish(ctx context.Context, name string, a Answer, cookie, base string, o account.Origin) (Entered, error) {
	p, err := s.provider(name)
	if err != nil {
		return Entered{}, err
	}
	d, err := p.discover(ctx, s.Now)
	if err != nil {
		return Entered{}, err
	}
	l, err := s.take(ctx, a.State, cookie, p.Name)
	switch {
	case err != nil:
		return Entered{}, err
	case a.Issuer != "" && a.Issuer != p.Issuer || a.Issuer == "" && d.SaysIss: // RFC 9207
		return Entered{}, fault.New(fault.Unauthenticated, "signon.state")
	case a.Error != "" || a.Code == "":
		return Entered{}, fault.New(fault.Unauthenticated, "signon.refused")
	}
	claims, err := p.redeem(oidc.ClientContext(ctx, client), d, a.Code, l, back(base, p.Name))
	if err != nil {
		return Entered{}, err
	}
	person, err := s.personOf(ctx, p, claims)
	if err != nil {
		return Entered{}, err
	}
	o.Strong = p.Strong
	token, _, err := s.Accounts.Enter(ctx, person, o, tieAt(p), tieOf(p, "sub", claims.Subject), tieOf(p, "sid", claims.Session))
	return Entered{token, l.target}, err
}

// What a session hangs on: the provider, its subject there, and the provider's own session.
func tieAt(p *Provider) string { return "outside/" + p.Name }
func tieOf(p *Provider, kind, v string) string {
	return "outside/" + p.Name + "/" + kind + "/" + hash(v)
}

// login is a log-in that has begun.
type login struct{ cookieHash, provider, nonce, verifier, target string }

// take takes a log-in away: it ends once, however it ends.
func (s *Service) take(ctx context.Context, state, cookie, provider string) (l login, err error) {
	none := fault.New(fault.Unauthenticated, "signon.state")
	err = s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		l = login{}
		return tx.Row(ctx, takeLoginSQL, []any{hash(state), s.Now()}, &l.cookieHash, &l.provider, &l.nonce, &l.verifier, &l.target)
	})
	if errors.Is(err, db.ErrNoRows) {
		return l, none
	}
	if err == nil && (subtle.ConstantTimeCompare([]byte(hash(cookie)), []byte(l.cookieHash)) != 1 || cookie == "" || l.provider != provider) {
		err = none
	}
	return l, err
}

// claims is what a token says.
type claims struct {
	Subject string `json:"sub"`
	Session string `json:"sid"`
	Party   string `json:"azp"`
	Name    string `json:"name"`
	login   string // of the provider's Claim
}

// redeem changes a code for the token of whom it stands for, and checks the token: signed by the
// provider, for us, not too old, and an answer to what this browser asked.
func (p *Provider) redeem(ctx context.Context, d *discovered, code string, l login, back string) (claims, error) {
	var c claims
	wrong := func(err error) (claims, error) {
		return claims{}, fault.Wrap(err, fault.Unauthenticated, "signon.token")
	}
	t, err := p.oauth(d, back).Exchange(ctx, code, oauth2.VerifierOption(l.verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused):
		return wrong(err)
	case err != nil:
		return claims{}, fault.Wrap(err, fault.Unavailable, "signon.away")
	}
	raw, _ := t.Extra("id_token").(string)
	token, err := d.verifier.Verify(ctx, raw)
	if err != nil {
		return wrong(err)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(l.nonce)) != 1 {
		return wrong(errors.New("nonce"))
	}
	all := map[string]any{}
	if err := errors.Join(token.Claims(&c), token.Claims(&all)); err != nil {
		return wrong(err)
	}
	if len(token.Audience) > 1 && c.Party == "" || c.Party != "" && c.Party != p.ClientID {
		return wrong(errors.New("azp"))
	}
	c.login, _ = all[p.Claim].(string)
	return c, nil
}

// personOf returns who the provider's subject is here. The first time the claim tells; from then on
// the subject itself.
func (s *Service) personOf(ctx context.Context, p *Provider, c claims) (string, error) {
	known, err := s.linked(ctx, p, c.Subject)
	if err != nil || known != "" {
		return known, err
	}
	nobody := fault.New(fault.Unauthenticated, "signon.nobody")
	if c.login == "" {
		return "", nobody
	}
	who, err := s.Accounts.ByLogin(ctx, c.login)
	if fault.CodeOf(err) == "person.none" {
		if p.CreateIn == "" {
			return "", nobody
		}
		who, err = s.make(ctx, p, c)
	}
	if err != nil {
		return "", err
	}
	return who.ID, s.link(ctx, p, c.Subject, who)
}

func (s *Service) linked(ctx context.Context, p *Provider, subject string) (person string, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.Row(ctx, linkedSQL, []any{p.Issuer, subject}, &person)
	})
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return person, err
}

func (s *Service) make(ctx context.Context, p *Provider, c claims) (account.Person, error) {
	home, err := s.Home(p.CreateIn)
	if err != nil {
		return account.Person{}, err
	}
	name := c.Name
	if name == "" {
		name = c.login
	}
	return s.Accounts.CreatePerson(ctx, "", account.NewPerson{Jurisdiction: home.ID, Name: name, Login: c.login, Nature: home.Nature})
}

func (s *Service) link(ctx context.Context, p *Provider, subject string, who account.Person) error {
	return s.DB.Write(ctx, db.Keys{"person/" + who.ID}, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, linkSQL, p.Issuer, subject, who.Jurisdiction, who.ID, s.Now())
		if err == nil && n == 0 {
			err = fault.New(fault.Unauthenticated, "signon.other_subject")
		}
		if err != nil {
			return err
		}
		return audit.Append(ctx, tx, audit.Leaf{ID: s.NewID(), Jurisdiction: who.Jurisdiction, Subject: "person/" + who.ID, Act: "identity.linked", Person: who.ID,
			At: s.Now(), Rows: []audit.Ref{{Table: audit.Identities, Key: []any{p.Issuer, subject}}}})
	})
}

// Leave ends the session that asks. Where it was begun at a provider it returns the address at
// which the provider ends its own (RP-Initiated Logout 1.0), "" otherwise.
func (s *Service) Leave(ctx context.Context, who account.Actor, base string) (string, error) {
	ties, err := s.Accounts.Ties(ctx, who.Session)
	if err == nil {
		err = s.Accounts.EndSession(ctx, who.PersonID, who.PersonID, who.Session)
	}
	if err != nil {
		return "", err
	}
	for _, p := range s.Providers {
		if !slices.Contains(ties, tieAt(p)) {
			continue
		}
		d, err := p.discover(ctx, s.Now)
		if err != nil || !trusted(d.End) {
			return "", nil // the session here has ended all the same
		}
		return d.End + "?" + url.Values{"client_id": {p.ClientID}, "post_logout_redirect_uri": {base + "/desk/login"}}.Encode(), nil
	}
	return "", nil
}

// Told ends the sessions that a provider says are over (Back-Channel Logout 1.0). A token that is
// not right is signon.token. Telling twice ends nothing more.
func (s *Service) Told(ctx context.Context, name, token string) error {
	p, err := s.provider(name)
	if err != nil {
		return err
	}
	d, err := p.discover(ctx, s.Now)
	if err != nil {
		return err
	}
	t, err := d.verifier.VerifyLogout(oidc.ClientContext(ctx, client), token)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "signon.token")
	}
	tie := tieOf(p, "sub", t.Subject)
	if t.SessionID != "" {
		tie = tieOf(p, "sid", t.SessionID)
	}
	_, err = s.Accounts.EndTied(ctx, "", tie)
	return err
}

var (
	insertLoginSQL  = db.SQL(`INSERT INTO outside_login (state_hash, cookie_hash, provider, nonce, verifier, target, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	forgetLoginsSQL = db.SQL(`DELETE FROM outside_login WHERE expires_at <= $1`)
	takeLoginSQL    = db.SQL(`DELETE FROM outside_login WHERE state_hash = $1 AND expires_at > $2 RETURNING cookie_hash, provider, nonce, verifier, target`)
	linkedSQL       = db.SQL(`SELECT person_id FROM outside_identity WHERE issuer = $1 AND subject = $2`)
	linkSQL         = db.SQL(`INSERT INTO outside_identity (issuer, subject, jurisdiction, person_id, linked_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`)
)
