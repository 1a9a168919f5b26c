package web

import (
	"net/http/httptest"
	"testing"
	"testing/fstest"
)

// The built pages: a page for each face whatever stands behind its name, files as they are or
// in the form that the browser takes, and 404 for a file that is not there.
func TestFaces(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	h := Faces(fstest.MapFS{
		"desk/index.html": file("desk"), "field/index.html": file("field"), "field/index.html.br": file("field br"), "home/index.html": file("home"), "shop/index.html": file("shop"), "wall/index.html": file("wall"),
		"assets/app-1a2b.js": file("js"), "assets/app-1a2b.js.br": file("js br"), "assets/app-1a2b.js.gz": file("js gz"), "sw.js": file("sw"), "sw.js.gz": file("sw gz"), "icon.svg": file("<svg/>"),
		"manifest.webmanifest": file("{}"),
	})
	const immutable = "public, max-age=31536000, immutable"
	for _, c := range []struct {
		path, accept   string
		status         int
		body, encoding string
		kind, keep     string
	}{
		{"/", "", 302, "", "", "", ""},
		{"/desk", "", 302, "", "", "", ""},
		{"/desk/", "", 200, "desk", "", "text/html; charset=utf-8", "no-cache"},
		{"/desk/cases/42", "br", 200, "desk", "", "text/html; charset=utf-8", "no-cache"},
		{"/field/a", "gzip, br", 200, "field br", "br", "text/html; charset=utf-8", "no-cache"},
		{"/home/", "", 200, "home", "", "text/html; charset=utf-8", "no-cache"},
		{"/shop/", "", 200, "shop", "", "text/html; charset=utf-8", "no-cache"},
		{"/wall/", "", 200, "wall", "", "text/html; charset=utf-8", "no-cache"},
		{"/assets/app-1a2b.js", "gzip, deflate, br", 200, "js br", "br", "text/javascript; charset=utf-8", immutable},
		{"/assets/app-1a2b.js", "gzip;q=1, br;q=0", 200, "js gz", "gzip", "text/javascript; charset=utf-8", immutable},
		{"/assets/app-1a2b.js", "", 200, "js", "", "text/javascript; charset=utf-8", immutable},
		{"/sw.js", "br, gzip", 200, "sw gz", "gzip", "text/javascript; charset=utf-8", "no-cache"},
		{"/icon.svg", "", 200, "<svg/>", "", "image/svg+xml", "no-cache"},
		{"/manifest.webmanifest", "", 200, "{}", "", "application/manifest+json", "no-cache"},
		{"/assets/app-old.js", "br", 404, "", "", "", ""},
		{"/desk/missing.png", "", 404, "", "", "", ""},
		{"/elsewhere", "", 404, "", "", "", ""},
		{"/assets/", "", 404, "", "", "", ""},
		{"/../sw.js", "", 200, "sw", "", "text/javascript; charset=utf-8", "no-cache"},
		{"/desk/../../../etc/passwd.", "", 404, "", "", "", ""},
	} {
		r := httptest.NewRequest("GET", "http://x", nil)
		r.URL.Path = c.path
		r.Header.Set("Accept-Encoding", c.accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got := w.Header()
		if w.Code != c.status || c.status == 200 && (w.Body.String() != c.body || got.Get("Content-Encoding") != c.encoding || got.Get("Content-Type") != c.kind || got.Get("Cache-Control") != c.keep) {
			t.Errorf("%s (%s): %d %q %v", c.path, c.accept, w.Code, w.Body, got)
		}
	}
}

// A page that the browser has already is not sent again, and nothing can be posted to a page.
func TestPagesAreNotSentTwice(t *testing.T) {
	h := Faces(fstest.MapFS{"desk/index.html": {Data: []byte("desk")}})
	ask := func(method, tag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/desk/", nil)
		r.Header.Set("If-None-Match", tag)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	tag := ask("GET", "").Header().Get("ETag")
	if w := ask("GET", tag); w.Code != 304 || w.Body.Len() != 0 || tag == "" {
		t.Error(w.Code, tag)
	}
	if w := ask("HEAD", ""); w.Code != 200 || w.Body.Len() != 0 {
		t.Error(w.Code)
	}
	if w := ask("POST", ""); w.Code != 405 {
		t.Error(w.Code)
	}
}
