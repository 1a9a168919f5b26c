package account

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gezhi/internal/web"
)

// bureau is an office of two units, one above the other.
type bureau struct {
	office
	chief, deputy, clerk, other, above Person
	post                               map[string]Post
}

func eachBureau(t *testing.T, fn func(t *testing.T, b bureau)) {
	t.Helper()
	each(t, func(t *testing.T, o office) {
		o.settle()
		b := bureau{office: o, chief: o.person("chief"), deputy: o.person("deputy"), clerk: o.person("clerk"), other: o.person("other"), above: o.person("above"), post: map[string]Post{}}
		b.post["chief"] = o.give(b.chief, "leader", "town.station", "area", Leader)
		b.post["deputy"] = o.give(b.deputy, "leader", "town.station", "area", Deputy)
		b.post["clerk"] = o.give(b.clerk, "clerk", "town.station", "area", Member)
		b.post["other"] = o.give(b.other, "clerk", "town.elsewhere", "area", Leader)
		b.post["above"] = o.give(b.above, "leader", "town", "area", Deputy)
		fn(t, b)
	})
}

// The holder says who acts for them, or a superior does: a leader for the members of the unit, who
// leads above for all below. A colleague, a deputy for the leader, and a leader elsewhere do not.
func TestWhoMayLendAPost(t *testing.T) {
	eachBureau(t, func(t *testing.T, b bureau) {
		until := monday.Add(48 * time.Hour)
		may := map[string][]string{
			"chief": {"chief", "above"}, "deputy": {"deputy", "chief", "above"}, "clerk": {"clerk", "deputy", "chief", "above"}, "other": {"other", "above"}, "above": {"above"},
		}
		people := map[string]Person{"chief": b.chief, "deputy": b.deputy, "clerk": b.clerk, "other": b.other, "above": b.above}
		for post, by := range may {
			for name, p := range people {
				to := b.clerk.ID
				if post == "clerk" {
					to = b.other.ID
				}
				d, err := b.Lend(t.Context(), b.as(p), Delegation{PostID: b.post[post].ID, To: to, Until: until})
				if slices.Contains(by, name) {
					if err != nil || d.RecordedBy != p.ID {
						t.Errorf("%s for %s: %v", name, post, err)
					} else if err := b.TakeBack(t.Context(), b.as(p), d.ID); err != nil {
						t.Error(err)
					}
				} else {
					want(t, err, "post.none")
				}
				all, err := b.Lendable(t.Context(), b.as(p), "", 50)
				if err != nil || slices.ContainsFunc(all, func(c Charge) bool { return c.Post.ID == b.post[post].ID }) != slices.Contains(by, name) {
					t.Errorf("%s sees the post of %s otherwise than the rule", name, post)
				}
			}
		}
	})
}

