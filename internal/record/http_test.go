package record

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gezhi/internal/account"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// people are those who ask: by area of their post, by being named, by nothing.
func (c county) people() map[string]account.Scope {
	area := func(level account.Level, code string) account.Scope {
		return account.Scope{Jurisdiction: c.j, Branches: []account.Branch{{Kind: account.PersonBranch, ID: "somebody"}, {Kind: account.AreaBranch, Level: level, ID: c.area[code]}}}
	}
	return map[string]account.Scope{
		"county": area(account.County, "339901"), "one": area(account.Village, "339901001001"), "two": area(account.Village, "339901001002"),
		"wang": {Jurisdiction: c.j, Branches: []account.Branch{{Kind: account.PersonBranch, ID: c.wang}}},
		"hall": {Jurisdiction: c.j, Branches: []account.Branch{{Kind: account.PersonBranch, ID: "x"}, {Kind: account.UnitBranch, ID: c.unit}}},
		"none": {Jurisdiction: c.j}, "foreign": {Jurisdiction: "j2", Branches: area(account.County, "339901").Branches},
	}
}

// ask sends a request as one of the people and returns the status and the decoded body.
func (c county) ask(t *testing.T, who, path string) (int, map[string]any) {
	t.Helper()
	srv := web.New("Test", "1")
	srv.Log = slog.New(slog.DiscardHandler)
	srv.Authenticate = func(ctx context.Context, r *http.Request) (context.Context, error) {
		name := r.Header.Get("Who")
		if name == "" {
			return nil, fault.New(fault.Unauthenticated, "session.none")
		}
		return account.With(ctx, account.Actor{PersonID: name, Jurisdiction: c.people()[name].Jurisdiction}), nil
	}
	c.Scope = func(_ context.Context, a account.Actor) (account.Scope, error) { return c.people()[a.PersonID], nil }
	c.Routes(srv)
	r := httptest.NewRequest("GET", "/api/v1"+path, nil)
	r.Header.Set("Who", who)
	r.Header.Set("Accept-Language", "en")
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, r)
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(w.Code, w.Body)
	}
	return w.Code, body
}

func (c county) keys(t *testing.T, who, query string) []string {
	t.Helper()
	code, body := c.ask(t, who, "/records?"+query)
	if code != 200 {
		return []string{fmt.Sprint(code), fmt.Sprint(body["code"])}
	}
	out := []string{}
	for _, r := range body["records"].([]any) {
		out = append(out, r.(map[string]any)["key"].(string))
	}
	return out
}

func (c county) fill(t *testing.T) {
	c.take(t, "household", "number,name,area,phone,until\nH1,王家,339901001001,13800000000,\nH2,李家,339901001002,,\nH3,赵家,339901001,,2026-03-31\n")
	c.take(t, "resident", "code,person,lives_in,area\nR1,wang,H1,339901001001\n")
	c.take(t, "mediator", "code,name,person,office\nM1,老王,wang,hall\nM2,老李,,\n")
}

// Lists hold what somebody may see on the day asked for: his area's, those that name him or
// his unit, the public ones; another county's are not there.
func TestListsAsTheyMayBeSeen(t *testing.T) {
	eachCounty(t, func(t *testing.T, c county) {
		c.fill(t)
		for _, x := range []struct {
			who, query string
			want       []string
		}{
			{"county", "kind=household", []string{"H1", "H2", "H3"}},
			{"county", "kind=registers/household&as_of=2026-04-01", []string{"H1", "H2"}},
			{"county", "kind=household&as_of=2026-01-01", []string{}},
			{"county", "kind=household&area=" + c.area["339901001002"], []string{"H2"}},
			{"county", "kind=household&q=" + "%E6%9D%8E", []string{"H2"}}, // 李
			{"county", "kind=household&q=h3", []string{"H3"}},
			{"county", "kind=household&q=%25", []string{}},
			{"county", "kind=household&q=13800", []string{}}, // nothing personal is searched
			{"one", "kind=household", []string{"H1"}}, {"two", "kind=household", []string{"H2"}}, {"two", "kind=resident", []string{}},
			{"wang", "kind=resident", []string{"R1"}}, {"wang", "kind=household", []string{}}, {"none", "kind=household", []string{}},
			{"none", "kind=mediator", []string{"M1", "M2"}}, {"hall", "kind=mediator&q=m1", []string{"M1"}},
			{"foreign", "kind=household", []string{"400", "record.unknown_kind"}}, {"county", "kind=nothing", []string{"400", "record.unknown_kind"}},
			{"county", "kind=household&as_of=soon", []string{"400", "territory.bad_date"}}, {"county", "kind=household&area=x", []string{"400", "territory.unknown_area"}},
			{"county", "kind=household&cursor=x", []string{"400", "page.bad_cursor"}}, {"", "kind=household", []string{"401", "session.none"}},
			{"county", "q=x", []string{"422", "request.invalid"}},
		} {
			if got := c.keys(t, x.who, x.query); !cmp.Equal(got, x.want) {
				t.Errorf("%s, %s: %v, not %v", x.who, x.query, got, x.want)
			}
		}
	})
}

