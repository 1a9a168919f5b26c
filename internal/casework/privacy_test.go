package casework_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/number"
	"gezhi/internal/pack"
)

// who is somebody of the office, by login.
func (o office) who(login string) *casework.Actor {
	o.t.Helper()
	ctx := o.t.Context()
	if err := o.World.Renew(ctx); err != nil {
		o.t.Fatal(err)
	}
	var id string
	if err := o.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.Row(ctx, db.Stmt(`SELECT id FROM person WHERE login = $1`), []any{login}, &id)
	}); err != nil {
		o.t.Fatal(err)
	}
	a, err := o.By(ctx, account.Actor{PersonID: id, Jurisdiction: o.home, Posts: o.World.People().Of(id, o.clock.Now())})
	if err != nil {
		o.t.Fatal(err)
	}
	return a
}

// called is a case of a caller: by ben of the waste station, in the village.
func (o office) called(text, phone string) *casework.Case {
	o.t.Helper()
	ben := o.who("ben")
	a := o.World.Tree().AreaByCode("990102001201")
	out, err := o.Open(o.t.Context(), ben, casework.Opening{Class: "incident/0102", AreaID: a.ID, Channel: "hotline", Text: text, Fields: map[string]any{"caller_phone": phone, "caller_name": "样例某"}})
	if err != nil {
		o.t.Fatal(err)
	}
	return out.Case
}

func (o office) rows(query string, args ...any) (out []string) {
	o.t.Helper()
	if err := o.DB.Read(o.t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = db.Collect(ctx, tx, db.Stmt(query), args, func(r db.Rows) (s string, err error) { return s, r.Scan(&s) })
		return err
	}); err != nil {
		o.t.Fatal(err)
	}
	return out
}

func (o office) change(query string, args ...any) {
	o.t.Helper()
	if err := o.DB.Write(o.t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, db.Stmt(query), args...)
		return err
	}); err != nil {
		o.t.Fatal(err)
	}
}

func (o office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// What an older program kept in clear is sealed at the next start, once, and is found and read
// as if it had always been.
func TestWhatWasClearIsSealed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		c := o.called("sample", "13900000002")
		o.change(`UPDATE payload SET key_id = '', lookup = '', subject = 'x', body = CASE name WHEN 'caller_phone' THEN '"13900000002"' ELSE '"样例某"' END WHERE case_id = $1`, c.ID)
		for want := range []int{2, 0} {
			n, err := o.SealOld(t.Context())
			if err != nil || n != []int{2, 0}[want] {
				t.Fatal(n, err)
			}
		}
		if left := o.rows(`SELECT body FROM payload WHERE body LIKE '%139%' OR body LIKE '%样例%' OR key_id = '' OR subject = 'x'`); len(left) > 0 {
			t.Fatal(left)
		}
		values, err := o.Unmask(t.Context(), o.who("ann"), c.ID, "contact", nil)
		if err != nil || len(values) != 2 || values[1].Value != "13900000002" {
			t.Fatal(values, err)
		}
		if found, err := o.EarlierOf(t.Context(), o.who("ann"), "139 0000 0002", "contact"); err != nil || len(found) != 1 || found[0].ID != c.ID {
			t.Error(found, err)
		}
	})
}

// Who has no role for a purpose reads nothing for it; who has reads at most so often; what is
// not there is not there; and each reading is one row with one leaf.
func TestUnmaskingHasItsLimits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		c := o.called("我的电话13900000001", "13900000002")
		for login, want := range map[string]string{"ann": "privacy.no_right", "dan": "privacy.no_right", "cai": "case.not_found"} {
			if _, err := o.Unmask(t.Context(), o.who(login), c.ID, "payment", nil); fault.CodeOf(err) != want {
				t.Errorf("%s: %v", login, err)
			}
		}
		ann := o.who("ann")
		if _, err := o.Unmask(t.Context(), ann, c.ID, "", nil); fault.CodeOf(err) != "privacy.bad_purpose" {
			t.Error(err)
		}
		if _, err := o.Unmask(t.Context(), ann, c.ID, "contact", []string{"result"}); fault.CodeOf(err) != "privacy.nothing_masked" {
			t.Error(err)
		}
		text, err := o.Unmask(t.Context(), ann, c.ID, "contact", []string{"text"})
		if err != nil || len(text) != 1 || text[0].Value != "我的电话13900000001" {
			t.Error(text, err)
		}
		times := 1
		for ; err == nil; times++ {
			_, err = o.Unmask(t.Context(), ann, c.ID, "contact", nil)
		}
		if fault.CodeOf(err) != "privacy.too_many_readings" || times != 61 {
			t.Error(times, err)
		}
		if n := len(o.rows(`SELECT id FROM reading`)); n != 60 || len(o.rows(`SELECT id FROM audit_leaf WHERE act = 'unmasked'`)) != 60 {
			t.Errorf("%d readings", n)
		}
		o.clock.Add(time.Hour + time.Second)
		if _, err := o.Unmask(t.Context(), ann, c.ID, "contact", nil); err != nil {
			t.Error(err)
		}
		mine, err := o.Readings(t.Context(), "person/"+c.ReporterID, "", 10)
		if err != nil || len(mine) != 10 || mine[0].PersonID != ann.PersonID || mine[0].Number != c.Number || mine[0].Purpose != "contact" {
			t.Error(mine, err)
		}
	})
}

