package record

import (
	"slices"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/pack"
	"gezhi/internal/territory"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

// Kind is a kind of record that a pack in force declares.
type Kind struct {
	Pack *pack.Pack
	*pack.Record
	Keep []workflow.Keep // how long the county keeps what is said of people, before what the pack says
}

// Ref is how a kind is named outside its pack: "pack/kind".
func (k Kind) Ref() string { return k.Pack.Name + "/" + k.Name }

// Record is one thing, as it is last known.
type Record struct {
	ID, Jurisdiction, Pack, Kind string
	Key                          []string // the values of the kind's key
	Title                        string   // what lists call it
	AreaID                       string
	Areas                        [8]string // ancestors and itself by level, 1 province … 7 micro-grid
	Nature                       string    // real or sample
	Began, Ended                 string    // first and last day; Ended "" while it lasts
}

// Revision is what was recorded of a record for a stretch of days.
type Revision struct {
	ID          string // UUIDv7: later ones count
	RecordID    string
	From, Until string // days, both included; Until "" for no end
	Gone        bool   // there is no such thing on these days
	AreaID      string
	RecordedAt  time.Time
	Cause       string         // what recorded it: "import", or another's word
	Values      map[string]any // by field
	Personal    map[string]any // by field, those declared personal; Sealed until they are opened
	KeyID       string         // data key of the sealed ones
}

// Span is a stretch of days on which one revision holds.
type Span struct {
	From, Until worktime.Date
	*Revision
}

// endless is the last day of what has no end.
const endless = worktime.Date(1 << 30)

// dayOf reads a stored day; "" is otherwise.
func dayOf(s string, otherwise worktime.Date) worktime.Date {
	if d, err := worktime.ParseDate(s); err == nil {
		return d
	}
	return otherwise
}

// dayText is how a day is stored; the endless one is "".
func dayText(d worktime.Date) string {
	if d >= endless {
		return ""
	}
	return d.String()
}

// Course is what holds when, by all revisions together: stretches in order, without those
// on which nothing holds. Of two revisions the one recorded later counts.
func Course(revisions []Revision) []Span {
	sorted := slices.Clone(revisions)
	slices.SortStableFunc(sorted, func(a, b Revision) int { return strings.Compare(a.ID, b.ID) })
	var out []Span
	for i := range sorted {
		r := &sorted[i]
		out = overlay(out, Span{dayOf(r.From, 0), dayOf(r.Until, endless), r})
	}
	return slices.DeleteFunc(out, func(s Span) bool { return s.Gone })
}

// overlay lays a stretch over others, of which it takes away what it covers.
func overlay(spans []Span, over Span) []Span {
	var out []Span
	for _, s := range spans {
		if s.From < over.From {
			left := s
			left.Until = min(s.Until, over.From-1)
			out = append(out, left)
		}
		if s.Until > over.Until {
			right := s
			right.From = max(s.From, over.Until+1)
			out = append(out, right)
		}
	}
	out = append(out, over)
	slices.SortStableFunc(out, func(a, b Span) int { return int(a.From) - int(b.From) })
	return out
}

// on is the stretch that holds on a day.
func on(course []Span, day worktime.Date) (Span, bool) {
	for _, s := range course {
		if s.From <= day && day <= s.Until {
			return s, true
		}
	}
	return Span{}, false
}

// At is the revision that holds on a day, "2026-03-01"; false where none does.
func At(revisions []Revision, day string) (Span, bool) {
	return on(Course(revisions), dayOf(day, endless))
}

// endOf is the last day of the unbroken time in which a day lies.
func endOf(course []Span, day worktime.Date) worktime.Date {
	end := day - 1
	for _, s := range course {
		if s.From <= end+1 && s.Until > end {
			end = s.Until
		}
	}
	return end
}

// Change is something that became of a record, for others to hear.
type Change struct {
	RecordID, Jurisdiction, Pack, Kind string
	Event                              string // one of the events
	Day                                string // from when on it is so
	Revision                           string // id of the revision that brought it about
}

// The events of a record.
const (
	Created = "created" // it is from this day on, for the first time or again
	Revised = "revised" // it is otherwise from this day on
	Ended   = "ended"   // it is no more from this day on
)

// changes are the events between two courses of a record.
func changes(before, after []Span) []Change {
	var out []Change
	for i, s := range after {
		was, there := on(before, s.From)
		follows := i > 0 && after[i-1].Until == s.From-1
		switch {
		case there && same(was.Revision, s.Revision):
		case !there && !follows:
			out = append(out, Change{Event: Created, Day: dayText(s.From)})
		default:
			out = append(out, Change{Event: Revised, Day: dayText(s.From)})
		}
		last := i+1 == len(after) || after[i+1].From > s.Until+1
		if !last || s.Until >= endless {
			continue
		}
		_, wasThen := on(before, s.Until)
		if _, wasAfter := on(before, s.Until+1); wasAfter || !wasThen {
			out = append(out, Change{Event: Ended, Day: dayText(s.Until + 1)})
		}
	}
	for i, s := range before { // what began later than was believed, or never
		_, there := on(after, s.From)
		_, dayBefore := on(after, s.From-1)
		if begins := i == 0 || before[i-1].Until < s.From-1; begins && !there && !dayBefore {
			out = append(out, Change{Event: Ended, Day: dayText(s.From)})
		}
	}
	return out
}

// sameCourse tells whether two courses say the same of every day.
func sameCourse(a, b []Span) bool {
	a, b = joined(a), joined(b)
	return slices.EqualFunc(a, b, func(x, y Span) bool { return x.From == y.From && x.Until == y.Until && same(x.Revision, y.Revision) })
}

// joined puts stretches together that follow each other and say the same.
func joined(course []Span) []Span {
	var out []Span
	for _, s := range course {
		if n := len(out); n > 0 && out[n-1].Until+1 == s.From && same(out[n-1].Revision, s.Revision) {
			out[n-1].Until = s.Until
			continue
		}
		out = append(out, s)
	}
	return out
}

// same tells whether two revisions say the same.
func same(a, b *Revision) bool {
	return a.AreaID == b.AreaID && encode(a.Values) == encode(b.Values) && encode(a.Personal) == encode(b.Personal)
}

// KeyText is a key as people write it.
func KeyText(key []string) string { return strings.Join(key, "/") }

// keyMark stands between the values of a stored key.
const keyMark = "\x1f"

func storedKey(key []string) string { return strings.Join(key, keyMark) }

// folded is a key value without differences of case and spaces.
func folded(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), " ") }

