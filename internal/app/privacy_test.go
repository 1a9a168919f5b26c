package app_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"gezhi/internal/account"
	"gezhi/internal/app"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/config"
	"gezhi/internal/db"
	"gezhi/internal/feed"
	"gezhi/internal/notify"
	"gezhi/internal/pack"
)

// planted are numbers and names that nobody has, as people would write them. None of them may
// be found anywhere but where its owner, or who may unmask, reads it.
var planted = map[string]string{
	"phone in a text": "13900007351", "the same, spaced": "139 0000 7351", "the same, in wide digits": "１３９００００７３５１",
	"phone of a caller": "13900000002", "name of a caller": "甄藏匿",
	"identity number": "99010219850203001X", "bank card": "6222020000000000018", "credit code": "91990102MA0000000A",
	"phone in a note": "13900000003", "phone in a reason": "13900000004", "phone in a result": "13900000005",
	"phone in the name of a file": "13900000006", "phone of staff": "13900000007", "mail of staff": "zhencangni@gezhi.example",
	"phone of a signal": "13900000008", "phone in a refused act": "13900000009", "key of a robot": "planted-robot-key", "secret of a webhook": "planted-webhook-secret",
	"identity number of a minor": "990102201502030022",
}

// county is the sample county with a webhook that listens, and everything that it logs.
type county struct {
	office
	dir  string
	log  *lockedBuffer
	told *lockedBuffer // what the webhook got
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) Bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.b.Bytes())
}

func newPlanted(t *testing.T, engine db.Engine) (c county, url string) {
	log, told := &lockedBuffer{}, &lockedBuffer{}
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(told, r.Body) }))
	t.Cleanup(hook.Close)
	dir, url := app.Samples.Of(t, engine)
	cfg, _, err := config.Read(append(app.OnDatabase(dir, url), "-webhook"), []string{"GEZHI_WEBHOOK_SECRET=a-secret-of-the-configuration"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.DB.Close() })
	hand := clock.At(clock.System())
	a.Cases.Now, a.Jobs.Now, a.Accounts.Now, a.Notify.Now = hand.Now, hand.Now, hand.Now, hand.Now
	c = county{office{t, a, hand}, dir, log, told}
	groups := "channel,name,address,secret\nwebhook,样例系统," + hook.URL + "/?key=" + planted["key of a robot"] + "," + planted["secret of a webhook"] + "\n"
	j := c.actor("village")
	if _, err := a.Notify.ImportGroups(t.Context(), []byte(groups), notify.GroupImport{Jurisdiction: j.Jurisdiction, Unit: func(string) string { return "" }}); err != nil {
		t.Fatal(err)
	}
	packs, err := a.Book.Packs(t.Context(), j.Jurisdiction)
	if err != nil {
		t.Fatal(err)
	}
	p := packs["incident"].Pack
	o, report := pack.LoadOverlay("told.yaml", []byte("overlay: incident\nseverities: { 3: { fallback: [in_app, webhook] } }\n"), p)
	if o == nil {
		t.Fatal(report.Text("en"))
	}
	if err := a.Book.Load(t.Context(), "", j.Jurisdiction, p, o); err != nil {
		t.Fatal(err)
	}
	return c, url
}

// actor is somebody of the sample county.
func (c county) actor(login string) account.Actor {
	c.Helper()
	r := httptest.NewRequest("GET", "/api/v1/me", nil)
	r.Header.Set("Cookie", c.logIn(login))
	ctx, err := c.app.Accounts.Authenticate(c.Context(), r)
	if err != nil {
		c.Fatal(err)
	}
	a, err := account.From(ctx)
	if err != nil {
		c.Fatal(err)
	}
	return a
}