// A corrected value stands for the one before; both stay sealed, and the move names the field
// alone. Nobody else's right is enough.
func TestACorrectionKeepsBothSealed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		c := o.called("sample", "13900000002")
		ben := o.who("ben")
		if err := o.Correct(t.Context(), o.who("dan"), c.ID, "caller_phone", "13900000003", "wrong", "contact"); fault.CodeOf(err) != "privacy.no_right" {
			t.Error(err)
		}
		for value, want := range map[string]string{"12": "case.bad_value", "": "case.bad_value"} {
			if err := o.Correct(t.Context(), ben, c.ID, "caller_phone", value, "wrong", ""); fault.CodeOf(err) != want {
				t.Error(value, err)
			}
		}
		o.must(o.Correct(t.Context(), ben, c.ID, "caller_phone", "13900000003", "记错了，是13900000003", ""))
		v, err := o.View(t.Context(), ben, c.ID)
		if err != nil || v.Personal["caller_phone"] != "13900000003" {
			t.Error(v.Personal, err)
		}
		all, err := o.Unmask(t.Context(), o.who("ann"), c.ID, "contact", []string{"caller_phone"})
		if err != nil || len(all) != 2 || all[0].Value != "13900000002" {
			t.Error(all, err)
		}
		if clear := o.rows(`SELECT data FROM move WHERE data LIKE '%139%' OR reason LIKE '%139%'`); len(clear) > 0 {
			t.Error(clear)
		}
	})
}

// What is kept of people ends as the pack says, or the county; one round erases it once, says
// so, and a round without earnest changes nothing.
func TestRetentionErasesInTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		p := shipped(t, "incident")
		over, report := pack.LoadOverlay("o.yaml", []byte("overlay: incident\nkeep: { case: 5 years, caller_name: erase 10 days after closed }\n"), p)
		if over == nil {
			t.Fatal(report.Text("en"))
		}
		o.must(o.Book.Load(t.Context(), "", o.home, p, over))
		c := o.called("电话13900000001", "13900000002")
		ben := o.who("ben")
		_, err := o.Act(t.Context(), ben, casework.Act{Case: c.ID, Action: "withdraw", Reason: "done"})
		o.must(err)
		if due := o.rows(`SELECT CAST(due_at AS TEXT) FROM timer WHERE kind = 'case' AND ref = $1`, c.ID); len(due) != 1 {
			t.Fatalf("no timer for what is kept: %v", due)
		}
		erased := func(dry bool) []string {
			var names []string
			r, err := o.Retain(t.Context(), o.home, dry, func(x casework.Retired) error {
				for _, v := range x.Values {
					names = append(names, v.Name+" "+v.Rule)
				}
				return nil
			})
			if err != nil || r.Erased != len(names) {
				t.Fatal(r, err)
			}
			slices.Sort(names)
			return names
		}
		if got := erased(false); got != nil {
			t.Fatalf("at once: %v", got)
		}
		o.clock.Add(11 * 24 * time.Hour)
		for _, dry := range []bool{true, true, false} {
			if got := erased(dry); !slices.Equal(got, []string{"caller_name erase 10 days after closed"}) {
				t.Fatalf("after eleven days (dry %v): %v", dry, got)
			}
		}
		if got := erased(false); got != nil {
			t.Fatalf("twice: %v", got)
		}
		if keys := o.rows(`SELECT id FROM data_key WHERE subject = $1 AND wrapped <> ''`, "person/"+c.ReporterID); len(keys) != 1 {
			t.Fatalf("the key of what is left: %v", keys)
		}
		o.clock.Add(366 * 24 * time.Hour)
		if got := erased(false); !slices.Equal(got, []string{"caller_phone 1 year after closed", "text erase 1 year after closed"}) {
			t.Fatalf("after a year: %v", got)
		}
		if keys := o.rows(`SELECT id FROM data_key WHERE subject = $1 AND wrapped <> ''`, "person/"+c.ReporterID); len(keys) != 0 {
			t.Fatalf("the key is left: %v", keys)
		}
		if n := len(o.rows(`SELECT id FROM erasure`)); n != 3 {
			t.Errorf("%d tombstones", n)
		}
		v, err := o.View(t.Context(), ben, c.ID)
		if err != nil || len(v.Personal) != 0 || v.Fields["text"] != "电话[phone ••0001]" {
			t.Error(v.Personal, v.Fields, err)
		}
		proof, err := (&audit.Verifier{DB: d}).Run(t.Context())
		if err != nil || !proof.OK || proof.Erasures != 3 || !slices.Contains(proof.Erased, "case/"+c.ID) {
			t.Errorf("the log after the erasures: %+v %v", proof, err)
		}
	})
}

