package blob

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"gezhi/internal/fault"
)

const (
	testKey    = "sample-key"
	testSecret = "sample-secret"
)

// signed lets through what is signed with the secret (AWS Signature Version 4), worked out here
// anew from what arrived, and refuses the rest.
func signed(next http.Handler) http.Handler {
	mac := func(key []byte, text string) []byte {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(text))
		return m.Sum(nil)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := map[string]string{}
		for part := range strings.SplitSeq(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "), ",") {
			k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
			said[k] = v
		}
		scope := strings.SplitN(said["Credential"], "/", 2)
		if len(scope) != 2 || scope[0] != testKey {
			http.Error(w, "InvalidAccessKeyId", http.StatusForbidden)
			return
		}
		var lines strings.Builder
		for h := range strings.SplitSeq(said["SignedHeaders"], ";") {
			v := strings.Join(r.Header.Values(h), ",")
			switch h {
			case "host":
				v = r.Host
			case "content-length":
				v = fmt.Sprint(r.ContentLength)
			}
			lines.WriteString(h + ":" + strings.TrimSpace(v) + "\n")
		}
		query := strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")
		request := strings.Join([]string{r.Method, (&url.URL{Path: r.URL.Path}).EscapedPath(), query, lines.String(), said["SignedHeaders"], r.Header.Get("X-Amz-Content-Sha256")}, "\n")
		sum := sha256.Sum256([]byte(request))
		text := "AWS4-HMAC-SHA256\n" + r.Header.Get("X-Amz-Date") + "\n" + scope[1] + "\n" + hex.EncodeToString(sum[:])
		key := []byte("AWS4" + testSecret)
		for part := range strings.SplitSeq(scope[1], "/") {
			key = mac(key, part)
		}
		if hex.EncodeToString(mac(key, text)) != said["Signature"] {
			http.Error(w, "SignatureDoesNotMatch", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func s3(t *testing.T) Place {
	t.Helper()
	mem := s3mem.New()
	if err := mem.CreateBucket("evidence"); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(signed(gofakes3.New(mem).Server()))
	t.Cleanup(srv.Close)
	return Place{Endpoint: strings.TrimPrefix(srv.URL, "http://"), Bucket: "evidence", Prefix: "county/", Key: testKey, Secret: testSecret}
}

// A bucket keeps what a folder keeps: by its hash, once, looked at before it is kept, read from
// any place on, listed, and removed unless it was put again since.
func TestABucketIsAStore(t *testing.T) {
	p, spool := s3(t), t.TempDir()
	b, err := OpenBucket(t.Context(), p, spool)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	content := bytes.Repeat([]byte("a photo of six kilobytes "), 250)
	var i Info
	for range 2 {
		if i, err = b.Put(t.Context(), bytes.NewReader(content), 1<<20, nil); err != nil {
			t.Fatal(err)
		}
	}
	if want := fmt.Sprintf("%x", sha256.Sum256(content)); i.Hash != want || i.Size != int64(len(content)) {
		t.Fatal(i)
	}
	r, err := b.Open(t.Context(), i.Hash)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
		t.Fatal(len(got), err)
	}
	part := make([]byte, 10)
	if _, err := r.ReadAt(part, 6000); err != nil || !bytes.Equal(part, content[6000:6010]) {
		t.Fatalf("%q %v", part, err)
	}
	if at, err := r.Seek(-5, io.SeekEnd); err != nil || at != int64(len(content))-5 {
		t.Fatal(at, err)
	}
	r.Close()
	for name, x := range map[string]struct {
		r    io.Reader
		look Look
		code string
	}{
		"too much": {bytes.NewReader(make([]byte, 11)), nil, "blob.too_large"}, "nothing": {bytes.NewReader(nil), nil, "blob.empty"},
		"refused": {strings.NewReader("bad"), func(io.ReaderAt, int64) error { return fault.New(fault.Invalid, "looked.bad") }, "looked.bad"},
	} {
		if _, err := b.Put(t.Context(), x.r, 10, x.look); fault.CodeOf(err) != x.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	told := map[string]time.Time{}
	if err := b.Each(t.Context(), func(hash string, at time.Time) error { told[hash] = at; return nil }); err != nil || len(told) != 1 || told[i.Hash].IsZero() {
		t.Fatal(told, err)
	}
	if err := b.Delete(t.Context(), i.Hash, told[i.Hash]); err != nil {
		t.Fatal(err)
	}
	if r, err = b.Open(t.Context(), i.Hash); err != nil {
		t.Fatal("taken from who put it again:", err)
	}
	r.Close()
	for range 2 {
		if err := b.Delete(t.Context(), i.Hash, told[i.Hash].Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range []string{i.Hash, "", "../secret", strings.Repeat("A", 64)} {
		if _, err := b.Open(t.Context(), h); fault.CodeOf(err) != "blob.none" {
			t.Errorf("%q: %v", h, err)
		}
	}
	if left, _ := os.ReadDir(spool); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// A bucket that is not there, a key that is wrong, and a server that is gone are said so.
func TestABucketThatCannotBeOpened(t *testing.T) {
	p := s3(t)
	other, wrong, gone := p, p, p
	other.Bucket, wrong.Secret, gone.Endpoint = "nothing", "x", "127.0.0.1:1"
	for name, p := range map[string]Place{"no bucket": other, "wrong secret": wrong, "no server": gone} {
		if _, err := OpenBucket(t.Context(), p, t.TempDir()); fault.CodeOf(err) != "blob.cannot_open" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
