package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"gezhi/internal/fault"
)

// secret stands for every value that a client sends and must never get back.
const secret = "13800001234"

type draft struct {
	Title  string         `json:"title" minLength:"2" maxLength:"10"`
	Count  int            `json:"count,omitempty" minimum:"1" maximum:"9"`
	Kind   string         `json:"kind,omitempty" enum:"a,b"`
	Date   string         `json:"date,omitempty" format:"date"`
	Tags   []string       `json:"tags,omitempty" maxItems:"2"`
	Fields map[string]int `json:"fields,omitempty"`
	Tree   any            `json:"tree,omitempty"`
}

type draftInput struct {
	ID    string `path:"id" maxLength:"36"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Idempotency
	Body draft
}

type draftOutput struct {
	Body draft
}

type whoKey struct{}

// trial is a server with an operation of each kind, and what it logged.
type trial struct {
	*Server
	mu  sync.Mutex
	log bytes.Buffer
}

func (t *trial) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.log.Write(p)
}

func (t *trial) logged() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.log.String()
}

func newTrial() *trial {
	t := &trial{Server: New("Trial", "1")}
	t.Log = slog.New(slog.NewTextHandler(t, nil))
	t.Authenticate = func(ctx context.Context, r *http.Request) (context.Context, error) {
		if r.Header.Get("Authorization") == "Bearer good" {
			return context.WithValue(ctx, whoKey{}, "li"), nil
		}
		if c, err := r.Cookie("s"); err == nil && c.Value == "good" && r.Header.Get("Authorization") == "" {
			return context.WithValue(ctx, whoKey{}, "li"), nil
		}
		return ctx, fault.New(fault.Unauthenticated, "session.none")
	}
	Op(t.Server, Operation{Method: "PUT", Path: "/drafts/{id}", ID: "putDraft", Summary: "Put a draft"}, func(ctx context.Context, in *draftInput) (*draftOutput, error) {
		return &draftOutput{in.Body}, failure(in.ID)
	})
	Op(t.Server, Operation{Method: "GET", Path: "/open", ID: "open", Public: true}, func(ctx context.Context, _ *struct{}) (*draftOutput, error) {
		who, _ := ctx.Value(whoKey{}).(string)
		return &draftOutput{draft{Title: "who " + who}}, nil
	})
	Op(t.Server, Operation{Method: "POST", Path: "/quiet", ID: "quiet", MaxBody: 4 << 20}, func(context.Context, *struct{ Body struct{ Text string } }) (*struct{}, error) {
		return nil, nil
	})
	Raw(t.Server, Operation{Method: "POST", Path: "/raw/{id}", ID: "raw", MaxBody: 1000}, func(w http.ResponseWriter, r *http.Request) error {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return bodyFault(err, 1000)
		}
		w.Write(b)
		return failure(r.PathValue("id"))
	})
	return t
}

// failure fails as its name says.
func failure(name string) error {
	switch name {
	case "leak":
		return errors.New("SELECT name FROM person WHERE phone = " + secret)
	case "internal":
		return fault.New(fault.Internal, "db.nested", "phone", secret)
	case "conflict":
		return fault.Wrap(errors.New(secret), fault.Conflict, "person.login_taken")
	case "places":
		return &fault.Error{Kind: fault.Invalid, Code: "person.invalid", At: []fault.Place{{Path: "name", Line: 3, Code: "field.too_long", Args: map[string]any{"limit": 5}}}}
	case "wait":
		return fault.New(fault.TooMany, "session.too_many", "seconds", int64(7))
	case "late":
		return context.DeadlineExceeded
	case "forbidden":
		return fault.New(fault.Forbidden, "request.other_site")
	case "gone":
		return fault.New(fault.NotFound, "person.none")
	case "panic":
		panic(secret)
	}
	return nil
}

// ask sends a request as a program with a token does; headers are "Name: value".
func (t *trial) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer good")
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Del(k)
		if v != "" {
			r.Header.Set(k, v)
		}
	}
	w := httptest.NewRecorder()
	t.ServeHTTP(w, r)
	return w
}

func problemOf(t *testing.T, w *httptest.ResponseRecorder) Problem {
	t.Helper()
	var p Problem
	d := json.NewDecoder(w.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Header(), err)
	}
	if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" || p.Status != w.Code || p.Type != "about:blank" || p.Title == "" || p.Detail == "" || p.Request != w.Header().Get("X-Request-Id") {
		t.Errorf("%s %+v", ct, p)
	}
	return p
}

const put = "/api/v1/drafts/x"

var wrongRequests = map[string]struct {
	path, body string
	header     string
	status     int
	code       string
	place      string // "path code" of the one place that is wrong
}{
	"no JSON":            {put, `{"title": "` + secret, "", 400, "request.malformed", ""},
	"JSON and more":      {put, `{"title":"abc"} ` + secret, "", 400, "request.malformed", ""},
	"GBK":                {put, "{\"title\":\"\xb8\xf1\xd6\xce" + secret + "\"}", "", 400, "request.malformed", ""},
	"NUL":                {put, `{"title":"` + secret + `\u0000"}`, "", 400, "request.nul", ""},
	"NUL, escaped":       {put, `{"title":"ab\\u0000"}`, "", 200, "", ""},
	"nothing":            {put, ``, "", 400, "request.empty", ""},
	"a form":             {put, "title=" + secret, "Content-Type: application/x-www-form-urlencoded", 400, "request.not_json", ""},
	"plain text":         {put, `{"title":"abc"}`, "Content-Type: text/plain", 400, "request.not_json", ""},
	"JSON in UTF-8":      {put, `{"title":"格治"}`, "Content-Type: application/json; charset=utf-8", 200, "", ""},
	"deep":               {put, `{"title":"abc","tree":` + strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1) + `}`, "", 400, "request.too_deep", ""},
	"brackets in text":   {put, `{"title":"[[{{\"","tree":"` + strings.Repeat("[", 99) + `"}`, "", 200, "", ""},
	"not an object":      {put, `"` + secret + `"`, "", 422, "request.invalid", "body field.wrong_type"},
	"unknown field":      {put, `{"title":"abc","colour":"` + secret + `"}`, "", 422, "request.invalid", "body.colour field.unknown"},
	"unknown, a number":  {put, `{"title":"abc","` + secret + `":1}`, "", 422, "request.invalid", "body.* field.unknown"},
	"key of a map":       {put, `{"title":"abc","fields":{"` + secret + `":"x"}}`, "", 422, "request.invalid", "body.fields.* field.wrong_type"},
	"other case":         {put, `{"title":"abc","count":5,"COUNT":5000}`, "", 422, "request.invalid", "body.COUNT field.unknown"},
	"missing":            {put, `{}`, "", 422, "request.invalid", "body.title field.required"},
	"too short":          {put, `{"title":"a"}`, "", 422, "request.invalid", "body.title field.too_short"},
	"too long":           {put, `{"title":"` + secret + `"}`, "", 422, "request.invalid", "body.title field.too_long"},
	"too large a number": {put, `{"title":"abc","count":` + secret + `}`, "", 422, "request.invalid", "body.count field.too_large"},
	"beyond floats":      {put, `{"title":"abc","count":1e999}`, "", 400, "request.malformed", ""},
	"half a number":      {put, `{"title":"abc","count":1.5}`, "", 422, "request.invalid", "body.count field.wrong_type"},
	"not offered":        {put, `{"title":"abc","kind":"` + secret + `"}`, "", 422, "request.invalid", "body.kind field.not_offered"},
	"no date":            {put, `{"title":"abc","date":"` + secret + `"}`, "", 422, "request.invalid", "body.date field.bad_form"},
	"too many":           {put, `{"title":"abc","tags":["` + secret + `","b","c"]}`, "", 422, "request.invalid", "body.tags field.too_many"},
	"item of a list":     {put, `{"title":"abc","tags":["a",{"x":"` + secret + `"}]}`, "", 422, "request.invalid", "body.tags[1] field.wrong_type"},
	"query, no number":   {put + "?limit=" + secret + "x", `{"title":"abc"}`, "", 422, "request.invalid", "query.limit field.wrong_type"},
	"query, too large":   {put + "?limit=" + secret, `{"title":"abc"}`, "", 422, "request.invalid", "query.limit field.too_large"},
	"query, unknown":     {put + "?" + secret + "=1", `{"title":"abc"}`, "", 422, "request.invalid", "query.* field.unknown"},
	"query, NUL":         {put + "?limit=%00", `{"title":"abc"}`, "", 400, "request.malformed", ""},
	"query, no UTF-8":    {put + "?limit=%ff", `{"title":"abc"}`, "", 400, "request.malformed", ""},
	"path, NUL":          {"/api/v1/drafts/%00", `{"title":"abc"}`, "", 400, "request.malformed", ""},
	"path, too long":     {"/api/v1/drafts/" + strings.Repeat(secret, 4), `{"title":"abc"}`, "", 422, "request.invalid", "path.id field.too_long"},
	"no path":            {"/api/v1/" + secret, ``, "", 404, "request.no_such_path", ""},
	"no path but root":   {"/api/", ``, "", 404, "request.no_such_path", ""},
	"no method":          {"/api/v1/open", ``, "", 405, "request.wrong_method", ""},
	"nobody":             {put, `{"title":"abc"}`, "Authorization: Bearer " + secret, 401, "session.none", ""},
	"too large":          {put, `{"title":"` + strings.Repeat("a", DefaultMaxBody) + `"}`, "", 413, "request.too_large", ""},
}

