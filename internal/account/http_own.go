package account

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/netip"
	"time"

	"github.com/skip2/go-qrcode"

	"gezhi/internal/fault"
	"gezhi/internal/web"
)

type passwordInput struct {
	Body struct {
		Old string `json:"old" minLength:"1" maxLength:"128"`
		New string `json:"new" minLength:"1" maxLength:"128"`
	}
}

// renewed is an answer that gives the session that asked another token.
type renewed struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

// MyFactor is the second factor of the asker.
type MyFactor struct {
	On       bool  `json:"on" doc:"a code is asked for at log-in"`
	Recovery int64 `json:"recovery_left" doc:"recovery codes not yet used"`
}

type factorOutput struct {
	Body MyFactor
}

type proveInput struct {
	Body struct {
		Password string `json:"password" minLength:"1" maxLength:"128"`
		Code     string `json:"code,omitempty" maxLength:"32" doc:"of the second factor that there is, or a recovery code"`
	}
}

// OfferedFactor is shown once.
type OfferedFactor struct {
	Secret string `json:"secret" doc:"in base 32, to be typed"`
	URI    string `json:"uri" doc:"otpauth://…, what the QR code says"`
	QR     string `json:"qr" doc:"the QR code, a data: address of a PNG picture"`
}

type offerOutput struct {
	Body OfferedFactor
}

type codeInput struct {
	Body struct {
		Code string `json:"code" minLength:"6" maxLength:"32"`
	}
}

// RecoveryCodes are shown once.
type RecoveryCodes struct {
	Codes []string `json:"codes" doc:"each is good once, in place of a code"`
}

type recoveryOutput struct {
	Body RecoveryCodes
}

type confirmedOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      RecoveryCodes
}

// SessionView is one place where somebody is logged in.
type SessionView struct {
	ID        string    `json:"id"`
	Current   bool      `json:"current,omitempty" doc:"the one that asks"`
	Device    string    `json:"device" doc:"what the browser calls itself"`
	Address   string    `json:"address,omitempty" doc:"where it was opened"`
	Place     string    `json:"place" enum:"here,inside,outside,unknown" doc:"here: this very machine; inside: a private network; outside: any other address"`
	Strong    bool      `json:"strong,omitempty" doc:"opened with a second factor"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen" doc:"to within five minutes"`
	EndsAt    time.Time `json:"ends_at" doc:"at the latest"`
}

type sessionsOutput struct {
	Body struct {
		Sessions []SessionView `json:"sessions"`
	}
}

type sessionInput struct {
	ID string `path:"id" maxLength:"64"`
}

// placeOf says where an address lies, as far as an address alone can tell.
func placeOf(addr string) string {
	a, err := netip.ParseAddr(addr)
	switch {
	case err != nil:
		return "unknown"
	case a.IsLoopback():
		return "here"
	case a.IsPrivate(), a.IsLinkLocalUnicast():
		return "inside"
	}
	return "outside"
}

func (s *Service) sessionViews(ctx context.Context, personID, current string) (*sessionsOutput, error) {
	all, err := s.Sessions(ctx, personID)
	out := &sessionsOutput{}
	out.Body.Sessions = []SessionView{}
	for _, v := range all {
		out.Body.Sessions = append(out.Body.Sessions, SessionView{v.ID, v.ID == current, v.UserAgent, v.Addr, placeOf(v.Addr), v.Strong, v.CreatedAt, v.SeenAt, v.ExpiresAt})
	}
	return out, err
}

func originOf(ctx context.Context) Origin {
	c := web.ClientOf(ctx)
	return Origin{Addr: c.Addr, UserAgent: c.UserAgent}
}

