package intake

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gezhi/internal/casework"
	"gezhi/internal/fault"
	"gezhi/internal/form"
)

// The ways in which a report is brought.
const (
	BySelf   = "self"   // by whom it concerns, logged in or not
	ByCaller = "caller" // typed by a clerk for somebody on the telephone or at the window
	ByHelper = "helper" // typed by somebody for a person who sits beside, without a telephone
)

// Report is what somebody wants done.
type Report struct {
	Jurisdiction string // division code; "" is the only one there is
	By           string // BySelf, ByCaller or ByHelper; "" is BySelf
	Channel      string // "" is home, for a helper field
	Class        string // pack/scheme:code; "" is for somebody to sort later
	Text         string
	AreaID       string
	Point        *casework.Point // WGS-84
	Fields       map[string]any
	Photos       []string // files that came before
	Recording    string   // file that came before
	Contact      Contact
	HappenedAt   time.Time
	Against      []string // people and units that it is about: it never reaches them
	Avoid        bool     // not the own village: it begins one level up
	Form         string   // number of the form on paper that it is entered from; for clerks and helpers
	Challenge    *Answer
	Key          string // idempotency key, made by the client and known to nobody else
}

// Contact is how the reporter may be reached; nobody has to be.
type Contact struct{ Name, Phone string }

// Filed is what a report came to.
type Filed struct {
	CaseID, Number string
	Code           string // query code
}

// Candidate is a class that a text may speak of.
type Candidate struct {
	Class       string   // pack/scheme:code
	Probability float64  // 0 to 1
	Words       []string // what in the text decided
	Sure        bool     // good enough to be chosen beforehand; the person still confirms
}

// Classify proposes classes for a text, the likeliest first.
type Classify func(ctx context.Context, jurisdiction, text string) ([]Candidate, error)

// The channels of residents and of whoever walks about with them.
const (
	channelHome  = "home"
	channelField = "field"
)

const (
	maxText   = 2000 // characters of a report
	maxPhotos = 9
)

// MaxFile is the largest file of a report, in bytes: pages make photos smaller, and a minute of
// speech is half a megabyte.
const MaxFile = 8 << 20

// who is on whose behalf something is done: the person, and whether the person is known.
type who struct {
	*casework.Actor
	anonymous bool
}

// identity is the person that an anonymous report belongs to: one of its own, which nobody can
// join with another report, and the same when the report is sent again.
func identity(key []byte, jurisdiction, report string) string {
	var u uuid.UUID
	copy(u[:], mac(key, "reporter", []byte(jurisdiction), []byte(report)))
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80 // version 8: made by the program's own rule
	return u.String()
}

// network is what is counted of an address: all of IPv4, and of IPv6 the network that a
// household is given (RFC 6177), for it has more addresses than anybody could count.
func network(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	if a = a.Unmap(); a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// empty tells whether nothing was said in any way.
func (r *Report) empty() bool {
	return r.Text == "" && r.Recording == "" && len(r.Photos) == 0
}

// fieldsFor puts what the page calls by its own names where the class keeps it: photos in its
// first field of photos, the recording in its first of recordings, name and telephone in those
// whose purpose is contact. What the class has no field for is intake.no_field. Only what the
// form of the opening asks may be given. called is what the page calls the fields it knows.
func (r *Report) fieldsFor(class *casework.Class, asked []casework.FormJSON) (out map[string]any, called map[string]string, err error) {
	e := &fault.Error{Kind: fault.Invalid, Code: "case.bad_value"}
	out, called = map[string]any{}, map[string]string{}
	open := map[string]bool{}
	for _, f := range asked {
		open[f.Name] = true
	}
	for name, v := range r.Fields {
		if !open[name] {
			e.At = append(e.At, fault.Place{Path: name, Code: "form.unknown_field"})
			continue
		}
		out[name] = v
	}
	put := func(path string, v any, fits func(f *form.Field) bool) {
		if form.Empty(v) {
			return
		}
		for _, a := range asked {
			if f := class.Field(a.Name); f != nil && fits(f) {
				out[f.Name], called[f.Name] = v, path
				return
			}
		}
		e.At = append(e.At, fault.Place{Path: path, Code: "intake.no_field"})
	}
	photos := make([]any, len(r.Photos))
	for i, id := range r.Photos {
		photos[i] = id
	}
	var recording []any
	if r.Recording != "" {
		recording = []any{r.Recording}
	}
	contact := func(kind string) func(f *form.Field) bool {
		return func(f *form.Field) bool {
			return f.Personal != nil && f.Personal.Purpose == "contact" && f.Type == kind
		}
	}
	put("photos", photos, func(f *form.Field) bool { return f.Type == "photo" })
	put("recording", recording, func(f *form.Field) bool { return f.Type == "audio" })
	put("contact.phone", r.Contact.Phone, contact("phone"))
	put("contact.name", r.Contact.Name, contact("text"))
	if len(e.At) > 0 {
		return nil, nil, e
	}
	return out, called, nil
}

// asCalled names the places of a refusal as the page does.
func asCalled(err error, called map[string]string) error {
	var f *fault.Error
	if !errors.As(err, &f) || len(f.At) == 0 {
		return err
	}
	out := *f
	out.At = slices.Clone(f.At)
	for i, at := range out.At {
		name, rest, _ := strings.Cut(at.Path, ".")
		if page := called[name]; page != "" {
			out.At[i].Path = strings.TrimSuffix(page+"."+rest, ".")
		}
	}
	return &out
}