// Whatever is wrong with a request, the answer is a problem with the right status and codes,
// names the place, and repeats nothing that was sent.
func TestWrongRequestsGetProblems(t *testing.T) {
	for name, c := range wrongRequests {
		t.Run(name, func(t *testing.T) {
			s := newTrial()
			w := s.ask("PUT", c.path, c.body, c.header)
			path, _, _ := strings.Cut(c.path, "?")
			if c.status != 200 && strings.Contains(w.Body.String(), secret) || strings.Contains(s.logged(), secret) && !strings.Contains(path, secret) {
				t.Errorf("repeats what was sent: %s\n%s", w.Body, s.logged())
			}
			if w.Code != c.status {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if c.code == "" {
				return
			}
			p := problemOf(t, w)
			got := ""
			for _, e := range p.Errors {
				got += e.Path + " " + e.Code
				if e.Detail == "" || e.Detail == e.Code || strings.Contains(e.Detail, "{") {
					t.Errorf("%+v", e)
				}
			}
			if p.Code != c.code || got != c.place {
				t.Fatalf("%s, %q", p.Code, got)
			}
		})
	}
}

// A failure of a handler has the status of its kind; what is not meant for the client stays
// in the log, once.
func TestFailuresHaveTheStatusOfTheirKind(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		code   string
	}{
		"leak": {500, "internal"}, "internal": {500, "internal"}, "panic": {500, "internal"}, "conflict": {409, "person.login_taken"},
		"places": {422, "person.invalid"}, "wait": {429, "session.too_many"}, "late": {503, "request.took_too_long"}, "forbidden": {403, "request.other_site"}, "gone": {404, "person.none"},
	} {
		s := newTrial()
		w := s.ask("PUT", "/api/v1/drafts/"+name, `{"title":"abc"}`)
		if w.Code != c.status || strings.Contains(w.Body.String(), secret) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		p := problemOf(t, w)
		if p.Code != c.code {
			t.Errorf("%s: %+v", name, p)
		}
		told := strings.Count(s.logged(), "level=ERROR")
		if (c.status == 500) != (told == 1 && strings.Contains(s.logged(), secret) && strings.Contains(s.logged(), p.Request)) || told > 1 {
			t.Errorf("%s: logged\n%s", name, s.logged())
		}
		switch name {
		case "wait":
			if w.Header().Get("Retry-After") != "7" || p.Args["seconds"] != 7.0 || !strings.Contains(p.Detail, "7") {
				t.Errorf("%v %+v", w.Header(), p)
			}
		case "places":
			if len(p.Errors) != 1 || p.Errors[0].Path != "name" || p.Errors[0].Line != 3 || !strings.Contains(p.Errors[0].Detail, "5") {
				t.Errorf("%+v", p)
			}
		}
	}
}

