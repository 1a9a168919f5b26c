package casework_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/blob"
	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/jobs"
	"gezhi/internal/media"
	"gezhi/internal/web"
)

// gallery is an office that keeps files and answers over HTTP.
type gallery struct {
	office
	dir  string
	runs *jobs.Runner
	srv  *web.Server
}

func newGallery(t *testing.T, d *db.DB) gallery {
	o := newOffice(t, d)
	dir := filepath.Join(t.TempDir(), "files")
	files, err := blob.Open(dir, o.clock.Now)
	o.must(err)
	t.Cleanup(func() { files.Close() })
	o.Files = files
	g := gallery{o, dir, jobs.NewRunner(d, o.clock.Now), web.New("files", "0")}
	o.Register(g.runs)
	g.runs.Topics[casework.TopicNotice] = func(context.Context, jobs.Message) error { return nil }
	g.srv.Log = slog.New(slog.DiscardHandler)
	o.must(o.World.Renew(t.Context()))
	g.srv.Authenticate = func(ctx context.Context, r *http.Request) (context.Context, error) {
		login := r.Header.Get("Authorization")
		var id string
		if err := d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			return tx.Row(ctx, db.Stmt(`SELECT id FROM person WHERE login = $1`), []any{login}, &id)
		}); err != nil {
			return ctx, fault.New(fault.Unauthenticated, "session.none")
		}
		return account.With(ctx, account.Actor{PersonID: id, Jurisdiction: o.home, Posts: o.World.People().Of(id, o.clock.Now())}), nil
	}
	o.Routes(g.srv)
	return g
}

// photo is a photo as a telephone makes it, held sideways.
func photo(seed uint64) []byte {
	return media.Sample(media.SampleLitter, seed, media.Hint{Lon: 119.5732, Lat: 28.1145, Placed: true, TakenAt: time.Date(2026, 3, 1, 1, 30, 0, 0, time.UTC)}, 6)
}

// ask asks as somebody, and reads what is answered.
func (g gallery) ask(login, method, path string, body any) *httptest.ResponseRecorder {
	g.t.Helper()
	var b bytes.Buffer
	if body != nil {
		g.must(json.NewEncoder(&b).Encode(body))
	}
	r := httptest.NewRequest(method, web.Prefix+path, &b)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", login)
	w := httptest.NewRecorder()
	g.srv.ServeHTTP(w, r)
	return w
}

// uploaded sends a file as somebody.
func (g gallery) uploaded(login, name string, content []byte) (casework.FileJSON, *httptest.ResponseRecorder) {
	g.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", "x")
	g.must(err)
	_, err = part.Write(content)
	g.must(err)
	form.Close()
	r := httptest.NewRequest("POST", web.Prefix+"/files", strings.NewReader(strings.Replace(b.String(), `filename="x"`, `filename="`+name+`"`, 1)))
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Authorization", login)
	w := httptest.NewRecorder()
	g.srv.ServeHTTP(w, r)
	var f casework.FileJSON
	if w.Code == http.StatusCreated {
		g.must(json.Unmarshal(w.Body.Bytes(), &f))
	}
	return f, w
}

// with opens a case in the village, reported by somebody with files.
func (g gallery) with(login string, files ...string) *casework.Case {
	g.t.Helper()
	who := g.who(login)
	list := make([]any, len(files))
	for i := range files {
		list[i] = files[i]
	}
	out, err := g.Open(g.t.Context(), who, casework.Opening{Class: "incident/0102", AreaID: g.World.Tree().AreaByCode("990102001201").ID, Channel: "field", Text: "sample", Fields: map[string]any{"photo": list}})
	g.must(err)
	return out.Case
}

// work does all jobs that are due.
func (g gallery) work() {
	g.t.Helper()
	for {
		n, err := g.runs.Round(g.t.Context())
		g.must(err)
		if n == 0 {
			break
		}
	}
	if dead := g.rows(`SELECT topic || ' ' || error FROM outbox WHERE state <> 'done' AND error <> ''`); len(dead) > 0 {
		g.t.Fatal(dead)
	}
}

func (g gallery) stored() (n int) {
	g.t.Helper()
	g.must(filepath.WalkDir(g.dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	}))
	return n
}

func (g gallery) evidence(login, id string) []casework.EvidenceJSON {
	g.t.Helper()
	w := g.ask(login, "GET", "/cases/"+id+"/files", nil)
	var out struct{ Files []casework.EvidenceJSON }
	if w.Code != http.StatusOK {
		g.t.Fatalf("%s: %d %s", login, w.Code, w.Body)
	}
	g.must(json.Unmarshal(w.Body.Bytes(), &out))
	return out.Files
}

