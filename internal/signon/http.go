package signon

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"

	"gezhi/internal/account"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// Path is below what providers and the log-in through them live.
const Path = web.Prefix + "/session/outside"

// stateCookie proves at the end of a log-in that it is the browser that began it.
const stateCookie = "gezhi_outside"

// ProviderJSON is a way to log in.
type ProviderJSON struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

type providersOutput struct {
	Body struct {
		Providers []ProviderJSON `json:"providers"`
	}
}

type leaveOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      struct {
		To string `json:"to,omitempty" doc:"where the provider ends its own session; go there"`
	}
}

type beginQuery struct {
	To string `query:"to" maxLength:"500" doc:"page to open afterwards"`
}

// Door is the log-in at outside providers, over HTTP.
type Door struct {
	*Service
	Public string // address that people type, without a slash behind; "" is what the browser used
}

func (d Door) base(ctx context.Context) string {
	if d.Public != "" {
		return d.Public
	}
	return web.Base(ctx)
}

// Register adds the operations.
func (d Door) Register(srv *web.Server) {
	tags := []string{"session"}
	web.Op(srv, web.Operation{Method: "GET", Path: "/session/outside", ID: "outsideProviders", Summary: "Other systems at which people may log in", Tags: tags, Public: true},
		func(ctx context.Context, _ *struct{}) (*providersOutput, error) {
			out := &providersOutput{}
			out.Body.Providers = []ProviderJSON{}
			for _, p := range d.Providers {
				title := p.Title[web.Lang(ctx)]
				if title == "" {
					title = p.Name
				}
				out.Body.Providers = append(out.Body.Providers, ProviderJSON{p.Name, title})
			}
			return out, nil
		})
	web.Op(srv, web.Operation{Method: "POST", Path: "/session/leave", ID: "leave", Summary: "Log out here, and learn where to log out at the provider", Tags: tags},
		func(ctx context.Context, _ *struct{}) (*leaveOutput, error) {
			who, err := account.From(ctx)
			if err != nil {
				return nil, err
			}
			out := &leaveOutput{SetCookie: web.NewSessionCookie(ctx, "", -1)}
			out.Body.To, err = d.Leave(ctx, who, d.base(ctx))
			return out, err
		})
	web.Raw(srv, web.Operation{Method: "GET", Path: "/session/outside/{provider}", ID: "beginOutside", Summary: "Go to a provider to log in there", Tags: tags, Public: true,
		Status: http.StatusSeeOther, Exchange: web.Exchange{Query: beginQuery{}}}, d.begin)
	srv.Mount("GET "+Path+"/{provider}/callback", http.HandlerFunc(d.callback))
	srv.Mount("POST "+Path+"/{provider}/logout", http.HandlerFunc(d.told))
}

func (d Door) begin(w http.ResponseWriter, r *http.Request) error {
	b, err := d.Begin(r.Context(), r.PathValue("provider"), r.URL.Query().Get("to"), d.base(r.Context()))
	if err != nil {
		return err
	}
	http.SetCookie(w, d.cookie(r.Context(), b.Cookie, int(unfinished.Seconds())))
	http.Redirect(w, r, b.Address, http.StatusSeeOther)
	return nil
}

// cookie comes back from the provider with a request that began there, so it is Lax.
func (d Door) cookie(ctx context.Context, value string, lasts int) *http.Cookie {
	return &http.Cookie{Name: stateCookie, Value: value, Path: Path, MaxAge: lasts, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: web.ClientOf(ctx).Secure}
}

// callback is where the provider sends the browser: to the page it wanted, or back to the log-in
// with the code of what was wrong.
func (d Door) callback(w http.ResponseWriter, r *http.Request) {
	ctx, q := r.Context(), r.URL.Query()
	held := ""
	if c, err := r.Cookie(stateCookie); err == nil {
		held = c.Value
	}
	client := web.ClientOf(ctx)
	in, err := d.Finish(ctx, r.PathValue("provider"), Answer{q.Get("code"), q.Get("state"), q.Get("iss"), q.Get("error")}, held, d.base(ctx),
		account.Origin{Addr: client.Addr, UserAgent: client.UserAgent})
	http.SetCookie(w, d.cookie(ctx, "", -1))
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		slog.WarnContext(ctx, "signon", "request", web.RequestID(ctx), "err", err)
		http.Redirect(w, r, "/desk/login?"+url.Values{"outside": {codeOf(err)}}.Encode(), http.StatusSeeOther)
		return
	}
	session := d.Accounts.Cookie(ctx, in.Token)
	http.SetCookie(w, &session)
	http.Redirect(w, r, in.Target, http.StatusSeeOther)
}

// codeOf is the code of a fault that people may see.
func codeOf(err error) string {
	if fault.KindOf(err) == fault.Internal {
		return "internal"
	}
	return fault.CodeOf(err)
}

// told is where a provider says that a session of its is over. What it said wrong is in its own
// format (Back-Channel Logout 1.0 section 2.8).
func (d Door) told(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	err := d.Told(r.Context(), r.PathValue("provider"), r.PostFormValue("logout_token"))
	if err == nil {
		return
	}
	slog.WarnContext(r.Context(), "signon", "request", web.RequestID(r.Context()), "err", err)
	status := http.StatusBadRequest
	if k := fault.KindOf(err); k == fault.Internal || k == fault.Unavailable {
		status = http.StatusServiceUnavailable
	}
	_ = web.JSON(w, status, map[string]string{"error": "invalid_request"})
}
