package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"gezhi/internal/db"

	"github.com/google/uuid"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// said checks a refusal in both languages: its status and code, words of that language, and
// nothing of what was sent.
func said(t *testing.T, name string, status int, code string, send func(lang string) reply) {
	t.Helper()
	for _, lang := range []string{"zh", "en"} {
		r := send(lang)
		detail, _ := r.get("detail").(string)
		han := strings.ContainsFunc(detail, func(c rune) bool { return unicode.Is(unicode.Han, c) })
		if r.status != status || r.get("code") != code || detail == "" || han != (lang == "zh") {
			t.Errorf("%s in %s: %d %s", name, lang, r.status, r.body)
		}
		if bytes.Contains(r.body, []byte("secret")) || bytes.Contains(r.body, []byte("goroutine")) || len(r.body) > 3000 {
			t.Errorf("%s in %s: the answer tells too much: %s", name, lang, r.body)
		}
	}
}

// Whatever is sent that cannot be read, or speaks of what is not there, is refused in words of
// the reader's language, changes nothing, and the next request is answered as ever.
func TestWhatCannotBeRead(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		d := newDesk(s)
		before := d.count()
		gbk, err := simplifiedchinese.GBK.NewEncoder().String(`{"class": "incident/sample:0102", "text": "垃圾桶满了"}`)
		if err != nil {
			t.Fatal(err)
		}
		cookie := map[string]string{"Cookie": d.cookie, "Sec-Fetch-Site": "same-origin"}
		raw := func(path, body string, header ...string) func(string) reply {
			return func(lang string) reply {
				h := map[string]string{"Accept-Language": lang, "Idempotency-Key": uuid.NewString()}
				for k, v := range cookie {
					h[k] = v
				}
				for i := 0; i+1 < len(header); i += 2 {
					h[header[i]] = header[i+1]
				}
				return s.sendBytes("POST", path, []byte(body), h)
			}
		}
		said(t, "half a JSON", 400, "request.malformed", raw("/cases", `{"class": "secret`))
		said(t, "no JSON", 400, "request.malformed", raw("/cases", `<secret/>`))
		said(t, "GBK", 400, "request.malformed", raw("/cases", gbk))
		said(t, "nothing", 400, "request.empty", raw("/cases", ""))
		said(t, "a form", 400, "request.not_json", raw("/cases", "class=secret", "Content-Type", "application/x-www-form-urlencoded"))
		said(t, "deep JSON", 400, "request.too_deep", raw("/cases", strings.Repeat("[", 1000)))
		said(t, "NUL", 400, "request.nul", raw("/cases", `{"text": "\u0000"}`))
		said(t, "numbers for words", 422, "request.invalid", raw("/cases", `{"class": 1, "text": ["secret"]}`))
		said(t, "no multipart", 400, "file.not_multipart", raw("/files", `{}`))
		said(t, "half a multipart", 400, "file.not_multipart", raw("/files", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"secret\"\r\n", "Content-Type", "multipart/form-data; boundary=x"))
		said(t, "no such path", 404, "request.no_such_path", raw("/secret", `{}`))
		for _, query := range []string{"queue=secret", "phase=%00", "area=" + uuid.NewString(), "limit=-1", "cursor=secret", "secret=1"} {
			for _, list := range []string{"/cases?", "/cases.csv?"} {
				r := d.send("GET", list+query, nil)
				if list == "/cases?" && (r.status < 400 || r.status > 422) || r.status >= 500 || bytes.Contains(r.body, []byte("=secret")) {
					t.Errorf("%s%s: %d %s", list, query, r.status, r.body)
				}
			}
		}
		if after := d.count(); after != before {
			t.Errorf("%d cases became %d", before, after)
		}
		if _, code := d.report(uuid.NewString()); code != "" {
			t.Errorf("the next report: %s", code)
		}
		d.whole(before)
	})
}

