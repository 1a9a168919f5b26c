package account

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// Titles gives the names that people read, as of today. A nil function leaves them out.
type Titles struct {
	// Names gives the names of units and areas by id; what it does not know it leaves out.
	Names        func(ctx context.Context, ids []string) (map[string]string, error)
	Role         func(ctx context.Context, jurisdiction, role string) string
	Jurisdiction func(id string) Jurisdiction
	// Roles lists the roles that somebody of a jurisdiction may be given.
	Roles func(ctx context.Context, jurisdiction string) ([]RoleTitle, error)
	// Seat checks where a post is to stand, and completes it: a role that is known, a unit and
	// an area of the jurisdiction.
	Seat func(ctx context.Context, jurisdiction string, n NewPost) (NewPost, error)
}

// Authenticate puts who asks into the context: the bearer token of a program, or the cookie of a
// browser. Where there is an Authorization header the cookie is not looked at, for then
// nobody has checked that the request is not forged. Whoever must first do something else, or
// has no post any more, is let through to that alone: session.password_first,
// session.factor_first, session.no_post.
func (s *Service) Authenticate(ctx context.Context, r *http.Request) (context.Context, error) {
	token := tokenOf(r)
	if token == "" {
		return ctx, fault.New(fault.Unauthenticated, "session.none")
	}
	a, err := s.Who(ctx, token)
	if err != nil {
		return ctx, err
	}
	if err := a.ready(r.URL.Path); err != nil {
		return ctx, err
	}
	return With(ctx, a), nil
}

// always are the paths that answer whoever is logged in, also before they may do anything else.
var always = map[string]bool{"/session": true, "/me": true, "/me/password": true, "/me/factor": true, "/me/factor/confirm": true}

// ready refuses a request that something else must come before.
func (a Actor) ready(path string) error {
	own, ok := strings.CutPrefix(path, web.Prefix)
	switch {
	case ok && always[own]:
		return nil
	case slices.Contains(a.Must, MustPassword):
		return fault.New(fault.Forbidden, "session.password_first")
	case slices.Contains(a.Must, MustFactor):
		return fault.New(fault.Forbidden, "session.factor_first")
	case a.Lapsed:
		return fault.New(fault.Forbidden, "session.no_post")
	}
	return nil
}

func tokenOf(r *http.Request) string {
	if auth := r.Header.Get("Authorization"); auth != "" {
		scheme, token, _ := strings.Cut(auth, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return ""
		}
		return strings.TrimSpace(token)
	}
	if c, err := r.Cookie(web.SessionCookieOf(r.Context())); err == nil {
		return c.Value
	}
	return ""
}

type logInInput struct {
	Body struct {
		Login    string `json:"login" minLength:"1" maxLength:"64"`
		Password string `json:"password" minLength:"1" maxLength:"128"`
		Code     string `json:"code,omitempty" maxLength:"32" doc:"of the second factor, or a recovery code; asked for by session.code_needed"`
	}
}

type meOutput struct {
	Body Me
}

type logInOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Me
}

// Me is who asks, as the faces want it.
type Me struct {
	Person       Named    `json:"person"`
	Jurisdiction MyCounty `json:"jurisdiction"`
	Locale       string   `json:"locale,omitempty" enum:"zh,en"`
	Posts        []MyPost `json:"posts"`
	Must         []string `json:"must,omitempty" enum:"password,factor" doc:"what comes before everything else: a password of one's own, a second factor"`
	Lapsed       bool     `json:"lapsed,omitempty" doc:"every post has ended"`
}

// MyContacts are how the asker is reached outside the program. An empty way is none.
type MyContacts struct {
	Phone string `json:"phone" maxLength:"32"`
	Mail  string `json:"mail" maxLength:"254"`
}

type contactsInput struct {
	Body MyContacts
}

type contactsOutput struct {
	Body MyContacts
}

// MyCounty is the asker's jurisdiction.
type MyCounty struct {
	Named
	Code   string `json:"code,omitempty" doc:"division code"`
	Sample bool   `json:"sample" doc:"everything in it is made up"`
}

// MyPost is a post that the asker holds, or acts in for somebody.
type MyPost struct {
	ID        string  `json:"id"`
	Role      string  `json:"role" doc:"as the packs name it"`
	RoleTitle string  `json:"role_title,omitempty"`
	Seat      string  `json:"seat,omitempty" enum:"leader,deputy,member"`
	Unit      *Named  `json:"unit,omitempty"`
	Area      *MyArea `json:"area,omitempty"`
	For       *Named  `json:"for,omitempty" doc:"the absent colleague whose post this is"`
}

// Named is a thing with its name, where the name is known.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// MyArea is the area of a post.
type MyArea struct {
	Named
	Level int `json:"level" minimum:"1" maximum:"7" doc:"1 province, 2 city, 3 county, 4 township, 5 village, 6 grid, 7 micro-grid"`
}