// Where and when a photo was taken is told to its uploader alone. Everybody else who sees the
// case sees an upright copy without it; the original only for a purpose, and that is written down.
func TestOthersSeeCopiesWithoutPlaceAndTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGallery(t, d)
		f, w := g.uploaded("ben", "家门口.jpg", photo(1))
		if w.Code != http.StatusCreated || f.Kind != "picture" || f.Hint == nil || f.Hint.Point.Lon < 119.57 || f.Hint.TakenAt == 0 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if plain := g.rows(`SELECT hint FROM file WHERE hint LIKE '%119%' OR hint = ''`); len(plain) != 0 {
			t.Errorf("the place lies open: %s", plain)
		}
		c := g.with("ben", f.ID)
		g.work()
		mine := g.ask("ben", "GET", "/files/"+f.ID, nil)
		if mine.Code != http.StatusOK || !bytes.Equal(mine.Body.Bytes(), photo(1)) {
			t.Errorf("his own: %d, %d bytes", mine.Code, mine.Body.Len())
		}
		for _, path := range []string{"/files/" + f.ID, "/files/" + f.ID + "?form=thumb"} {
			w := g.ask("ann", "GET", path, nil)
			x, err := media.Inspect(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
			if w.Code != http.StatusOK || err != nil || x.Hint.Says() || x.Turn != 1 || x.Width <= x.Height || bytes.Contains(w.Body.Bytes(), []byte("Exif")) {
				t.Errorf("%s: %d %+v %v", path, w.Code, x, err)
			}
			h := w.Header()
			if h.Get("Content-Type") != "image/jpeg" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox; default-src 'none'") ||
				strings.Contains(h.Get("Content-Disposition"), "E5") || !strings.HasPrefix(h.Get("Content-Disposition"), "inline; filename=") {
				t.Errorf("%v", h)
			}
		}
		if n := len(g.rows(`SELECT id FROM audit_leaf WHERE act = 'file.read' AND subject = $1`, "case/"+c.ID)); n != 2 {
			t.Errorf("%d readings are logged, of two", n)
		}
		list := g.evidence("ann", c.ID)
		if len(list) != 1 || list[0].Shown != "copy" || list[0].Name != "" || !list[0].Unmask || !list[0].Reported || list[0].Width != 960 || list[0].Height != 720 {
			t.Errorf("%+v", list)
		}
		if own := g.evidence("ben", c.ID); own[0].Shown != "original" || own[0].Name != "家门口.jpg" || own[0].Unmask {
			t.Errorf("%+v", own)
		}
		for purpose, want := range map[string]int{"contact": http.StatusOK, "payment": http.StatusForbidden, "": http.StatusBadRequest} {
			w := g.ask("ann", "POST", "/files/"+f.ID+"/unmask?purpose="+purpose, nil)
			if w.Code != want || want == http.StatusOK && (!bytes.Equal(w.Body.Bytes(), photo(1)) || !strings.Contains(w.Header().Get(casework.HintHeader), "119.57")) {
				t.Errorf("%s: %d %.200s", purpose, w.Code, w.Body)
			}
		}
		if n := len(g.rows(`SELECT id FROM reading WHERE what = $1`, `["file/`+f.ID+`"]`)); n != 1 {
			t.Errorf("%d readings for the person concerned", n)
		}
		proved(t, d)
	})
}

