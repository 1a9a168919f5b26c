package form

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"gezhi/internal/fault"
	"gezhi/internal/formula"
)

func num(n int64) *formula.Num { x := formula.Int(n); return &x }

// decode reads JSON as a handler does.
func decode(t testing.TB, s string) any {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(s, err)
	}
	return v
}

// Every type takes what people write, and stores one form of it.
func TestValuesAreNormalised(t *testing.T) {
	sizes := []Option{{Code: "small"}, {Code: "large"}}
	for _, c := range []struct {
		f        Field
		in, want string
	}{
		{Field{Type: "text"}, `" 桶满了 "`, `"桶满了"`},
		{Field{Type: "long_text"}, `"a\r\nb"`, `"a\nb"`},
		{Field{Type: "choice", Options: sizes}, `"large"`, `"large"`},
		{Field{Type: "choice", Of: YesNo}, `true`, `true`},
		{Field{Type: "choices", Options: sizes}, `["large","small","large"]`, ``},
		{Field{Type: "choices", Options: sizes}, `["large","small"]`, `["small","large"]`},
		{Field{Type: "number"}, `12.50`, `12.5`},
		{Field{Type: "money"}, `0.1`, `0.1`},
		{Field{Type: "date"}, `"2024-02-29"`, `"2024-02-29"`},
		{Field{Type: "datetime"}, `"2026-03-02T09:00"`, `"2026-03-02T09:00:00+08:00"`},
		{Field{Type: "datetime"}, `"2026-03-02T01:00:00Z"`, `"2026-03-02T09:00:00+08:00"`},
		{Field{Type: "duration"}, `"3  working days"`, `"3 working days"`},
		{Field{Type: "boolean"}, `false`, `false`},
		{Field{Type: "point"}, `[120.161, 30.279]`, `[120.161,30.279]`},
		{Field{Type: "point"}, `{"lon": 120.161, "lat": 30.279}`, `[120.161,30.279]`},
		{Field{Type: "polygon"}, `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`, `[[[0,0],[1,0],[1,1],[0,0]]]`},
		{Field{Type: "photo"}, `"bin.jpg"`, `["bin.jpg"]`},
		{Field{Type: "unit"}, `"crew-7"`, `"crew-7"`},
		{Field{Type: "unit", AtMost: num(3)}, `"crew-7"`, `["crew-7"]`},
		{Field{Type: "phone"}, `"+86 138-0000-0000"`, `"13800000000"`},
		{Field{Type: "phone"}, `"0578-5120000"`, `"05785120000"`},
		{Field{Type: "id_number"}, `"11010519491231002x"`, `"11010519491231002X"`},
		{Field{Type: "id_number"}, `"110105491231002"`, `"11010519491231002X"`},
		{Field{Type: "credit_code"}, `"91330100 79965505 8b"`, `"91330100799655058B"`},
		{Field{Type: "list"}, `["甲", "乙"]`, `["甲","乙"]`},
		{Field{Type: "list", Rows: []Field{{Name: "by", Type: "date"}, {Name: "n", Type: "number", Optional: true}}}, `[{"by":"2026-03-02"}]`, `[{"by":"2026-03-02"}]`},
	} {
		c.f.Name = "f"
		got, places := c.f.Validate(decode(t, c.in))
		if c.want == "" {
			if len(places) == 0 {
				t.Errorf("%s %s was taken", c.f.Type, c.in)
			}
			continue
		}
		b, _ := json.Marshal(got)
		if len(places) > 0 || string(b) != c.want {
			t.Errorf("%s %s: %s %v, want %s", c.f.Type, c.in, b, places, c.want)
		}
		again, places := c.f.Validate(decode(t, string(b)))
		if len(places) > 0 || !reflect.DeepEqual(mustJSON(again), string(b)) {
			t.Errorf("%s: a stored %s is not read back: %v", c.f.Type, b, places)
		}
	}
}

func mustJSON(v any) string { b, _ := json.Marshal(v); return string(b) }

