package app_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"gezhi/internal/account"
	"gezhi/internal/dbtest"
)

// anonymous is who is not logged in.
const anonymous = "anonymous"

// A cell is where, seen from somebody, the thing lies that a request is about.
type cell string

const (
	own         cell = "own"
	otherUnit   cell = "other unit"
	otherArea   cell = "other area"
	otherCounty cell = "other county"
	kept        cell = "kept from them"
)

// standpoint is somebody of a role, with the names of the cases that lie in each cell from there,
// and which of them they see. The case of the other county is the same for all.
type standpoint struct {
	role, unit, place               string
	own, otherUnit, otherArea, kept string
	sees                            []cell
}

// standpoints has one of every role.
var standpoints = []standpoint{
	{"resident", "", "990101001201", "bin", "wall", "road", "about the resident", []cell{own}},
	{"merchant", "shop", "990101001201", "bin", "wall", "road", "about the street", nil},
	{"grid_worker", "bridge", "99010100120101", "bin", "wall", "road", "about the street", []cell{own, otherUnit}},
	{"village_cadre", "bridge", "990101001201", "bin", "wall", "road", "about the street", []cell{own, otherUnit}},
	{"community_admin", "bridge", "990101001201", "bin", "wall", "road", "about the street", []cell{own, otherUnit}},
	{"assessor", "bridge", "990101001201", "bin", "wall", "road", "about the street", []cell{own, otherUnit}},
	{"party_committee", "bridge", "990101001201", "bin", "wall", "road", "about the street", []cell{own, otherUnit}},
	{"street_office", "east", "990101001", "bin", "wall", "road", "about the street", []cell{own, otherUnit}},
	{"dispatcher", "east", "990101001", "bin", "wall", "road", "about the street", []cell{own, otherUnit}},
	{"inspector", "east", "990101001", "bin", "wall", "road", "about the street", []cell{own, otherUnit}},
	{"leader", "east", "990101001", "bin", "wall", "road", "about the street", []cell{own, otherUnit}},
	{"handler", "enforcement", "990101001", "bin", "wall", "road", "about the street", []cell{own}},
	{"unit_leader", "enforcement", "990101001", "bin", "wall", "road", "about the street", []cell{own}},
	{"duty_clerk", "command", "990101001", "bin", "wall", "road", "about the street", []cell{own, otherUnit}},
	{"duty_leader", "command", "990101001", "bin", "wall", "road", "about the street", []cell{own, otherUnit}},
	{"county_chief", "centre", "990101", "bin", "wall", "road", "about the centre", []cell{own, otherUnit, otherArea}},
	{"deputy", "", "990101", "proposal", "second proposal", "road", "about the deputy", []cell{own}},
	{"congress_office", "congress", "990101", "bin", "wall", "road", "about the centre", []cell{own, otherUnit, otherArea}},
	{"congress_leader", "congress", "990101", "bin", "wall", "road", "about the centre", []cell{own, otherUnit, otherArea}},
	{"government_office", "centre", "990101", "bin", "wall", "road", "about the centre", []cell{own, otherUnit, otherArea}},
	{"data_officer", "data", "990101", "bin", "wall", "road", "about the centre", []cell{own, otherUnit, otherArea}},
	{"data_leader", "data", "990101", "bin", "wall", "road", "about the centre", []cell{own, otherUnit, otherArea}},
	{"admin.system", "", "", "bin", "wall", "road", "about the street", nil},
	{"admin.security", "", "", "bin", "wall", "road", "about the street", nil},
	{"admin.audit", "", "", "bin", "wall", "road", "about the street", nil},
	{anonymous, "", "", "bin", "wall", "road", "about the street", nil},
}

// caseIn is the name of the case that lies in a cell.
func (s standpoint) caseIn(at cell) string {
	switch at {
	case own:
		return s.own
	case otherUnit:
		return s.otherUnit
	case otherArea:
		return s.otherArea
	case otherCounty:
		return "far"
	}
	return s.kept
}

