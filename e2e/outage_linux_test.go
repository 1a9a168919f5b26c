package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"mime/multipart"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"gezhi/internal/db"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// desk is a grid worker who reports, in front of a database that fails.
type desk struct {
	*person
	where any
	known map[string]bool // acknowledged cases
}

func newDesk(s *server) *desk {
	p := s.logIn("wg029", "sample-worker")
	return &desk{p, p.send("GET", "/areas", nil).get("areas").([]any)[0].(map[string]any)["id"], map[string]bool{}}
}

// report sends a report under a key and returns the code of the refusal, or "".
func (d *desk) report(key string, more ...string) (reply, string) {
	r := d.send("POST", "/cases", map[string]any{"class": "incident/sample:0102", "text": "a bin is overflowing", "area_id": d.where, "channel": "field"},
		append([]string{"Idempotency-Key", key}, more...)...)
	if id, ok := r.get("id").(string); ok && r.status == 201 {
		d.known[id] = true
		return r, ""
	}
	code, _ := r.get("code").(string)
	return r, code
}

// refused sends a report that must be refused with a code, in words of both languages, and
// returns its key.
func (d *desk) refused(code, zh, en string) string {
	d.s.t.Helper()
	key := uuid.NewString()
	for lang, says := range map[string]string{"zh": zh, "en": en} {
		r, got := d.report(key, "Accept-Language", lang)
		detail, _ := r.get("detail").(string)
		if r.status != 503 || got != code || !strings.Contains(detail, says) {
			d.s.t.Errorf("%s: %d %s", lang, r.status, r.body)
		}
	}
	return key
}

// whole checks that every acknowledged case is there, and no other than those before.
func (d *desk) whole(before int) {
	d.s.t.Helper()
	for id := range d.known {
		if r := d.send("GET", "/cases/"+id, nil); r.status != 200 {
			d.s.t.Errorf("an acknowledged case is lost: %d %s", r.status, r.body)
		}
	}
	if n := d.count(); n != before+len(d.known) {
		d.s.t.Errorf("%d cases, of which %d were there before and %d acknowledged", n, before, len(d.known))
	}
}

func (d *desk) count() int {
	d.s.t.Helper()
	list, ok := d.send("GET", "/cases?limit=200", nil).get("cases").([]any)
	if !ok {
		d.s.t.Fatal("the list cannot be read")
	}
	return len(list)
}

// fileSize limits how large files may grow that a running process writes to; 0 lifts the limit.
func fileSize(t *testing.T, pid int, bytes uint64) {
	t.Helper()
	limit := syscall.Rlimit{Cur: bytes, Max: ^uint64(0)}
	if bytes == 0 {
		limit.Cur = ^uint64(0)
	}
	_, _, e := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), uintptr(syscall.RLIMIT_FSIZE), uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	if e != 0 {
		t.Fatal(e)
	}
}

// A disk that takes nothing more refuses every change in words, for cases as for files; what is
// there can be read; with room again work goes on under the same keys, also after a new start.
func TestADiskThatIsFull(t *testing.T) {
	s := start(t, db.SQLite)
	d := newDesk(s)
	before := d.count()
	d.report(uuid.NewString())
	fileSize(t, s.cmd.Process.Pid, 1<<10)
	key := d.refused("db.cannot_write", "没有保存", "Nothing was saved")
	if r := d.upload(strings.Repeat("a photograph ", 1000)); r.status != 503 || r.get("code") != "blob.broken" {
		t.Errorf("a file: %d %s", r.status, r.body)
	}
	if r := d.send("POST", "/cases/"+one(d.known)+"/moves", map[string]any{"action": "comment", "values": map[string]any{"note": "x"}}); r.status < 400 {
		t.Errorf("an act went through: %s", r.body)
	}
	d.whole(before)
	fileSize(t, s.cmd.Process.Pid, 0)
	if r, code := d.report(key); code != "" {
		t.Errorf("with room again: %s", r.body)
	}
	if r := d.upload("a photograph"); r.status != 201 {
		t.Errorf("a file with room again: %d %s", r.status, r.body)
	}
	d.whole(before)
	if left, _ := os.ReadDir(filepath.Join(s.data, "files", "tmp")); len(left) > 0 {
		t.Errorf("%d unfinished files are left", len(left))
	}
	s.stop()
	if strings.Contains(s.errs.String(), "panic") {
		t.Error(s.errs.String())
	}
	next := startIn(t, s.data, "")
	again := newDesk(next)
	again.known = d.known
	again.whole(before)
}

func one(m map[string]bool) string {
	for k := range m {
		return k
	}
	return ""
}

