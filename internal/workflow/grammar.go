package workflow

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gezhi/internal/fault"
)

// word is what packs may call things: small letters, digits and underscores.
var word = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// IsName tells whether s may name a step, an action, a field or a seat.
func IsName(s string) bool { return len(s) <= 60 && word.MatchString(s) }

// path is a dotted name of a value: "field.meeting".
var path = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,4}$`)

func bad(code, text string) error {
	return fault.New(fault.Invalid, code, "text", clip(text))
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// triggerEvents gives the last word of the triggers that have three.
var triggerEvents = map[string][]string{
	OnClock:  {"due"},
	OnPart:   {"opened", "joined", "failed"},
	OnRecord: {"created", "revised", "ended"},
}

// ParseTrigger reads the text of a trigger: "did accept", "part assist joined". Otherwise
// workflow.trigger.
func ParseTrigger(text string) (Trigger, error) {
	w := strings.Fields(text)
	if len(w) == 0 {
		return Trigger{}, bad("workflow.trigger", text)
	}
	t := Trigger{Kind: w[0]}
	ok := false
	switch w[0] {
	case OnOpened, OnClosed:
		ok = len(w) == 1
	case OnEntered, OnLeft, OnDid, OnSignal:
		ok = len(w) == 2 && IsName(w[1])
	case OnDate:
		ok = len(w) == 2 && path.MatchString(w[1])
	case OnClock, OnPart, OnRecord:
		ok = len(w) == 3 && IsName(w[1]) && slices.Contains(triggerEvents[w[0]], w[2])
	}
	if !ok {
		return Trigger{}, bad("workflow.trigger", text)
	}
	if len(w) > 1 {
		t.Name = w[1]
	}
	if len(w) > 2 {
		t.Event = w[2]
	}
	return t, nil
}

// String is the text ParseTrigger reads.
func (t Trigger) String() string {
	return strings.TrimSpace(strings.TrimSpace(t.Kind+" "+t.Name) + " " + t.Event)
}

// Matches tells whether happened, a fully named event, is what t waits for.
func (t Trigger) Matches(happened Trigger) bool { return t == happened }

// ParseWho reads the text of a Who: "handler", "leader of unit handler", "grid_worker on
// duty of area", "item.owner", "public", "system". Otherwise workflow.who.
func ParseWho(text string) (Who, error) {
	w := strings.Fields(text)
	if len(w) == 1 {
		switch {
		case w[0] == WhoPublic || w[0] == WhoSystem:
			return Who{Kind: w[0]}, nil
		case w[0] == WhoItem:
			return Who{Kind: WhoItem}, nil
		case strings.HasPrefix(w[0], "item.") && path.MatchString(w[0]):
			return Who{Kind: WhoItem, Name: strings.TrimPrefix(w[0], "item.")}, nil
		case IsName(w[0]):
			return Who{Kind: WhoSeat, Name: w[0]}, nil
		}
		return Who{}, bad("workflow.who", text)
	}
	if len(w) < 3 || !IsName(w[0]) {
		return Who{}, bad("workflow.who", text)
	}
	who := Who{Kind: WhoRole, Name: w[0]}
	switch rest := strings.Join(w[1:], " "); {
	case rest == "of area":
		who.Of = OfArea
	case rest == "of area above":
		who.Of = OfAreaAbove
	case rest == "of jurisdiction":
		who.Of = OfJurisdiction
	case rest == "on duty of area":
		who.Of = OfDutyArea
	case strings.HasPrefix(rest, "of unit ") && len(w) == 4 && IsName(w[3]):
		who.Of, who.Seat = OfUnit, w[3]
	default:
		return Who{}, bad("workflow.who", text)
	}
	return who, nil
}

// String is the text ParseWho reads.
func (w Who) String() string {
	switch w.Kind {
	case WhoSeat:
		return w.Name
	case WhoItem:
		if w.Name == "" {
			return WhoItem
		}
		return WhoItem + "." + w.Name
	case WhoRole:
		switch w.Of {
		case OfUnit:
			return w.Name + " of unit " + w.Seat
		case OfAreaAbove:
			return w.Name + " of area above"
		case OfDutyArea:
			return w.Name + " on duty of area"
		}
		return w.Name + " of " + w.Of
	}
	return w.Kind
}

// ParseRatio reads a share between 0 and 1: "2/3", "5%", "0.9", "1". Otherwise
// workflow.ratio.
func ParseRatio(text string) (Ratio, error) {
	s := strings.TrimSpace(text)
	r := Ratio{Den: 1}
	var err error
	switch num, den, cut := strings.Cut(s, "/"); {
	case cut:
		if r.Num, err = digits(num); err == nil {
			r.Den, err = digits(den)
		}
	case strings.HasSuffix(s, "%"):
		r, err = decimal(strings.TrimSuffix(s, "%"))
		r.Den *= 100
	default:
		r, err = decimal(s)
	}
	if err != nil || r.Den == 0 || r.Num > r.Den {
		return Ratio{}, bad("workflow.ratio", text)
	}
	return r.reduced(), nil
}

func digits(s string) (int64, error) {
	if len(s) > 9 || strings.Trim(s, "0123456789") != "" {
		return 0, bad("workflow.ratio", s)
	}
	return strconv.ParseInt(s, 10, 64)
}

func decimal(s string) (Ratio, error) {
	whole, frac, _ := strings.Cut(s, ".")
	n, err := digits(whole + frac)
	r := Ratio{n, 1}
	for range frac {
		r.Den *= 10
	}
	return r, err
}

func (r Ratio) reduced() Ratio {
	a, b := r.Num, r.Den
	for b != 0 {
		a, b = b, a%b
	}
	return Ratio{r.Num / a, r.Den / a}
}

// IsZero tells that the share is nothing, or not given.
func (r Ratio) IsZero() bool { return r.Num == 0 }

// String prints the share as a fraction.
func (r Ratio) String() string {
	return strconv.FormatInt(r.Num, 10) + "/" + strconv.FormatInt(r.Den, 10)
}

// reached tells whether part of whole is at least the share. Of nothing, nothing is reached.
func (r Ratio) reached(part, whole int) bool {
	return whole > 0 && int64(part)*r.Den >= r.Num*int64(whole)
}
