package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"gezhi/internal/fault"
)

// maxDepth is how deeply the JSON of a request may nest. A pack's deepest form needs five.
const maxDepth = 32

// jsonFormat writes JSON as it is (no escapes for HTML) and reads it by the standard library.
// readJSON has looked at the text before.
var jsonFormat = huma.Format{Marshal: writeJSON, Unmarshal: json.Unmarshal}

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// readJSON reads the body of r, at most max bytes, checks it, and puts it back for huma.
// release gives the memory back and must be called when the request is over.
func readJSON(r *http.Request, max int64) (release func(), err error) {
	buf := bodies.Get().(*bytes.Buffer)
	buf.Reset()
	release = func() {
		if buf.Cap() <= DefaultMaxBody {
			bodies.Put(buf)
		}
	}
	if _, err = buf.ReadFrom(r.Body); err == nil {
		err = checkJSON(r, buf.Bytes())
	} else {
		err = bodyFault(err, max)
	}
	if err != nil {
		release()
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(buf.Bytes()))
	return release, nil
}

func checkJSON(r *http.Request, body []byte) error {
	if ct := r.Header.Get("Content-Type"); ct != "" && len(body) > 0 {
		if media, _, err := mime.ParseMediaType(ct); err != nil || media != "application/json" {
			return fault.New(fault.Invalid, "request.not_json")
		}
	}
	if len(body) == 0 {
		return nil // huma knows whether a body is needed
	}
	if !utf8.Valid(body) {
		return fault.New(fault.Invalid, "request.malformed")
	}
	return checkDepth(body)
}

// checkDepth refuses text that nests too deeply, and the NUL character, which PostgreSQL cannot
// store. Whether the text is JSON at all, the decoder finds out.
func checkDepth(body []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		c := body[i]
		switch {
		case inString && c == '\\':
			if bytes.HasPrefix(body[i+1:], []byte("u0000")) {
				return fault.New(fault.Invalid, "request.nul")
			}
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return fault.New(fault.Invalid, "request.too_deep", "limit", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// bodyFault says what went wrong while a body was read.
func bodyFault(err error, max int64) error {
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return tooLarge(max)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault.Wrap(err, fault.Invalid, "request.too_slow")
	}
	return fault.Wrap(err, fault.Invalid, "request.cut_short")
}

func tooLarge(max int64) error {
	return fault.New(fault.TooLarge, "request.too_large", "limit", max)
}

// wellFormed refuses paths and queries that are no text, or hold NUL: PostgreSQL would refuse
// them later with a much worse error.
func wellFormed(r *http.Request) error {
	ok := utf8.ValidString(r.URL.Path) && strings.IndexByte(r.URL.Path, 0) < 0
	if ok && r.URL.RawQuery != "" {
		q, err := url.QueryUnescape(r.URL.RawQuery)
		ok = err == nil && utf8.ValidString(q) && strings.IndexByte(q, 0) < 0 && !strings.Contains(r.URL.RawQuery, ";")
	}
	if !ok {
		return fault.New(fault.Invalid, "request.malformed")
	}
	return nil
}

// FilePart is the part of a multipart body that has a name, which a Raw operation reads. A
// body without it is file.not_multipart.
func FilePart(r *http.Request, name string) (file File, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return file, fault.New(fault.Invalid, "file.not_multipart")
	}
	for {
		p, err := parts.NextPart()
		var big *http.MaxBytesError
		switch {
		case err == io.EOF:
			return file, fault.New(fault.Invalid, "file.not_multipart")
		case errors.As(err, &big):
			return file, tooLarge(big.Limit)
		case err != nil:
			return file, fault.Wrap(err, fault.Invalid, "file.not_multipart")
		case p.FormName() == name:
			return File{p}, nil
		}
	}
}

// File is a part of a body that is read. What breaks the reading off is a fault of the request:
// request.too_large, request.too_slow or request.cut_short.
type File struct{ *multipart.Part }

func (f File) Read(p []byte) (int, error) {
	n, err := f.Part.Read(p)
	var big *http.MaxBytesError
	switch {
	case err == nil || err == io.EOF:
		return n, err
	case errors.As(err, &big):
		return n, fault.Wrap(err, fault.TooLarge, "request.too_large", "limit", big.Limit)
	}
	return n, bodyFault(err, 0)
}
