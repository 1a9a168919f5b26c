// Package e2e drives the whole binary from outside, as people and programs do.
package e2e

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
)

var binary string

// deadline is how long a command may take before the test gives it up.
const deadline = 2 * time.Minute

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "gezhi-e2e")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "gezhi")
	if err := os.Chmod(dir, 0o755); err != nil { // some tests run it as somebody else
		panic(err)
	}
	build := exec.Command("go", "build", "-o", binary, "gezhi/cmd/gezhi")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		os.RemoveAll(dir)
		os.Exit(1)
	}
	code := m.Run()
	samples.Remove()
	os.RemoveAll(dir)
	os.Exit(code)
}

// server is a running gezhi with the sample county.
type server struct {
	t    *testing.T
	base string
	out  string // what it printed before it served
	cmd  *exec.Cmd
	errs *bytes.Buffer
	data string // its folder
}

// samples are copies of the sample county, which the binary itself fills.
var samples = dbtest.Copies{Fill: func(folder, url string) error {
	args := []string{"-demo", "-addr", "127.0.0.1:0", "-data", folder, "-log", "error"}
	if url != "" {
		args = append(args, "-db", url)
	}
	cmd := exec.Command(binary, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return errors.Join(err, cmd.Wait())
	}
	go io.Copy(io.Discard, out)
	return errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
}}

// start runs the binary on a sample county of its own until the test ends, and waits until it
// says its address.
func start(t *testing.T, engine db.Engine) *server {
	t.Helper()
	data, url := samples.Of(t, engine)
	return startIn(t, data, url)
}

// startIn is start with a folder that may have been used before.
func startIn(t *testing.T, data, database string) *server {
	t.Helper()
	args := []string{"-demo", "-addr", "127.0.0.1:0", "-data", data, "-log", "warn"}
	if database != "" {
		args = append(args, "-db", database)
	}
	cmd := exec.Command(binary, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, cmd: cmd, errs: &errs, data: data}
	t.Cleanup(s.stop)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		s.out += lines.Text() + "\n"
		if line, ok := strings.CutPrefix(lines.Text(), "http://"); ok {
			s.base = "http://" + strings.TrimSuffix(line, "/")
		}
		if strings.Contains(lines.Text(), "villagehand") {
			break
		}
	}
	if s.base == "" {
		t.Fatalf("said no address: %s%s", s.out, errs.String())
	}
	go io.Copy(io.Discard, out)
	return s
}

