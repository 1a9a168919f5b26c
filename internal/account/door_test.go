package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gezhi/internal/fault"
	"gezhi/internal/web"

	"pgregory.net/rapid"
)

// village is an office whose cadre answers for the grid workers and residents of one village.
type village struct {
	office
	cadre, worker, resident Person
}

var phone = Origin{Addr: "192.0.2.7", UserAgent: "Mozilla/5.0 (Linux; Android 10; SAMPLE-1) MicroMessenger/8"}

// over is a ground of names: a thing lies within what its name begins with.
func over(id, above string) bool { return strings.HasPrefix(id, above) }

func eachVillage(t *testing.T, fn func(t *testing.T, v village)) {
	t.Helper()
	each(t, func(t *testing.T, o office) {
		o.settle()
		v := village{office: o, cadre: o.staff("cadre"), worker: o.person("worker"), resident: o.staff("resident")}
		o.give(v.cadre, "cadre", "town.v1", "area.v1", Leader)
		o.give(v.worker, "worker", "town.v1", "area.v1.g1", NoSeat)
		o.give(v.resident, "resident", "", "area.v1", NoSeat)
		fn(t, v)
	})
}

// settle says what lies within what, and who invites whom.
func (o office) settle() {
	o.Ground = func(context.Context) (Ground, error) { return Ground{over, over}, nil }
	o.Invites = func(context.Context, string) (Looks, error) {
		return func(role, other string) bool { return role == "cadre" && (other == "worker" || other == "resident") }, nil
	}
}

func (o office) give(p Person, role, unit, area string, seat Seat) Post {
	o.t.Helper()
	level := NoLevel
	if area != "" {
		level = Village
	}
	post, err := o.GivePost(o.t.Context(), "", NewPost{PersonID: p.ID, Role: role, UnitID: unit, AreaID: area, AreaLevel: level, Seat: seat})
	if err != nil {
		o.t.Fatal(err)
	}
	return post
}

// staff is somebody who never logs in with a password, which costs time to hash.
func (o office) staff(login string) Person {
	o.t.Helper()
	p, err := o.CreatePerson(o.t.Context(), "", NewPerson{Jurisdiction: "j1", Name: "样例 " + login, Login: login, Nature: "sample"})
	if err != nil {
		o.t.Fatal(err)
	}
	return p
}

func (o office) as(p Person) Actor {
	o.t.Helper()
	a, err := o.actor(o.t.Context(), p.ID)
	if err != nil {
		o.t.Fatal(err)
	}
	return a
}

func (v village) invite(p Person) Invitation {
	v.t.Helper()
	all, err := v.Invite(v.t.Context(), v.as(v.cadre), []string{p.ID}, InvitedFor)
	if err != nil {
		v.t.Fatal(err)
	}
	return all[0]
}

// bind invites somebody and binds their telephone under 402917.
func (v village) bind(p Person) Entry {
	v.t.Helper()
	e, err := v.Accept(v.t.Context(), v.invite(p).Token, "", "402917", phone)
	if err != nil {
		v.t.Fatal(err)
	}
	return e
}

// A cadre invites a grid worker and a resident; each opens the picture, or says the digits, chooses
// a PIN and is in; later the telephone and the PIN are enough.
func TestAWorkerComesInByTelephone(t *testing.T) {
	eachVillage(t, func(t *testing.T, v village) {
		for i, p := range []Person{v.worker, v.resident} {
			inv := v.invite(p)
			token, code := inv.Token, ""
			if i == 1 {
				token, code = "", inv.Code[:4]+" "+inv.Code[4:8]+"-"+inv.Code[8:]
			}
			seen, err := v.LookAt(t.Context(), token, code, phone)
			if err != nil || seen.Name != p.Name || seen.By != v.cadre.Name || !seen.Expires.Equal(v.Now().Add(InvitedFor)) {
				t.Fatalf("%+v %v", seen, err)
			}
			in, err := v.Accept(t.Context(), token, code, "402917", phone)
			if err != nil || in.Actor.PersonID != p.ID || v.who(in.Token).PersonID != p.ID {
				t.Fatal(err)
			}
			if _, err := v.Accept(t.Context(), token, code, "402917", phone); fault.CodeOf(err) != "invitation.none" {
				t.Errorf("an invitation is used twice: %v", err)
			}
			v.clock.Add(30 * 24 * time.Hour)
			dev, whose, err := v.DeviceOf(t.Context(), in.Device)
			if err != nil || whose.ID != p.ID || dev.Name != "WeChat · Linux; Android 10; SAMPLE-1" {
				t.Errorf("%+v %v", dev, err)
			}
			again, err := v.LogInByPIN(t.Context(), in.Device, "402917", phone)
			if err != nil || again.Actor.PersonID != p.ID || again.Device == in.Device {
				t.Fatal(err)
			}
		}
		if n := v.leaves("device.bound"); n != 2 {
			t.Errorf("%d leaves", n)
		}
	})
}

