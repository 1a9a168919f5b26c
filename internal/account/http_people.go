package account

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// RoleTitle is a role that somebody may be given.
type RoleTitle struct {
	Role   string `json:"role"`
	Title  string `json:"title"`
	Kernel bool   `json:"kernel,omitempty" doc:"an administrator's, which stands nowhere and shows no case"`
}

// AccountRow is somebody who can log in or held a post, as administrators see them.
type AccountRow struct {
	ID        string        `json:"id"`
	Name      string        `json:"name"`
	Login     string        `json:"login,omitempty"`
	Nature    string        `json:"nature"`
	CreatedAt time.Time     `json:"created_at"`
	EndedAt   time.Time     `json:"ended_at,omitzero"`
	LockedAt  time.Time     `json:"locked_at,omitzero"`
	OneTime   time.Time     `json:"one_time_until,omitzero" doc:"the password was made by somebody else and counts until then"`
	Factor    bool          `json:"factor,omitempty" doc:"logs in with a second factor"`
	WaitsTo   time.Time     `json:"waits_until,omitzero" doc:"failed log-ins slow this login down until then; not in lists"`
	Posts     []AccountPost `json:"posts"`
}

// AccountPost is a post of any time.
type AccountPost struct {
	MyPost
	From     time.Time `json:"from"`
	Until    time.Time `json:"until,omitzero" doc:"the post ends just before"`
	Standing bool      `json:"standing" doc:"it counts now"`
}

type accountsInput struct {
	Q      string `query:"q" maxLength:"50" doc:"part of a name or login"`
	Role   string `query:"role" maxLength:"100" doc:"holds a post of this role now"`
	Sort   string `query:"sort" enum:",name,latest" doc:"what comes first: added first (when empty), by name, added latest"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"2048" doc:"the field next of the page before"`
}

type accountsOutput struct {
	Body struct {
		Accounts []AccountRow `json:"accounts"`
		Next     string       `json:"next,omitempty" doc:"cursor of the next page; none on the last"`
	}
}

type accountInput struct {
	ID string `path:"id" maxLength:"64"`
}

type accountOutput struct {
	Body AccountRow
}

type newAccountInput struct {
	Body struct {
		Name  string `json:"name" minLength:"1" maxLength:"100"`
		Login string `json:"login" minLength:"1" maxLength:"64"`
	}
}

// OneTimePassword is told to its owner and changed at the first log-in.
type OneTimePassword struct {
	ID       string `json:"id" doc:"of the account"`
	Password string `json:"password" doc:"shown once; counts for 72 hours"`
}

type oneTimeOutput struct {
	Body OneTimePassword
}

type lockInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	}
}

type addressInput struct {
	Body struct {
		Address string `json:"address" minLength:"2" maxLength:"64" doc:"an IP address"`
	}
}

type newPostInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Role  string    `json:"role" minLength:"1" maxLength:"100"`
		Unit  string    `json:"unit,omitempty" maxLength:"64" doc:"id of a unit"`
		Area  string    `json:"area,omitempty" maxLength:"64" doc:"id of an area; the unit's, where there is none"`
		Seat  string    `json:"seat,omitempty" enum:"leader,deputy,member"`
		From  time.Time `json:"from,omitempty" doc:"now, where there is none"`
		Until time.Time `json:"until,omitempty" doc:"the post ends just before; open, where there is none"`
	}
}

type endPostInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		At time.Time `json:"at,omitempty" doc:"now, where there is none"`
	}
}

type accountSessionInput struct {
	ID      string `path:"id" maxLength:"64"`
	Session string `path:"session" maxLength:"64"`
}

type rolesOutput struct {
	Body struct {
		Roles []RoleTitle `json:"roles"`
	}
}

// mine returns the administrator who asks and the person of their own jurisdiction whom it is
// about. Somebody of another one is answered like nobody at all.
func (s *Service) mine(ctx context.Context, personID string, roles ...string) (Actor, Found, error) {
	a, err := Administrator(ctx, roles...)
	if err != nil {
		return Actor{}, Found{}, err
	}
	f, err := s.FoundByID(ctx, a.Jurisdiction, personID)
	return a, f, err
}

