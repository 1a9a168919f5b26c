package signon

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"gezhi/internal/fault"
	"gezhi/internal/pack/shape"
)

// Provider is a system at which people may log in.
type Provider struct {
	Name     string            // in addresses
	Title    map[string]string // by language
	Issuer   string
	ClientID string
	Secret   string
	Scopes   []string // besides openid
	Claim    string   // that names the login of a person here
	Strong   bool     // its log-in counts as one with a second factor
	CreateIn string   // code of the jurisdiction in which unknown people are made; "" makes nobody

	mu    sync.Mutex
	found *discovered
}

// discovered is what a provider says of itself.
type discovered struct {
	verifier *oidc.IDTokenVerifier
	endpoint oauth2.Endpoint

	End     string `json:"end_session_endpoint"`
	SaysIss bool   `json:"authorization_response_iss_parameter_supported"`
}

// keys are what the file of providers may say of each.
var keys = []string{"name", "title", "issuer", "client_id", "secret_file", "secret_env", "scopes", "claim", "strong", "create_in"}

var nameShape = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// Parse reads the file of providers; env reads a variable of the environment. What is wrong is
// signon.bad_file with lines.
func Parse(data []byte, env func(string) string) ([]*Provider, error) {
	e := &fault.Error{Kind: fault.Invalid, Code: "signon.bad_file"}
	wrong := func(line int, path, code string) {
		e.At = append(e.At, fault.Place{Line: line, Path: path, Code: code})
	}
	n, problems := shape.Read(data)
	for _, p := range problems {
		wrong(p.Line, "", "notify.bad_yaml")
	}
	if n == nil || len(problems) > 0 {
		return nil, e
	}
	var out []*Provider
	for _, x := range n.Get("providers").Each() {
		for _, k := range x.Entries {
			if !slices.Contains(keys, k.Key.Text) {
				wrong(k.Key.Line, k.Key.Text, "notify.unknown_key")
			}
		}
		p := &Provider{Name: x.Get("name").Scalar(), Title: map[string]string{}, Issuer: x.Get("issuer").Scalar(), ClientID: x.Get("client_id").Scalar(),
			Scopes: x.Get("scopes").Texts(), Claim: x.Get("claim").Scalar(), Strong: x.Get("strong").Scalar() == "true", CreateIn: x.Get("create_in").Scalar()}
		if t := x.Get("title"); t != nil {
			for _, w := range t.Entries {
				p.Title[w.Key.Text] = w.Value.Text
			}
		}
		if p.Claim == "" {
			p.Claim = "preferred_username"
		}
		if !nameShape.MatchString(p.Name) || slices.ContainsFunc(out, func(o *Provider) bool { return o.Name == p.Name }) {
			wrong(x.Line, "name", "signon.bad_name")
		}
		if p.ClientID == "" {
			wrong(x.Line, "client_id", "field.required")
		}
		if !trusted(p.Issuer) {
			wrong(x.Line, "issuer", "signon.bad_issuer")
		}
		var err error
		if p.Secret, err = secretOf(x, env); err != nil {
			wrong(x.Line, "secret_file", "signon.no_secret")
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		wrong(n.Line, "providers", "field.required")
	}
	if len(e.At) > 0 {
		return nil, e
	}
	return out, nil
}

// secretOf is the client's secret: of a file, or of a variable. Without either the client is a
// public one, which PKCE alone protects.
func secretOf(n *shape.Node, env func(string) string) (string, error) {
	if file := n.Get("secret_file").Scalar(); file != "" {
		b, err := os.ReadFile(file)
		if s := strings.TrimRight(string(b), "\r\n"); err == nil && s != "" && len(s) <= 4096 {
			return s, nil
		}
		return "", os.ErrNotExist
	}
	if name := n.Get("secret_env").Scalar(); name != "" {
		if s := env(name); s != "" {
			return s, nil
		}
		return "", os.ErrNotExist
	}
	return "", nil
}

// trusted reports whether an issuer is reached over TLS, or is on this very machine.
func trusted(issuer string) bool {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && ip != nil && ip.IsLoopback()
}

// patience is how long a provider may take to answer.
const patience = 10 * time.Second

// largest is the most that is read of an answer, in bytes.
const largest = 1 << 20

// bounded ends answers that are too large.
type bounded struct{ http.RoundTripper }

// RoundTrip sends a request.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		a.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(a.Body, largest), a.Body}
	}
	return a, err
}

// client asks providers. It goes where the provider's own description says, and nowhere on.
var client = &http.Client{Timeout: patience, Transport: bounded{http.DefaultTransport},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// algorithms are those with which a token may be signed: with a key of the provider's own, never
// with one that we know, too.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

// discover asks the provider for its addresses, once; its keys are asked for anew whenever a token
// names one that is unknown. One that does not answer is signon.away.
func (p *Provider) discover(ctx context.Context, now func() time.Time) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	// Keys are fetched later, too: their requests must not end with this one.
	made, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), client), p.Issuer)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "signon.away")
	}
	d := &discovered{endpoint: made.Endpoint()}
	if err := made.Claims(d); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "signon.away")
	}
	d.verifier = made.Verifier(&oidc.Config{ClientID: p.ClientID, SupportedSigningAlgs: algorithms, Now: now})
	p.found = d
	return d, nil
}

// oauth is the client's side of RFC 6749, for answers to back.
func (p *Provider) oauth(d *discovered, back string) *oauth2.Config {
	return &oauth2.Config{ClientID: p.ClientID, ClientSecret: p.Secret, Endpoint: d.endpoint, RedirectURL: back,
		Scopes: append([]string{oidc.ScopeOpenID}, p.Scopes...)}
}