// The words are in the language that the client asks for.
func TestProblemsSpeakTheClientsLanguage(t *testing.T) {
	s := newTrial()
	zh := problemOf(t, s.ask("PUT", put, `{}`, "Accept-Language: zh-CN"))
	en := problemOf(t, s.ask("PUT", put, `{}`, "Accept-Language: en"))
	if en.Title != "Not valid" || en.Errors[0].Detail != "This is required." || zh.Title != "内容未通过校验" || zh.Errors[0].Detail != "必须填写。" {
		t.Errorf("%+v\n%+v", zh, en)
	}
}

// A code that only another package has words for is said in those.
func TestWordsOfOtherPackages(t *testing.T) {
	s := newTrial()
	s.Words = func(lang, code string, args map[string]any) string { return lang + " " + code }
	Op(s.Server, Operation{Method: "GET", Path: "/other", ID: "other"}, func(context.Context, *struct{}) (*struct{}, error) {
		return nil, &fault.Error{Kind: fault.Invalid, Code: "other.code", At: []fault.Place{{Code: "other.place"}, {Code: "field.required"}}}
	})
	p := problemOf(t, s.ask("GET", "/api/v1/other", "", "Accept-Language: en"))
	if p.Detail != "en other.code" || p.Errors[0].Detail != "en other.place" || p.Errors[1].Detail != "This is required." {
		t.Errorf("%+v", p)
	}
}