// Whoever does not see the case gets nothing of its files, whatever they ask: not the list, the
// copy, the thumb or the original; nor does anybody get a file that is on no case yet.
func TestFilesFollowTheCase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGallery(t, d)
		f, _ := g.uploaded("ben", "a.jpg", photo(1))
		free, _ := g.uploaded("ben", "b.jpg", photo(2))
		c := g.with("ben", f.ID)
		foreign, _ := g.uploaded("ann", "c.jpg", photo(3))
		g.change(`UPDATE file SET jurisdiction = 'elsewhere' WHERE id = $1`, foreign.ID)
		g.change(`INSERT INTO person (id, jurisdiction, name, login, password_hash, nature, locale, created_at) VALUES ('stranger', $1, 'S', 'stranger', '', 'sample', 'zh', 1)`, g.home)
		for _, x := range []struct{ login, method, path string }{
			{"cai", "GET", "/cases/" + c.ID + "/files"}, {"cai", "GET", "/files/" + f.ID}, {"cai", "GET", "/files/" + f.ID + "?form=thumb"}, {"cai", "POST", "/files/" + f.ID + "/unmask?purpose=contact"},
			{"stranger", "GET", "/files/" + f.ID}, {"stranger", "GET", "/cases/" + c.ID + "/files"},
			{"ann", "GET", "/files/" + free.ID}, {"ann", "GET", "/files/" + free.ID + "?form=thumb"}, {"ann", "POST", "/files/" + free.ID + "/unmask?purpose=contact"},
			{"ann", "GET", "/files/" + foreign.ID}, {"ann", "GET", "/files/nothing"}, {"ann", "GET", "/files/" + f.ID[:20] + "%2F..%2F" + f.ID[20:]},
			{"cai", "POST", "/file-flags/" + f.ID + "." + free.ID},
		} {
			var body any
			if strings.Contains(x.path, "/file-flags/") {
				body = map[string]string{"finding": "fine"}
			}
			if w := g.ask(x.login, x.method, x.path, body); w.Code != http.StatusNotFound {
				t.Errorf("%s %s %s: %d %.100s", x.login, x.method, x.path, w.Code, w.Body)
			}
		}
		if w := g.ask("ben", "GET", "/files/"+free.ID+"?form=thumb", nil); w.Code != http.StatusOK {
			t.Errorf("his own: %d %s", w.Code, w.Body)
		}
		if w := g.ask("nobody", "GET", "/files/"+f.ID, nil); w.Code != http.StatusUnauthorized {
			t.Errorf("%d", w.Code)
		}
	})
}

// What is sent is taken for what it is, not for what it is called; lies, bombs and scripts are
// refused and leave nothing; and a file goes only into a field of its kind.
func TestUploadsAreLookedInto(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGallery(t, d)
		for name, x := range map[string]struct {
			content []byte
			code    string
		}{
			"photo.jpg": {[]byte("<html><script>alert(1)</script>"), "media.type"},
			"photo.png": {[]byte("\x89PNG\r\n\x1a\n<script>alert(1)</script>"), "media.lies"},
			"logo.svg":  {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "media.type"},
			"run.jpg":   {[]byte("MZ\x90\x00\x03"), "media.type"},
			"bomb.png":  {append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\xff\xff\x00\x00\xff\xff\x08\x06\x00\x00\x00"), 0xcf, 0xe9, 0x9c, 0xf5), "media."},
			"two.jpg":   {append(photo(1), "<script>"...), "media.lies"},
			"none.jpg":  {nil, "blob.empty"},
		} {
			if _, w := g.uploaded("ben", name, x.content); w.Code < 400 || w.Code > 499 || !strings.Contains(w.Body.String(), `"code":"`+x.code) || strings.Contains(w.Body.String(), "alert") {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
		if n := g.stored(); n != 0 {
			t.Errorf("%d files are left", n)
		}
		for name, want := range map[string]string{"../../../etc/passwd": "passwd", `..\\..\\boot.jpg`: "boot.jpg", "..": "file", "a\u202egpj.exe": "agpj.exe", "/": "file"} {
			if f, w := g.uploaded("ben", name, photo(4)); f.Name != want {
				t.Errorf("%q: %q %s", name, f.Name, w.Body)
			}
		}
		text, _ := g.uploaded("ben", "photo.jpg", []byte("%PDF-1.7\n%%EOF"))
		if text.Type != "application/pdf" || text.Kind != "document" {
			t.Errorf("%+v", text)
		}
		who := g.who("ben")
		_, err := g.Open(t.Context(), who, casework.Opening{Class: "incident/0102", AreaID: g.World.Tree().AreaByCode("990102001201").ID, Channel: "field", Text: "sample", Fields: map[string]any{"photo": []any{text.ID}}})
		if f, _ := err.(*fault.Error); f == nil || len(f.At) != 1 || f.At[0].Code != "file.wrong_kind" {
			t.Errorf("a document for a photo: %v", err)
		}
		for frames, want := range map[int]string{3100: "", 3101: "file.too_long"} { // of 20 ms: a telephone overruns a little
			said, w := g.uploaded("ben", "said.amr", append([]byte("#!AMR\n"), bytes.Repeat([]byte{15 << 3}, frames)...))
			if said.Kind != "sound" {
				t.Fatal(w.Body)
			}
			_, err := g.Open(t.Context(), who, casework.Opening{Class: "incident/0102", AreaID: g.World.Tree().AreaByCode("990102001201").ID, Channel: "field", Text: "sample", Fields: map[string]any{"recording": []any{said.ID}}})
			if f, _ := err.(*fault.Error); (f == nil) != (want == "") || f != nil && (len(f.At) != 1 || f.At[0].Code != want) {
				t.Errorf("a recording of %d frames: %v", frames, err)
			}
		}
		if w := g.ask("ben", "GET", "/files/"+text.ID, nil); !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
			t.Errorf("a document opens in the page: %v", w.Header())
		}
	})
}