// A delegation begins and ends by itself, both see it, and who acts sees it as what it is.
func TestADelegationEndsByItself(t *testing.T) {
	eachBureau(t, func(t *testing.T, b bureau) {
		token := b.logIn("other")
		d, err := b.Lend(t.Context(), b.as(b.clerk), Delegation{PostID: b.post["clerk"].ID, To: b.other.ID, Start: monday.Add(time.Hour), Until: monday.Add(3 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		for i, acts := range []bool{false, true, true, false, false} {
			b.clock.Set(monday.Add(time.Duration(i) * time.Hour))
			if acting := len(b.who(token).Acting) == 1; acting != acts {
				t.Errorf("at hour %d acts: %v", i, acting)
			}
		}
		for _, p := range []Person{b.clerk, b.other, b.chief, b.deputy, b.above} {
			all, err := b.Absences(t.Context(), b.as(p))
			if err != nil || len(all) != 1 || all[0].ID != d.ID || all[0].FromName != b.clerk.Name || all[0].ToName != b.other.Name || all[0].MayEnd {
				t.Errorf("%s: %+v %v", p.Login, all, err)
			}
		}
		stranger := b.person("stranger")
		b.give(stranger, "clerk", "town.elsewhere", "area", Member)
		if all, err := b.Absences(t.Context(), b.as(stranger)); err != nil || len(all) != 0 {
			t.Errorf("%+v %v", all, err)
		}
		want(t, b.TakeBack(t.Context(), b.as(stranger), d.ID), "delegation.none")
		b.clock.Set(monday.Add(shownAfter + 4*time.Hour))
		if all, err := b.Absences(t.Context(), b.as(b.clerk)); err != nil || len(all) != 0 {
			t.Errorf("a month later: %+v %v", all, err)
		}
	})
}

// What was lent is not lent on: who acts for the chief neither passes the chief's post to somebody
// else nor uses it to lend the posts below, nor does a post of theirs bring it along.
func TestADelegationIsNotPassedOn(t *testing.T) {
	eachBureau(t, func(t *testing.T, b bureau) {
		until := monday.Add(48 * time.Hour)
		if _, err := b.Lend(t.Context(), b.as(b.chief), Delegation{PostID: b.post["chief"].ID, To: b.clerk.ID, Until: until}); err != nil {
			t.Fatal(err)
		}
		for _, post := range []string{"chief", "deputy"} {
			_, err := b.Lend(t.Context(), b.as(b.clerk), Delegation{PostID: b.post[post].ID, To: b.other.ID, Until: until})
			want(t, err, "post.none")
		}
		if _, err := b.Lend(t.Context(), b.as(b.clerk), Delegation{PostID: b.post["clerk"].ID, To: b.other.ID, Until: until}); err != nil {
			t.Fatal(err)
		}
		if a := b.as(b.other); len(a.Acting) != 1 || a.Acting[0].PersonID != b.clerk.ID {
			t.Errorf("%+v", a.Acting)
		}
	})
}

// A delegation has an end, goes to somebody of the staff of the same county, and lends no mandate:
// a post outside any unit stays with its holder. It never begins in the past.
func TestWhatCannotBeLent(t *testing.T) {
	eachBureau(t, func(t *testing.T, b bureau) {
		until := monday.Add(time.Hour)
		mandate := b.give(b.clerk, "deputy", "", "area", NoSeat)
		resident := b.person("resident")
		b.give(resident, "resident", "", "area", NoSeat)
		far, err := b.CreatePerson(t.Context(), "", NewPerson{Jurisdiction: "j2", Name: "样例外县", Nature: "sample"})
		if err != nil {
			t.Fatal(err)
		}
		b.give(far, "clerk", "town", "area", Leader)
		for code, d := range map[string]Delegation{
			"post.none":             {PostID: mandate.ID, To: b.other.ID, Until: until},
			"delegation.not_staff":  {PostID: b.post["clerk"].ID, To: resident.ID, Until: until},
			"person.none":           {PostID: b.post["clerk"].ID, To: far.ID, Until: until},
			"delegation.invalid":    {PostID: b.post["clerk"].ID, To: b.other.ID, Until: monday},
			"delegation.to_oneself": {PostID: b.post["clerk"].ID, To: b.clerk.ID, Until: until},
		} {
			_, err := b.Lend(t.Context(), b.as(b.clerk), d)
			want(t, err, code)
		}
		_, err = b.Lend(t.Context(), b.as(far), Delegation{PostID: b.post["clerk"].ID, To: b.other.ID, Until: until})
		want(t, err, "post.none")
		d, err := b.Lend(t.Context(), b.as(b.clerk), Delegation{PostID: b.post["clerk"].ID, To: b.other.ID, Start: monday.Add(-time.Hour), Until: until})
		if err != nil || !d.Start.Equal(monday) {
			t.Error(d, err)
		}
	})
}

// Over HTTP both see who acts for whom, and either of them ends it.
func TestDelegationsOverHTTP(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		d.settle()
		Door{Accounts: d.Service}.Register(d.srv)
		clerk, other := d.person("clerk"), d.person("other")
		d.give(clerk, "clerk", "u1", "area.v1", Member)
		d.give(other, "clerk", "u1", "area.v1", Member)
		mine, theirs := "Authorization: Bearer "+d.logIn("clerk"), "Authorization: Bearer "+d.logIn("other")
		posts := decode[struct{ Posts []LendableJSON }](t, d.ask("GET", "/api/v1/delegations/posts", "", mine)).Posts
		if len(posts) != 1 || posts[0].Holder.ID != clerk.ID {
			t.Fatalf("%+v", posts)
		}
		body := `{"post_id":"` + posts[0].Post.ID + `","to":"` + other.ID + `","until":1772600000000}`
		if w := d.ask("POST", "/api/v1/delegations", body, theirs); w.Code != 404 {
			t.Error(w.Code, w.Body)
		}
		if w := d.ask("POST", "/api/v1/delegations", body, mine); w.Code != 201 {
			t.Fatal(w.Code, w.Body)
		}
		var id string
		for _, by := range []string{mine, theirs} {
			all := decode[struct{ Delegations []DelegationJSON }](t, d.ask("GET", "/api/v1/delegations", "", by)).Delegations
			if len(all) != 1 || all[0].From.ID != clerk.ID || all[0].To.ID != other.ID || !all[0].MayEnd {
				t.Fatalf("%+v", all)
			}
			id = all[0].ID
		}
		if who := decode[Me](t, d.ask("GET", "/api/v1/me", "", theirs)); len(who.Posts) != 2 || who.Posts[1].For == nil || who.Posts[1].For.Name != clerk.Name {
			t.Errorf("%+v", who.Posts)
		}
		if w := d.ask("POST", "/api/v1/delegations/"+id+"/end", "", theirs); w.Code != 204 {
			t.Error(w.Code, w.Body)
		}
		if w := d.ask("POST", "/api/v1/delegations/"+id+"/end", "", mine); w.Code != 409 || decode[web.Problem](t, w).Code != "delegation.ended" {
			t.Error(w.Code, w.Body)
		}
		if w := d.ask("GET", "/api/v1/me", "", theirs); strings.Contains(w.Body.String(), `"for"`) {
			t.Error(w.Body)
		}
	})
}