// live is a county's day: a case from the call to its end with numbers wherever people can
// write, a file, contacts, a signal, and acts that are refused.
func (c county) live() (id string) {
	c.Helper()
	p := planted
	worker := c.logIn("wg029")
	_, areas := c.send("GET", "/areas", worker, nil)
	area := areas["areas"].([]any)[0].(map[string]any)["id"]
	text := fmt.Sprintf("邻居电话%s（%s、%s），身份证%s，卡号%s，公司%s，孩子%s，垃圾成堆", p["phone in a text"], p["the same, spaced"], p["the same, in wide digits"],
		p["identity number"], p["bank card"], p["credit code"], p["identity number of a minor"])
	w, v := c.send("POST", "/cases", worker, map[string]any{"class": "incident/sample:0102", "text": text, "area_id": area, "channel": "hotline",
		"fields": map[string]any{"caller_phone": p["phone of a caller"], "caller_name": p["name of a caller"]}})
	if w.Code != http.StatusCreated {
		c.Fatalf("not opened: %s", w.Body)
	}
	id = v["id"].(string)
	refused, _ := c.send("POST", "/cases", worker, map[string]any{"class": "incident/sample:0102", "text": "x", "area_id": area, "channel": "hotline",
		"fields": map[string]any{"caller_phone": p["phone in a refused act"] + "7", "no_such": p["phone in a refused act"]}})
	if refused.Code < 400 {
		c.Fatal("what cannot be right is taken in")
	}
	c.absent("the refusal of an act", refused.Body.Bytes())
	c.actWith("village", id, "classify", map[string]any{"note": "回电" + p["phone in a note"]})
	c.actWith("leader", id, "urge", map[string]any{"reason": "催办，联系" + p["phone in a reason"]})
	c.act("village", id, "dispatch", "assigned", nil)
	c.act("villagehand", id, "acknowledge", "handling", nil)
	c.act("villagehand", id, "finish", "checking", map[string]any{"result": "已清理，回访" + p["phone in a result"]})
	c.act("villagecheck", id, "confirm", "rating", map[string]any{"reply": "done"})
	c.send("PUT", "/me/contacts", worker, map[string]any{"phone": p["phone of staff"], "mail": p["mail of staff"]})
	c.upload(worker, p["phone in the name of a file"]+".pdf")
	if _, err := c.app.Cases.Receive(c.Context(), casework.Signal{Jurisdiction: c.actor("village").Jurisdiction, Source: "planted", ID: "1", Name: "unheard", Pack: "incident",
		Values: map[string]any{"phone": p["phone of a signal"]}}); err != nil {
		c.Fatal(err)
	}
	c.send("GET", "/records?kind=deputy&q="+p["phone in a refused act"], worker, nil)
	c.work()
	for range 50 {
		if n, err := c.app.Notify.Round(c.Context()); err != nil || n == 0 {
			break
		}
	}
	c.index()
	return id
}

func (c county) actWith(login, id, action string, body map[string]any) {
	c.Helper()
	body["action"] = action
	if w, _ := c.send("POST", "/cases/"+id+"/moves", c.logIn(login), body); w.Code != http.StatusOK {
		c.Fatalf("%s does %s: %s", login, action, w.Body)
	}
}

func (c county) upload(cookie, name string) {
	c.Helper()
	body := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\n\r\n%PDF-1.4\nplain\n%%EOF\r\n--b--\r\n"
	r := httptest.NewRequest("POST", "/api/v1/files", strings.NewReader(body))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Cookie", cookie)
	w := httptest.NewRecorder()
	c.app.Web.ServeHTTP(w, r)
	if w.Code != http.StatusCreated {
		c.Fatal(w.Body)
	}
}

// absent fails for every planted word that is found in data, unpacked where it is an archive.
func (c county) absent(where string, data []byte) {
	c.Helper()
	for what, word := range planted {
		if bytes.Contains(data, []byte(word)) {
			at := bytes.Index(data, []byte(word))
			c.Errorf("%s: the %s is found: …%q…", where, what, data[max(0, at-60):min(len(data), at+len(word)+20)])
		}
	}
	if z, err := zip.NewReader(bytes.NewReader(data), int64(len(data))); err == nil {
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				c.Fatal(err)
			}
			inside, err := io.ReadAll(r)
			if err != nil {
				c.Fatal(err)
			}
			c.absent(where+" "+f.Name, inside)
		}
	}
}