// titleFields are the fields that lists call a record by, if its kind has one of them.
var titleFields = []string{"title", "name"}

// titleOf is what lists call a record: its title or name, else its first text beside the
// key, else the key.
func (k Kind) titleOf(r *Revision, key []string) string {
	text := func(name string) string { s, _ := r.Values[name].(string); return s }
	for _, n := range titleFields {
		if s := text(n); s != "" {
			return s
		}
	}
	for _, f := range k.Fields {
		if f.Type == "text" && !slices.Contains(k.Key, f.Name) && text(f.Name) != "" {
			return text(f.Name)
		}
	}
	return KeyText(key)
}

// The kinds of subjects that a record may name.
const (
	subjectPerson = "person"
	subjectUnit   = "unit"
	subjectFile   = "file"
)

// subjects are the people, units and files that a revision names, as the table knows them:
// "person/ID".
func (k Kind) subjects(r *Revision) []string {
	var out []string
	for _, f := range k.Fields {
		switch {
		case f.IsFile() && f.Personal == nil: // what is personal of files is sealed
			for _, id := range idsIn(r.Values[f.Name]) {
				out = append(out, subjectFile+"/"+id)
			}
		case f.Type == subjectPerson || f.Type == subjectUnit:
			for _, values := range []map[string]any{r.Values, r.Personal} {
				for _, id := range idsIn(values[f.Name]) {
					out = append(out, f.Type+"/"+id)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func idsIn(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, idsIn(x)...)
		}
		return out
	}
	return nil
}

// Visible tells whether a scope reaches a record that names these subjects. It is the same
// rule as the lists'.
func Visible(scope account.Scope, r *Record, public bool, subjects []string) bool {
	if scope.Jurisdiction == "" || scope.Jurisdiction != r.Jurisdiction {
		return false
	}
	if public {
		return true
	}
	return slices.ContainsFunc(scope.Branches, func(b account.Branch) bool {
		if b.Kind == account.AreaBranch {
			return b.ID != "" && r.Areas[b.Level] == b.ID
		}
		return slices.Contains(subjects, b.Involved())
	})
}

// placed gives a record its place with what lies above.
func (r *Record) placed(t *territory.Tree) {
	r.Areas = [8]string{}
	if a, ok := t.Area(r.AreaID); ok {
		r.Areas = a.Path
	}
}