// Pages follow each other by key, and together hold everything once.
func TestPagesFollowEachOther(t *testing.T) {
	eachCounty(t, func(t *testing.T, c county) {
		var file strings.Builder
		file.WriteString("number,area\n")
		var want []string
		for i := range 25 {
			fmt.Fprintf(&file, "H%02d,%s\n", i, []string{"339901001001", "339901001002"}[i%2])
			want = append(want, fmt.Sprintf("H%02d", i))
		}
		c.take(t, "household", file.String())
		var got []string
		cursor := ""
		for pages := 0; pages < 5; pages++ {
			_, body := c.ask(t, "county", "/records?kind=household&limit=7&cursor="+cursor)
			for _, r := range body["records"].([]any) {
				got = append(got, r.(map[string]any)["key"].(string))
			}
			if cursor, _ = body["next"].(string); cursor == "" {
				break
			}
		}
		if !cmp.Equal(got, want) {
			t.Error(got)
		}
	})
}

// A record is shown with what held on the day, its history and what it is joined to; personal
// values are masked for everybody; to who may not see it, it is not there, in whatever way.
func TestViewsAsTheyMayBeSeen(t *testing.T) {
	eachCounty(t, func(t *testing.T, c county) {
		c.fill(t)
		imp := c.of("household")
		imp.From = "2026-03-10"
		if _, err := c.Import(t.Context(), []byte("number,name\nH1,王家大院\n"), imp); err != nil {
			t.Fatal(err)
		}
		id := func(kind, key string) string {
			_, body := c.ask(t, "county", "/records?kind="+kind+"&as_of=2026-03-12&q="+key)
			return body["records"].([]any)[0].(map[string]any)["id"].(string)
		}
		h1 := id("household", "h1")
		code, body := c.ask(t, "one", "/records/"+h1+"?as_of=2026-03-05")
		text := fmt.Sprint(body)
		if code != 200 || !strings.Contains(text, "王家") || strings.Contains(text, "13800000000") || body["holds"] != true || len(body["course"].([]any)) != 2 {
			t.Error(code, text)
		}
		fields := body["fields"].([]any)
		if f := fields[1].(map[string]any); f["value"] != "王家" || f["title"] != "name" {
			t.Error(f)
		}
		if f := fields[len(fields)-1].(map[string]any); f["name"] != "phone" || f["masked"] != true || f["value"] != nil {
			t.Error(f)
		}
		if related := body["related"].([]any); len(related) != 1 || related[0].(map[string]any)["title"] != "members" {
			t.Error(related)
		}
		if _, body = c.ask(t, "one", "/records/"+h1+"?as_of=2026-03-12"); !strings.Contains(fmt.Sprint(body["fields"]), "王家大院") {
			t.Error(body)
		}
		if _, body = c.ask(t, "one", "/records/"+h1+"?as_of=2025-03-12"); body["holds"] != false || len(body["fields"].([]any)) != 0 {
			t.Error(body)
		}
		_, missing := c.ask(t, "county", "/records/nothing")
		for _, who := range []string{"two", "wang", "none", "foreign", "hall"} {
			if code, body := c.ask(t, who, "/records/"+h1); code != 404 || body["code"] != missing["code"] {
				t.Errorf("%s: %d %v", who, code, body)
			}
		}
		if code, body := c.ask(t, "wang", "/records/"+id("resident", "r1")); code != 200 || len(body["related"].([]any)) != 0 {
			t.Error(code, body) // himself, but not the household that he may not look up
		}
		if code, _ := c.ask(t, "foreign", "/records/"+id("mediator", "m1")); code != 404 {
			t.Error("a public register of another county:", code)
		}
		if _, body := c.ask(t, "none", "/record-kinds"); len(body["kinds"].([]any)) != 4 {
			t.Error(body)
		}
	})
}
