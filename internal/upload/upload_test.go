package upload

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/blob"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/jobs"
	"gezhi/internal/media"
	"gezhi/internal/privacy"
	"gezhi/internal/web"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, clock.CST)

// station is a program that takes uploads in, and can be started anew on what it left.
type station struct {
	t    *testing.T
	db   *db.DB
	dir  string
	hand *clock.Hand
	*Service
	*httptest.Server
}

func newStation(t *testing.T, d *db.DB) *station {
	s := &station{t: t, db: d, dir: t.TempDir(), hand: clock.At(monday)}
	s.start()
	return s
}

func (s *station) start() {
	s.t.Helper()
	ids := id.Source(id.New)
	files, err := blob.Open(filepath.Join(s.dir, "files"), s.hand.Now)
	s.must(err)
	s.t.Cleanup(func() { files.Close() })
	cases := &casework.Service{DB: s.db, Now: s.hand.Now, ID: ids, Files: files, Vault: privacy.InMemory(s.db, s.hand.Now, ids)}
	s.Service, err = New(Service{DB: s.db, Now: s.hand.Now, NewID: ids, Cases: cases, Guests: guests(cases)}, filepath.Join(s.dir, "uploads"))
	s.must(err)
	srv := web.New("uploads", "0")
	srv.Log = slog.New(slog.DiscardHandler)
	srv.Authenticate = func(ctx context.Context, r *http.Request) (context.Context, error) {
		who := r.Header.Get("Authorization")
		if who == "" {
			return ctx, fault.New(fault.Unauthenticated, "session.none")
		}
		return account.With(ctx, account.Actor{PersonID: who, Jurisdiction: "j"}), nil
	}
	s.Routes(srv)
	s.Server = httptest.NewServer(srv)
	s.t.Cleanup(s.Server.Close)
}

// guests are people by the keys of their reports, who may send small pictures.
func guests(cases *casework.Service) Guests {
	return Guests{Most: 200 << 10,
		Who: func(_ context.Context, jurisdiction, way, key string, begins bool) (account.Actor, error) {
			if jurisdiction != "990101" || way == "caller" && begins {
				return account.Actor{}, fault.New(fault.Forbidden, "intake.not_your_county")
			}
			return account.Actor{PersonID: "reporter of " + key, Jurisdiction: "j"}, nil
		},
		Take: func(ctx context.Context, a account.Actor, name string, r io.Reader) (casework.Uploaded, error) {
			return cases.Upload(ctx, a, name, r, media.Picture)
		}}
}

func (s *station) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// ask asks as somebody; headers are name, value, name, value.
func (s *station) ask(who, method, to string, body []byte, headers ...string) *http.Response {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+to, bytes.NewReader(body))
	s.must(err)
	if who != "" {
		r.Header.Set("Authorization", who)
	}
	r.Header.Set("Tus-Resumable", "1.0.0")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := s.Client().Do(r)
	s.must(err)
	said, err := io.ReadAll(a.Body)
	s.must(err)
	a.Body.Close()
	a.Body = io.NopCloser(bytes.NewReader(said))
	return a
}

// begun is where an upload goes on.
func (s *station) begun(who string, size int, headers ...string) string {
	s.t.Helper()
	a := s.ask(who, "POST", "/api/v1/uploads", nil, append([]string{"Upload-Length", fmt.Sprint(size), "Upload-Metadata", "filename Li4vLi4vcGhvdG8uanBn"}, headers...)...)
	if a.StatusCode != http.StatusCreated || !strings.HasPrefix(a.Header.Get("Location"), "/api/v1/uploads/") || a.Header.Get("Upload-Expires") == "" {
		s.t.Fatal(a.StatusCode, a.Header)
	}
	return a.Header.Get("Location")
}

func (s *station) sends(who, at string, from int, part []byte) *http.Response {
	s.t.Helper()
	return s.ask(who, "PATCH", at, part, "Upload-Offset", fmt.Sprint(from), "Content-Type", "application/offset+octet-stream")
}

