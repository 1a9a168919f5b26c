package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// sample is one figure of one round, of the product and of the reference server.
type sample struct {
	what     string
	clients  int
	our, ref figure
}

// figure is what gload saw.
type figure struct {
	OK     int64   `json:"ok"`
	Errors int64   `json:"errors"`
	Rate   float64 `json:"rate"`
	P50    float64 `json:"p50_ms"`
	P99    float64 `json:"p99_ms"`
	CPU    float64 `json:"server_cpu_ms_per_req"`
	Other  float64 `json:"other_cores"`
	Last   string  `json:"last_error"`
}

// load runs gload against a server.
func load(o options, p *process, clients int, args ...string) (f figure, err error) {
	a := append([]string{"-c", fmt.Sprint(clients), "-d", o.d.String(), "-pid", fmt.Sprint(p.cmd.Process.Pid)}, args...)
	var out bytes.Buffer
	cmd := exec.Command(filepath.Join(o.bin, "gload"), a...)
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return f, err
	}
	if err := json.Unmarshal(out.Bytes(), &f); err != nil {
		return f, err
	}
	if f.Errors > 0 || f.OK == 0 {
		return f, fmt.Errorf("%d of %d refused: %s: %v", f.Errors, f.OK+f.Errors, f.Last, args)
	}
	return f, nil
}

// tokens are those of the sample accounts, by what they do in a life.
type tokens map[string]string

func logInAll(p *process) (tokens, string, error) {
	t, area := tokens{}, ""
	for act, who := range map[string]string{"open": "wg029:sample-worker", "dispatch": "street:sample-street", "resolve": "crew:sample-crew",
		"verify": "checker:sample-checker", "lead": "leader:sample-leader"} {
		login, password, _ := strings.Cut(who, ":")
		token, at, err := p.logIn(login, password)
		if err != nil {
			return nil, "", err
		}
		t[act] = token
		if act == "open" {
			area = at
		}
	}
	t["rate"] = t["open"]
	return t, area, nil
}

func (t tokens) post(p *process, as, path, body string) []string {
	return []string{"-m", "POST", "-u", "http://" + p.addr + "/api/v1" + path, "-H", "Authorization: Bearer " + t[as],
		"-H", "Content-Type: application/json", "-H", "Idempotency-Key: {{uuid}}", "-b", body}
}

func (t tokens) get(p *process, as, path string) []string {
	return []string{"-u", "http://" + p.addr + "/api/v1" + path, "-H", "Authorization: Bearer " + t[as]}
}

// newCase is the body of a create: {{id}} is the area.
const newCase = `{"class":"bench/sample:010{{rnd 1 9}}","text":"桶满了，垃圾堆到路边，影响通行，请尽快清理。","channel":"field","area_id":"{{id}}","fields":{"place":"某路12号门前"}}`

// acts are the rest of a life, in order.
var acts = []struct{ name, body string }{
	{"dispatch", `{"action":"dispatch"}`},
	{"resolve", `{"action":"resolve","values":{"result":"已清理完毕。"}}`},
	{"verify", `{"action":"verify"}`},
	{"rate", `{"action":"rate","values":{"stars":5}}`},
}

// round measures the product and then the reference server, each on a fresh database.
func round(o options, st *store, n, clients int) ([]sample, error) {
	var our, ref map[string]figure
	var err error
	both := []func() error{
		func() error { our, err = product(o, st, clients); return err },
		func() error { ref, err = reference(o, st, clients); return err },
	}
	if n%2 == 1 { // whoever comes second may meet a warmer machine
		both[0], both[1] = both[1], both[0]
	}
	for _, f := range both {
		if err := f(); err != nil {
			return nil, err
		}
	}
	var out []sample
	for _, what := range []string{"create", "transition", "life", "get", "list"} {
		out = append(out, sample{what, clients, our[what], ref[what]})
	}
	return out, nil
}