// A telephone stays bound for ninety days after the last log-in on it, and no longer.
func TestATelephoneIsBoundForNinetyDays(t *testing.T) {
	eachVillage(t, func(t *testing.T, v village) {
		e := v.bind(v.worker)
		for range 3 {
			v.clock.Add(BoundFor - time.Minute)
			var err error
			if e, err = v.LogInByPIN(t.Context(), e.Device, "402917", phone); err != nil {
				t.Fatal(err)
			}
		}
		v.clock.Add(BoundFor)
		_, err := v.LogInByPIN(t.Context(), e.Device, "402917", phone)
		want(t, err, "device.none")
		_, _, err = v.DeviceOf(t.Context(), e.Device)
		want(t, err, "device.none")
	})
}

// Five wrong PINs, on whatever telephone of the person, lock them all until the cadre invites
// anew; then the new telephone takes their place. A right one in between starts the count anew.
func TestFiveWrongPINsLock(t *testing.T) {
	eachVillage(t, func(t *testing.T, v village) {
		a, b := v.bind(v.worker), v.bind(v.worker)
		wrong := func(e Entry, code string) {
			t.Helper()
			_, err := v.LogInByPIN(t.Context(), e.Device, "402918", phone)
			want(t, err, code)
		}
		for range 3 {
			wrong(a, "device.wrong_pin")
		}
		if _, err := v.LogInByPIN(t.Context(), a.Device, "402917", phone); err != nil {
			t.Fatal(err)
		}
		for _, e := range []Entry{a, a, b, b} {
			wrong(e, "device.wrong_pin")
		}
		wrong(a, "device.locked")
		for _, e := range []Entry{a, b} {
			_, err := v.LogInByPIN(t.Context(), e.Device, "402917", phone)
			want(t, err, "device.locked")
		}
		v.clock.Add(30 * 24 * time.Hour)
		wrong(b, "device.locked")
		c := v.bind(v.worker)
		for _, e := range []Entry{a, b} {
			_, err := v.LogInByPIN(t.Context(), e.Device, "402917", phone)
			want(t, err, "device.none")
		}
		if _, err := v.LogInByPIN(t.Context(), c.Device, "402917", phone); err != nil {
			t.Error(err)
		}
	})
}

// However many try at once, no more than five tries are looked at.
func TestACrowdOfPINsIsCounted(t *testing.T) {
	eachVillage(t, func(t *testing.T, v village) {
		e := v.bind(v.worker)
		out := make(chan error, 12)
		for i := range cap(out) {
			go func() {
				_, err := v.LogInByPIN(t.Context(), e.Device, fmt.Sprintf("%06d", 400000+i), Origin{Addr: fmt.Sprint("192.0.2.", i)})
				out <- err
			}()
		}
		looked := 0
		for range cap(out) {
			if err := <-out; fault.CodeOf(err) == "device.wrong_pin" {
				looked++
			}
		}
		if looked > wrongPINs-1 {
			t.Errorf("%d tries were looked at", looked)
		}
		_, err := v.LogInByPIN(t.Context(), e.Device, "402917", phone)
		want(t, err, "device.locked")
	})
}

