package account

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gezhi/internal/fault"
)

// Level is how deep an area lies in the tree of divisions: 1 a province, 7 a micro-grid.
// 0 is no area.
type Level int

// The levels of GB/T 2260 and GB/T 10114 divisions, and the two of grids below them.
const (
	NoLevel Level = iota
	Province
	City
	County
	Township
	Village
	Grid
	Micro
)

// Seat is a special place in a unit: its leader, its deputy, an ordinary member, or none.
type Seat string

// The seats.
const (
	NoSeat Seat = ""
	Leader Seat = "leader"
	Deputy Seat = "deputy"
	Member Seat = "member"
)

// Person is somebody who works here, or whom a case knows.
type Person struct {
	ID           string
	Jurisdiction string
	Name         string
	Login        string // as folded by foldLogin; "" cannot log in
	Nature       string // "real", or "sample" for made-up people
	Locale       string // "zh", "en" or "" for the browser's
	CreatedAt    time.Time
	EndedAt      time.Time // zero while the person is with us
	LockedAt     time.Time // zero unless somebody keeps the person out
	OneTimeUntil time.Time // zero unless the password was made by somebody else; until then it counts
}

// Post is a role that a person has in a unit and over an area, for some time.
type Post struct {
	ID        string
	PersonID  string
	Role      string // as the packs name it
	UnitID    string // "" for none
	AreaID    string // "" for none
	AreaLevel Level  // 0 for none
	Seat      Seat
	From      time.Time
	Until     time.Time // zero while open; the post ends just before it
}

// Delegation lets To act in the post of From for some time.
type Delegation struct {
	ID         string
	PostID     string
	From       string // person who holds the post
	To         string // person who acts in it
	Start      time.Time
	Until      time.Time // never zero: an absence ends
	RecordedBy string
}

// Acting is a post of somebody else that the actor acts in.
type Acting struct {
	Post
	HolderName string
	Delegation string // id of the delegation
}

// Actor is somebody who asks, as of now. Its slices are shared: read them, never change them.
type Actor struct {
	PersonID     string
	Name         string
	Jurisdiction string
	Locale       string
	Posts        []Post   // own, valid now
	Acting       []Acting // of others, delegated, valid now
	Session      string   // id of the session that asks; "" where there is none
	Must         []string // MustPassword, MustFactor: what comes before everything else
	Lapsed       bool     // held posts once, and none now: there is nothing to do or see
}

// What somebody has to do before they may do anything else.
const (
	MustPassword = "password" // replace the one-time password by one of their own
	MustFactor   = "factor"   // log in with a second factor, or set one up
)

// Has reports whether the actor has role now, in a post of their own or one they act in.
func (a Actor) Has(role string) bool {
	for _, p := range a.Posts {
		if p.Role == role {
			return true
		}
	}
	for _, p := range a.Acting {
		if p.Role == role {
			return true
		}
	}
	return false
}

// covers reports whether now lies within [from, until), an until of zero being never.
func covers(from, until, now time.Time) bool {
	return !now.Before(from) && (until.IsZero() || now.Before(until))
}

type actorKey struct{}

// With returns a context in which a asks.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, actorKey{}, a) }

// From returns who asks in ctx; nobody is session.none.
func From(ctx context.Context) (Actor, error) {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a, nil
	}
	return Actor{}, fault.New(fault.Unauthenticated, "session.none")
}

const (
	maxLogin = 64  // characters
	maxName  = 100 // characters
)

// foldLogin returns login as it is kept and compared: without spaces around, in lower case.
func foldLogin(login string) string { return strings.ToLower(strings.TrimSpace(login)) }

// check returns what is wrong with a new person.
func (n NewPerson) check() error {
	e := fault.New(fault.Invalid, "person.invalid")
	wrong := func(at fault.Place) { e.At = append(e.At, at) }
	if n.Jurisdiction == "" {
		wrong(fault.Place{Path: "jurisdiction", Code: "field.required"})
	}
	if strings.TrimSpace(n.Name) == "" {
		wrong(fault.Place{Path: "name", Code: "field.required"})
	} else if !isText(n.Name, maxName) {
		wrong(fault.Place{Path: "name", Code: "field.too_long", Args: map[string]any{"limit": maxName}})
	}
	login := foldLogin(n.Login)
	if login != "" && (!isText(login, maxLogin) || strings.ContainsFunc(login, unicode.IsSpace)) {
		wrong(fault.Place{Path: "login", Code: "person.bad_login"})
	}
	if n.Password != "" && login == "" {
		wrong(fault.Place{Path: "login", Code: "field.required"})
	}
	if n.Locale != "" && n.Locale != "zh" && n.Locale != "en" {
		wrong(fault.Place{Path: "locale", Code: "field.not_offered"})
	}
	if len(e.At) > 0 {
		return e
	}
	return nil
}

// isText reports whether s is printable text of at most max characters.
func isText(s string, max int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= max && !strings.ContainsFunc(s, unicode.IsControl)
}

// check returns what is wrong with a new post.
func (n NewPost) check() error {
	e := fault.New(fault.Invalid, "post.invalid")
	wrong := func(at fault.Place) { e.At = append(e.At, at) }
	if n.Role == "" {
		wrong(fault.Place{Path: "role", Code: "field.required"})
	}
	if (n.AreaID == "") != (n.AreaLevel == NoLevel) || n.AreaLevel < NoLevel || n.AreaLevel > Micro {
		wrong(fault.Place{Path: "area_level", Code: "post.area_and_level"})
	}
	switch n.Seat {
	case NoSeat, Leader, Deputy, Member:
	default:
		wrong(fault.Place{Path: "seat", Code: "field.not_offered"})
	}
	if n.Seat != NoSeat && n.UnitID == "" {
		wrong(fault.Place{Path: "unit_id", Code: "field.required"})
	}
	if !n.Until.IsZero() && !n.From.Before(n.Until) {
		wrong(fault.Place{Path: "until", Code: "post.ends_before_it_begins"})
	}
	if len(e.At) > 0 {
		return e
	}
	return nil
}