// folder looks through every file of the data folder: database, journal, evidence, keys.
func (c county) folder() {
	c.Helper()
	files := 0
	err := filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		c.absent(strings.TrimPrefix(path, c.dir), b)
		return err
	})
	if err != nil || files == 0 {
		c.Fatal(files, err)
	}
}

// dump looks through every row of every table of a PostgreSQL database.
func (c county) dump(url string) {
	c.Helper()
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		c.Fatal(err)
	}
	conn, err := pgx.ConnectConfig(c.Context(), cfg.ConnConfig)
	if err != nil {
		c.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(c.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`)
	if err != nil {
		c.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 30 {
		c.Fatal(tables, err)
	}
	for _, t := range tables {
		var out bytes.Buffer
		if _, err := conn.PgConn().CopyTo(c.Context(), &out, `COPY "`+t+`" TO STDOUT`); err != nil {
			c.Fatal(err)
		}
		c.absent("table "+t, out.Bytes())
	}
}

// Nothing that identifies somebody is found where it does not belong: not in the database nor
// its journal, not among the files, not in a log, a list, an export, a message or a refusal.
func TestNothingPlantedIsFound(t *testing.T) {
	for _, engine := range engines {
		t.Run(string(engine), func(t *testing.T) {
			c, address := newPlanted(t, engine)
			id := c.live()
			c.answers()
			c.folder()
			if address != "" {
				c.dump(address)
			}
			c.absent("the log", c.log.Bytes())
			if told := c.told.Bytes(); len(told) == 0 {
				t.Error("the webhook was told nothing")
			} else {
				c.absent("a webhook", told)
			}
			for _, login := range []string{"village", "villagehand", "leader"} {
				cookie := c.logIn(login)
				for _, word := range planted {
					w, found := c.send("GET", "/search?q="+url.QueryEscape(word), cookie, nil)
					if hits, ok := found["hits"].([]any); !ok || len(hits) > 0 {
						c.Errorf("%s searches: %d %s", login, w.Code, w.Body)
					}
				}
				for _, path := range []string{"/search?q=" + url.QueryEscape("垃圾成堆"), "/search?q=" + url.QueryEscape("回访"), "/cases", "/cases?queue=mine", "/cases.csv", "/cases.xlsx", "/cases/" + id, "/cases/" + id + "/duplicates", "/notes", "/calls", "/deliveries", "/people", "/me", "/me/readings"} {
					w, _ := c.send("GET", path, cookie, nil)
					c.absent(login+" reads "+path, w.Body.Bytes())
				}
			}
			c.unmasked(id)
			c.erased(id)
			c.absent("the log afterwards", c.log.Bytes())
		})
	}
}

// answers hands a case down by a feed, with numbers wherever its platform writes, answers it, and
// looks through what goes back.
func (c county) answers() {
	c.Helper()
	m, err := c.app.Feeds.Mapping("city-hotline")
	if err != nil {
		c.Fatal(err)
	}
	j := c.actor("village").Jurisdiction
	table := "工单编号,受理时间,问题分类,镇街,村社,标题,诉求内容,办理时限,来电人,联系电话,工单状态\n" +
		"SAMPLE-P,2026-03-02 08:30:00,垃圾清运,浮云街道,庄前村委会,请回" + planted["phone in a text"] + ",样例：垃圾成堆，电话" + planted["phone of a signal"] + "，证件" + planted["identity number"] + ",2027-03-05 18:00:00," + planted["name of a caller"] + "," + planted["phone in a note"] + ",处理中\n"
	rep, err := c.app.Feeds.Import(c.Context(), feed.Job{Jurisdiction: j, Mapping: m, Data: []byte(table), Kind: feed.Import})
	if err != nil || len(rep.Lines) != 1 || rep.Lines[0].Case == "" {
		c.Fatal(rep, err)
	}
	c.actWith("village", rep.Lines[0].Case, "decline", map[string]any{"reason": "不属本村，已告知" + planted["phone in a reason"], "values": map[string]any{"reply": "请拨" + planted["phone in a result"]}})
	c.work()
	run, ok, err := c.app.Feeds.Export(c.Context(), j, m, "")
	if err != nil || !ok {
		c.Fatal("nothing to answer", err)
	}
	head, rows, err := c.app.Feeds.Answers(c.Context(), j, m, run.ID)
	if err != nil || len(rows) == 0 || !strings.Contains(fmt.Sprint(rows), "SAMPLE-P") {
		c.Fatal(rows, err)
	}
	c.absent("answers of a feed", []byte(fmt.Sprint(head, rows)))
}

// unmasked shows that who may reads the originals for a purpose, that who may not does not,
// that the person concerned sees who read, and that a caller is found again by the number.
func (c county) unmasked(id string) {
	c.Helper()
	read := func(login, purpose string, names ...string) (int, string) {
		w, _ := c.send("POST", "/cases/"+id+"/unmask", c.logIn(login), map[string]any{"purpose": purpose, "names": names})
		return w.Code, w.Body.String()
	}
	if code, body := read("village", "contact"); code != http.StatusOK {
		c.Error(code, body)
	} else {
		for _, what := range []string{"phone in a text", "phone of a caller", "name of a caller", "identity number", "phone in a note", "phone in a reason", "phone in a result"} {
			if !strings.Contains(body, planted[what]) {
				c.Errorf("the %s cannot be read by who may: %s", what, body)
			}
		}
	}
	for login, purpose := range map[string]string{"villagehand": "payment", "village": "payment"} {
		if code, body := read(login, purpose, "caller_phone"); code != http.StatusForbidden || strings.Contains(body, planted["phone of a caller"]) {
			c.Error(login, code, body)
		}
	}
	if code, _ := read("village", "curiosity"); code != http.StatusUnprocessableEntity && code != http.StatusBadRequest {
		c.Error("a purpose of nobody's list is taken", code)
	}
	_, mine := c.send("GET", "/me/readings", c.logIn("wg029"), nil)
	readings, _ := mine["readings"].([]any)
	if len(readings) != 1 || len(readings[0].(map[string]any)["what"].([]any)) < 4 {
		c.Errorf("the person concerned is shown %v", mine)
	}
	w, found := c.send("POST", "/cases/earlier", c.logIn("village"), map[string]any{"phone": "139-0000-0002", "purpose": "contact"})
	if cases, _ := found["cases"].([]any); len(cases) != 1 || cases[0].(map[string]any)["id"] != id {
		c.Errorf("the caller's earlier cases: %s", w.Body)
	}
}

// erased shows that after an erasure nobody reads the values, while the case stands.
func (c county) erased(id string) {
	c.Helper()
	if err := c.app.Cases.EraseOf(c.Context(), id, "", ""); err != nil {
		c.Fatal(err)
	}
	if w, _ := c.send("POST", "/cases/"+id+"/unmask", c.logIn("village"), map[string]any{"purpose": "contact"}); w.Code != http.StatusNotFound {
		c.Errorf("after the erasure: %d %s", w.Code, w.Body)
	}
	w, v := c.send("GET", "/cases/"+id, c.logIn("wg029"), nil)
	if w.Code != http.StatusOK || slices.ContainsFunc(v["case"].(map[string]any)["fields"].([]any), func(f any) bool { return f.(map[string]any)["name"] == "caller_phone" }) {
		c.Errorf("the case after the erasure: %s", w.Body)
	}
	c.absent("the case after the erasure", w.Body.Bytes())
}