func (s *station) arrived(who, at string) string {
	s.t.Helper()
	a := s.ask(who, "HEAD", at, nil)
	if a.StatusCode != http.StatusOK {
		s.t.Fatal(a.Status)
	}
	return a.Header.Get("Upload-Offset")
}

func (s *station) finished(who, at, body string) (int, string) {
	s.t.Helper()
	a := s.ask(who, "POST", at+"/file", []byte(body), "Content-Type", "application/json")
	said, _ := io.ReadAll(a.Body)
	return a.StatusCode, string(said)
}

// What was cut in the middle goes on where it stopped, also after the program was started anew,
// and becomes the file that was sent.
func TestACutUploadGoesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStation(t, d)
		photo := media.Sample(media.SampleRoad, 1, media.Hint{}, 1)
		at := s.begun("ann", len(photo))
		// a connection that says it sends all, sends a third, and dies
		c, err := net.Dial("tcp", s.Listener.Addr().String())
		s.must(err)
		third := len(photo) / 3
		fmt.Fprintf(c, "PATCH %s HTTP/1.1\r\nHost: x\r\nAuthorization: ann\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: %d\r\n\r\n", at, len(photo))
		_, err = c.Write(photo[:third])
		s.must(err)
		s.must(c.(*net.TCPConn).CloseWrite())
		_, _ = bufio.NewReader(c).ReadString('\n') // until the server has let go of it
		c.Close()
		if got := s.arrived("ann", at); got != fmt.Sprint(third) {
			t.Fatalf("%s arrived of %d", got, third)
		}
		if a := s.sends("ann", at, third+1, photo[third+1:]); a.StatusCode != http.StatusConflict {
			t.Errorf("a part that does not fit: %s", a.Status)
		}
		if a := s.sends("ann", at, third, photo[third:2*third]); a.StatusCode != http.StatusNoContent {
			t.Fatal(a.Status)
		}
		s.Server.Close()
		s.start()
		if got := s.arrived("ann", at); got != fmt.Sprint(2*third) {
			t.Fatalf("%s arrived after the start", got)
		}
		if status, said := s.finished("ann", at, "{}"); status != http.StatusConflict || !strings.Contains(said, "upload.not_whole") {
			t.Errorf("a part becomes a file: %d %s", status, said)
		}
		if a := s.sends("ann", at, 2*third, photo[2*third:]); a.StatusCode != http.StatusNoContent {
			t.Fatal(a.Status)
		}
		sum := sha256.Sum256(photo)
		status, said := s.finished("ann", at, `{"sha256":"`+hex.EncodeToString(sum[:])+`"}`)
		if status != http.StatusCreated || !strings.Contains(said, `"name":"photo.jpg"`) || !strings.Contains(said, `"type":"image/jpeg"`) || !strings.Contains(said, fmt.Sprintf(`"size":%d`, len(photo))) {
			t.Errorf("%d %s", status, said)
		}
		if again, the := s.finished("ann", at, "{}"); again != status || the != said {
			t.Errorf("finished twice: %d %s", again, the)
		}
		if left, _ := os.ReadDir(filepath.Join(s.dir, "uploads")); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	})
}

// An upload is its sender's alone: to everybody else it is not there, whatever they ask.
func TestAnUploadIsItsSendersAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStation(t, d)
		at := s.begun("ann", 100)
		for _, who := range []string{"ben", ""} {
			want := http.StatusNotFound
			if who == "" {
				want = http.StatusUnauthorized
			}
			for _, a := range []*http.Response{s.ask(who, "HEAD", at, nil), s.sends(who, at, 0, []byte("x")), s.ask(who, "DELETE", at, nil),
				s.ask(who, "POST", at+"/file", []byte("{}"), "Content-Type", "application/json"), s.ask(who, "HEAD", at+"x", nil)} {
				if a.StatusCode != want {
					t.Errorf("%q %s: %s", who, a.Request.Method, a.Status)
				}
			}
		}
		for _, bad := range []string{"/api/v1/uploads/..%2F..%2Fgezhi.db", "/api/v1/uploads/" + strings.Repeat("x", 300)} {
			if a := s.ask("ann", "HEAD", bad, nil); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %s", bad, a.Status)
			}
		}
		if a := s.ask("ann", "POST", "/api/v1/uploads", nil, "Upload-Length", "5", "X-HTTP-Method-Override", "DELETE"); a.StatusCode != http.StatusCreated {
			t.Errorf("a header changes what is asked: %s", a.Status)
		}
		if a := s.ask("ann", "DELETE", at, nil); a.StatusCode != http.StatusNoContent {
			t.Errorf("%s", a.Status)
		}
		if a := s.ask("ann", "HEAD", at, nil); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s", a.Status)
		}
	})
}