// A picture that was on a case before is flagged for somebody to look at, whether the bytes are
// the same or it was only saved smaller; who handed it in does not judge it, and who does not see
// the other case learns nothing of it.
func TestAPictureUsedTwiceIsFlagged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGallery(t, d)
		attach := func(content []byte) (casework.FileJSON, *casework.Case) {
			f, w := g.uploaded("ben", "a.jpg", content)
			if f.ID == "" {
				t.Fatal(w.Body)
			}
			c := g.with("ben", f.ID)
			g.work()
			return f, c
		}
		first, one := attach(photo(1))
		_, other := attach(photo(2))
		made, err := media.Develop(bytes.NewReader(photo(1)), int64(len(photo(1))), 6)
		g.must(err)
		again, two := attach(photo(1))
		smaller, three := attach(made.Thumb)
		if got := g.evidence("ann", other.ID); len(got[0].Flags) != 0 {
			t.Errorf("another picture: %+v", got)
		}
		flags := g.evidence("ann", two.ID)[0].Flags
		if len(flags) == 0 {
			t.Fatal("no flag")
		}
		if len(flags) != 2 || flags[0].Why != "same" || flags[0].Number != one.Number || flags[0].FileID != first.ID || flags[1].Why != "alike" || flags[1].CaseID != three.ID {
			t.Errorf("%+v", flags)
		}
		if got := g.evidence("ann", three.ID)[0].Flags; len(got) != 2 || got[0].Why != "alike" || got[0].FileID != first.ID || got[1].FileID != again.ID {
			t.Errorf("%+v", got)
		}
		g.must(g.runs.Topics["case.files"](t.Context(), jobs.Message{Body: []byte(`["` + smaller.ID + `"]`)})) // once more: a job may be done twice
		if n := len(g.rows(`SELECT id FROM file_flag`)); n != 3 {
			t.Errorf("%d flags", n)
		}
		path := "/file-flags/" + again.ID + "." + first.ID
		if w := g.ask("ben", "POST", path, map[string]string{"finding": "fine"}); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "file.own_flag") {
			t.Errorf("judged by who handed it in: %d %s", w.Code, w.Body)
		}
		if w := g.ask("ann", "POST", path, map[string]string{"finding": "fine"}); w.Code != http.StatusNoContent {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if got := g.evidence("ann", two.ID)[0].Flags[0]; got.Finding != "fine" || got.ReviewedAt == 0 {
			t.Errorf("%+v", got)
		}
		v, err := g.View(t.Context(), g.who("ann"), two.ID)
		if err != nil || v.Step != one.Step || len(v.Moves) != 1 {
			t.Errorf("a flag did something by itself: %+v %v", v, err)
		}
		secret, _ := g.uploaded("ben", "b.jpg", photo(2))
		about, err := g.Open(t.Context(), g.who("ben"), casework.Opening{Class: "incident/0102", AreaID: other.AreaID, Channel: "field", Text: "sample", Against: []string{g.who("ann").PersonID}, Fields: map[string]any{"photo": []any{secret.ID}}})
		g.must(err)
		g.work()
		for login, want := range map[string]int{"ann": 0, "dan": 1} {
			if got := g.evidence(login, other.ID)[0].Flags; len(got) != want {
				t.Errorf("%s, of a case about ann: %+v", login, got)
			}
		}
		if w := g.ask("dan", "GET", "/files/"+secret.ID, nil); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "file.masked") {
			t.Errorf("a file of a case that is kept from somebody: %d %s", w.Code, w.Body)
		}
		if got := g.evidence("dan", about.Case.ID); got[0].Shown != "masked" {
			t.Errorf("%+v", got)
		}
		proved(t, d)
	})
}