// others is mine for what nobody does to themselves.
func (s *Service) others(ctx context.Context, personID string, roles ...string) (Actor, Found, error) {
	a, f, err := s.mine(ctx, personID, roles...)
	if err == nil && f.ID == a.PersonID {
		err = fault.New(fault.Conflict, "admin.not_to_oneself")
	}
	return a, f, err
}

// registerPeople adds what administrators do: the system administrator makes accounts and ends
// them, the security administrator decides who has which post and who gets in.
func (s *Service) registerPeople(srv *web.Server, titles Titles) {
	tags := []string{"accounts"}
	web.Op(srv, web.Operation{Method: "GET", Path: "/accounts", ID: "listAccounts", Summary: "People of the jurisdiction with their posts, for administrators", Tags: tags},
		func(ctx context.Context, in *accountsInput) (*accountsOutput, error) {
			return s.httpAccounts(ctx, in, titles)
		})
	web.Op(srv, web.Operation{Method: "GET", Path: "/accounts/{id}", ID: "account", Summary: "One person with all posts, for administrators", Tags: tags},
		func(ctx context.Context, in *accountInput) (*accountOutput, error) {
			_, f, err := s.mine(ctx, in.ID, SystemAdmin, SecurityAdmin)
			if err != nil {
				return nil, err
			}
			return s.accountView(ctx, f, titles)
		})
	web.Op(srv, web.Operation{Method: "POST", Path: "/accounts", ID: "createAccount", Summary: "Make an account without any right, with a one-time password", Tags: tags},
		func(ctx context.Context, in *newAccountInput) (*oneTimeOutput, error) {
			a, err := Administrator(ctx, SystemAdmin)
			if err != nil {
				return nil, err
			}
			nature := ""
			if titles.Jurisdiction != nil {
				nature = titles.Jurisdiction(a.Jurisdiction).Nature
			}
			p, password, err := s.CreateAccount(ctx, a.PersonID, NewPerson{Jurisdiction: a.Jurisdiction, Name: in.Body.Name, Login: in.Body.Login, Nature: nature})
			return &oneTimeOutput{OneTimePassword{p.ID, password}}, err
		})
	web.Op(srv, web.Operation{Method: "POST", Path: "/accounts/{id}/end", ID: "endAccount", Summary: "End somebody's time here: posts, delegations and sessions end", Tags: tags, Status: http.StatusNoContent},
		func(ctx context.Context, in *accountInput) (*struct{}, error) {
			a, f, err := s.others(ctx, in.ID, SystemAdmin)
			if err != nil {
				return nil, err
			}
			return nil, s.EndPerson(ctx, a.PersonID, f.ID)
		})
	s.registerSecurity(srv, tags)
	s.registerPosts(srv, tags, titles)
}