// stop ends the program in order; a second time it does nothing.
func (s *server) stop() {
	if s.cmd.ProcessState != nil {
		return
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Error(err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("did not end in order: %v\n%s", err, s.errs.String())
	}
}

// person is somebody who is logged in.
type person struct {
	s      *server
	name   string
	cookie string
}

func (s *server) logIn(login, password string) *person {
	s.t.Helper()
	r := s.send("POST", "/session", map[string]any{"login": login, "password": password}, nil)
	if r.status != 200 {
		s.t.Fatalf("%s cannot log in: %d %s", login, r.status, r.body)
	}
	return &person{s, login, strings.SplitN(r.header.Get("Set-Cookie"), ";", 2)[0]}
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

// get reads a value at a path of the JSON answer: "case.step".
func (r reply) get(path string) any {
	var v any
	if json.Unmarshal(r.body, &v) != nil {
		return nil
	}
	for _, k := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

func (s *server) send(method, path string, body any, header map[string]string) reply {
	s.t.Helper()
	var b []byte
	if body != nil {
		var err error
		if b, err = json.Marshal(body); err != nil {
			s.t.Fatal(err)
		}
	}
	return s.sendBytes(method, path, b, header)
}

// sendBytes sends a body as it is, as JSON unless the header says otherwise.
func (s *server) sendBytes(method, path string, body []byte, header map[string]string) reply {
	s.t.Helper()
	r, err := http.NewRequest(method, s.base+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept-Language", "en")
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer w.Body.Close()
	all, err := io.ReadAll(w.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := loadContract()
	if err != nil {
		s.t.Fatal(err)
	}
	c.holds(s.t, method, path, w.StatusCode, w.Header, all)
	return reply{w.StatusCode, w.Header, all}
}

func (p *person) send(method, path string, body any, more ...string) reply {
	h := map[string]string{"Cookie": p.cookie, "Sec-Fetch-Site": "same-origin"}
	if method == "POST" {
		h["Idempotency-Key"] = uuid.NewString()
	}
	for i := 0; i+1 < len(more); i += 2 {
		h[more[i]] = more[i+1]
	}
	return p.s.send(method, path, body, h)
}

// act does an action and says which step, or which refusal, came back.
func (p *person) act(id, action string, values map[string]any) string {
	r := p.send("POST", "/cases/"+id+"/moves", map[string]any{"action": action, "values": values})
	if step, ok := r.get("case.step").(string); ok {
		return step
	}
	code, _ := r.get("code").(string)
	return code
}

func each(t *testing.T, fn func(t *testing.T, s *server)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, start(t, db.SQLite)) })
	t.Run("postgres", func(t *testing.T) { fn(t, start(t, db.Postgres)) })
}

// One event goes the whole closed loop across five people, each of whom may do just their
// part of it, and people elsewhere do not know that it exists.
func TestTheClosedLoop(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		worker, other := s.logIn("wg029", "sample-worker"), s.logIn("wg034", "sample-worker")
		village, hand := s.logIn("village", "sample-village"), s.logIn("villagehand", "sample-villagehand")
		check, leader := s.logIn("villagecheck", "sample-villagecheck"), s.logIn("leader", "sample-leader")

		areas := worker.send("GET", "/areas", nil).get("areas").([]any)
		where := areas[0].(map[string]any)["id"]
		report := map[string]any{"class": "incident/sample:0102", "text": "a bin is overflowing", "area_id": where, "channel": "field"}
		key := uuid.NewString()
		r := worker.send("POST", "/cases", report, "Idempotency-Key", key)
		id, _ := r.get("id").(string)
		if r.status != 201 || id == "" {
			t.Fatalf("%d %s", r.status, r.body)
		}
		if again := worker.send("POST", "/cases", report, "Idempotency-Key", key); again.get("id") != id {
			t.Fatalf("sent twice, opened twice: %s", again.body)
		}
		alike := map[string]any{"class": report["class"], "text": "the bin is overflowing", "area_id": where}
		for p, sees := range map[*person]int{worker: 1, village: 1, other: 0} { // proposed to whoever may see it
			if r := p.send("POST", "/cases/duplicates", alike); r.status != 200 || len(r.get("duplicates").([]any)) != sees {
				t.Errorf("%s is proposed %s", p.name, r.body)
			}
		}
		if r := village.send("GET", "/cases/"+id+"/duplicates", nil); r.status != 200 || len(r.get("duplicates").([]any)) != 0 {
			t.Errorf("the only such case has duplicates: %s", r.body)
		}
		for _, p := range []*person{worker, village, hand, leader} {
			if r := p.send("GET", "/cases/"+id, nil); r.status != 200 {
				t.Errorf("%s does not see it: %d", p.name, r.status)
			}
		}
		for _, unknown := range []string{id, uuid.NewString()} {
			if r := other.send("GET", "/cases/"+unknown, nil); r.status != 404 || r.get("code") != "case.not_found" {
				t.Errorf("another village gets %d %s", r.status, r.body)
			}
		}
		steps := []struct {
			who    *person
			action string
			values map[string]any
			want   string
		}{
			{worker, "classify", nil, "case.no_right"},
			{village, "dispatch", nil, "case.not_in_step"},
			{village, "classify", nil, "judging"},
			{village, "dispatch", nil, "assigned"},
			{hand, "acknowledge", nil, "handling"},
			{hand, "finish", nil, "case.asks_missing"},
			{hand, "finish", map[string]any{"result": "emptied"}, "checking"},
			{hand, "confirm", map[string]any{"reply": "done"}, "case.no_right"},
			{check, "confirm", map[string]any{"reply": "done, thank you"}, "rating"},
			{worker, "rate", map[string]any{"stars": 9}, "case.bad_value"},
			{worker, "rate", map[string]any{"stars": 5}, "closed"},
		}
		for _, x := range steps {
			if got := x.who.act(id, x.action, x.values); got != x.want {
				t.Fatalf("%s does %s: %s, not %s", x.who.name, x.action, got, x.want)
			}
		}
		view := leader.send("GET", "/cases/"+id, nil)
		if view.get("case.outcome") != "solved" {
			t.Errorf("outcome %v", view.get("case.outcome"))
		}
		if n := len(view.get("moves").([]any)); n != 7 {
			t.Errorf("%d moves in the history", n)
		}
		stale := village.send("POST", "/cases/"+id+"/moves", map[string]any{"action": "merge", "version": 1, "values": map[string]any{"into": id}})
		if stale.status < 400 {
			t.Errorf("an act on a closed case went through: %s", stale.body)
		}
	})
}