// A copy that was granted is whole: values, moves, who read them. It is for the person concerned
// alone, or for who may read all of it, and is itself a reading.
func TestACopyIsWhole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		c, request := o.called("电话13900000001", "13900000002"), o.called("请给我副本", "13900000002")
		ben := o.who("ben")
		if _, err := o.CopyOf(t.Context(), ben, request.ID, "own"); fault.CodeOf(err) != "privacy.no_copy" {
			t.Error(err)
		}
		o.change(`UPDATE cases SET fields = '{"text":"x","personal_copy":true}' WHERE id = $1`, request.ID)
		_, err := o.Unmask(t.Context(), o.who("ann"), c.ID, "contact", nil)
		o.must(err)
		if _, err := o.CopyOf(t.Context(), o.who("dan"), request.ID, "contact"); fault.CodeOf(err) != "privacy.no_right" {
			t.Error(err)
		}
		all, err := o.CopyOf(t.Context(), ben, request.ID, "own")
		if err != nil || len(all.Cases) != 2 || all.Cases[0].ID != c.ID || len(all.Cases[0].Moves) != 1 || len(all.Values[c.ID]) != 3 {
			t.Fatal(all, err)
		}
		if all.Values[c.ID][2].Value != "电话13900000001" {
			t.Error(all.Values[c.ID])
		}
		if len(all.Read) != 3 || !slices.ContainsFunc(all.Read, func(r casework.Reading) bool { return r.Purpose == "contact" && r.PersonID == o.who("ann").PersonID }) {
			t.Errorf("who read: %+v", all.Read)
		}
	})
}

// A request tells nothing of its body to who has the database alone, and is known again.
func TestARequestIsKnownAgainButNotTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		ben := o.who("ben")
		at := casework.Opening{Class: "incident/0102", AreaID: o.World.Tree().AreaByCode("990102001201").ID, Channel: "hotline", Text: "电话13900000001", Key: "k1"}
		first, err := o.Open(t.Context(), ben, at)
		o.must(err)
		again, err := o.Open(t.Context(), ben, at)
		if err != nil || again.Case.ID != first.Case.ID {
			t.Fatal(err)
		}
		text, err := json.Marshal(at)
		o.must(err)
		bare := sha256.Sum256(text)
		if kept := o.rows(`SELECT body_hash FROM idempotency WHERE key = 'k1'`); len(kept) != 1 || kept[0] == "" || kept[0] == base64.RawStdEncoding.EncodeToString(bare[:]) {
			t.Errorf("kept as %v", kept)
		}
		at.Text = "电话13900000002"
		if _, err := o.Open(t.Context(), ben, at); fault.CodeOf(err) != "idempotency.other_body" {
			t.Error(err)
		}
	})
}

// A case that speaks of a minor trains nobody, nor does one whose class or life says never.
func TestWhatNeverTrains(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.must(o.Book.Load(t.Context(), "", o.home, shipped(t, "personal-data"), nil))
		a := func() string { return o.World.Tree().AreaByCode("990102001201").ID }
		open := func(class, text string) *casework.Case {
			out, err := o.Open(t.Context(), o.who("ben"), casework.Opening{Class: class, AreaID: a(), Channel: "window", Text: text})
			o.must(err)
			return out.Case
		}
		for _, x := range []struct {
			class, text string
			want        bool
		}{{"incident/0102", "垃圾", true}, {"incident/0102", "大人99010219850203001X", true}, {"incident/0102", "孩子990102201502030022", false}, {"incident/10", "邻里争吵", false}, {"personal-data/copy", "副本", false}} {
			c := open(x.class, x.text)
			var got bool
			o.must(o.DB.Read(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
				got, err = o.Trainable(ctx, tx, c)
				return err
			}))
			if got != x.want {
				t.Errorf("%s %s: %v", x.class, x.text, got)
			}
		}
	})
}

// A placeholder holds no more than the end of a number, and nothing that is found again.
func TestAPlaceholderHides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("0123456789X 邻居电话，。-１３９"))).Draw(t, "text")
		for _, n := range number.Find(text) {
			stands := casework.Placeholder(n)
			if strings.Contains(stands, n.Normal) || len(number.Find("见"+stands+"。")) > 0 {
				t.Fatalf("%q stands for %q", stands, n.Normal)
			}
		}
	})
}
