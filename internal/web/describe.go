package web

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"gezhi/internal/fault"
)

// Exchange says what a Raw operation reads and writes, for the description of the API.
type Exchange struct {
	Query  any    // a struct whose query tags name the parameters; nil when there are none
	Upload string // name of the part of a multipart form that holds the file; "" when none is taken
	Answer any    // a value of the type that is answered as JSON
	Media  string // media type of an answer that is not JSON
}

// schemas is where the document keeps the shapes of bodies.
func schemas() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	r.RegisterTypeAlias(reflect.TypeFor[json.Number](), reflect.TypeFor[float64]())
	return r
}

// security names the two ways in which a caller becomes known.
func security() map[string]*huma.SecurityScheme {
	return map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: SessionCookie, Description: "of a browser, after POST /session; over TLS its name begins with __Host-"},
		"bearer":  {Type: "http", Scheme: "bearer", Description: "of a program"},
	}
}

// SessionCookie is the cookie that carries a browser's token where there is no TLS.
const SessionCookie = "gezhi_session"

// SecureSessionCookie is the same over TLS: a browser takes a cookie of this name only from
// this very host, over TLS, for every path (RFC 6265bis section 4.1.3), so that neither a
// neighbouring host nor somebody on the line can plant one.
const SecureSessionCookie = "__Host-" + SessionCookie

// SessionCookieOf is the name of the cookie that counts for the request of ctx.
func SessionCookieOf(ctx context.Context) string {
	if ClientOf(ctx).Secure {
		return SecureSessionCookie
	}
	return SessionCookie
}

// NewSessionCookie carries a token for so many seconds; -1 takes the cookie away. Scripts
// cannot read it, and no other site's page or link sends it.
func NewSessionCookie(ctx context.Context, token string, seconds int) http.Cookie {
	return http.Cookie{Name: SessionCookieOf(ctx), Value: token, Path: "/", MaxAge: seconds, HttpOnly: true,
		SameSite: http.SameSiteStrictMode, Secure: ClientOf(ctx).Secure}
}

// known callers only, unless the operation is Public.
func (o Operation) security() []map[string][]string {
	if o.Public {
		return []map[string][]string{}
	}
	return []map[string][]string{{"session": {}}, {"bearer": {}}}
}

// describe is the description of a Raw operation.
func (s *Server) describe(o Operation) *huma.Operation {
	doc, reg := o.huma(), s.api.OpenAPI().Components.Schemas
	status := cmp.Or(o.Status, http.StatusOK)
	answer := &huma.Response{Description: http.StatusText(status)}
	switch x := o.Exchange; {
	case x.Answer != nil:
		answer.Content = content("application/json", huma.SchemaFromType(reg, reflect.TypeOf(x.Answer)))
	case x.Media != "":
		answer.Content = content(x.Media, &huma.Schema{Type: "string", Format: "binary"})
	}
	doc.Responses = map[string]*huma.Response{strconv.Itoa(status): answer,
		"default": {Description: "Error", Content: content("application/problem+json", reg.Schema(reflect.TypeFor[Problem](), true, ""))}}
	for _, part := range strings.Split(o.Path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			doc.Parameters = append(doc.Parameters, &huma.Param{Name: strings.TrimSuffix(name, "}"), In: "path", Required: true, Schema: &huma.Schema{Type: "string"}})
		}
	}
	for _, f := range o.Exchange.query() {
		doc.Parameters = append(doc.Parameters, &huma.Param{Name: f.Tag.Get("query"), In: "query", Schema: huma.SchemaFromField(reg, f, "")})
	}
	if name := o.Exchange.Upload; name != "" {
		doc.RequestBody = &huma.RequestBody{Required: true, Content: content("multipart/form-data", &huma.Schema{Type: "object", Required: []string{name},
			Properties: map[string]*huma.Schema{name: {Type: "string", Format: "binary"}}})}
	}
	return &doc
}

func content(media string, s *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{media: {Schema: s}}
}

// query are the fields of the struct that names the parameters.
func (x Exchange) query() []reflect.StructField {
	if x.Query == nil {
		return nil
	}
	return slices.DeleteFunc(reflect.VisibleFields(reflect.TypeOf(x.Query)), func(f reflect.StructField) bool { return f.Tag.Get("query") == "" })
}

// refuseUnasked refuses query parameters that a Raw operation does not name, as huma does for Op.
func (x Exchange) refuseUnasked(r *http.Request) error {
	if r.URL.RawQuery == "" {
		return nil
	}
	bad := fault.New(fault.Invalid, "request.invalid")
	for name := range r.URL.Query() {
		if !slices.ContainsFunc(x.query(), func(f reflect.StructField) bool { return f.Tag.Get("query") == name }) {
			bad.At = append(bad.At, fault.Place{Path: known("query." + name), Code: "field.unknown"})
		}
	}
	if bad.At == nil {
		return nil
	}
	return bad
}
