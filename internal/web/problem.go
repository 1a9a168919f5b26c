package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"gezhi/internal/fault"
)

// Problem is a failure as a client sees it (RFC 9457). Type is always about:blank, as the RFC
// has it when the status says the kind; Code says which failure of that kind it is.
type Problem struct {
	Type    string         `json:"type" doc:"always about:blank"`
	Title   string         `json:"title" doc:"the status in words"`
	Status  int            `json:"status" doc:"HTTP status"`
	Code    string         `json:"code" doc:"stable name of the failure, for programs"`
	Detail  string         `json:"detail" doc:"the failure in words of the language asked for"`
	Args    map[string]any `json:"args,omitempty" doc:"numbers and names that the words speak of"`
	Errors  []Wrong        `json:"errors,omitempty" doc:"each place in the request that is wrong"`
	Request string         `json:"request,omitempty" doc:"id of the request, for the log"`
}

// Wrong is one place in a request, or in a file that came with it, that is wrong.
type Wrong struct {
	Path   string         `json:"path,omitempty" doc:"such as body.fields.place or query.limit"`
	Line   int            `json:"line,omitempty" doc:"line of the file, from 1"`
	Code   string         `json:"code" doc:"stable name of the fault"`
	Detail string         `json:"detail" doc:"the fault in words"`
	Args   map[string]any `json:"args,omitempty" doc:"what the words speak of"`
}

// Error says which failure it is; huma wants its answers to be errors.
func (p *Problem) Error() string { return p.Code }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType turns the media type of an answer into that of a problem.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders returns the headers that belong to the problem.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if s := p.retryAfter(); s != "" {
		h.Set("Retry-After", s)
	}
	return h
}

// retryAfter returns the seconds in the argument "seconds" of a refusal that is only for now.
func (p *Problem) retryAfter() string {
	if p.Status != http.StatusTooManyRequests && p.Status != http.StatusServiceUnavailable {
		return ""
	}
	switch n := p.Args["seconds"].(type) {
	case int:
		return strconv.Itoa(n)
	case int64:
		return strconv.FormatInt(n, 10)
	}
	return ""
}

func (p *Problem) setStatus(ctx context.Context, status int) {
	p.Status, p.Title = status, Say(Lang(ctx), "status."+strconv.Itoa(status), nil)
}

// write answers with p. A client that is gone gets nothing, and nobody minds.
func (p *Problem) write(w http.ResponseWriter) {
	b, err := json.Marshal(p)
	if err != nil { // an argument that JSON cannot say
		p.Args, p.Errors = nil, nil
		b, _ = json.Marshal(p)
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_, _ = w.Write(b)
}

// statusOf is the one place that knows which status a failure has. A request that is wrong in
// places that can be named is 422, one that cannot be read at all is 400.
func statusOf(e *fault.Error) int {
	switch e.Kind {
	case fault.Invalid:
		if len(e.At) > 0 {
			return http.StatusUnprocessableEntity
		}
		return http.StatusBadRequest
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// say puts a code into the words of the request's language, ours or those of Server.Words.
func say(ctx context.Context, code string, args map[string]any) string {
	text := Say(Lang(ctx), code, args)
	if more := from(ctx).words; text == code && more != nil {
		text = more(Lang(ctx), code, args)
	}
	return text
}

// problem puts a fault into the words of the request's language.
func problem(ctx context.Context, e *fault.Error) *Problem {
	p := &Problem{Type: "about:blank", Code: e.Code, Detail: say(ctx, e.Code, e.Args), Args: e.Args, Request: RequestID(ctx)}
	for _, at := range e.At {
		p.Errors = append(p.Errors, Wrong{Path: at.Path, Line: at.Line, Code: at.Code, Detail: say(ctx, at.Code, at.Args), Args: at.Args})
	}
	p.setStatus(ctx, statusOf(e))
	return p
}

// explain turns any error into a problem, and logs what the client is not told.
func (s *Server) explain(ctx context.Context, err error) *Problem {
	var e *fault.Error
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		e = fault.Wrap(err, fault.Unavailable, "request.given_up")
	case errors.Is(err, context.DeadlineExceeded):
		e = fault.Wrap(err, fault.Unavailable, "request.took_too_long")
	case !errors.As(err, &e) || e.Kind == fault.Internal:
		s.Log.ErrorContext(ctx, "failed", "request", RequestID(ctx), "err", err)
		return problem(ctx, fault.New(fault.Internal, "internal"))
	}
	if e.Err != nil && s.Log.Enabled(ctx, slog.LevelDebug) {
		s.Log.DebugContext(ctx, "refused", "request", RequestID(ctx), "err", err)
	}
	return problem(ctx, e)
}
