package account

import (
	"context"
	"testing"
	"time"

	"gezhi/internal/db"
)

// What is no telephone number or no address is refused by name, and what people write between
// digits is taken out.
func TestContactsAreTidied(t *testing.T) {
	c, err := Contacts{Phone: "+86 100-0000 (0001)", Mail: " li@gezhi.example "}.Tidy()
	if err != nil || c != (Contacts{"+8610000000001", "li@gezhi.example"}) {
		t.Fatal(c, err)
	}
	for _, bad := range []Contacts{{Phone: "12"}, {Phone: "1234567890123456"}, {Phone: "10000000x"}, {Mail: "li"}, {Mail: "Li <li@gezhi.example>"}, {Mail: "a@b\r\nBcc: c@d"}} {
		_, err := bad.Tidy()
		want(t, err, "person.bad_contact")
	}
}

// A way that is set is found; an empty one is gone; and the audit keeps one leaf for each change.
func TestContactsAreKept(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p := o.person("li")
		for i, c := range []Contacts{{"10000000001", "li@gezhi.example"}, {"10000000001", "li@gezhi.example"}, {Mail: "li2@gezhi.example"}} {
			if err := o.SetContacts(t.Context(), "", p.ID, c); err != nil {
				t.Fatal(err)
			}
			if got, err := o.Contacts(t.Context(), p.ID); err != nil || got != c {
				t.Fatal(i, got, err)
			}
		}
		if n := o.leaves("contacts.set"); n != 2 {
			t.Fatalf("%d leaves for two changes", n)
		}
		want(t, o.SetContacts(t.Context(), "", "nobody", Contacts{}), "person.none")
	})
}

// A line of a staff list that comes again with an end gives the post that end; contacts that a
// line leaves out stay; a post of the past is not begun any more.
func TestALineMendsWhatStands(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		enrol := func(e Enrolment) (out Enrolled) {
			t.Helper()
			e.Jurisdiction, e.Name, e.Login, e.Nature = "j1", "样例", "li", "sample"
			if err := o.DB.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) (err error) {
				out, err = o.Enrol(ctx, tx, "", e)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return out
		}
		post, ends := NewPost{Role: "clerk"}, monday.Add(48*time.Hour)
		ended := post
		ended.Until = ends
		for i, c := range []struct {
			e    Enrolment
			want Enrolled
		}{
			{Enrolment{Post: post, Contacts: Contacts{Phone: "10000000001"}}, Begun},
			{Enrolment{Post: post}, Unchanged},
			{Enrolment{Post: post, Contacts: Contacts{Mail: "li@gezhi.example"}}, Changed},
			{Enrolment{Post: ended}, Changed},
			{Enrolment{Post: ended}, Unchanged},
			{Enrolment{Post: NewPost{Role: "dispatcher", From: monday.Add(-48 * time.Hour), Until: monday.Add(-24 * time.Hour)}}, Unchanged},
			{Enrolment{}, Unchanged},
		} {
			if got := enrol(c.e); got != c.want {
				t.Errorf("line %d: %v, not %v", i, got, c.want)
			}
		}
		logins, err := o.Logins(t.Context(), "j1")
		if err != nil || logins["li"] == "" {
			t.Fatal(logins, err)
		}
		posts, err := o.Posts(t.Context(), logins["li"])
		if err != nil || len(posts) != 1 || !posts[0].Until.Equal(ends) {
			t.Fatal(posts, err)
		}
		if c, _ := o.Contacts(t.Context(), logins["li"]); c != (Contacts{"10000000001", "li@gezhi.example"}) {
			t.Error(c)
		}
	})
}

// A jurisdiction is set up once; settings follow, a name does not.
func TestAJurisdictionIsSetUpOnce(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		j := Jurisdiction{Code: "990102", Name: "样例县", Nature: "sample", Settings: Settings{Runs: []string{"office"}}}
		first, begun, _, err := o.SetUp(t.Context(), j)
		if err != nil || !begun {
			t.Fatal(err)
		}
		again, begun, changed, err := o.SetUp(t.Context(), j)
		if err != nil || begun || changed || again.ID != first.ID {
			t.Fatal(again, begun, changed, err)
		}
		j.Settings.Runs = []string{"office", "committee"}
		if _, begun, changed, err = o.SetUp(t.Context(), j); err != nil || begun || !changed {
			t.Fatal(begun, changed, err)
		}
		all, err := o.Jurisdictions(t.Context())
		if err != nil || len(all) != 1 || len(all[0].Settings.Runs) != 2 {
			t.Fatal(all, err)
		}
		j.Name = "另一县"
		_, _, _, err = o.SetUp(t.Context(), j)
		want(t, err, "jurisdiction.taken")
		_, _, _, err = o.SetUp(t.Context(), Jurisdiction{Code: "99-01", Name: "样例县"})
		want(t, err, "jurisdiction.bad_code")
	})
}

// What is tried first is refused; what is long and of one's own is not.
func TestWeakPasswordsAreRefused(t *testing.T) {
	for _, p := range []string{"password", "Password123", "12345678", "87654321", "abcdefgh", "aaaaaaaaaa", "abababab", "12341234", "1qaz2wsx", "qwertyui", "li.wang123", "Li.Wang2026!", "woaini1314"} {
		want(t, checkPassword(p, "li.wang", ""), "password.weak")
	}
	for _, p := range []string{"three blue buckets", "sample-village", "格治县里的一天早晨", "x7 Qm-2vTz"} {
		if err := checkPassword(p, "village", ""); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
}