// What is wrong is told by code and place, and the value is not echoed.
func TestWrongValuesAreToldByCode(t *testing.T) {
	rows := Field{Type: "list", AtLeast: num(1), Rows: []Field{{Name: "by", Type: "date"}}}
	for _, c := range []struct {
		f              Field
		in, path, code string
	}{
		{Field{Type: "text"}, `12`, "f", "form.type"},
		{Field{Type: "text"}, `"  "`, "f", "form.required"},
		{Field{Type: "text"}, `"a\nb"`, "f", "form.characters"},
		{Field{Type: "text", AtMost: num(2)}, `"abc"`, "f", "form.too_long"},
		{Field{Type: "choice", Options: []Option{{Code: "a"}}}, `"secret-value"`, "f", "form.not_an_option"},
		{Field{Type: "choice", Of: YesNo}, `"yes"`, "f", "form.type"},
		{Field{Type: "number"}, `"1"`, "f", "form.type"},
		{Field{Type: "number"}, `1.12345678`, "f", "form.number"},
		{Field{Type: "number"}, `1e99`, "f", "form.number"},
		{Field{Type: "number", AtMost: num(5)}, `6`, "f", "form.too_great"},
		{Field{Type: "number", AtLeast: num(5)}, `4`, "f", "form.too_small"},
		{Field{Type: "money"}, `1.005`, "f", "form.money"},
		{Field{Type: "date"}, `"2026-02-29"`, "f", "form.date"},
		{Field{Type: "date"}, `"0026-02-20"`, "f", "form.date"},
		{Field{Type: "datetime"}, `"2026-03-02"`, "f", "form.datetime"},
		{Field{Type: "duration"}, `"soon"`, "f", "form.duration"},
		{Field{Type: "boolean"}, `1`, "f", "form.type"},
		{Field{Type: "point"}, `[190, 30]`, "f", "form.point"},
		{Field{Type: "point"}, `[120]`, "f", "form.point"},
		{Field{Type: "polygon"}, `[[[0,0],[1,0],[1,1],[0,1]]]`, "f", "form.polygon"},
		{Field{Type: "photo"}, `"../etc"`, "f.0", "form.file"},
		{Field{Type: "photo", AtMost: num(1)}, `["a","b"]`, "f", "form.too_many"},
		{Field{Type: "person"}, `"a b"`, "f", "form.reference"},
		{Field{Type: "phone"}, `"12"`, "f", "form.phone"},
		{Field{Type: "id_number"}, `"110105194912310021"`, "f", "form.id_number"},
		{Field{Type: "credit_code"}, `"91330100799655058A"`, "f", "form.credit_code"},
		{Field{Type: "credit_code"}, `91`, "f", "form.type"},
		{rows, `[]`, "f", "form.too_few"},
		{rows, `[{}]`, "f.0.by", "form.required"},
		{rows, `[{"by":"2026-01-01","x":1}]`, "f.0.x", "form.unknown_field"},
		{rows, `{"by":1}`, "f", "form.type"},
		{Field{Type: "mystery"}, `1`, "f", "form.unknown_type"},
	} {
		c.f.Name = "f"
		_, places := c.f.Validate(decode(t, c.in))
		if len(places) != 1 || places[0].Code != c.code || places[0].Path != c.path {
			t.Errorf("%s %s: %v, want %s %s", c.f.Type, c.in, places, c.path, c.code)
		}
		if strings.Contains(mustJSON(places), "secret-value") {
			t.Error("a value was echoed")
		}
	}
}

// A form asks for what is required, and only when it applies.
func TestFormsAskForWhatApplies(t *testing.T) {
	fields := []Field{
		{Name: "ok", Type: "boolean"},
		{Name: "reason", Type: "text", AskedIf: formula.MustCompile("field.ok == false")},
		{Name: "note", Type: "text", Optional: true},
		{Name: "sum", Type: "number", Formula: formula.MustCompile("1 + 1")},
	}
	for in, want := range map[string]string{
		`{"ok":true}`:               "",
		`{"ok":false}`:              "reason form.required",
		`{"ok":false,"reason":"x"}`: "",
		`{}`:                        "ok form.required",
		`{"ok":true,"sum":3}`:       "sum form.locked",
		`{"ok":true,"surprise":3}`:  "surprise form.unknown_field",
		`{"ok":true,"note":""}`:     "",
		`{"ok":"no"}`:               "ok form.type",
	} {
		got, places := Validate(fields, decode(t, in).(map[string]any), formula.Env{})
		var s []string
		for _, p := range places {
			s = append(s, p.Path+" "+p.Code)
		}
		if strings.Join(s, ", ") != want || (want == "") != (got != nil) {
			t.Errorf("%s: %v", in, s)
		}
	}
}

