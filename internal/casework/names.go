package casework

import (
	"slices"
	"strings"
	"unicode"

	"gezhi/internal/db"
	"gezhi/internal/form"
)

// Names in free text cannot be found as numbers can: most are ordinary words. What can be done
// without a false promise is to lift out the names that the case itself knows: what was given
// as somebody's name in a personal field, and its reporter's, where that one is no official.

// kindName is the kind of a placeholder that stands for a name.
const kindName = "name"

// mayName tells whether a personal field may hold somebody's name.
func mayName(f *form.Field) bool { return f != nil && f.Personal != nil && f.Type == "text" }

// nameIn is the name that a personal text is: two to four Han characters, or more with a point
// between them, as names of Uyghurs, Kazakhs and others are written. Others are "".
func nameIn(v any) string {
	text, _ := v.(string)
	text = strings.TrimSpace(text)
	letters, points := 0, 0
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Han, r):
			letters++
		case r == '·' || r == '•' || r == '・':
			points++
		default:
			return ""
		}
	}
	if letters < 2 || letters > 4 && points == 0 || letters > 20 {
		return ""
	}
	return text
}

// knowName remembers a name that is to be lifted out of the texts of this act.
func (st *state) knowName(v any) {
	if name := nameIn(v); name != "" && !slices.Contains(st.names, name) {
		st.names = append(st.names, name)
		slices.SortFunc(st.names, func(a, b string) int { return len(b) - len(a) }) // the longer before a part of it
	}
}

// knowNames remembers the names that come with an opening or an act, and that of the reporter.
func (st *state) knowNames(values map[string]any) {
	for name, v := range values {
		if mayName(st.class.Field(name)) {
			st.knowName(v)
		}
	}
	if st.ReporterID == "" {
		return
	}
	if !st.s.official(st.ReporterID) {
		st.knowName(st.s.World.People().Name(st.ReporterID))
	}
}

// knowKept remembers the names that the case keeps sealed.
func (st *state) knowKept(kept []payload) error {
	for _, x := range kept {
		if !mayName(st.class.Field(x.name)) {
			continue
		}
		v, _, err := x.open(st.s.Vault)
		if err != nil {
			return err
		}
		st.knowName(v)
	}
	return nil
}

// liftNames puts placeholders where the names stand that are known here.
func (st *state) liftNames(text string) (string, bool) {
	found := false
	for _, name := range st.names {
		if strings.Contains(text, name) {
			text, found = strings.ReplaceAll(text, name, "["+kindName+" ••"+string([]rune(name)[:1])+"]"), true
		}
	}
	return text, found
}

// speaks tells whether somebody writes freely with an act, so that names may be in it.
func (a *Act) speaks() bool {
	return a.Note != "" || a.Reason != "" || len(a.Why) > 0 || len(a.Values) > 0
}

// keptNames asks for what a case keeps sealed.
func keptNames(id string, into *[]payload) func(*loading) db.Ask {
	return func(*loading) db.Ask {
		return db.Ask{Stmt: payloadsOf, Args: []any{id}, Scan: db.Into(into, scanPayload)}
	}
}