// registerSecurity adds locks, resets and other people's sessions.
func (s *Service) registerSecurity(srv *web.Server, tags []string) {
	does := func(path, id, summary string, do func(ctx context.Context, by, personID string) error) {
		web.Op(srv, web.Operation{Method: "POST", Path: "/accounts/{id}/" + path, ID: id, Summary: summary, Tags: tags, Status: http.StatusNoContent},
			func(ctx context.Context, in *accountInput) (*struct{}, error) {
				a, f, err := s.others(ctx, in.ID, SecurityAdmin)
				if err != nil {
					return nil, err
				}
				return nil, do(ctx, a.PersonID, f.ID)
			})
	}
	does("unlock", "unlockAccount", "Let somebody in again whom a lock or failed log-ins keep out", s.Unlock)
	does("remove-factor", "removeFactor", "Take away a second factor that is lost; sessions end", s.RemoveFactor)
	web.Op(srv, web.Operation{Method: "POST", Path: "/accounts/{id}/lock", ID: "lockAccount", Summary: "Keep somebody out; sessions end, posts stay", Tags: tags, Status: http.StatusNoContent},
		func(ctx context.Context, in *lockInput) (*struct{}, error) {
			a, f, err := s.others(ctx, in.ID, SecurityAdmin)
			if err != nil {
				return nil, err
			}
			return nil, s.Lock(ctx, a.PersonID, f.ID, in.Body.Reason)
		})
	web.Op(srv, web.Operation{Method: "POST", Path: "/accounts/{id}/reset", ID: "resetPassword", Summary: "Give somebody a one-time password; sessions end", Tags: tags},
		func(ctx context.Context, in *accountInput) (*oneTimeOutput, error) {
			a, f, err := s.others(ctx, in.ID, SecurityAdmin)
			if err != nil {
				return nil, err
			}
			password, err := s.ResetPassword(ctx, a.PersonID, f.ID)
			return &oneTimeOutput{OneTimePassword{f.ID, password}}, err
		})
	web.Op(srv, web.Operation{Method: "POST", Path: "/addresses/unlock", ID: "unlockAddress", Summary: "Let log-ins from an address be tried again at once", Tags: tags, Status: http.StatusNoContent},
		func(ctx context.Context, in *addressInput) (*struct{}, error) {
			a, err := Administrator(ctx, SecurityAdmin)
			if err != nil {
				return nil, err
			}
			addr, err := netip.ParseAddr(in.Body.Address)
			if err != nil {
				return nil, &fault.Error{Kind: fault.Invalid, Code: "request.invalid", At: []fault.Place{{Path: "body.address", Code: "field.wrong"}}}
			}
			return nil, s.UnlockAddress(ctx, a, addr.Unmap().String())
		})
	web.Op(srv, web.Operation{Method: "GET", Path: "/accounts/{id}/sessions", ID: "accountSessions", Summary: "Where somebody is logged in", Tags: tags},
		func(ctx context.Context, in *accountInput) (*sessionsOutput, error) {
			a, f, err := s.mine(ctx, in.ID, SecurityAdmin)
			if err != nil {
				return nil, err
			}
			return s.sessionViews(ctx, f.ID, a.Session)
		})
	web.Op(srv, web.Operation{Method: "DELETE", Path: "/accounts/{id}/sessions/{session}", ID: "endAccountSession", Summary: "End one of somebody's sessions", Tags: tags, Status: http.StatusNoContent},
		func(ctx context.Context, in *accountSessionInput) (*struct{}, error) {
			a, f, err := s.mine(ctx, in.ID, SecurityAdmin)
			if err != nil {
				return nil, err
			}
			return nil, s.EndSession(ctx, a.PersonID, f.ID, in.Session)
		})
	web.Op(srv, web.Operation{Method: "DELETE", Path: "/accounts/{id}/sessions", ID: "endAccountSessions", Summary: "End all of somebody's sessions", Tags: tags, Status: http.StatusNoContent},
		func(ctx context.Context, in *accountInput) (*struct{}, error) {
			a, f, err := s.mine(ctx, in.ID, SecurityAdmin)
			if err != nil {
				return nil, err
			}
			return nil, s.EndSession(ctx, a.PersonID, f.ID, "")
		})
}