// registerOwn adds what everybody does with their own account.
func (s *Service) registerOwn(srv *web.Server, tags []string) {
	web.Op(srv, web.Operation{Method: "POST", Path: "/me/password", ID: "changePassword", Summary: "Change my password; other sessions end", Tags: tags, Status: http.StatusNoContent},
		func(ctx context.Context, in *passwordInput) (*renewed, error) {
			a, err := From(ctx)
			if err != nil {
				return nil, err
			}
			token, err := s.ChangePassword(ctx, a, in.Body.Old, in.Body.New, originOf(ctx))
			return &renewed{s.Cookie(ctx, token)}, err
		})
	web.Op(srv, web.Operation{Method: "GET", Path: "/me/sessions", ID: "mySessions", Summary: "Where I am logged in", Tags: tags},
		func(ctx context.Context, _ *struct{}) (*sessionsOutput, error) {
			a, err := From(ctx)
			if err != nil {
				return nil, err
			}
			return s.sessionViews(ctx, a.PersonID, a.Session)
		})
	web.Op(srv, web.Operation{Method: "DELETE", Path: "/me/sessions/{id}", ID: "endMySession", Summary: "End one of my sessions", Tags: tags, Status: http.StatusNoContent},
		func(ctx context.Context, in *sessionInput) (*struct{}, error) {
			a, err := From(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.EndSession(ctx, a.PersonID, a.PersonID, in.ID)
		})
	web.Op(srv, web.Operation{Method: "DELETE", Path: "/me/sessions", ID: "endMyOtherSessions", Summary: "End all my sessions but this one", Tags: tags, Status: http.StatusNoContent},
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			a, err := From(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.EndOtherSessions(ctx, a)
		})
	s.registerFactor(srv, tags)
}

// registerFactor adds what everybody does with their own second factor.
func (s *Service) registerFactor(srv *web.Server, tags []string) {
	web.Op(srv, web.Operation{Method: "GET", Path: "/me/factor", ID: "myFactor", Summary: "Whether I log in with a second factor", Tags: tags},
		func(ctx context.Context, _ *struct{}) (*factorOutput, error) {
			a, err := From(ctx)
			if err != nil {
				return nil, err
			}
			f, err := s.FactorOf(ctx, a.PersonID)
			return &factorOutput{MyFactor(f)}, err
		})
	web.Op(srv, web.Operation{Method: "POST", Path: "/me/factor", ID: "offerFactor", Summary: "Begin to set up a second factor: its secret, shown once", Tags: tags},
		func(ctx context.Context, in *proveInput) (*offerOutput, error) {
			a, err := From(ctx)
			if err != nil {
				return nil, err
			}
			f, err := s.OfferFactor(ctx, a, in.Body.Password, in.Body.Code, originOf(ctx))
			if err != nil {
				return nil, err
			}
			png, err := qrcode.Encode(f.URI, qrcode.Medium, -4)
			if err != nil {
				return nil, fault.Wrap(err, fault.Internal, "internal")
			}
			return &offerOutput{OfferedFactor{f.Secret, f.URI, "data:image/png;base64," + base64.StdEncoding.EncodeToString(png)}}, nil
		})
	web.Op(srv, web.Operation{Method: "POST", Path: "/me/factor/confirm", ID: "confirmFactor", Summary: "Make the second factor count, by a code of it; other sessions end", Tags: tags},
		func(ctx context.Context, in *codeInput) (*confirmedOutput, error) {
			a, err := From(ctx)
			if err != nil {
				return nil, err
			}
			codes, token, err := s.ConfirmFactor(ctx, a, in.Body.Code)
			return &confirmedOutput{s.Cookie(ctx, token), RecoveryCodes{codes}}, err
		})
	web.Op(srv, web.Operation{Method: "POST", Path: "/me/recovery-codes", ID: "renewRecoveryCodes", Summary: "New recovery codes in place of all old ones", Tags: tags},
		func(ctx context.Context, in *proveInput) (*recoveryOutput, error) {
			a, err := From(ctx)
			if err != nil {
				return nil, err
			}
			codes, err := s.RenewRecovery(ctx, a, in.Body.Password, in.Body.Code, originOf(ctx))
			return &recoveryOutput{RecoveryCodes{codes}}, err
		})
}