// The secret of a telephone changes with every log-in. The one before it still works, for answers
// get lost; one that was followed comes from a copy, and then nobody has the telephone any more.
func TestACopiedTelephoneIsEnded(t *testing.T) {
	eachVillage(t, func(t *testing.T, v village) {
		log := func(secret string) Entry {
			t.Helper()
			e, err := v.LogInByPIN(t.Context(), secret, "402917", phone)
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		first := v.bind(v.worker)
		lost := log(first.Device)
		second := log(first.Device)
		if lost.Device != second.Device {
			t.Error("two answers to one secret differ")
		}
		third := log(second.Device)
		log(second.Device)
		_, err := v.LogInByPIN(t.Context(), first.Device, "402917", phone)
		want(t, err, "device.none")
		_, err = v.LogInByPIN(t.Context(), third.Device, "402917", phone)
		want(t, err, "device.none")
		_, err = v.Who(t.Context(), second.Token)
		want(t, err, "session.none")
	})
}

// A lost telephone is ended by its owner, or by the cadre; its sessions end at once, those elsewhere
// stay. Nobody else finds it.
func TestALostTelephone(t *testing.T) {
	eachVillage(t, func(t *testing.T, v village) {
		elsewhere := v.logIn("worker")
		for i, by := range []Person{v.worker, v.cadre} {
			e := v.bind(v.worker)
			id, _, _ := strings.Cut(e.Device, ".")
			v.who(e.Token)
			want(t, v.EndDevice(t.Context(), v.as(v.resident), id), "device.unknown")
			if err := v.EndDevice(t.Context(), v.as(by), id); err != nil {
				t.Fatal(err)
			}
			_, err := v.Who(t.Context(), e.Token)
			want(t, err, "session.none")
			_, err = v.LogInByPIN(t.Context(), e.Device, "402917", phone)
			want(t, err, "device.none")
			want(t, v.EndDevice(t.Context(), v.as(by), id), "device.unknown")
			v.who(elsewhere)
			if all, err := v.Devices(t.Context(), v.worker.ID); err != nil || len(all) > 0 {
				t.Error(i, all, err)
			}
		}
	})
}

// Only somebody whose role invites, with a post of their own over the invited, may invite: not a
// resident, not a colleague, not a cadre of another village or county, not who acts for the cadre.
func TestWhoMayInvite(t *testing.T) {
	eachVillage(t, func(t *testing.T, v village) {
		other := v.staff("other")
		v.give(other, "cadre", "town.v2", "area.v2", Leader)
		above := v.staff("above")
		v.give(above, "cadre", "town", "area", Leader)
		stand := v.staff("stand")
		v.give(stand, "clerk", "town.v1", "area.v1", NoSeat)
		posts, err := v.Posts(t.Context(), v.cadre.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Delegate(t.Context(), "", Delegation{PostID: posts[0].ID, To: stand.ID, Until: monday.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		far, err := v.CreatePerson(t.Context(), "", NewPerson{Jurisdiction: "j2", Name: "样例外县", Nature: "sample"})
		if err != nil {
			t.Fatal(err)
		}
		v.give(far, "cadre", "town", "area", Leader)
		for _, p := range []Person{v.worker, v.resident, other, stand, far} {
			_, err := v.Invite(t.Context(), v.as(p), []string{v.worker.ID}, InvitedFor)
			want(t, err, "person.none")
		}
		for _, p := range []Person{v.cadre, above, other, stand} {
			_, err := v.Invite(t.Context(), v.as(v.cadre), []string{v.worker.ID, p.ID}, InvitedFor)
			want(t, err, "person.none")
		}
		if n := v.leaves("invitation.made"); n != 0 {
			t.Errorf("%d invitations were made on the way", n)
		}
		if _, err := v.Invite(t.Context(), v.as(above), []string{v.worker.ID}, InvitedFor); err != nil {
			t.Error(err)
		}
		all, err := v.Charges(t.Context(), v.as(v.cadre), "")
		if err != nil || len(all) != 2 || !slices.ContainsFunc(all, func(c Charge) bool { return c.PersonID == v.worker.ID }) {
			t.Errorf("%+v %v", all, err)
		}
	})
}

// An invitation ends when it is too old, when another follows it, when it is taken back, when its
// maker does not answer for the invited any more, and when the invited leaves. All look alike.
func TestAnInvitationEnds(t *testing.T) {
	for name, end := range map[string]func(v village) error{
		"too old":    func(v village) error { v.clock.Add(InvitedFor); return nil },
		"followed":   func(v village) error { v.invite(v.worker); return nil },
		"taken back": func(v village) error { return v.Uninvite(v.t.Context(), v.as(v.cadre), v.worker.ID) },
		"maker moved": func(v village) error {
			posts, err := v.Posts(v.t.Context(), v.cadre.ID)
			if err != nil {
				return err
			}
			return v.EndPost(v.t.Context(), "", posts[0].ID, time.Time{})
		},
		"maker left":   func(v village) error { return v.EndPerson(v.t.Context(), "", v.cadre.ID) },
		"invited left": func(v village) error { return v.EndPerson(v.t.Context(), "", v.worker.ID) },
	} {
		t.Run(name, func(t *testing.T) {
			eachVillage(t, func(t *testing.T, v village) {
				inv := v.invite(v.worker)
				if err := end(v); err != nil {
					t.Fatal(err)
				}
				for _, with := range [][2]string{{inv.Token, ""}, {"", inv.Code}, {"forged", ""}, {"", "123456789012"}, {"", "12"}, {"", ""}} {
					_, err := v.Accept(t.Context(), with[0], with[1], "402917", phone)
					want(t, err, "invitation.none")
				}
			})
		})
	}
}

// Five wrong codes end an invitation, also for the picture; the address that guesses must wait.
func TestGuessedCodes(t *testing.T) {
	eachVillage(t, func(t *testing.T, v village) {
		inv := v.invite(v.worker)
		guess := inv.Code[:5] + fmt.Sprintf("%07d", (atoi(inv.Code[5:])+1)%10_000_000)
		for range wrongCodes {
			_, err := v.LookAt(t.Context(), "", guess, phone)
			want(t, err, "invitation.none")
		}
		_, err := v.Accept(t.Context(), inv.Token, "", "402917", Origin{Addr: "192.0.2.99"})
		want(t, err, "invitation.none")
		for range freeByAddress {
			_, err = v.LookAt(t.Context(), "nothing", "", phone)
		}
		want(t, err, "session.too_many")
	})
}

func atoi(s string) (n int) {
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

// Weak PINs are refused and use nothing up: runs, repeats, patterns, part of one's own number.
func TestWeakPINs(t *testing.T) {
	eachVillage(t, func(t *testing.T, v village) {
		if err := v.SetContacts(t.Context(), "", v.worker.ID, Contacts{Phone: "10004029170"}); err != nil {
			t.Fatal(err)
		}
		inv := v.invite(v.worker)
		for pin, code := range map[string]string{"123456": "pin.weak", "000000": "pin.weak", "654321": "pin.weak", "121212": "pin.weak", "112233": "pin.weak", "520131": "pin.weak", "147258": "pin.weak",
			"123321": "pin.weak", "402917": "pin.weak", "12345": "pin.unfit", "1234567": "pin.unfit", "12345a": "pin.unfit", "": "pin.unfit", "１２３４５６": "pin.unfit"} {
			_, err := v.Accept(t.Context(), inv.Token, "", pin, phone)
			if fault.CodeOf(err) != code {
				t.Errorf("%s: %v", pin, err)
			}
		}
		if _, err := v.Accept(t.Context(), inv.Token, "", "402816", phone); err != nil {
			t.Error(err)
		}
	})
}

// Whatever is refused as a PIN stays refused backwards, where it is a run or a repeat, and most
// numbers are fit.
func TestMostPINsAreFit(t *testing.T) {
	weak := 0
	for i := range 1_000_000 {
		if checkPIN(fmt.Sprintf("%06d", i), "") != nil {
			weak++
		}
	}
	if weak < 2_000 || weak > 15_000 {
		t.Errorf("%d of a million are weak", weak)
	}
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.StringMatching(`[0-9]{1,3}`).Draw(t, "unit")
		if pin := strings.Repeat(unit, 6)[:6]; checkPIN(pin, "") == nil {
			t.Fatalf("%s is a repeat", pin)
		}
	})
}

// Over HTTP: the cadre sees whom to invite, gets a picture and digits once; the invited gets two
// cookies that no script reads, one for the log-in alone; nothing secret is said twice.
func TestTheDoorOverHTTP(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		d.settle()
		Door{Accounts: d.Service, Public: "https://gezhi.example"}.Register(d.srv)
		cadre, worker := d.person("cadre"), d.person("worker")
		d.give(cadre, "cadre", "town.v1", "area.v1", Leader)
		d.give(worker, "worker", "town.v1", "area.v1.g1", NoSeat)
		bearer := "Authorization: Bearer " + d.logIn("cadre")
		made := decode[struct{ Invitations []InvitationJSON }](t, d.ask("POST", "/api/v1/invitations", `{"people":["`+worker.ID+`"],"sheet":true}`, bearer)).Invitations
		if len(made) != 1 || !strings.HasPrefix(made[0].Picture, "data:image/svg+xml;base64,") || made[0].Expires != monday.Add(SheetFor).UnixMilli() {
			t.Fatalf("%+v", made)
		}
		token, ok := strings.CutPrefix(made[0].Address, "https://gezhi.example/field/join#")
		if !ok {
			t.Fatal(made[0].Address)
		}
		w := d.ask("GET", "/api/v1/charges", "", bearer)
		if all := decode[struct{ People []ChargeJSON }](t, w).People; len(all) != 1 || all[0].ID != worker.ID || all[0].Invited == 0 || strings.Contains(w.Body.String(), token) || strings.Contains(w.Body.String(), made[0].Code) {
			t.Errorf("%+v", all)
		}
		if w := d.ask("POST", "/api/v1/invitations/accept", `{"token":"`+token+`","pin":"123456"}`); w.Code != 400 || len(w.Result().Cookies()) > 0 {
			t.Error(w.Code, w.Body)
		}
		w = d.ask("POST", "/api/v1/invitations/accept", `{"token":"`+token+`","pin":"402917"}`)
		if w.Code != 200 || decode[Me](t, w).Person.ID != worker.ID || strings.Contains(w.Body.String(), "402917") {
			t.Fatal(w.Code, w.Body)
		}
		var device, session string
		for _, c := range w.Result().Cookies() {
			if !c.HttpOnly {
				t.Errorf("%s is open to scripts", c.Name)
			}
			switch {
			case c.Name == DeviceCookie:
				device = c.Value
				if c.Path != "/api/v1/session" || c.MaxAge != 90*24*3600 {
					t.Errorf("%+v", c)
				}
			case strings.Contains(c.Name, web.SessionCookie):
				session = c.Value
			}
		}
		if device == "" || session == "" {
			t.Fatal(w.Header())
		}
		held := "Cookie: " + DeviceCookie + "=" + device
		if w := d.ask("GET", "/api/v1/session/device", "", held); w.Code != 200 || !strings.Contains(w.Body.String(), worker.Name) || strings.Contains(w.Body.String(), device) {
			t.Error(w.Code, w.Body)
		}
		if w := d.ask("POST", "/api/v1/session/pin", `{"pin":"402918"}`, held); w.Code != 401 || decode[web.Problem](t, w).Args["left"] != float64(4) {
			t.Error(w.Code, w.Body)
		}
		if w := d.ask("POST", "/api/v1/session/pin", `{"pin":"402917"}`, held, "Sec-Fetch-Site: cross-site"); w.Code != 403 {
			t.Error("a PIN sent by another site:", w.Code)
		}
		if w := d.ask("POST", "/api/v1/session/pin", `{"pin":"402917"}`, held); w.Code != 200 || len(w.Result().Cookies()) != 2 {
			t.Error(w.Code, w.Body)
		}
		if w := d.ask("POST", "/api/v1/session/pin", `{"pin":"402917"}`); w.Code != 401 {
			t.Error(w.Code, w.Body)
		}
		id, _, _ := strings.Cut(device, ".")
		if w := d.ask("POST", "/api/v1/devices/"+id+"/end", "", bearer); w.Code != 204 {
			t.Error(w.Code, w.Body)
		}
		if w := d.ask("GET", "/api/v1/me", "", "Cookie: "+web.SessionCookie+"="+session); w.Code != 401 {
			t.Error("the session outlives the telephone:", w.Code)
		}
	})
}
