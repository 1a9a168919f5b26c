package web

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// FaceNames are the first path segments that have a page of their own.
var FaceNames = []string{"desk", "field", "home", "shop", "wall"}

// Faces serves the built user interface. A file is served as it is, its .br or .gz sister when
// the client takes that. Files below assets/ have a hash in their names and may be kept for
// ever; all else is asked for again each time. A path without a dot belongs to the face of its first
// segment and gets that face's index.html; a missing path with a dot is 404, never a page.
// "/" leads to the desk.
func Faces(files fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "405", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if name == "" {
			http.Redirect(w, r, "/desk/", http.StatusFound)
			return
		}
		if strings.Contains(name, ".") {
			serveFile(w, r, files, name)
			return
		}
		face, _, deeper := strings.Cut(name, "/")
		for _, f := range FaceNames {
			if f != face {
				continue
			}
			if !deeper && !strings.HasSuffix(r.URL.Path, "/") {
				http.Redirect(w, r, "/"+face+"/", http.StatusFound)
				return
			}
			serveFile(w, r, files, face+"/index.html")
			return
		}
		http.NotFound(w, r)
	})
}

// forms are the ready-made forms of a file, best first.
var forms = []struct{ coding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}, {"", ""}}

func serveFile(w http.ResponseWriter, r *http.Request, files fs.FS, name string) {
	h := w.Header()
	for _, f := range forms {
		if f.coding != "" && !takes(r.Header.Get("Accept-Encoding"), f.coding) {
			continue
		}
		b, err := fs.ReadFile(files, name+f.suffix)
		if err != nil {
			continue
		}
		h.Set("Content-Type", typeOf(name))
		h.Set("Vary", "Accept-Encoding")
		if f.coding != "" {
			h.Set("Content-Encoding", f.coding)
		}
		if strings.HasPrefix(name, "assets/") || strings.Contains(name, "/assets/") {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			h.Set("Cache-Control", "no-cache")
			h.Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(b)))
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
		return
	}
	http.NotFound(w, r)
}

// takes reports whether an Accept-Encoding header names coding and does not refuse it.
func takes(accept, coding string) bool {
	for _, part := range strings.Split(accept, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}

// typeOf returns the media type of a file by its name, without asking the machine, whose
// tables differ.
func typeOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".webmanifest":
		return "application/manifest+json"
	case ".woff2":
		return "font/woff2"
	case ".geojson", ".topojson", ".json", ".map":
		return "application/json"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
	}
	return "application/octet-stream"
}