func product(o options, st *store, clients int) (map[string]figure, error) {
	name, err := st.fresh()
	if err != nil {
		return nil, err
	}
	p, err := st.start(name)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	t, _, err := logInAll(p)
	if err != nil {
		return nil, err
	}
	d, err := st.look(name)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	areas, ids := filepath.Join(st.dir, name, "areas"), filepath.Join(st.dir, name, "ids")
	if err := spread(d, areas); err != nil {
		return nil, err
	}
	out := map[string]figure{}
	if out["create"], err = load(o, p, clients, append(t.post(p, "open", "/cases", newCase), "-ids", areas, "-extract", `"id":"([^"]+)"`, "-out", ids)...); err != nil {
		return nil, err
	}
	if err := settled(d); err != nil {
		return nil, err
	}
	if out["list"], err = load(o, p, clients, t.get(p, "lead", "/cases?limit=50")...); err != nil {
		return nil, err
	}
	parts := []figure{out["create"]}
	for _, a := range acts {
		f, err := load(o, p, clients, append(t.post(p, a.name, "/cases/{{id}}/moves", a.body), "-ids", ids, "-inorder")...)
		if err != nil {
			return nil, err
		}
		parts = append(parts, f)
		if err := trim(ids, f.OK); err != nil {
			return nil, err
		}
		if err := settled(d); err != nil {
			return nil, err
		}
	}
	out["life"], out["transition"] = sum(parts), mean(parts[1:])
	if out["get"], err = load(o, p, clients, append(t.get(p, "lead", "/cases/{{id}}"), "-ids", ids)...); err != nil {
		return nil, err
	}
	return out, owed(d, out["create"].OK)
}

func reference(o options, st *store, clients int) (map[string]figure, error) {
	addr, err := free()
	if err != nil {
		return nil, err
	}
	p, err := launch(addr, "/healthz", filepath.Join(o.bin, "refsrv"), refArgs(o, st, addr)...)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	ids := filepath.Join(st.dir, "refids")
	os.Remove(ids)
	to := func(path string) []string {
		return []string{"-u", "http://" + addr + path, "-H", "Authorization: Bearer t0k"}
	}
	out := map[string]figure{}
	if out["create"], err = load(o, p, clients, append(to("/cases"), "-m", "POST", "-extract", `"id":([0-9]+)`, "-out", ids, "-b",
		`{"title":"桶满了，垃圾堆到路边，影响通行，请尽快清理。","body":"某路12号门前","category":"road","grid":{{rnd 1 400}},"priority":3,"attrs":{"channel":"field"}}`)...); err != nil {
		return nil, err
	}
	if out["list"], err = load(o, p, clients, to("/cases?status=open&limit=50")...); err != nil {
		return nil, err
	}
	parts := []figure{out["create"]}
	for _, step := range []string{"assigned", "done", "checked", "closed"} {
		f, err := load(o, p, clients, append(to("/cases/{{id}}/transition"), "-m", "POST", "-ids", ids, "-inorder", "-b", `{"to":"`+step+`"}`)...)
		if err != nil {
			return nil, err
		}
		parts = append(parts, f)
		if err := trim(ids, f.OK); err != nil {
			return nil, err
		}
	}
	out["life"], out["transition"] = sum(parts), mean(parts[1:])
	out["get"], err = load(o, p, clients, append(to("/cases/{{id}}"), "-ids", ids)...)
	return out, err
}

// trim keeps the ids that a phase came through.
func trim(file string, n int64) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	all := strings.Fields(string(b))
	return os.WriteFile(file, []byte(strings.Join(all[:min(int64(len(all)), n)], "\n")+"\n"), 0o644)
}

// sum is a life: its requests one after the other.
func sum(all []figure) (f figure) {
	per := 0.0
	for _, x := range all {
		per += 1 / x.Rate
		f.P50 += x.P50
		f.P99 = max(f.P99, x.P99)
		f.CPU += x.CPU
		f.Other = max(f.Other, x.Other)
	}
	f.Rate = 1 / per
	return f
}

// mean is a transition: the four of a life.
func mean(all []figure) figure {
	f, n := sum(all), float64(len(all))
	f.Rate, f.P50, f.CPU = f.Rate*n, f.P50/n, f.CPU/n
	return f
}