// Register adds the operations of this package.
func (s *Service) Register(srv *web.Server, titles Titles) {
	tags := []string{"session"}
	web.Op(srv, web.Operation{Method: "POST", Path: "/session", ID: "logIn", Summary: "Log in with a login and a password", Tags: tags, Public: true},
		func(ctx context.Context, in *logInInput) (*logInOutput, error) {
			c := web.ClientOf(ctx)
			token, a, err := s.LogIn(ctx, in.Body.Login, in.Body.Password, in.Body.Code, Origin{Addr: c.Addr, UserAgent: c.UserAgent})
			if err != nil {
				return nil, err
			}
			if before, err := From(ctx); err == nil { // the session that this browser had is of no more use
				if err := s.EndSession(ctx, before.PersonID, before.PersonID, before.Session); err != nil {
					return nil, err
				}
			}
			out := &logInOutput{SetCookie: s.Cookie(ctx, token)}
			out.Body, err = me(ctx, a, titles)
			return out, err
		})
	web.Raw(srv, web.Operation{Method: "DELETE", Path: "/session", ID: "logOut", Summary: "Log out", Tags: tags, Public: true, Status: http.StatusNoContent},
		func(w http.ResponseWriter, r *http.Request) error {
			if err := s.LogOut(r.Context(), tokenOf(r)); err != nil {
				return err
			}
			gone := web.NewSessionCookie(r.Context(), "", -1)
			http.SetCookie(w, &gone)
			w.WriteHeader(http.StatusNoContent)
			return nil
		})
	web.Op(srv, web.Operation{Method: "GET", Path: "/me", ID: "me", Summary: "Who asks, with the posts held and acted in now", Tags: tags},
		func(ctx context.Context, _ *struct{}) (*meOutput, error) {
			a, err := From(ctx)
			if err != nil {
				return nil, err
			}
			body, err := me(ctx, a, titles)
			return &meOutput{body}, err
		})
	s.registerContacts(srv, tags)
	s.registerOwn(srv, tags)
	s.registerPeople(srv, titles)
}

func (s *Service) registerContacts(srv *web.Server, tags []string) {
	web.Op(srv, web.Operation{Method: "GET", Path: "/me/contacts", ID: "myContacts", Summary: "How I am reached outside the program", Tags: tags},
		func(ctx context.Context, _ *struct{}) (*contactsOutput, error) {
			a, err := From(ctx)
			if err != nil {
				return nil, err
			}
			c, err := s.Contacts(ctx, a.PersonID)
			return &contactsOutput{MyContacts(c)}, err
		})
	web.Op(srv, web.Operation{Method: "PUT", Path: "/me/contacts", ID: "setMyContacts", Summary: "Say how I am reached outside the program", Tags: tags, Status: http.StatusNoContent},
		func(ctx context.Context, in *contactsInput) (*struct{}, error) {
			a, err := From(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.SetContacts(ctx, a.PersonID, a.PersonID, Contacts(in.Body))
		})
}

// Cookie carries the token of a session for as long as it may last.
func (s *Service) Cookie(ctx context.Context, token string) http.Cookie {
	return web.NewSessionCookie(ctx, token, int(s.Longest.Seconds()))
}

func me(ctx context.Context, a Actor, titles Titles) (Me, error) {
	m := Me{Person: Named{a.PersonID, a.Name}, Jurisdiction: MyCounty{Named: Named{ID: a.Jurisdiction}}, Locale: a.Locale, Posts: []MyPost{}, Must: a.Must, Lapsed: a.Lapsed}
	if titles.Jurisdiction != nil {
		j := titles.Jurisdiction(a.Jurisdiction)
		m.Jurisdiction.Name, m.Jurisdiction.Code, m.Jurisdiction.Sample = j.Name, j.Code, j.Nature == "sample"
	}
	for _, p := range a.Posts {
		m.Posts = append(m.Posts, myPost(p))
	}
	for _, p := range a.Acting {
		mine := myPost(p.Post)
		mine.For = &Named{ID: p.PersonID, Name: p.HolderName}
		m.Posts = append(m.Posts, mine)
	}
	posts := make([]*MyPost, len(m.Posts))
	for i := range m.Posts {
		posts[i] = &m.Posts[i]
	}
	if err := titles.name(ctx, a.Jurisdiction, posts); err != nil {
		return Me{}, err
	}
	return m, nil
}

// name fills in what the roles, units and areas of posts are called.
func (t Titles) name(ctx context.Context, jurisdiction string, posts []*MyPost) error {
	var wanted []*Named
	var ids []string
	for _, p := range posts {
		if t.Role != nil {
			p.RoleTitle = t.Role(ctx, jurisdiction, p.Role)
		}
		if p.Unit != nil {
			wanted, ids = append(wanted, p.Unit), append(ids, p.Unit.ID)
		}
		if p.Area != nil {
			wanted, ids = append(wanted, &p.Area.Named), append(ids, p.Area.ID)
		}
	}
	if t.Names == nil || len(ids) == 0 {
		return nil
	}
	known, err := t.Names(ctx, ids)
	if err != nil {
		return err
	}
	for _, n := range wanted {
		n.Name = known[n.ID]
	}
	return nil
}

func myPost(p Post) MyPost {
	m := MyPost{ID: p.ID, Role: p.Role, Seat: string(p.Seat)}
	if p.UnitID != "" {
		m.Unit = &Named{ID: p.UnitID}
	}
	if p.AreaID != "" {
		m.Area = &MyArea{Named{ID: p.AreaID}, int(p.AreaLevel)}
	}
	return m
}
