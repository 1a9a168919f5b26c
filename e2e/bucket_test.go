package e2e

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"gezhi/internal/db"
	"gezhi/internal/media"
)

// bucket is an S3 server with one bucket, where everything looks two years old.
type bucket struct {
	*s3mem.Backend
	t   *testing.T
	url string
}

func newBucket(t *testing.T) bucket {
	mem := s3mem.New(s3mem.WithTimeSource(gofakes3.FixedTimeSource(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))))
	if err := mem.CreateBucket("evidence"); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(gofakes3.New(mem).Server())
	t.Cleanup(srv.Close)
	return bucket{mem, t, srv.URL + "/evidence/county"}
}

func (b bucket) names() map[string]bool {
	b.t.Helper()
	list, err := b.ListBucket("evidence", &gofakes3.Prefix{}, gofakes3.ListBucketPage{})
	if err != nil {
		b.t.Fatal(err)
	}
	out := map[string]bool{}
	for _, o := range list.Contents {
		out[o.Key] = true
	}
	return out
}

// uploads sends a file whole, and says its id.
func (p *person) uploads(content []byte) string {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", "photo.jpg")
	if err == nil {
		_, err = part.Write(content)
	}
	if err != nil {
		p.s.t.Fatal(err)
	}
	w.Close()
	r := p.s.sendBytes("POST", "/files", b.Bytes(), map[string]string{"Cookie": p.cookie, "Sec-Fetch-Site": "same-origin", "Content-Type": w.FormDataContentType()})
	id, _ := r.get("id").(string)
	if r.status != http.StatusCreated || id == "" {
		p.s.t.Fatalf("%d %s", r.status, r.body)
	}
	return id
}

// The program, told so by its settings alone, keeps evidence in a bucket: what is uploaded is
// read back by who may see the case, also after a start anew; bytes that no row names go when
// files are tidied, the others stay; nothing of it lies in the data folder.
func TestEvidenceLiesInABucket(t *testing.T) {
	b := newBucket(t)
	data, database := samples.Of(t, db.SQLite)
	t.Setenv("GEZHI_FILES", b.url)
	t.Setenv("GEZHI_FILES_KEY", "sample-key")
	t.Setenv("GEZHI_FILES_SECRET", "sample-secret")
	before := filesIn(t, data)
	s := startIn(t, data, database)
	worker := s.logIn("wg029", "sample-worker")
	photo := media.Sample(media.SampleRoad, 7, media.Hint{}, 1)
	file := worker.uploads(photo)
	area := worker.send("GET", "/areas", nil).get("areas").([]any)[0].(map[string]any)["id"]
	r := worker.send("POST", "/cases", map[string]any{"class": "incident/sample:0102", "text": "样例：路面塌陷", "area_id": area, "channel": "field", "fields": map[string]any{"photo": []string{file}}})
	if r.status != http.StatusCreated {
		t.Fatalf("%d %s", r.status, r.body)
	}
	read := func(s *server, query string) []byte {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), "GET", s.base+"/api/v1/files/"+file+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Cookie", s.logIn("village", "sample-village").cookie)
		got, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		body, err := io.ReadAll(got.Body)
		if err != nil || got.StatusCode != http.StatusOK || !bytes.HasPrefix(body, []byte("\xff\xd8")) {
			t.Fatalf("%d %.60q %v", got.StatusCode, body, err)
		}
		return body
	}
	whole := read(s, "")
	if thumb := read(s, "?form=thumb"); len(thumb) >= len(whole) {
		t.Errorf("the small picture has %d bytes, the whole one %d", len(thumb), len(whole))
	}
	kept := b.names()
	if len(kept) < 2 {
		t.Errorf("the bucket holds %v", kept)
	}
	for name := range kept {
		if !strings.HasPrefix(name, "county/") {
			t.Errorf("%s does not lie under the prefix", name)
		}
	}
	s.stop()
	orphan := "county/ab/" + strings.Repeat("ab", 32)
	if _, err := b.PutObject("evidence", orphan, map[string]string{"Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}, strings.NewReader("nobody's"), 8, nil); err != nil {
		t.Fatal(err)
	}
	due(t, data, "files.tidy")
	again := startIn(t, data, database)
	for end := time.Now().Add(deadline); b.names()[orphan]; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("bytes that no row names stay: %v\n%s", b.names(), again.errs.String())
		}
	}
	if !bytes.Equal(read(again, ""), whole) {
		t.Error("after a start anew another file is read")
	}
	if after := filesIn(t, data); after != before {
		t.Errorf("%d files in the data folder became %d", before, after)
	}
}

// filesIn counts what lies in the data folder's own store.
func filesIn(t *testing.T, data string) (n int) {
	t.Helper()
	_ = filepath.WalkDir(filepath.Join(data, "files"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return nil
	})
	return n
}

// due lets a timer of a program that stands still be due.
func due(t *testing.T, data, kind string) {
	t.Helper()
	d, err := db.Open(t.Context(), "sqlite:"+filepath.Join(data, "gezhi.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE timer SET due_at = 1 WHERE kind = $1`, kind)
		if err == nil && n != 1 {
			t.Errorf("%d timers of %s", n, kind)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
