package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/xuri/excelize/v2"

	"gezhi/internal/dbtest"
)

// hostile are texts that somebody might send where a word, an id or a number is meant.
var hostile = []string{`'`, `"`, `' OR '1'='1`, `x') OR 1=1 --`, `'; DROP TABLE cases; --`, `1) UNION SELECT id, login FROM person --`, `%`, `_`, `\`, `$1`, `?1`, `=cmd|' /C calc'!A0`, `＇ ＯＲ １＝１`, strings.Repeat(`'`, 3000)}

// told are words that an answer must not have: they are a database's, or the program's own.
var told = regexp.MustCompile(`(?i)sqlstate|syntax error|sqlite|pgx\.|pgconn|postgres|unrecognized token|no such (table|column)|goroutine|runtime error|\.go:|"internal"`)

// choosing are the parameters that choose rows: a value that nothing has leaves none. Others only
// begin a page, or say how it looks.
var choosing = map[string]bool{"area": true, "class": true, "phase": true, "severity": true, "queue": true, "parent": true, "case": true, "kind": true, "person": true, "subject": true,
	"act": true, "role": true, "unit": true, "q": true, "as_of": true, "cursor": true, "from": true, "until": true}

// What comes in over HTTP from somebody who means harm does none, on both engines.
func TestHostileRequests(t *testing.T) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { slog.SetDefault(before) })
	for engine, database := range map[string]func() string{"sqlite": func() string { return "" }, "postgres": func() string { return dbtest.PostgresURL(t) }} {
		url := database()
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			c := newMatrix(t, url)
			for _, x := range []struct {
				name string
				test func(*testing.T)
			}{
				{"nothing sent is taken for SQL", c.nothingIsSQL}, {"no table holds a formula", c.noFormulas}, {"the key of somebody else opens nothing", c.keyOfSomebodyElse},
				{"nested brackets are refused", c.nestedBrackets}, {"names of files lead nowhere", c.namesOfFiles},
				{"nobody reads who reported", c.namesOfReporters}, {"who reports without end has to wait", c.reportsWithoutEnd}, {"who remarks without end has to wait", c.remarksWithoutEnd}, {"who guesses codes without end has to wait", c.codesWithoutEnd},
				{"a session of a removed post opens nothing", c.removedPost}, {"a forged or replayed token opens nothing", c.forgedTokens},
			} {
				t.Run(x.name, func(t *testing.T) {
					c.T = t
					x.test(t)
				})
			}
		})
	}
}

// Whatever stands in any parameter of any operation, in its path or in any text of its body, is
// a value and nothing else: no answer fails inside or speaks of the database, none is longer than
// without it, what nothing is called finds nothing, and everything is there afterwards.
func (c *counties) nothingIsSQL(t *testing.T) {
	served := c.operations()
	before := len(c.everyCase())
	asked := 0
	for _, r := range routes {
		if r.leaves || r.op == "GET /events" {
			continue
		}
		o, who := served[r.op], "county_chief"
		if r.may != nil {
			who = r.may[0]
		}
		asked += c.hostileParameters(t, r, o, who) + c.hostileBodies(t, r, o, who)
	}
	if after := len(c.everyCase()); after < before {
		t.Errorf("%d cases have become %d", before, after)
	}
	for _, text := range hostile[:5] {
		c.reports(text, "neighbour", "incident/sample:0102", "990101001201", map[string]any{"text": text})
		kept := c.got("neighbour", "GET", "/cases/"+c.cases[text], nil, http.StatusOK)["case"].(map[string]any)["text"]
		if kept != text {
			t.Errorf("%q is kept as %q", text, kept)
		}
	}
	t.Logf("%d operations, %d requests", len(routes), asked)
}

// answers is what an answer shows: its status, and how many rows.
func (c *counties) answers(t *testing.T, who string, o described, path string, body any) (status, rows int) {
	t.Helper()
	w := c.ask(who, o.method, path, body)
	if w.Code >= 500 || told.MatchString(plain(w.Body.String(), nil)) {
		t.Errorf("%s %.200s with %.200v: %d %.300s", o.method, path, body, w.Code, w.Body)
	}
	if w.Code != http.StatusOK {
		return w.Code, 0
	}
	read := map[string]func([]byte) ([][]string, error){".csv": readCSV, ".xlsx": readXLSX}
	for end, f := range read {
		if strings.HasSuffix(o.path, end) {
			all, err := f(w.Body.Bytes())
			c.must(err)
			return w.Code, len(all) - 1
		}
	}
	var v map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &v)
	for _, x := range v {
		if list, ok := x.([]any); ok {
			rows += len(list)
		}
	}
	return w.Code, rows
}

// hostileParameters asks with hostile texts in each parameter of the path and of the query.
func (c *counties) hostileParameters(t *testing.T, r route, o described, who string) (asked int) {
	t.Helper()
	query, err := url.ParseQuery(strings.TrimPrefix(strings.ReplaceAll(r.query, "VILLAGE", c.place("990101001201")), "?"))
	c.must(err)
	id := uuid.NewString()
	body := func(ids []string) any {
		if r.body == nil {
			return nil
		}
		return r.body(c, standpoint{role: who}, ids)
	}
	_, whole := 0, 0
	if o.method == "GET" && !strings.Contains(o.path, "{") {
		_, whole = c.answers(t, who, o, o.path+"?"+query.Encode(), nil)
	}
	for _, text := range hostile {
		if strings.Contains(o.path, "{") {
			asked++
			c.answers(t, who, o, filled(o.path, url.PathEscape(text))+"?"+query.Encode(), body([]string{text}))
		}
		for _, p := range o.parameters {
			if p.In != "query" {
				continue
			}
			asked++
			with := maps.Clone(query)
			with.Set(p.Name, text)
			status, rows := c.answers(t, who, o, filled(o.path, id)+"?"+with.Encode(), body([]string{id}))
			if o.method != "GET" || status != http.StatusOK {
				continue
			}
			if choosing[p.Name] && rows > 0 && o.path != "/search" || rows > whole {
				t.Errorf("%s with %s=%.60s: %d rows, of %d without", r.op, p.Name, text, rows, whole)
			}
		}
	}
	return asked
}