// Lists, exports and single reads agree about what somebody may see.
func TestListsAndExportsAgree(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		for _, who := range []string{"leader", "street", "village", "villagehand", "resident"} {
			p := s.logIn(who, "sample-"+who)
			seen, cursor := 0, ""
			for {
				path := "/cases?limit=20"
				if cursor != "" {
					path += "&cursor=" + cursor
				}
				r := p.send("GET", path, nil)
				page, ok := r.get("cases").([]any)
				if !ok {
					t.Fatalf("%d %s", r.status, r.body)
				}
				for _, c := range page {
					if v := p.send("GET", "/cases/"+c.(map[string]any)["id"].(string), nil); v.status != 200 {
						t.Fatalf("%s lists what they may not read", who)
					}
				}
				seen += len(page)
				if cursor, _ = r.get("next").(string); cursor == "" {
					break
				}
			}
			rows, err := csv.NewReader(bytes.NewReader(p.send("GET", "/cases.csv", nil).body)).ReadAll()
			if err != nil || len(rows) != seen+1 {
				t.Errorf("%s lists %d cases and exports %d lines: %v", who, seen, len(rows)-1, err)
			}
			if who == "leader" && seen < 10 {
				t.Errorf("the sample county has %d open cases only", seen)
			}
		}
	})
}

// Whoever may look somewhere hears at once that something changed there, and nobody else.
func TestChangesAreHeardLive(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		worker, village := s.logIn("wg029", "sample-worker"), s.logIn("village", "sample-village")
		r, err := http.NewRequest("GET", s.base+"/api/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", village.cookie)
		w, err := http.DefaultClient.Do(r)
		if err != nil || w.StatusCode != 200 {
			t.Fatal(err, w)
		}
		defer w.Body.Close()
		heard := make(chan string, 100)
		go func() {
			for lines := bufio.NewScanner(w.Body); lines.Scan(); {
				heard <- lines.Text()
			}
		}()
		where := worker.send("GET", "/areas", nil).get("areas").([]any)[0].(map[string]any)["id"]
		id, _ := worker.send("POST", "/cases", map[string]any{"class": "incident/sample:0104", "text": "mud on the road", "area_id": where, "channel": "field"}).get("id").(string)
		deadline := time.After(20 * time.Second)
		for {
			select {
			case line := <-heard:
				if strings.Contains(line, id) {
					return
				}
			case <-deadline:
				t.Fatal("nothing heard")
			}
		}
	})
}

// What is malformed, too large or from another site is refused in words, and changes nothing.
func TestBadRequestsAreRefused(t *testing.T) {
	s := start(t, db.SQLite)
	worker := s.logIn("wg029", "sample-worker")
	where := worker.send("GET", "/areas", nil).get("areas").([]any)[0].(map[string]any)["id"]
	good := map[string]any{"class": "incident/sample:0102", "text": "x", "area_id": where, "channel": "field"}
	change := func(k string, v any) map[string]any {
		m := map[string]any{}
		for a, b := range good {
			m[a] = b
		}
		m[k] = v
		return m
	}
	before := worker.send("GET", "/cases?limit=200", nil).body
	for name, x := range map[string]struct {
		body   any
		header []string
		status int
		code   string
	}{
		"unknown class":  {change("class", "incident/sample:9999"), nil, 400, "case.unknown_class"},
		"unknown area":   {change("area_id", uuid.NewString()), nil, 422, "case.bad_value"},
		"unknown field":  {change("fields", map[string]any{"colour": "red"}), nil, 422, "case.bad_value"},
		"unknown member": {change("colour", "red"), nil, 422, "request.invalid"},
		"a huge text":    {change("text", strings.Repeat("长", 2_000_000)), nil, 413, "request.too_large"},
		"bad key":        {good, []string{"Idempotency-Key", "one"}, 400, "idempotency.bad_key"},
		"another site":   {good, []string{"Sec-Fetch-Site", "cross-site"}, 403, "request.other_site"},
		"nobody":         {good, []string{"Cookie", ""}, 401, "session.none"},
	} {
		r := worker.send("POST", "/cases", x.body, x.header...)
		if r.status != x.status || r.get("code") != x.code {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
		if bytes.Contains(r.body, []byte("colour: red")) || len(r.body) > 2000 {
			t.Errorf("%s: the answer echoes what was sent", name)
		}
	}
	if after := worker.send("GET", "/cases?limit=200", nil).body; !bytes.Equal(before, after) {
		t.Error("a refused request changed the list")
	}
}