// newMatrix seats everybody of the table and opens the cases.
func newMatrix(t *testing.T, database string) *counties {
	c := newCounties(t, database)
	for _, s := range standpoints {
		if s.role != anonymous {
			c.seat(c.home, s.role, s.role, s.unit, s.place)
		}
	}
	c.registers()
	const grid = "99010100120101"
	c.reports("bin", "resident", "incident/sample:0101", grid, nil)
	up := []deed{{"clerk of the village", "classify", nil}, {"clerk of the village", "report_up", map[string]any{"reason": "beyond the village"}}, {"dispatcher", "take_up", nil}, {"dispatcher", "dispatch", nil}}
	c.does("bin", up...)
	c.reports("wall", "neighbour", "incident/sample:0403", grid, nil)
	c.does("wall", up...)
	c.reports("road", "resident beyond", "incident/sample:0102", "990101002201", nil)
	c.reports("far", "resident elsewhere", "incident/sample:0102", "990102001201", nil)
	c.reports("proposal", "deputy", "deputy-proposal/sample-congress:proposal", "990101", nil)
	c.reports("second proposal", "second deputy", "deputy-proposal/sample-congress:proposal", "990101", nil)
	for name, against := range map[string]string{"about the street": c.unit(c.home, "east"), "about the centre": c.unit(c.home, "centre"),
		"about the resident": c.people["resident"].ID, "about the deputy": c.people["deputy"].ID} {
		c.reports(name, "neighbour", "incident/sample:20", grid, map[string]any{"against": []any{against}})
	}
	c.further()
	c.work()
	c.index()
	c.everybodyIsTold()
	c.numbered()
	return c
}

// further are cases that are seen for other reasons than where they lie: a part that another unit
// answers, one that is merged into another, one that is closed; and somebody who acts for another.
func (c *counties) further() {
	c.Helper()
	const grid = "99010100120101"
	c.does("bin", deed{"handler", "ask_assist", map[string]any{"units": []any{c.unit(c.home, "sanitation")}}})
	c.reports("second bin", "neighbour", "incident/sample:0403", grid, nil)
	c.reports("third bin", "resident", "incident/sample:0403", grid, nil)
	c.does("second bin", deed{"clerk of the village", "merge", map[string]any{"into": c.cases["third bin"]}})
	c.reports("litter", "neighbour", "incident/sample:0403", grid, nil)
	c.does("litter", deed{"clerk of the village", "decline", map[string]any{"reason": "cleared already", "reply": "it is gone"}})
	chief := c.actor("county_chief")
	_, err := c.app.Accounts.Lend(c.Context(), chief, account.Delegation{PostID: chief.Posts[0].ID, To: c.people["stand-in"].ID, Until: c.hand.Now().AddDate(0, 0, 30)})
	c.must(err)
}

// described is an operation of the served description.
type described struct {
	method, path string
	public       bool
	parameters   []parameter
	media        map[string]bool             // of what it answers
	body         map[string]func(string) any // how a text is put into each place of the body that takes one
	json         bool                        // it takes JSON
}

type parameter struct{ Name, In string }

// operations are those that the program serves, by method and path.
func (c *counties) operations() map[string]described {
	c.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []parameter
			Security   []any
			Responses  map[string]struct {
				Content map[string]any
			}
			RequestBody struct {
				Content map[string]struct{ Schema schema }
			}
		}
		Components struct {
			Schemas map[string]schema
		}
	}
	c.must(json.Unmarshal(c.app.Web.OpenAPI(), &doc))
	all := map[string]described{}
	for path, methods := range doc.Paths {
		for method, o := range methods {
			path := strings.TrimPrefix(path, "/api/v1")
			method := strings.ToUpper(method)
			d := described{method: method, path: path, public: len(o.Security) == 0, parameters: o.Parameters, media: map[string]bool{}}
			for _, r := range o.Responses {
				for m := range r.Content {
					d.media[m] = true
				}
			}
			if body, ok := o.RequestBody.Content["application/json"]; ok {
				d.json = true
				d.body = doc.Components.Schemas[strings.TrimPrefix(body.Schema.Ref, "#/components/schemas/")].texts()
			}
			all[method+" "+path] = d
		}
	}
	return all
}

var hole = regexp.MustCompile(`\{[a-z]+\}`)

// filled is a path with ids in its holes.
func filled(path string, ids ...string) string {
	i := 0
	return hole.ReplaceAllStringFunc(path, func(string) string {
		id := ids[min(i, len(ids)-1)]
		i++
		return id
	})
}

// want is the status that the table says.
func (r route) want(s standpoint, at cell) int {
	may := r.may == nil || slices.Contains(r.may, s.role)
	refused := r.refused
	if refused == 0 {
		refused = http.StatusForbidden
	}
	seen := r.about == nothing || slices.Contains(r.about.seenBy(s), at)
	sightFirst := r.about == aCase || r.about == aFile || r.about == aNumber || r.about == aPlaceFree
	switch {
	case r.anonymous != 0 && s.role == anonymous && seen:
		return r.anonymous
	case r.anonymous == 0 && s.role == anonymous:
		return http.StatusUnauthorized
	case !may && !sightFirst:
		return refused
	case !seen && r.absent != 0:
		return r.absent
	case !seen:
		return http.StatusNotFound
	case r.instead[s.role] != 0:
		return r.instead[s.role]
	case !may:
		return refused
	}
	return r.ok
}

