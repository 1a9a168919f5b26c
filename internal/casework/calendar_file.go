package casework

import (
	"encoding/json"
	"strconv"

	"gezhi/internal/fault"
	"gezhi/internal/pack/shape"
	"gezhi/internal/worktime"
)

// readCalendar reads a jurisdiction's calendar file. Keys: week, seasons, exceptions and
// years, the last a list of announcements in the format of the holiday-cn project. A week left
// out is that of an ordinary office. What is wrong is case.bad_calendar, place by place.
func readCalendar(data []byte) (worktime.Local, error) {
	r := calendarFile{out: worktime.Local{Rules: worktime.DefaultRules()}}
	n, problems := shape.Read(data)
	for _, p := range problems {
		r.wrong(fault.Place{Line: p.Line, Code: "case.bad_yaml"})
	}
	for _, e := range entries(n) {
		switch e.Key.Text {
		case "week":
			r.out.Rules.Week = r.week(e.Value)
		case "seasons":
			for _, s := range e.Value.Each() {
				r.season(s)
			}
		case "exceptions":
			for _, x := range e.Value.Each() {
				r.exception(x)
			}
		case "years":
			for _, y := range e.Value.Each() {
				r.year(y)
			}
		default:
			r.wrong(fault.Place{Line: e.Key.Line, Code: "case.unknown_key"})
		}
	}
	if n == nil || n.Kind != shape.Map {
		r.wrong(fault.Place{Line: 1, Code: "case.bad_yaml"})
	}
	if len(r.bad) == 0 {
		if _, err := r.out.Calendar(); err != nil {
			r.wrong(fault.Place{Line: 1, Code: fault.CodeOf(err)})
		}
	}
	if len(r.bad) > 0 {
		return worktime.Local{}, &fault.Error{Kind: fault.Invalid, Code: "case.bad_calendar", At: r.bad}
	}
	return r.out, nil
}

type calendarFile struct {
	out worktime.Local
	bad []fault.Place
}

func (r *calendarFile) wrong(at fault.Place) { r.bad = append(r.bad, at) }

func entries(n *shape.Node) []shape.Entry {
	if n == nil {
		return nil
	}
	return n.Entries
}

// flat undoes what YAML makes of 08:00-12:00 among brackets within braces: a map of 08 to
// 00-12:00.
func flat(n *shape.Node) string {
	if n != nil && n.Kind == shape.Map && len(n.Entries) == 1 {
		return n.Entries[0].Key.Text + ":" + flat(n.Entries[0].Value)
	}
	if n == nil {
		return ""
	}
	return n.Text
}

// text reads a scalar into something that reads itself.
func (r *calendarFile) text(n *shape.Node, into interface{ UnmarshalText([]byte) error }) {
	if err := into.UnmarshalText([]byte(flat(n))); err != nil {
		r.wrong(fault.Place{Line: n.Line, Code: fault.CodeOf(err)})
	}
}

func (r *calendarFile) hours(n *shape.Node) worktime.Hours {
	var out worktime.Hours
	for _, x := range n.Each() {
		var s worktime.Shift
		r.text(x, &s)
		out = append(out, s)
	}
	return out
}

func (r *calendarFile) week(n *shape.Node) (w worktime.Week) {
	days := map[string]*worktime.Hours{"monday": &w.Monday, "tuesday": &w.Tuesday, "wednesday": &w.Wednesday, "thursday": &w.Thursday,
		"friday": &w.Friday, "saturday": &w.Saturday, "sunday": &w.Sunday}
	for _, e := range entries(n) {
		if into := days[e.Key.Text]; into != nil {
			*into = r.hours(e.Value)
		} else {
			r.wrong(fault.Place{Line: e.Key.Line, Code: "case.unknown_key"})
		}
	}
	return w
}

func (r *calendarFile) season(n *shape.Node) {
	var s worktime.Season
	for _, e := range entries(n) {
		switch e.Key.Text {
		case "from":
			r.text(e.Value, &s.From)
		case "to":
			r.text(e.Value, &s.To)
		case "week":
			s.Week = r.week(e.Value)
		default:
			r.wrong(fault.Place{Line: e.Key.Line, Code: "case.unknown_key"})
		}
	}
	r.out.Rules.Seasons = append(r.out.Rules.Seasons, s)
}

func (r *calendarFile) exception(n *shape.Node) {
	var x worktime.Exception
	for _, e := range entries(n) {
		switch e.Key.Text {
		case "from":
			r.text(e.Value, &x.From)
		case "to":
			r.text(e.Value, &x.To)
		case "closed":
			x.Closed = r.truth(e.Value)
		case "name":
			x.Name = e.Value.Text
		case "hours":
			x.Hours = r.hours(e.Value)
		default:
			r.wrong(fault.Place{Line: e.Key.Line, Code: "case.unknown_key"})
		}
	}
	r.out.Rules.Exceptions = append(r.out.Rules.Exceptions, x)
}

func (r *calendarFile) truth(n *shape.Node) bool {
	v, err := strconv.ParseBool(n.Text)
	if err != nil {
		r.wrong(fault.Place{Line: n.Line, Code: "case.bad_value"})
	}
	return v
}

// year takes in an announcement, by the reader of those that ship with the product.
func (r *calendarFile) year(n *shape.Node) {
	type day struct {
		Name  string `json:"name"`
		Date  string `json:"date"`
		IsOff bool   `json:"isOffDay"`
	}
	var y struct {
		Year   int      `json:"year"`
		Papers []string `json:"papers"`
		Days   []day    `json:"days"`
	}
	y.Papers = n.Get("papers").Texts()
	if at := n.Get("year"); at != nil {
		y.Year, _ = strconv.Atoi(at.Text)
	}
	for _, d := range n.Get("days").Each() {
		at := func(key string) *shape.Node {
			if v := d.Get(key); v != nil {
				return v
			}
			return &shape.Node{Line: d.Line}
		}
		y.Days = append(y.Days, day{at("name").Text, at("date").Text, r.truth(at("isOffDay"))})
	}
	raw, err := json.Marshal(y)
	if err != nil {
		r.wrong(fault.Place{Line: n.Line, Code: "worktime.bad_holidays"})
		return
	}
	year, err := worktime.ParseYear(raw)
	if err != nil {
		r.wrong(fault.Place{Line: n.Line, Code: fault.CodeOf(err)})
		return
	}
	r.out.Years = append(r.out.Years, year)
}
