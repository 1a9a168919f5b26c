package app_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gezhi/internal/app"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/id"
)

// office is the sample county under a clock that is set by hand.
type office struct {
	*testing.T
	app  *app.App
	hand *clock.Hand
}

// engines are both that the program runs on.
var engines = []db.Engine{db.SQLite, db.Postgres}

// sampled is the program on a sample county of its own.
func sampled(t *testing.T, engine db.Engine, args ...string) office {
	t.Helper()
	folder, url := app.Samples.Of(t, engine)
	return settled(t, append(app.OnDatabase(folder, url), args...)...)
}

// newOffice is the sample county under a clock that goes on from the machine's present by hand.
func newOffice(t *testing.T, engine db.Engine) office {
	o := sampled(t, engine)
	a, hand := o.app, o.hand
	a.Cases.Now, a.Jobs.Now, a.Accounts.Now, a.Notify.Now, a.Territory.Now, a.Book.Now = hand.Now, hand.Now, hand.Now, hand.Now, hand.Now, hand.Now
	return o
}

func (o office) send(method, path, cookie string, body any) (*httptest.ResponseRecorder, map[string]any) {
	o.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		o.Fatal(err)
	}
	r := httptest.NewRequest(method, "/api/v1"+path, bytes.NewReader(b))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Idempotency-Key", uuid.NewString())
	r.Header.Set("Cookie", cookie)
	w := httptest.NewRecorder()
	o.app.Web.ServeHTTP(w, r)
	var v map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &v)
	return w, v
}

func (o office) logIn(login string) string {
	o.Helper()
	w, _ := o.send("POST", "/session", "", map[string]any{"login": login, "password": map[bool]string{true: "sample-worker", false: "sample-" + login}[strings.HasPrefix(login, "wg")]})
	if w.Code != http.StatusOK {
		o.Fatalf("%s cannot log in: %s", login, w.Body)
	}
	cookie, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
	return cookie
}

func (o office) open() string { return o.openOf("incident/sample:0102", "a bin is overflowing") }

func (o office) openOf(class, text string) string {
	o.Helper()
	worker := o.logIn("wg029")
	_, areas := o.send("GET", "/areas", worker, nil)
	w, v := o.send("POST", "/cases", worker, map[string]any{"class": class, "text": text,
		"area_id": areas["areas"].([]any)[0].(map[string]any)["id"], "channel": "field"})
	if w.Code != http.StatusCreated {
		o.Fatalf("not opened: %s", w.Body)
	}
	return v["id"].(string)
}

func (o office) act(login, id, action, want string, values map[string]any) {
	o.Helper()
	w, v := o.send("POST", "/cases/"+id+"/moves", o.logIn(login), map[string]any{"action": action, "values": values})
	row, _ := v["case"].(map[string]any)
	if row["step"] != want {
		o.Fatalf("%s does %s: %d %s", login, action, w.Code, w.Body)
	}
}

// work lets happen what is due.
func (o office) work() {
	o.Helper()
	for range 1000 {
		n, err := o.app.Jobs.Round(o.Context())
		if err != nil {
			o.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	o.Error("there is no end to what is due")
}

// acts are the actions of people in the history of a case, in its order.
func (o office) acts(id string) (done []string) {
	o.Helper()
	w, v := o.send("GET", "/cases/"+id, o.logIn("leader"), nil)
	if w.Code != http.StatusOK {
		o.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, m := range v["moves"].([]any) {
		if m := m.(map[string]any); m["by_name"] != "" {
			done = append(done, m["action"].(string))
		}
	}
	return done
}

// A clock that jumps more than a year ahead, and back again, stops nobody: people log in, cases
// of before and of the wrong time go through to their end, each act stands once in its order,
// nothing that is due is left lying, and nothing fails behind the scenes.
func TestAClockThatJumps(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError})))
	t.Cleanup(func() { slog.SetDefault(before) })
	for _, engine := range engines {
		t.Run(string(engine), func(t *testing.T) {
			log.Reset()
			o := newOffice(t, engine)
			right := o.hand.Now()
			first := o.open()
			o.act("village", first, "classify", "judging", nil)

			o.hand.Set(right.AddDate(0, 0, 400))
			o.work()
			o.act("village", first, "dispatch", "assigned", nil)
			second := o.open()
			o.act("village", second, "classify", "judging", nil)
			o.work()

			o.hand.Set(right.Add(time.Minute))
			o.work()
			o.act("villagehand", first, "acknowledge", "handling", nil)
			o.act("village", second, "dispatch", "assigned", nil)
			o.act("villagehand", second, "acknowledge", "handling", nil)
			o.hand.Set(right.Add(-time.Hour)) // and once more, to before it all
			for _, id := range []string{first, second} {
				o.act("villagehand", id, "finish", "checking", map[string]any{"result": "emptied"})
				o.act("villagecheck", id, "confirm", "rating", map[string]any{"reply": "done, thank you"})
				o.act("wg029", id, "rate", "closed", map[string]any{"stars": 5})
			}
			o.hand.Set(right.Add(time.Hour))
			o.work()
			want := []string{"open", "classify", "dispatch", "acknowledge", "finish", "confirm", "rate"}
			for _, id := range []string{first, second} {
				if done := o.acts(id); !slices.Equal(done, want) {
					t.Errorf("the history is %v", done)
				}
			}
			if at, ok, err := o.app.Jobs.Next(t.Context()); err != nil || ok && !at.After(o.hand.Now()) {
				t.Errorf("something due at %v is left: %v", at, err)
			}
			if log.Len() > 0 {
				t.Errorf("behind the scenes: %.2000s", log.String())
			}
			o.restartedAfterAWrongClock()
		})
	}
}

// restartedAfterAWrongClock: what was written while the clock stood a year ahead still comes
// before what is written after the clock was set right and the program started again.
func (o office) restartedAfterAWrongClock() {
	o.Helper()
	ahead := func() time.Time { return time.Now().AddDate(1, 0, 0) }
	o.app.Cases.ID = id.After("", ahead)
	first := o.open()
	o.app.DB.Close()
	a, err := app.New(o.Context(), o.app.Config)
	if err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() { a.DB.Close() })
	again := office{o.T, a, o.hand}
	if second := again.open(); second <= first {
		o.Errorf("%s does not sort after %s", second, first)
	}
	again.act("village", first, "classify", "judging", nil)
	if done := again.acts(first); !slices.Equal(done, []string{"open", "classify"}) {
		o.Errorf("the history is %v", done)
	}
}