// Every operation of the served description stands in the table, and answers everybody of it as
// the table says: on what is their own, on what is another unit's, another place's, another
// county's, and on what is kept from them. What somebody may not know of is answered, byte by
// byte but for the id of the request, like what is not there.
func TestRouteMatrix(t *testing.T) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { slog.SetDefault(before) })
	for engine, database := range map[string]func() string{"sqlite": func() string { return "" }, "postgres": func() string { return dbtest.PostgresURL(t) }} {
		url := database()
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			c := newMatrix(t, url)
			t.Run("every role stands in the table", c.everyRole)
			t.Run("what one reader finds agrees", c.agreement)
			c.T = t
			c.villages()
			t.Run("what is offered, shown and spent agrees", c.villagesAgree)
			t.Run("what a report sums up agrees", c.reportsAgree)
			t.Run("keys and codes are one's own", c.keysAreOnesOwn)
			t.Run("nobody gives what nobody asked", c.nothingUnasked)
			t.Run("every operation answers as the table says", c.walk)
		})
	}
}

func (c *counties) everyRole(t *testing.T) {
	roles := c.rolesOfPacks()
	for _, s := range standpoints {
		if s.role != anonymous && !roles[s.role] {
			t.Errorf("no pack has %s any more", s.role)
		}
		delete(roles, s.role)
	}
	for role := range roles {
		t.Errorf("%s is missing in the table", role)
	}
}

func (c *counties) walk(t *testing.T) {
	c.T = t
	served := c.operations()
	asked, cells, missing := 0, map[string]bool{}, maps.Clone(served)
	for _, r := range routes {
		o, ok := served[r.op]
		if !ok {
			t.Errorf("%s is not served any more", r.op)
			continue
		}
		delete(missing, r.op)
		for _, s := range standpoints {
			for _, at := range r.about.cells() {
				cells[r.op+string(r.about)+s.role+string(at)] = true
				asked += c.one(r, o, s, at)
			}
		}
	}
	for _, op := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("%s is served and missing in the table of matrix_routes_test.go: say there whom it answers how", op)
	}
	t.Logf("%d routes x %d roles: %d cells, %d requests", len(served), len(standpoints), len(cells), asked)
}

// one asks for one cell of the table, and where it is not to be known for what is not there.
func (c *counties) one(r route, o described, s standpoint, at cell) (asked int) {
	c.Helper()
	want := r.want(s, at)
	seen := r.about == nothing || slices.Contains(r.about.seenBy(s), at)
	ids := c.target(r.about, s, at, seen && want < 300 && o.method != "GET")
	path := func(ids []string) string {
		return filled(o.path, ids...) + strings.NewReplacer("VILLAGE", c.place("990101001201"), "NUMBER", ids[0], "BEFORE", ids[min(1, len(ids)-1)], "NOW", ids[min(2, len(ids)-1)], "LIFE", ids[len(ids)-1]).Replace(r.query)
	}
	body := func(ids []string) any {
		if r.body == nil {
			return nil
		}
		return r.body(c, s, ids)
	}
	w := c.ask(s.role, o.method, path(ids), body(ids))
	if w.Code != want {
		c.Errorf("%s by %s, %s: %d and not %d: %.300s", r.op, s.role, at, w.Code, want, w.Body)
	}
	if r.leaves {
		delete(c.tokens, s.role)
	}
	if seen {
		return 1
	}
	other := make([]string, len(ids))
	for i := range other {
		other[i] = uuid.NewString()
		if len(ids[i]) < len(other[i]) {
			other[i] = strings.ToUpper(other[i][:8]) // the code of nothing, the name of nothing
		}
	}
	if r.about == aFeedRun && slices.Contains(r.about.seenBy(s), own) {
		other[0] = ids[0] // which is known, unlike its imports elsewhere
	}
	none := c.ask(s.role, o.method, path(other), body(other))
	if a, b := plain(w.Body.String(), ids), plain(none.Body.String(), other); w.Code != none.Code || a != b {
		c.Errorf("%s by %s, %s: %d %s\nbut of what is not there %d %s", r.op, s.role, at, w.Code, a, none.Code, b)
	}
	return 2
}

var requestID = regexp.MustCompile(`"request":"[^"]*"`)

// plain is an answer without what differs from request to request.
func plain(body string, ids []string) string {
	for _, id := range ids {
		body = strings.ReplaceAll(body, id, "ID")
	}
	return requestID.ReplaceAllString(body, "")
}

// String names a standpoint.
func (s standpoint) String() string { return fmt.Sprintf("%s of %s", s.role, s.unit) }