// Who reports without an account sends by parts too: the key of the report finds the upload again
// after a cut, no other key and nobody's account does, and what may not go with a report is refused.
func TestAReportersUploadGoesByItsKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStation(t, d)
		const mine, others = "0b9f4ac7-1111-4222-8333-444455556666", "0b9f4ac7-1111-4222-8333-444455556667"
		begin := func(size int, query string, headers ...string) *http.Response {
			return s.ask("", "POST", "/api/v1/intake/uploads"+query, nil, append([]string{"Upload-Length", fmt.Sprint(size), "Upload-Metadata", "filename YS5qcGc="}, headers...)...)
		}
		photo := media.Sample(media.SampleRoad, 1, media.Hint{}, 1)
		for why, a := range map[string]*http.Response{
			"no key": begin(10, "?jurisdiction=990101"), "another county": begin(10, "?jurisdiction=990102", "Idempotency-Key", mine),
			"not counted": begin(10, "?jurisdiction=990101&by=caller", "Idempotency-Key", mine), "too large": begin(200<<10+1, "?jurisdiction=990101", "Idempotency-Key", mine),
		} {
			if a.StatusCode < 400 || a.StatusCode > 499 {
				t.Errorf("%s: %s", why, a.Status)
			}
		}
		a := begin(len(photo), "?jurisdiction=990101", "Idempotency-Key", mine)
		at := a.Header.Get("Location")
		if a.StatusCode != http.StatusCreated || !strings.HasPrefix(at, "/api/v1/intake/uploads/") {
			t.Fatal(a.Status, at)
		}
		sends := func(key string, from int, part []byte) *http.Response {
			return s.ask("", "PATCH", at+"?jurisdiction=990101", part, "Idempotency-Key", key, "Upload-Offset", fmt.Sprint(from), "Content-Type", "application/offset+octet-stream")
		}
		half := len(photo) / 2
		if a := sends(mine, 0, photo[:half]); a.StatusCode != http.StatusNoContent {
			t.Fatal(a.Status)
		}
		for _, a := range []*http.Response{sends(others, half, photo[half:]), s.ask("", "HEAD", at+"?jurisdiction=990101", nil, "Idempotency-Key", others),
			s.ask("", "DELETE", at+"?jurisdiction=990101", nil, "Idempotency-Key", others), s.ask("ann", "HEAD", strings.Replace(at, "/intake", "", 1), nil),
			s.ask("", "POST", at+"/file?jurisdiction=990101", []byte("{}"), "Content-Type", "application/json", "Idempotency-Key", others)} {
			if a.StatusCode != http.StatusNotFound {
				t.Errorf("%s by somebody else: %s", a.Request.Method, a.Status)
			}
		}
		s.Server.Close()
		s.start()
		if a := s.ask("", "HEAD", at+"?jurisdiction=990101", nil, "Idempotency-Key", mine); a.Header.Get("Upload-Offset") != fmt.Sprint(half) {
			t.Fatalf("%s, %s arrived of %d", a.Status, a.Header.Get("Upload-Offset"), half)
		}
		if a := sends(mine, half, photo[half:]); a.StatusCode != http.StatusNoContent {
			t.Fatal(a.Status)
		}
		for range 2 {
			a := s.ask("", "POST", at+"/file?jurisdiction=990101", []byte("{}"), "Content-Type", "application/json", "Idempotency-Key", mine)
			if said, _ := io.ReadAll(a.Body); a.StatusCode != http.StatusCreated || !strings.Contains(string(said), `"type":"image/jpeg"`) {
				t.Errorf("%s %s", a.Status, said)
			}
		}
		at = begin(len("%PDF-1.7\n%%EOF"), "?jurisdiction=990101", "Idempotency-Key", mine).Header.Get("Location")
		_ = sends(mine, 0, []byte("%PDF-1.7\n%%EOF"))
		if a := s.ask("", "POST", at+"/file?jurisdiction=990101", []byte("{}"), "Content-Type", "application/json", "Idempotency-Key", mine); a.StatusCode != http.StatusBadRequest {
			t.Errorf("a document: %s", a.Status)
		}
	})
}