// Units, people, files and cases that are unknown, or somebody else's, are refused alike: nobody
// learns from the answer what there is elsewhere.
func TestWhatIsUnknownOrSomebodyElses(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		d, other, street := newDesk(s), s.logIn("wg034", "sample-worker"), s.logIn("street", "sample-street")
		before := d.count()
		d.report(uuid.NewString())
		id := one(d.known)
		if step := s.logIn("village", "sample-village").act(id, "classify", nil); step != "judging" {
			t.Fatal(step)
		}
		for what, person := range map[string]*person{id: other, uuid.NewString(): d.person, "secret": d.person, "'; DROP TABLE cases; --": d.person} {
			at := "/cases/" + strings.ReplaceAll(what, " ", "%20")
			said(t, "reading "+what, 404, "case.not_found", func(lang string) reply { return person.send("GET", at, nil, "Accept-Language", lang) })
			said(t, "acting on "+what, 404, "case.not_found", func(lang string) reply {
				return person.send("POST", at+"/moves", map[string]any{"action": "comment", "values": map[string]any{"note": "secret"}}, "Accept-Language", lang)
			})
		}
		file, _ := d.upload("a photograph").get("id").(string)
		for _, x := range []string{file, uuid.NewString()} {
			said(t, "another's file", 404, "file.not_found", func(lang string) reply { return other.send("GET", "/files/"+x, nil, "Accept-Language", lang) })
		}
		act := func(p *person, action string, values map[string]any) func(string) reply {
			return func(lang string) reply {
				return p.send("POST", "/cases/"+id+"/moves", map[string]any{"action": action, "values": values}, "Accept-Language", lang)
			}
		}
		open := func(more map[string]any) func(string) reply {
			body := map[string]any{"class": "incident/sample:0102", "text": "x", "area_id": d.where, "channel": "field"}
			for k, v := range more {
				body[k] = v
			}
			return func(lang string) reply { return d.send("POST", "/cases", body, "Accept-Language", lang) }
		}
		said(t, "an unknown action", 400, "case.unknown_action", act(street, "secret", nil))
		said(t, "an unknown unit", 400, "case.unknown_unit", act(street, "designate", map[string]any{"unit": uuid.NewString()}))
		said(t, "an unknown class", 400, "case.unknown_class", open(map[string]any{"class": "secret/secret:1"}))
		said(t, "an unknown place", 422, "case.bad_value", open(map[string]any{"area_id": uuid.NewString()}))
		said(t, "an unknown person", 400, "case.unknown_person", open(map[string]any{"reporter": uuid.NewString()}))
		said(t, "another's file in a report", 422, "case.bad_value", open(map[string]any{"fields": map[string]any{"photo": []string{uuid.NewString()}}}))
		d.whole(before)
	})
}

// endless is a body that never ends by itself.
type endless struct{ left int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.left)
	e.left -= n
	for i := range p[:n] {
		p[i] = 'x'
	}
	return int(n), nil
}

// peak is the most memory that a process has had, in bytes.
func peak(t *testing.T, pid int) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

// Bodies of fifty megabytes, announced or not, are refused before they fill the memory or the
// disk, and the next request is answered as ever.
func TestHugeBodies(t *testing.T) {
	s := start(t, db.SQLite)
	d := newDesk(s)
	before := d.count()
	had := peak(t, s.cmd.Process.Pid)
	const huge = 50 << 20
	for _, x := range []struct {
		path, contentType, head string
		announced               bool
	}{
		{"/cases", "application/json", `{"text":"`, true},
		{"/cases", "application/json", `{"text":"`, false},
		{"/files", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n", true},
		{"/files", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n", false},
	} {
		r, err := http.NewRequest("POST", s.base+"/api/v1"+x.path, io.MultiReader(strings.NewReader(x.head), &endless{huge}))
		if err != nil {
			t.Fatal(err)
		}
		if x.announced {
			r.ContentLength = int64(len(x.head)) + huge
		}
		for k, v := range map[string]string{"Content-Type": x.contentType, "Cookie": d.cookie, "Sec-Fetch-Site": "same-origin", "Idempotency-Key": uuid.NewString(), "Expect": "100-continue"} {
			r.Header.Set(k, v)
		}
		w, err := http.DefaultClient.Do(r)
		if !x.announced && (errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)) {
			continue // cut off in the middle: whoever keeps writing may not come to read why
		}
		if err != nil {
			t.Errorf("%s announced=%v: %v", x.path, x.announced, err)
			continue
		}
		body, _ := io.ReadAll(w.Body)
		w.Body.Close()
		if w.StatusCode != 413 || !bytes.Contains(body, []byte("too_large")) {
			t.Errorf("%s announced=%v: %d %s", x.path, x.announced, w.StatusCode, body)
		}
	}
	if more := peak(t, s.cmd.Process.Pid) - had; more > 64<<20 {
		t.Errorf("it took %d MiB more", more>>20)
	}
	if size := folderSize(t, s.data+"/files"); size > 1<<20 {
		t.Errorf("%d bytes of files are left", size)
	}
	d.report(uuid.NewString())
	d.whole(before)
}

func folderSize(t *testing.T, dir string) (n int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		i, err := e.Info()
		if err == nil {
			n += i.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