// At the wish of who reported, the files of the report lose their bytes, with every copy; what
// others handed in stays, and so does the same file where somebody else has handed it in. The log
// still proves, and names the erasure.
func TestErasedEvidenceLosesItsBytes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGallery(t, d)
		mine, _ := g.uploaded("ben", "mine.jpg", photo(1))
		shared, _ := g.uploaded("ben", "shared.jpg", photo(2))
		theirs, _ := g.uploaded("ann", "theirs.jpg", photo(2))
		c := g.with("ben", mine.ID, shared.ID)
		kept := g.with("ann", theirs.ID)
		g.work()
		before := g.stored()
		g.clock.Add(time.Hour)
		g.must(g.EraseOf(t.Context(), c.ID, "request", g.who("ann").PersonID))
		g.work()
		if n := before - g.stored(); n != 3 {
			t.Errorf("%d of three files are gone: the original, its copy and its thumb", n)
		}
		for login, want := range map[string]int{"ben": http.StatusNotFound, "ann": http.StatusNotFound} {
			for _, path := range []string{"/files/" + mine.ID, "/files/" + shared.ID, "/files/" + mine.ID + "?form=thumb"} {
				if w := g.ask(login, "GET", path, nil); w.Code != want || !strings.Contains(w.Body.String(), "file.ended") {
					t.Errorf("%s %s: %d %s", login, path, w.Code, w.Body)
				}
			}
		}
		if w := g.ask("ann", "POST", "/files/"+mine.ID+"/unmask?purpose=contact", nil); w.Code != http.StatusNotFound {
			t.Errorf("%d", w.Code)
		}
		if w := g.ask("ben", "GET", "/files/"+theirs.ID, nil); w.Code != http.StatusOK {
			t.Errorf("somebody else's: %d %s", w.Code, w.Body)
		}
		if got := g.evidence("ann", c.ID); len(got) != 2 || got[0].Shown != "ended" || got[0].Name != "" {
			t.Errorf("%+v", got)
		}
		if left := g.rows(`SELECT id FROM file WHERE case_id = $1 AND (hash <> '' OR name <> '' OR hint <> '')`, c.ID); len(left) != 0 {
			t.Errorf("rows still tell: %v", left)
		}
		if left := g.rows(`SELECT file_id FROM file_copy UNION SELECT file_id FROM file_look`); !slices.Equal(left, []string{theirs.ID}) {
			t.Errorf("%v, want %s of %s", left, theirs.ID, kept.ID)
		}
		proof, err := (&audit.Verifier{DB: d}).Run(t.Context())
		if err != nil || !proof.OK || !slices.Contains(proof.Erased, "case/"+c.ID) {
			t.Errorf("the log after the erasure: %+v %v", proof, err)
		}
	})
}

// What nobody put on a case for a fortnight ends, and bytes that no row has named for a day go:
// what is on a case, or has just been sent, stays.
func TestOrphansAreCollected(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGallery(t, d)
		used, _ := g.uploaded("ben", "a.jpg", photo(1))
		g.with("ben", used.ID)
		g.work()
		left, _ := g.uploaded("ben", "b.jpg", photo(2))
		_, err := g.Files.Put(t.Context(), strings.NewReader("bytes of a process that died before it wrote their row"), 100, nil)
		g.must(err)
		had := g.stored()
		g.clock.Add(15 * 24 * time.Hour)
		fresh, _ := g.uploaded("ben", "c.jpg", photo(3))
		ended, dropped, err := g.Tidy(t.Context())
		if err != nil || ended != 1 || dropped != 2 {
			t.Fatal(ended, dropped, err)
		}
		g.work()
		if n := g.stored(); n != had+1-2 {
			t.Errorf("%d files, had %d", n, had)
		}
		for id, want := range map[string]int{used.ID: http.StatusOK, fresh.ID: http.StatusOK, left.ID: http.StatusNotFound} {
			if w := g.ask("ben", "GET", "/files/"+id, nil); w.Code != want {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
		if _, err := g.Open(t.Context(), g.who("ben"), casework.Opening{Class: "incident/0102", AreaID: g.World.Tree().AreaByCode("990102001201").ID, Channel: "field", Text: "sample", Fields: map[string]any{"photo": []any{left.ID}}}); fault.CodeOf(err) != "case.bad_value" {
			t.Errorf("a file that has ended goes on a case: %v", err)
		}
		g.must(g.TidyDaily(t.Context()))
		g.clock.Add(25 * time.Hour)
		g.work()
		if at := g.rows(`SELECT CAST(due_at AS TEXT) FROM timer WHERE kind = 'files.tidy'`); !slices.Equal(at, []string{fmt.Sprint(db.Ms(g.clock.Now().Add(24 * time.Hour)))}) {
			t.Errorf("the next round: %v", at)
		}
		proved(t, d)
	})
}