// Sizes are bounded before anything is sent, and while it is; what lies, or has another sum than
// was said, is refused at the end and not kept.
func TestUploadsAreBounded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStation(t, d)
		for _, x := range [][]string{{"Upload-Length", fmt.Sprint(media.Largest + 1)}, {"Upload-Length", "0"}, {"Upload-Length", "-5"}, {"Upload-Length", "9223372036854775808"}, {"Upload-Defer-Length", "1"}, {}} {
			if a := s.ask("ann", "POST", "/api/v1/uploads", nil, x...); a.StatusCode != http.StatusBadRequest && a.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("%v: %s", x, a.Status)
			}
		}
		at := s.begun("ann", 10)
		_ = s.sends("ann", at, 0, bytes.Repeat([]byte("x"), 5000)) // more than was said
		if got := s.arrived("ann", at); got != "10" && got != "0" {
			t.Errorf("%s of ten bytes arrived", got)
		}
		page := []byte("\x89PNG\r\n\x1a\n<script>alert(1)</script>")
		for code, body := range map[string]string{"media.lies": "{}", "upload.checksum": `{"sha256":"` + strings.Repeat("0", 64) + `"}`} {
			at := s.begun("ann", len(page), "Upload-Metadata", "filename YS5qcGc=")
			if a := s.sends("ann", at, 0, page); a.StatusCode != http.StatusNoContent {
				t.Fatal(a.Status)
			}
			if status, said := s.finished("ann", at, body); status != http.StatusBadRequest || !strings.Contains(said, code) {
				t.Errorf("%s: %d %s", code, status, said)
			}
			if a := s.ask("ann", "HEAD", at, nil); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s: it is kept: %s", code, a.Status)
			}
		}
		for range most - 1 {
			s.begun("ann", 5)
		}
		if a := s.ask("ann", "POST", "/api/v1/uploads", nil, "Upload-Length", "5"); a.StatusCode != http.StatusTooManyRequests {
			t.Errorf("one too many: %s", a.Status)
		}
		s.begun("ben", 5)
	})
}

// What nobody finishes is gone after two days, with its bytes.
func TestUploadsExpire(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStation(t, d)
		old := s.begun("ann", 10)
		_ = s.sends("ann", old, 0, []byte("12345"))
		s.hand.Add(47 * time.Hour)
		young := s.begun("ann", 10)
		s.hand.Add(2 * time.Hour)
		if a := s.ask("ann", "HEAD", old, nil); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s", a.Status)
		}
		runs := jobs.NewRunner(d, s.hand.Now)
		s.Register(runs)
		s.must(s.ExpireHourly(t.Context()))
		s.hand.Add(61 * time.Minute)
		if n, err := runs.Round(t.Context()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		left, _ := os.ReadDir(filepath.Join(s.dir, "uploads"))
		for _, e := range left {
			if !strings.HasPrefix(e.Name(), filepath.Base(young)) {
				t.Errorf("left: %s", e.Name())
			}
		}
		if len(left) == 0 || s.arrived("ann", young) != "0" {
			t.Error("a young one is gone")
		}
	})
}
