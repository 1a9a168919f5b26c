package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/app"
	"gezhi/internal/clock"
	"gezhi/internal/config"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
)

// settled is the program under some flags, in a folder of its own.
func settled(t *testing.T, args ...string) office {
	t.Helper()
	cfg, _, err := config.Read(args, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.DB.Close() })
	return office{t, a, clock.At(clock.System())}
}

// In a fresh installation that is not a demo there is no log-in that works: nobody is there,
// and none of the sample accounts or usual passwords opens it. The first way in is made on the
// server, with a password that is used once.
func TestAFreshInstallationHasNoWayIn(t *testing.T) {
	for engine, database := range map[string]string{"sqlite": "", "postgres": dbtest.PostgresURL(t)} {
		t.Run(engine, func(t *testing.T) {
			folder := t.TempDir()
			flags := []string{"-data", folder}
			if database != "" {
				flags = append(flags, "-db", database)
			}
			run := func(args ...string) string {
				t.Helper()
				var out, errs bytes.Buffer
				if code := app.Main(t.Context(), append(flags[:len(flags):len(flags)], args...), nil, &out, &errs); code != 0 {
					t.Fatal(args, errs.String())
				}
				return out.String()
			}
			run("jurisdiction", "create", "990102", "样例县", "-sample")
			run("pack", "load", "core")
			o := settled(t, flags...)
			f, err := os.Open("sampledata/accounts.csv")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			rows, err := csv.NewReader(f).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			tries := [][2]string{{"admin", "admin"}, {"admin", "password"}, {"root", "root"}, {"gezhi", "gezhi"}, {"sysadmin", "sysadmin"}}
			for _, r := range rows[1:] {
				tries = append(tries, [2]string{r[0], r[6]})
			}
			o.app.Accounts.Now = func() time.Time { o.hand.Add(time.Hour); return o.hand.Now() } // nobody is told to wait
			for _, x := range tries {
				if w, _ := o.send("POST", "/session", "", map[string]any{"login": x[0], "password": x[1]}); w.Code != http.StatusUnauthorized {
					t.Errorf("%s: %d %s", x[0], w.Code, w.Body)
				}
			}
			o.app.DB.Close()

			first := regexp.MustCompile(`[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}`).FindString(run("admin", "create", "security", "guard", "样例安全管理员"))
			o = settled(t, flags...)
			w, me := o.send("POST", "/session", "", map[string]any{"login": "guard", "password": first})
			if w.Code != http.StatusOK {
				t.Fatal(w.Code, w.Body)
			}
			if must, _ := me["must"].([]any); len(must) != 2 {
				t.Error("neither password nor second factor is asked for first:", me)
			}
			cookie, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
			if w, v := o.send("GET", "/accounts", cookie, nil); w.Code != http.StatusForbidden || v["code"] != "session.password_first" {
				t.Error(w.Code, w.Body)
			}
		})
	}
}

// Making administrators on the command line refuses what is no kind of them, and a login that
// is taken.
func TestMakingAdministratorsOnTheServer(t *testing.T) {
	flags := []string{"-data", t.TempDir()}
	run := func(args ...string) (int, string) {
		var out, errs bytes.Buffer
		code := app.Main(t.Context(), append(flags[:2:2], args...), nil, &out, &errs)
		return code, out.String() + errs.String()
	}
	if code, said := run("admin", "create", "system", "root", "样例"); code == 0 || !strings.Contains(said, "jurisdiction.none") {
		t.Error(said)
	}
	run("jurisdiction", "create", "990102", "样例县", "-sample")
	for want, args := range map[string][]string{"cli.usage_admin": {"create", "chief", "root", "样例"}, "person.none": {"reset", "nobody"}} {
		if code, said := run(append([]string{"admin"}, args...)...); code == 0 || !strings.Contains(said, want) {
			t.Error(args, said)
		}
	}
	if code, said := run("admin", "create", "system", "root", "样例"); code != 0 {
		t.Fatal(said)
	}
	if code, said := run("admin", "create", "audit", "root", "样例"); code == 0 || !strings.Contains(said, "person.login_taken") {
		t.Error(said)
	}
	if code, said := run("admin", "reset", "root"); code != 0 || !strings.Contains(said, "root") {
		t.Error(said)
	}
}