// upload sends a document that says something.
func (d *desk) upload(text string) reply {
	d.s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", "x.pdf")
	if err == nil {
		_, err = part.Write([]byte("%PDF-1.4\n" + text + "\n%%EOF\n"))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		d.s.t.Fatal(err)
	}
	return d.s.sendBytes("POST", "/files", b.Bytes(), map[string]string{"Cookie": d.cookie, "Sec-Fetch-Site": "same-origin", "Content-Type": w.FormDataContentType()})
}

// While another program holds the file, reports are refused in words and everything can be read;
// afterwards the same report is taken.
func TestADatabaseLockedByAnotherProgram(t *testing.T) {
	s := start(t, db.SQLite)
	d := newDesk(s)
	before := d.count()
	other, err := sql.Open("sqlite", "file:"+filepath.Join(s.data, "gezhi.db")+"?_pragma=busy_timeout(10000)") // the program may just be writing
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	held, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if _, err := held.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	key := d.refused("db.locked", "数据库繁忙", "The database is busy")
	d.whole(before)
	if _, err := held.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if r, code := d.report(key); code != "" {
		t.Errorf("afterwards: %s", r.body)
	}
	d.whole(before)
}

// A database file, or a folder, that may only be read is said to be so at the start, in one line
// of the reader's language, and nothing is changed.
func TestAFileThatMayOnlyBeRead(t *testing.T) {
	data, err := os.MkdirTemp("", "gezhi-e2e") // what testing makes nobody else may enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(data) })
	made, _ := samples.Of(t, db.SQLite)
	if out, err := exec.Command("cp", "-a", made+"/.", data).CombinedOutput(); err != nil { // the two may lie on different disks
		t.Fatalf("%v: %s", err, out)
	}
	s := startIn(t, data, "")
	before := newDesk(s).count()
	s.stop()
	file := filepath.Join(s.data, "gezhi.db")
	open := func(path string, mode os.FileMode) {
		t.Helper()
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		file, lock, folder os.FileMode
		code, zh, en       string
	}{
		{0o444, 0o666, 0o777, "db.read_only", "数据库处于只读状态", "The database is read-only"},
		{0o444, 0o444, 0o555, "db.cannot_open", "无法打开数据库", "The database cannot be opened"},
	} {
		open(file, x.file)
		open(file+".lock", x.lock)
		open(s.data, x.folder)
		for lang, says := range map[string]string{"zh_CN.UTF-8": x.zh, "en_GB.UTF-8": x.en} {
			out, status := asNobody(t, lang, "-data", s.data, "-addr", "127.0.0.1:0")
			if status != 1 || !strings.Contains(out, says) || !strings.Contains(out, x.code) || strings.Contains(out, "goroutine") {
				t.Errorf("file %o in folder %o: %d %s", x.file, x.folder, status, out)
			}
		}
	}
	open(s.data, 0o755)
	open(file, 0o644)
	if now, err := os.ReadFile(file); err != nil || !bytes.Equal(whole, now) {
		t.Errorf("the file has changed: %v", err)
	}
	newDesk(startIn(t, s.data, "")).whole(before)
}

// asNobody runs the program as somebody for whom file modes hold: they do not for root.
func asNobody(t *testing.T, lang string, args ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), "LC_ALL="+lang)
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode()
}

// A PostgreSQL that turns read-only, as a standby does, or that cuts every connection, refuses
// changes in words; reading goes on, and so does work when it can be written to again.
func TestAPostgresThatTurnsReadOnly(t *testing.T) {
	data, url := samples.Of(t, db.Postgres)
	s := startIn(t, data, url)
	d := newDesk(s)
	before := d.count()
	d.report(uuid.NewString())
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := pgx.ConnectConfig(t.Context(), cfg.ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Close(context.Background()) })
	turn := func(readOnly string) {
		t.Helper()
		var name string
		err := admin.QueryRow(t.Context(), "SELECT current_database()").Scan(&name)
		if err == nil {
			_, err = admin.Exec(t.Context(), fmt.Sprintf("SET default_transaction_read_only = off; ALTER DATABASE %s SET default_transaction_read_only = %s", pgx.Identifier{name}.Sanitize(), readOnly))
		}
		if err == nil { // connections keep what was so when they began
			_, err = admin.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	turn("on")
	key := uuid.NewString()
	code := ""
	for range 20 { // the first tries may still meet the connections that were cut
		r, got := d.report(key)
		if code = got; r.status != 503 {
			t.Fatalf("%d %s", r.status, r.body)
		}
		if code == "db.read_only" {
			break
		}
	}
	if code != "db.read_only" {
		t.Fatalf("refused with %s", code)
	}
	d.refused("db.read_only", "只读", "read-only")
	d.whole(before)
	turn("off")
	for range 20 {
		if _, code = d.report(key); code == "" {
			break
		}
	}
	if code != "" {
		t.Errorf("afterwards: %s", code)
	}
	d.whole(before)
}
