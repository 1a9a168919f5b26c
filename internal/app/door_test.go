package app_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gezhi/internal/account"
)

// midway is an answer in the middle of which something happens.
type midway struct {
	*httptest.ResponseRecorder
	happens func()
}

// Write lets it happen before the first bytes go out.
func (m *midway) Write(b []byte) (int, error) {
	if m.happens != nil {
		m.happens()
		m.happens = nil
	}
	return m.ResponseRecorder.Write(b)
}

// A post that ends, or moves, while its holder reads a table of many pages ends the table between two
// of them, on both engines; the next request knows it, too.
func TestAnExportStopsWhenRightsChange(t *testing.T) {
	for _, engine := range engines {
		t.Run(string(engine), func(t *testing.T) {
			o := sampled(t, engine, "-demo")
			o.app.Cases.Page = 10
			for _, moved := range []bool{true, false} {
				cookie := o.logIn("street")
				whole, broken := o.export(cookie, nil)
				if broken || whole < 15 {
					t.Fatalf("%d rows, broken: %v", whole, broken)
				}
				part, broken := o.export(cookie, func() { o.changePost("street", moved) })
				if !broken || part >= whole {
					t.Errorf("moved %v: %d rows of %d, broken: %v", moved, part, whole, broken)
				}
				w, v := o.send("GET", "/cases", cookie, nil)
				if rows, _ := v["cases"].([]any); len(rows) > 0 || !moved && w.Code != http.StatusForbidden {
					t.Errorf("moved %v: %d %d rows", moved, w.Code, len(rows))
				}
				if moved {
					o.changeBack("street")
				}
			}
		})
	}
}

// export reads the table of a person's queue; in its middle something happens. broken tells that the
// connection was cut, so that half a table does not look whole.
func (o office) export(cookie string, happens func()) (rows int, broken bool) {
	o.Helper()
	w := &midway{httptest.NewRecorder(), happens}
	r := httptest.NewRequest("GET", "/api/v1/cases.csv", nil)
	r.Header.Set("Cookie", cookie)
	func() {
		defer func() {
			p := recover()
			if broken = p == http.ErrAbortHandler; p != nil && !broken {
				panic(p)
			}
		}()
		o.app.Web.ServeHTTP(w, r)
	}()
	return strings.Count(w.Body.String(), "\n"), broken
}

// changePost ends every post of somebody, and gives one in another place where they are moved.
func (o office) changePost(login string, moved bool) {
	o.Helper()
	p, err := o.app.Accounts.ByLogin(o.Context(), login)
	if err != nil {
		o.Fatal(err)
	}
	posts, err := o.app.Accounts.Posts(o.Context(), p.ID)
	if err != nil {
		o.Fatal(err)
	}
	for _, post := range posts {
		if post.Until.IsZero() {
			if err := o.app.Accounts.EndPost(o.Context(), "", post.ID, time.Time{}); err != nil {
				o.Fatal(err)
			}
		}
	}
	if moved {
		if _, err := o.app.Accounts.GivePost(o.Context(), "", account.NewPost{PersonID: p.ID, Role: "clerk"}); err != nil {
			o.Fatal(err)
		}
	}
}

// changeBack gives somebody the first post they ever had.
func (o office) changeBack(login string) {
	o.Helper()
	p, err := o.app.Accounts.ByLogin(o.Context(), login)
	if err != nil {
		o.Fatal(err)
	}
	posts, err := o.app.Accounts.Posts(o.Context(), p.ID)
	if err != nil {
		o.Fatal(err)
	}
	x := posts[0]
	if _, err := o.app.Accounts.GivePost(o.Context(), "", account.NewPost{PersonID: p.ID, Role: x.Role, UnitID: x.UnitID, AreaID: x.AreaID, AreaLevel: x.AreaLevel, Seat: x.Seat}); err != nil {
		o.Fatal(err)
	}
}