// hostileBodies asks with hostile texts in each place of the body that takes a text.
func (c *counties) hostileBodies(t *testing.T, r route, o described, who string) (asked int) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(o.body)) {
		for _, text := range []string{hostile[0], hostile[4], hostile[6], hostile[8]} {
			base := map[string]any{}
			if r.body != nil {
				made, ok := r.body(c, standpoint{role: who}, []string{uuid.NewString()}).(map[string]any)
				if !ok {
					return asked
				}
				base = maps.Clone(made)
			}
			base[name] = o.body[name](text)
			asked++
			c.answers(t, who, o, filled(o.path, uuid.NewString()), base)
		}
	}
	return asked
}

// formulas are texts that a spreadsheet would carry out.
var formulas = []string{`=1+1`, `=HYPERLINK("http://evil.example")`, `+1+1`, `-1+1`, `@SUM(1)`, "\t=1+1", "\r=1+1", `＝1+1`, `＋1`, `－1+1`, `＠SUM(1)`, ` =1+1`}

// No table that anybody may take away holds a cell that a spreadsheet would carry out, whatever
// people wrote into their reports.
func (c *counties) noFormulas(t *testing.T) {
	for _, f := range formulas {
		c.reports(f, "neighbour", "incident/sample:0102", "990101001201", map[string]any{"text": f})
		c.cases[f] = c.got(village[own].admin, "POST", "/cases", map[string]any{"class": "village-points/301", "channel": "window", "text": f, "area_id": c.place(village[own].place),
			"fields": map[string]any{"difficulty": "hard", "places": 1, "ends": "2026-03-31"}}, http.StatusCreated)["id"].(string)
		c.does(f, deed{village[own].admin, "publish", nil})
	}
	tables := 0
	for op, o := range c.operations() {
		if o.method != "GET" || op == "GET /points/settlements.xlsx" || op == "GET /points/report.xlsx" { // nothing is counted here: internal/points looks at every kind of both
			continue
		}
		who := "county_chief"
		if strings.HasPrefix(o.path, "/offers/") {
			who = village[own].admin
		}
		switch {
		case o.media["text/csv"]:
			rows, err := readCSV(c.ask(who, o.method, o.path, nil).Body.Bytes())
			c.must(err)
			c.noFormula(t, op, rows)
		case o.media["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]:
			f, err := excelize.OpenReader(bytes.NewReader(c.ask(who, o.method, o.path, nil).Body.Bytes()))
			c.must(err)
			c.onlyTexts(t, op, f)
		default:
			continue
		}
		tables++
	}
	if tables < 2 {
		t.Errorf("only %d tables were looked at", tables)
	}
}

func (c *counties) noFormula(t *testing.T, op string, rows [][]string) {
	t.Helper()
	kept := 0
	for _, r := range rows {
		for _, cell := range r {
			if cell != "" && strings.ContainsAny(string([]rune(cell)[:1]), "=+-@\t\r＝＋－＠") {
				t.Errorf("%s: a cell %q", op, cell)
			}
			if strings.HasPrefix(cell, "'") {
				kept++
			}
		}
	}
	if kept < 9 {
		t.Errorf("%s: only %d of the texts stand in it", op, kept)
	}
}

func (c *counties) onlyTexts(t *testing.T, op string, f *excelize.File) {
	t.Helper()
	defer f.Close()
	sheet := f.GetSheetName(0)
	rows, err := f.GetRows(sheet)
	c.must(err)
	kept := 0
	for y, r := range rows {
		for x, cell := range r {
			at, err := excelize.CoordinatesToCellName(x+1, y+1)
			c.must(err)
			formula, err := f.GetCellFormula(sheet, at)
			c.must(err)
			kind, err := f.GetCellType(sheet, at)
			c.must(err)
			if formula != "" || kind == excelize.CellTypeFormula {
				t.Errorf("%s: %s is a formula: %s", op, at, formula)
			}
			if slices.Contains(formulas, cell) {
				kept++
			}
		}
	}
	if kept < 9 {
		t.Errorf("%s: only %d of the texts stand in it", op, kept)
	}
}

// schema is as much of the description of a body as tells where it takes texts.
type schema struct {
	Ref                  string `json:"$ref"`
	Type                 any
	Items                *schema
	Properties           map[string]schema
	AdditionalProperties any
}

// texts gives, for each property of a body that takes texts, how one is put there.
func (s schema) texts() map[string]func(string) any {
	out := map[string]func(string) any{}
	for name, p := range s.Properties {
		kind := fmt.Sprint(p.Type)
		switch {
		case strings.Contains(kind, "string"):
			out[name] = func(text string) any { return text }
		case strings.Contains(kind, "array") && p.Items != nil && p.Items.Type == "string":
			out[name] = func(text string) any { return []any{text} }
		case strings.Contains(kind, "object") && p.AdditionalProperties != nil && p.Properties == nil:
			out[name] = func(text string) any { return map[string]any{"note": text, text: text} }
		}
	}
	return out
}
