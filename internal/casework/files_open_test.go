package casework_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/media"
	"gezhi/internal/record"
)

// shelf is a gallery with a street that keeps goods: sun asks, sue approves; ann, of another
// pack, sees neither's cases.
func newShelf(t *testing.T, d *db.DB) gallery {
	g := newGallery(t, d)
	p := shipped(t, "village-points")
	g.must(g.Book.Load(t.Context(), "", g.home, p, nil))
	g.Records = &record.Service{DB: d, Now: g.clock.Now, NewID: g.ID, Territory: g.World.Territory, Vault: g.Vault,
		Kinds: func(context.Context, string) ([]record.Kind, error) { return record.KindsOf(p, nil), nil }}
	town := g.World.Tree().AreaByCode("990102001")
	office, ok := g.World.Tree().UnitByCode(g.home, "north")
	if !ok {
		t.Fatal("no office")
	}
	g.must(d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
		for _, login := range []string{"sun", "sue"} {
			if _, err := g.World.Accounts.Enrol(ctx, tx, "", account.Enrolment{Jurisdiction: g.home, Name: "Sample", Login: login, Nature: "sample",
				Post: account.NewPost{Role: "street_office", UnitID: office.ID, AreaID: town.ID, AreaLevel: account.Level(town.Level), From: monday.AddDate(0, -1, 0)}}); err != nil {
				return err
			}
		}
		return nil
	}))
	return g
}

// asks opens a case of sun's at the office of the street.
func (g gallery) asks(class string, about *casework.About, fields map[string]any) string {
	g.t.Helper()
	out, err := g.Open(g.t.Context(), g.who("sun"), casework.Opening{Class: "village-points/" + class, AreaID: g.World.Tree().AreaByCode("990102001").ID, Channel: "window", Text: "sample", Fields: fields, About: about})
	g.must(err)
	return out.Case.ID
}

func (g gallery) decides(id, action string) {
	g.t.Helper()
	_, err := g.Act(g.t.Context(), g.who("sue"), casework.Act{Case: id, Action: action})
	g.must(err)
	g.work()
}

// What a case wrote into a record that everybody may look up opens for everybody who is signed
// in, as a copy, for as long as the record shows it; nothing else of the case does.
func TestWhatAnOpenRecordShowsOpens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newShelf(t, d)
		towel, _ := g.uploaded("sun", "家门口.jpg", photo(1))
		other, _ := g.uploaded("sun", "b.jpg", photo(2))
		first := g.asks("good_new", nil, map[string]any{"code": "W90", "name": "Towel", "price": json.Number("6"), "stock": json.Number("20"), "photo": []any{towel.ID}})
		opens := func(what, id string, want int) {
			t.Helper()
			for _, path := range []string{"/files/" + id, "/files/" + id + "?form=thumb"} {
				w := g.ask("ann", "GET", path, nil)
				if w.Code != want {
					t.Fatalf("%s, %s: %d %.80q", what, path, w.Code, w.Body)
				}
				if x, err := media.Inspect(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len())); want == http.StatusOK && (err != nil || x.Hint.Says()) {
					t.Errorf("%s: %+v %v", what, x.Hint, err)
				}
			}
		}
		opens("not approved", towel.ID, http.StatusNotFound)
		g.decides(first, "approve")
		opens("on the shelf", towel.ID, http.StatusOK)
		for _, path := range []string{"/cases/" + first, "/cases/" + first + "/files"} {
			if w := g.ask("ann", "GET", path, nil); w.Code != http.StatusNotFound {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
		if w := g.ask("ann", "POST", "/files/"+towel.ID+"/unmask?purpose=contact", nil); w.Code != http.StatusNotFound {
			t.Errorf("unmasked: %d", w.Code)
		}
		if w := g.ask("nobody", "GET", "/files/"+towel.ID, nil); w.Code != http.StatusUnauthorized {
			t.Errorf("not signed in: %d", w.Code)
		}
		// Another price leaves the photo; another photo takes its place; at the end none opens.
		good := g.rows(`SELECT id FROM record WHERE key_text = 'W90'`)[0]
		about := &casework.About{Kind: "record", ID: good}
		g.decides(g.asks("good_change", about, map[string]any{"price": json.Number("8")}), "approve")
		opens("another price", towel.ID, http.StatusOK)
		g.decides(g.asks("good_change", about, map[string]any{"photo": []any{other.ID}}), "approve")
		opens("replaced", towel.ID, http.StatusNotFound)
		opens("another photo", other.ID, http.StatusOK)
		g.clock.Set(monday.AddDate(0, 0, 3))
		g.decides(g.asks("good_change", about, map[string]any{"remove": true}), "take_off")
		opens("taken off", other.ID, http.StatusNotFound)
	})
}

// What is asked about a thing of the street lies at the street for the street's office, and in her
// community for who administers that: she may ask there and nowhere above.
func TestWhatIsAskedAboutALargerAreaLiesWhereItMayBeAsked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newShelf(t, d)
		town := g.World.Tree().AreaByCode("990102001")
		village := g.World.Tree().Below(town.ID)[1]
		unit, _ := g.World.Tree().UnitByCode(g.home, "north")
		g.must(d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
			_, err := g.World.Accounts.Enrol(ctx, tx, "", account.Enrolment{Jurisdiction: g.home, Name: "Sample", Login: "ada", Nature: "sample",
				Post: account.NewPost{Role: "community_admin", UnitID: unit.ID, AreaID: village.ID, AreaLevel: account.Level(village.Level), From: monday.AddDate(0, -1, 0)}})
			return err
		}))
		g.decides(g.asks("good_new", nil, map[string]any{"code": "W90", "name": "Towel", "price": json.Number("6"), "stock": json.Number("20")}), "approve")
		about := &casework.About{Kind: "record", ID: g.rows(`SELECT id FROM record WHERE key_text = 'W90'`)[0]}
		for login, area := range map[string]string{"ada": village.ID, "sue": town.ID} {
			out, err := g.Open(t.Context(), g.who(login), casework.Opening{Class: "village-points/good_change", Channel: "window", Text: "sample", Fields: map[string]any{"price": json.Number("8")}, About: about})
			if err != nil || out.Case.AreaID != area {
				t.Fatalf("%s: %+v %v, want %s", login, out, err, area)
			}
			_, err = g.Act(t.Context(), g.who(login), casework.Act{Case: out.Case.ID, Action: "withdraw"})
			g.must(err)
		}
	})
}

// An import that writes the id of somebody's file into an open record opens nothing.
func TestAnImportOpensNobodysFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newShelf(t, d)
		f, _ := g.uploaded("ben", "a.jpg", photo(1))
		g.with("ben", f.ID)
		k := record.KindsOf(shipped(t, "village-points"), nil)
		for _, x := range k {
			if x.Name != "good" {
				continue
			}
			g.must(d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
				return g.Records.Put(ctx, tx, x, nil, record.Draft{Values: map[string]any{"code": "W91", "name": "Soap", "price": json.Number("1"), "stock": json.Number("1"), "photo": []any{f.ID}}},
					record.Import{Jurisdiction: g.home, From: "2026-03-01", Nature: "sample"}, g.World.Tree())
			}))
		}
		if n := len(g.rows(`SELECT subject FROM record_subject WHERE subject = $1`, "file/"+f.ID)); n != 1 {
			t.Fatalf("%d records name it", n)
		}
		if w := g.ask("cai", "GET", "/files/"+f.ID, nil); w.Code != http.StatusNotFound {
			t.Errorf("%d %.80q", w.Code, w.Body)
		}
	})
}