// A face learns everything it needs to draw the field.
func TestDescriptionsTellAFaceHowToAsk(t *testing.T) {
	f := Field{Name: "phone", Type: "phone", Title: map[string]string{"zh": "电话"}, Personal: &Personal{"contact", "duty", "1 year after closed"}, Optional: true}
	if got := mustJSON(f.Describe()); got != `{"name":"phone","type":"phone","title":{"zh":"电话"},"required":false,"personal":true}` {
		t.Error(got)
	}
	l := Field{Name: "terms", Type: "list", Rows: []Field{{Name: "by", Type: "date"}}, AtMost: num(9)}
	if got := mustJSON(l.Describe()); got != `{"name":"terms","type":"list","required":true,"many":true,"at_most":9,"rows":[{"name":"by","type":"date","required":true}]}` {
		t.Error(got)
	}
	for _, typ := range Types() {
		if !IsType(typ) {
			t.Error(typ)
		}
	}
}

// Any JSON given to any type yields a value or a place with a code, and what is stored is
// accepted again.
func FuzzField(f *testing.F) {
	for _, s := range []string{`"x"`, `[1,2]`, `{"lon":1,"lat":2}`, `[[[0,0],[1,0],[1,1],[0,0]]]`, `1e400`, `"2026-03-02"`, `[{"a":null}]`, `true`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d := json.NewDecoder(strings.NewReader(s))
		d.UseNumber()
		var v any
		if d.Decode(&v) != nil || Empty(v) {
			return
		}
		for _, typ := range Types() {
			field := Field{Name: "f", Type: typ, Options: []Option{{Code: "x"}}, Rows: []Field{{Name: "a", Type: "text"}}}
			got, places := field.Validate(v)
			for _, p := range places {
				if !strings.HasPrefix(p.Code, "form.") {
					t.Fatal(typ, p)
				}
			}
			if len(places) > 0 {
				continue
			}
			if Empty(got) {
				continue
			}
			if _, again := field.Validate(decode(t, mustJSON(got))); len(again) > 0 {
				t.Fatalf("%s: %s was stored as %s, which is refused: %v", typ, s, mustJSON(got), again)
			}
		}
	})
}

// The code of a fault passes through where a condition cannot be computed.
func TestBrokenConditionsAreTold(t *testing.T) {
	fields := []Field{{Name: "a", Type: "text", AskedIf: formula.MustCompile("1 / 0 > 1")}}
	_, places := Validate(fields, map[string]any{}, formula.Env{})
	if want := []fault.Place{{Path: "a", Code: "formula.divided_by_zero"}}; !reflect.DeepEqual(places, want) {
		t.Fatal(places)
	}
}

// Texts are read by the type of the field, so that a phone stays a text.
func TestTextsAreReadByTheirField(t *testing.T) {
	fields := []Field{{Name: "n", Type: "number"}, {Name: "ok", Type: "boolean"}, {Name: "phone", Type: "phone"}, {Name: "at", Type: "point"},
		{Name: "sure", Type: "choice", Of: YesNo}, {Name: "terms", Type: "list", Rows: []Field{{Name: "yuan", Type: "money"}}}}
	in := map[string]any{"n": "12", "ok": "true", "phone": "13800000000", "at": []any{"120.1", "30.2"}, "sure": "false",
		"terms": []any{map[string]any{"yuan": "3.50"}}, "other": "7"}
	got := mustJSON(Coerce(fields, in))
	if want := `{"at":[120.1,30.2],"n":12,"ok":true,"other":"7","phone":"13800000000","sure":false,"terms":[{"yuan":3.50}]}`; got != want {
		t.Fatal(got)
	}
	if got := mustJSON(Coerce(fields, map[string]any{"n": "many"})); got != `{"n":"many"}` {
		t.Fatal(got)
	}
}
