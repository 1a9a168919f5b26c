package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// contract is ui/openapi.json, against which every answer of these tests is held.
type contract struct {
	paths    map[string]map[string]operation
	like     map[string]*regexp.Regexp // requests of each path
	compiler *jsonschema.Compiler
}

type operation struct {
	Responses map[string]struct {
		Content map[string]struct {
			Schema any
		}
	}
}

var loadContract = sync.OnceValues(func() (*contract, error) {
	b, err := os.ReadFile("../ui/openapi.json")
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	var paths struct {
		Paths map[string]map[string]operation
	}
	if err := json.Unmarshal(b, &paths); err != nil {
		return nil, err
	}
	like := map[string]*regexp.Regexp{}
	for p := range paths.Paths {
		like[p] = regexp.MustCompile("^" + hole.ReplaceAllString(regexp.QuoteMeta(p), "[^/]+") + "$")
	}
	c := jsonschema.NewCompiler()
	return &contract{paths.Paths, like, c}, c.AddResource("openapi.json", doc)
})

var hole = regexp.MustCompile(`\\\{[a-z]+\\\}`)

// find is the operation that a request goes to, with its place in the document.
func (c *contract) find(method, path string) (operation, string, bool) {
	path, _, _ = strings.Cut(path, "?")
	best := ""
	for p, like := range c.like {
		if like.MatchString("/api/v1"+path) && (best == "" || !strings.Contains(p, "{")) {
			best = p
		}
	}
	o, ok := c.paths[best][strings.ToLower(method)]
	return o, "#/paths/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(best) + "/" + strings.ToLower(method), ok
}

// holds fails the test when an answer is not what the description of the API says.
func (c *contract) holds(t *testing.T, method, path string, status int, header http.Header, body []byte) {
	t.Helper()
	o, at, ok := c.find(method, path)
	if !ok {
		return // no such path: the answer is a problem that belongs to no operation
	}
	code := strconv.Itoa(status)
	answer, ok := o.Responses[code]
	if !ok && status >= 400 {
		code = "default"
		answer, ok = o.Responses[code]
	}
	if !ok {
		t.Errorf("%s %s answers %d, which its description does not name", method, path, status)
		return
	}
	media, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	if len(answer.Content) == 0 && len(body) == 0 {
		return
	}
	if _, ok := answer.Content[media]; !ok {
		t.Errorf("%s %s answers %d with %q, which its description does not name", method, path, status, media)
		return
	}
	if !strings.HasSuffix(media, "json") {
		return
	}
	schema, err := c.compiler.Compile("openapi.json" + at + "/responses/" + code + "/content/" + strings.ReplaceAll(media, "/", "~1") + "/schema")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		err = schema.Validate(v)
	}
	if err != nil {
		t.Errorf("%s %s answers %d otherwise than its description says: %v", method, path, status, err)
	}
}