// None of the three administrators of the sample county sees a case, by list, count of a
// queue, single read, export or event; each sees what is theirs; posts they give are checked.
func TestAdministratorsOfTheSampleCounty(t *testing.T) {
	o := sampled(t, db.SQLite, "-demo")
	_, list := o.send("GET", "/cases", o.logIn("leader"), nil)
	cases := list["cases"].([]any)
	if len(cases) == 0 {
		t.Fatal("the leader sees no case")
	}
	one := cases[0].(map[string]any)["id"].(string)
	for _, login := range []string{"sysadmin", "secadmin", "auditor"} {
		cookie := o.logIn(login)
		for _, path := range []string{"/cases", "/cases?queue=unassigned", "/cases?queue=closed"} {
			if w, v := o.send("GET", path, cookie, nil); w.Code != 200 || len(v["cases"].([]any)) != 0 {
				t.Errorf("%s %s: %d %s", login, path, w.Code, w.Body)
			}
		}
		if w, _ := o.send("GET", "/cases/"+one, cookie, nil); w.Code != 404 {
			t.Errorf("%s reads a case: %d", login, w.Code)
		}
		if w, _ := o.send("GET", "/cases.csv", cookie, nil); w.Code != 200 || strings.Count(w.Body.String(), "\n") > 1 {
			t.Errorf("%s exports: %d %s", login, w.Code, w.Body)
		}
		if w, v := o.send("GET", "/dead-letters", cookie, nil); w.Code < 400 && len(v["items"].([]any)) > 0 {
			t.Errorf("%s sees messages: %s", login, w.Body)
		}
	}
	security := o.logIn("secadmin")
	_, found := o.send("GET", "/accounts?q=water", security, nil)
	water := found["accounts"].([]any)[0].(map[string]any)
	_, roles := o.send("GET", "/roles", security, nil)
	if n := len(roles["roles"].([]any)); n < 10 {
		t.Error(n, "roles")
	}
	for want, post := range map[string]map[string]any{
		"post.unknown_role": {"role": "emperor"}, "post.unknown_unit": {"role": "handler", "unit": "none"}, "post.unknown_area": {"role": "handler", "area": "none"},
		"post.wrong_level":                  {"role": "village_cadre", "unit": unitOf(water)},
		"post.administrators_have_no_place": {"role": account.AuditAdmin, "unit": unitOf(water)},
	} {
		if w, _ := o.send("POST", "/accounts/"+water["id"].(string)+"/posts", security, post); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", want, w.Code, w.Body)
		}
	}
	w, given := o.send("POST", "/accounts/"+water["id"].(string)+"/posts", security, map[string]any{"role": "inspector", "unit": unitOf(water)})
	posts, _ := given["posts"].([]any)
	if w.Code != 200 || len(posts) != 2 || posts[1].(map[string]any)["area"] == nil {
		t.Error("the unit's area was not taken:", w.Code, w.Body)
	}
}

func unitOf(account map[string]any) string {
	return account["posts"].([]any)[0].(map[string]any)["unit"].(map[string]any)["id"].(string)
}

// A live stream ends at once when its reader's session is ended, or the last post, and not
// when somebody else's is; no heartbeat is waited for. On PostgreSQL so do the streams of
// another process.
func TestAStreamIsCutWithTheRightToIt(t *testing.T) {
	for _, engine := range engines {
		t.Run(string(engine), func(t *testing.T) {
			folder, url := app.Samples.Of(t, engine)
			flags := append(app.OnDatabase(folder, url), "-demo")
			here := settled(t, flags...)
			all := []office{here}
			if engine == db.Postgres {
				all = append(all, settled(t, flags...))
			}
			addresses := make([]string, len(all))
			for i, o := range all {
				addresses[i] = o.serving()
			}
			village, err := here.app.Accounts.ByLogin(t.Context(), "village")
			if err != nil {
				t.Fatal(err)
			}
			held, err := here.app.Accounts.Posts(t.Context(), village.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range []struct {
				what string
				end  func() error
			}{
				{"session", func() error { return here.app.Accounts.EndSession(t.Context(), "", village.ID, "") }},
				{"post", func() error { return here.app.Accounts.EndPost(t.Context(), "", held[0].ID, time.Time{}) }},
			} {
				mine, others := here.logIn("village"), here.logIn("street")
				var closed, stay []<-chan struct{}
				for _, address := range addresses {
					closed = append(closed, here.listening(address, mine))
					stay = append(stay, here.listening(address, others))
				}
				if err := x.end(); err != nil {
					t.Fatal(err)
				}
				for i := range closed {
					select {
					case <-closed[i]:
					case <-time.After(20 * time.Second):
						t.Fatalf("%s: the stream of process %d goes on", x.what, i)
					}
					select {
					case <-stay[i]:
						t.Errorf("%s: another reader's stream was cut", x.what)
					default:
					}
				}
			}
		})
	}
}

// serving runs the program on loopback, with a heartbeat that nobody lives to see, and returns
// its address.
func (o office) serving() string {
	o.Helper()
	o.app.Web.Heartbeat, o.app.Web.Grace = time.Hour, time.Second
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		o.Fatal(err)
	}
	ctx, stop := context.WithCancel(o.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = o.app.Run(ctx, l)
	}()
	o.Cleanup(func() { stop(); <-ended })
	return "http://" + l.Addr().String()
}

// listening opens a live stream; the channel is closed when it ends.
func (o office) listening(address, cookie string) <-chan struct{} {
	o.Helper()
	r, err := http.NewRequestWithContext(o.Context(), "GET", address+"/api/v1/events", nil)
	if err != nil {
		o.Fatal(err)
	}
	r.Header.Set("Cookie", cookie)
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode != 200 {
		o.Fatal(answer, err)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Scan() // it has subscribed before it says anything
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		defer answer.Body.Close()
		for lines.Scan() {
			continue
		}
	}()
	return closed
}

// The key that seals second factors is made once, is nobody else's to read, and a file that is
// no such key is refused rather than replaced.
func TestTheKeyOfSecondFactors(t *testing.T) {
	folder := t.TempDir()
	first := settled(t, "-data", folder)
	path := filepath.Join(folder, "factor.key")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != account.KeyBytes {
		t.Fatal(info, err)
	}
	kept := first.app.Accounts.Key
	first.app.DB.Close()
	again := settled(t, "-data", folder)
	if !bytes.Equal(again.app.Accounts.Key, kept) {
		t.Error("another key")
	}
	again.app.DB.Close()
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := config.Read([]string{"-data", folder}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.New(t.Context(), cfg); fault.CodeOf(err) != "config.bad_key" {
		t.Error(err)
	}
}