// A good request is answered as its operation says, without a link to a schema, and an
// operation without a body answers 204.
func TestGoodRequests(t *testing.T) {
	s := newTrial()
	w := s.ask("PUT", put, `{"title":"a <b>","count":3}`)
	if w.Code != 200 || w.Body.String() != "{\"title\":\"a <b>\",\"count\":3}\n" || w.Header().Get("Link") != "" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	if w := s.ask("POST", "/api/v1/quiet", `{"Text":"`+strings.Repeat("a", 2<<20)+`"}`); w.Code != 204 || w.Body.Len() != 0 {
		t.Errorf("a larger body where it is allowed: %d %s", w.Code, w.Body)
	}
	if w := s.ask("POST", "/api/v1/raw/x", strings.Repeat("a", 1000)); w.Code != 200 || w.Body.Len() != 1000 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.ask("POST", "/api/v1/raw/x", strings.Repeat("a", 1001)); w.Code != 413 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, who := range []string{"Bearer good", "Bearer bad", ""} {
		want := map[string]string{"Bearer good": "who li"}[who]
		if w := s.ask("GET", "/api/v1/open", "", "Authorization: "+who); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("public, as %q: %d %s", who, w.Code, w.Body)
		}
	}
	if w := s.ask("GET", put, ""); w.Code != 405 || w.Header().Get("Allow") != "PUT" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// What a small operation costs of the processor.
func BenchmarkOp(b *testing.B) {
	s := newTrial()
	s.Log = slog.New(slog.DiscardHandler)
	body := `{"title":"abc","count":3,"kind":"a","tags":["x","y"],"fields":{"a":1,"b":2}}`
	for b.Loop() {
		r := httptest.NewRequest("PUT", put, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer good")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}
