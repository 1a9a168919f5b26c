package story

import (
	"strings"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/pack/shape"
)

func (p *parser) given(n *shape.Node) Given {
	g := Given{Use: n.Get("use").Scalar(), Overlay: n.Get("overlay").Scalar(), Holidays: n.Get("holidays").Texts(), Workdays: n.Get("workdays").Texts()}
	for _, a := range n.Get("areas").Each() {
		g.Areas = append(g.Areas, Area{a.Get("id").Scalar(), a.Get("in").Scalar(), a.Get("level").Scalar(), a.Get("unit").Scalar(), a.Get("worker").Scalar(), plainAny(a.Get("polygon")), a.Line})
	}
	if v := n.Get("people"); v != nil {
		for _, e := range v.Entries {
			g.People = append(g.People, person(e))
		}
	}
	g.Units = units(n.Get("units"))
	for _, r := range n.Get("records").Each() {
		g.Records = append(g.Records, Record{r.Get("kind").Scalar(), r.Get("id").Scalar(), r.Get("from").Scalar(), r.Get("until").Scalar(), plainMap(r.Get("values")), r.Line})
	}
	for _, r := range n.Get("relations").Each() {
		g.Relations = append(g.Relations, Relation{r.Get("kind").Scalar(), r.Get("from").Scalar(), r.Get("to").Scalar(), r.Line})
	}
	if v := n.Get("tables"); v != nil {
		for _, e := range v.Entries {
			t := Table{Name: e.Key.Text, Line: e.Key.Line}
			for _, row := range e.Value.Items {
				t.Rows = append(t.Rows, plainMap(row))
			}
			g.Tables = append(g.Tables, t)
		}
	}
	for _, a := range n.Get("absent").Each() {
		g.Absent = append(g.Absent, Absence{a.Get("who").Scalar(), a.Get("acting").Scalar(), timeOf(a.Get("from")), timeOf(a.Get("until")), a.Line})
	}
	for _, d := range n.Get("duty").Each() {
		g.Duty = append(g.Duty, DutyLine{d.Get("class").Scalar(), d.Get("level").Scalar(), d.Get("unit").Scalar(), d.Get("post").Scalar()})
	}
	g.Budgets = balancesOf(n.Get("budgets"))
	for _, s := range n.Get("roster").Each() {
		g.Roster = append(g.Roster, Shift{s.Get("area").Scalar(), s.Get("who").Scalar(), s.Get("role").Scalar(), timeOf(s.Get("from")), timeOf(s.Get("until")), s.Line})
	}
	return g
}

func units(n *shape.Node) []Unit {
	if n == nil {
		return nil
	}
	var out []Unit
	for _, i := range n.Items {
		out = append(out, Unit{ID: i.Text, Line: i.Line})
	}
	for _, e := range n.Entries {
		out = append(out, Unit{e.Key.Text, e.Value.Get("in").Scalar(), e.Value.Get("area").Scalar(), e.Key.Line})
	}
	return out
}

// person reads "grid_worker", "handler@crew-7", "resident", "unit", a list of posts, or a map.
func person(e shape.Entry) Person {
	p := Person{ID: e.Key.Text, Line: e.Key.Line}
	switch v := e.Value; v.Kind {
	case shape.Scalar:
		p.add(roleText(v.Text))
	case shape.List:
		for _, i := range v.Items {
			if i.Kind == shape.Scalar {
				p.add(roleText(i.Text))
			} else {
				p.add(postOf(i))
			}
		}
	case shape.Map:
		p.Area, p.House = v.Get("area").Scalar(), v.Get("household").Scalar()
		if v.Get("role") != nil {
			p.add(postOf(v))
		}
		for _, i := range v.Get("posts").Each() {
			p.add(postOf(i))
		}
	}
	return p
}

// The two words that stand where a role stands and are none.
const (
	wordResident = "resident"
	wordUnit     = "unit"
)

func (p *Person) add(post Post) {
	switch {
	case post.Role == "", post.Role == wordResident && post.Area == "":
	case post.Role == wordUnit:
		p.Unit = true
	default:
		p.Posts = append(p.Posts, post)
	}
}

func roleText(s string) Post {
	role, unit, _ := strings.Cut(s, "@")
	return Post{Role: role, Unit: unit}
}

func postOf(n *shape.Node) Post {
	post := roleText(n.Get("role").Scalar())
	if u := n.Get("unit").Scalar(); u != "" {
		post.Unit = u
	}
	post.Area, post.Seat = n.Get("area").Scalar(), n.Get("seat").Scalar()
	post.From, post.Until = dayOf(n.Get("from")), dayOf(n.Get("until"))
	return post
}

// dayOf is the beginning of a day, zero for none.
func dayOf(n *shape.Node) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, n.Scalar(), clock.CST)
	if err != nil {
		return time.Time{}
	}
	return t
}
