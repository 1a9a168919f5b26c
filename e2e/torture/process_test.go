package torture

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var binary struct {
	once sync.Once
	path string
	err  error
}

// build makes the binary once for all tests.
func build(t *testing.T) string {
	t.Helper()
	binary.once.Do(func() {
		binary.path = filepath.Join(t.TempDir(), "gezhi")
		if out, err := exec.Command("go", "build", "-o", binary.path, "gezhi/cmd/gezhi").CombinedOutput(); err != nil {
			binary.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if binary.err != nil {
		t.Fatal(binary.err)
	}
	return binary.path
}

// program is the binary with one database, started and killed as often as needed.
type program struct {
	t    *testing.T
	bin  string
	args []string
	addr string
	cmd  *exec.Cmd
	errs *bytes.Buffer

	mu sync.Mutex
	up chan struct{} // closed while the program serves
}

// newProgram fills a fresh database with the sample county and the pack.
func newProgram(t *testing.T, db string) *program {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	p := &program{t: t, bin: build(t), addr: addr, up: make(chan struct{}),
		args: []string{"-data", t.TempDir(), "-db", db, "-addr", addr, "-log", "error"}}
	p.start("-demo")
	p.stop(syscall.SIGTERM)
	if out, err := exec.Command(p.bin, append(p.args, "pack", "load", "pack")...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return p
}

// start runs the program until it says where it serves.
func (p *program) start(more ...string) {
	p.t.Helper()
	p.errs = &bytes.Buffer{}
	p.cmd = exec.Command(p.bin, append(p.args, more...)...)
	p.cmd.Stderr = p.errs
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "http://") {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		p.t.Fatalf("it does not start: %v %s", err, p.errs)
	}
	p.mu.Lock()
	close(p.up)
	p.mu.Unlock()
}

// stop ends the program by a signal and waits for its end.
func (p *program) stop(s syscall.Signal) {
	p.mu.Lock()
	p.up = make(chan struct{})
	p.mu.Unlock()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Error(err)
	}
	err := p.cmd.Wait()
	if s == syscall.SIGTERM && err != nil {
		p.t.Errorf("ended by %v: %s", err, p.errs)
	}
}

// serving waits until the program serves; false when ctx ends first.
func (p *program) serving(ctx context.Context) bool {
	p.mu.Lock()
	up := p.up
	p.mu.Unlock()
	select {
	case <-up:
		return true
	case <-ctx.Done():
		return false
	}
}

var client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 32}}

// send makes one request. err means that nobody knows whether it was done.
func (p *program) send(method, path, token, key string, body any) (status int, answer []byte, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	r, err := http.NewRequest(method, "http://"+p.addr+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	resp, err := client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		return 0, nil, err
	}
	for _, c := range resp.Cookies() {
		if c.Name == "gezhi_session" {
			return resp.StatusCode, []byte(c.Value), nil
		}
	}
	return resp.StatusCode, b.Bytes(), nil
}

// logIn returns a token of a sample account.
func (p *program) logIn(login, password string) string {
	p.t.Helper()
	status, token, err := p.send("POST", "/session", "", "", map[string]string{"login": login, "password": password})
	if err != nil || status != http.StatusOK {
		p.t.Fatalf("log-in of %s: %d %v %s", login, status, err, token)
	}
	return string(token)
}

// area returns where somebody's first post is.
func (p *program) area(token string) string {
	p.t.Helper()
	var me struct {
		Posts []struct{ Area struct{ ID string } }
	}
	_, answer, err := p.send("GET", "/me", token, "", nil)
	if err == nil {
		err = json.Unmarshal(answer, &me)
	}
	if err != nil || len(me.Posts) == 0 {
		p.t.Fatalf("who am I: %v %s", err, answer)
	}
	return me.Posts[0].Area.ID
}