// registerPosts adds who has which post.
func (s *Service) registerPosts(srv *web.Server, tags []string, titles Titles) {
	web.Op(srv, web.Operation{Method: "GET", Path: "/roles", ID: "listRoles", Summary: "Roles that somebody may be given", Tags: tags},
		func(ctx context.Context, _ *struct{}) (*rolesOutput, error) {
			a, err := Administrator(ctx, SystemAdmin, SecurityAdmin)
			if err != nil {
				return nil, err
			}
			out := &rolesOutput{}
			if titles.Roles != nil {
				out.Body.Roles, err = titles.Roles(ctx, a.Jurisdiction)
			}
			return out, err
		})
	web.Op(srv, web.Operation{Method: "POST", Path: "/accounts/{id}/posts", ID: "givePost", Summary: "Give somebody a post", Tags: tags},
		func(ctx context.Context, in *newPostInput) (*accountOutput, error) {
			a, f, err := s.others(ctx, in.ID, SecurityAdmin)
			if err != nil {
				return nil, err
			}
			b := in.Body
			n := NewPost{PersonID: f.ID, Role: b.Role, UnitID: b.Unit, AreaID: b.Area, Seat: Seat(b.Seat), From: b.From, Until: b.Until}
			if titles.Seat != nil {
				if n, err = titles.Seat(ctx, a.Jurisdiction, n); err != nil {
					return nil, err
				}
			}
			if _, err := s.GivePost(ctx, a.PersonID, n); err != nil {
				return nil, err
			}
			if f, err = s.FoundByID(ctx, a.Jurisdiction, f.ID); err != nil {
				return nil, err
			}
			return s.accountView(ctx, f, titles)
		})
	web.Op(srv, web.Operation{Method: "POST", Path: "/posts/{id}/end", ID: "endPost", Summary: "End a post", Tags: tags, Status: http.StatusNoContent},
		func(ctx context.Context, in *endPostInput) (*struct{}, error) {
			a, err := Administrator(ctx, SecurityAdmin)
			if err != nil {
				return nil, err
			}
			p, home, err := s.PostByID(ctx, in.ID)
			if err == nil && home != a.Jurisdiction {
				err = fault.New(fault.NotFound, "post.none")
			}
			if err == nil && p.PersonID == a.PersonID {
				err = fault.New(fault.Conflict, "admin.not_to_oneself")
			}
			if err != nil {
				return nil, err
			}
			return nil, s.EndPost(ctx, a.PersonID, p.ID, in.Body.At)
		})
}

func (s *Service) httpAccounts(ctx context.Context, in *accountsInput, titles Titles) (*accountsOutput, error) {
	a, err := Administrator(ctx, SystemAdmin, SecurityAdmin)
	if err != nil {
		return nil, err
	}
	q := Search{Words: in.Q, Role: in.Role, Sort: in.Sort, Limit: in.Limit + 1}
	if in.Cursor != "" {
		if err := web.ReadCursor(in.Cursor, &q.After); err != nil {
			return nil, err
		}
	}
	all, err := s.Find(ctx, a.Jurisdiction, q)
	if err != nil {
		return nil, err
	}
	out := &accountsOutput{}
	out.Body.Accounts = []AccountRow{}
	if len(all) > in.Limit {
		all = all[:in.Limit]
		last := Last{ID: all[in.Limit-1].ID, Sort: in.Sort}
		if in.Sort == "name" {
			last.Name = all[in.Limit-1].Name
		}
		if out.Body.Next, err = web.Cursor(last); err != nil {
			return nil, err
		}
	}
	for _, f := range all {
		out.Body.Accounts = append(out.Body.Accounts, s.row(f))
	}
	var posts []*MyPost
	for i := range out.Body.Accounts {
		for j := range out.Body.Accounts[i].Posts {
			posts = append(posts, &out.Body.Accounts[i].Posts[j].MyPost)
		}
	}
	return out, titles.name(ctx, a.Jurisdiction, posts)
}

func (s *Service) accountView(ctx context.Context, f Found, titles Titles) (*accountOutput, error) {
	out := &accountOutput{s.row(f)}
	var err error
	if out.Body.WaitsTo, err = s.WaitOf(ctx, f.Login); err != nil {
		return nil, err
	}
	var posts []*MyPost
	for i := range out.Body.Posts {
		posts = append(posts, &out.Body.Posts[i].MyPost)
	}
	return out, titles.name(ctx, f.Jurisdiction, posts)
}

func (s *Service) row(f Found) AccountRow {
	r := AccountRow{ID: f.ID, Name: f.Name, Login: f.Login, Nature: f.Nature, CreatedAt: f.CreatedAt, EndedAt: f.EndedAt, LockedAt: f.LockedAt, OneTime: f.OneTimeUntil, Factor: f.Factor, Posts: []AccountPost{}}
	for _, p := range f.Posts {
		r.Posts = append(r.Posts, AccountPost{myPost(p), p.From, p.Until, p.Standing(s.Now())})
	}
	return r
}
