package replay

import (
	"bytes"
	"embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"gezhi/internal/fault"
	"gezhi/internal/pack"
)

//go:embed template
var templates embed.FS

// Setting is what a history takes place in, made of the file's own words: a pack, places
// and offices.
type Setting struct {
	*Mapping
	Pack    *pack.Pack
	Classes []Coded // types of the file by code
	Units   []Coded // offices of the file by code; the first stands for lines that name none
	Areas   []Area  // parents first
	Most    int     // the largest number of returns of one row
	codes   map[string]string
}

// Coded is a text of the file under a code that packs and tables allow.
type Coded struct{ Code, Text string }

// Area is a place of the file: its row in areas.csv.
type Area struct {
	Code, Name, Parent string
	Level              int
	path               string
}

// areasFile is the table of places that Generate writes, for territory to import.
const areasFile = "areas.csv"

// The deepest level that a table of divisions may name: a village.
const deepest = 5

// Generate writes the pack (a folder of its name), areas.csv and units.csv into dir, and
// reads the pack back. A pack that does not pass its check is replay.pack_refused.
func Generate(m *Mapping, h *History, dir string, others ...*pack.Pack) (*Setting, error) {
	if n := len(m.Above) + len(m.Areas); n > deepest || len(m.Above) == 0 {
		return nil, fault.New(fault.Invalid, "replay.too_many_levels", "most", deepest)
	}
	s := &Setting{Mapping: m, codes: map[string]string{}}
	s.collect(h)
	root := filepath.Join(dir, m.Name)
	for _, name := range []string{"pack.yaml", "classes.yaml", "lives.yaml", "README.md", "words/zh.yaml", "words/en.yaml"} {
		if err := s.write(root, name); err != nil {
			return nil, err
		}
	}
	areas := [][]string{{"code", "name", "parent", "level"}}
	for _, a := range s.Areas {
		areas = append(areas, []string{a.Code, a.Name, a.Parent, fmt.Sprint(a.Level)})
	}
	units := [][]string{{"code", "name"}}
	for _, u := range s.Units {
		units = append(units, []string{u.Code, u.Text})
	}
	for name, rows := range map[string][][]string{areasFile: areas, "units.csv": units} {
		var b bytes.Buffer
		if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
			return nil, err
		}
		if err := writeFile(filepath.Join(dir, name), b.Bytes()); err != nil {
			return nil, err
		}
	}
	p, report := pack.CheckFS(os.DirFS(root), others...)
	if !report.OK() {
		return nil, fault.Wrap(fmt.Errorf("%s", report.Text("en")), fault.Invalid, "replay.pack_refused")
	}
	s.Pack = p
	return s, nil
}

// collect gives a code to every type, office and place of the file.
func (s *Setting) collect(h *History) {
	classes, units, areas := map[string]bool{}, map[string]bool{}, map[string][]string{}
	for _, r := range h.Rows {
		classes[r.Class] = true
		if r.Unit != "" {
			units[r.Unit] = true
		}
		for i := range r.Area {
			areas[pathOf(r.Area[:i+1])] = r.Area[:i+1]
		}
		s.Most = max(s.Most, r.Returns)
	}
	s.Classes = coded("c", sorted(classes))
	s.Units = append([]Coded{{"u0", s.Above[len(s.Above)-1]}}, coded("u", sorted(units))...)
	for i, name := range s.Above {
		s.Areas = append(s.Areas, Area{Code: s.areaCode(i), Name: name, Parent: s.areaCode(i - 1), Level: i + 1})
	}
	for _, path := range sorted(areas) {
		a := areas[path]
		parent := s.areaCode(len(s.Above) - 1)
		if len(a) > 1 {
			parent = s.codes["area/"+pathOf(a[:len(a)-1])] // shorter paths come first
		}
		code := fmt.Sprintf("%s.a%d", s.Name, len(s.Areas)+1)
		s.codes["area/"+path] = code
		s.Areas = append(s.Areas, Area{code, a[len(a)-1], parent, len(s.Above) + len(a), path})
	}
	for _, c := range s.Classes {
		s.codes["class/"+c.Text] = c.Code
	}
	for _, u := range s.Units[1:] {
		s.codes["unit/"+u.Text] = u.Code
	}
}

// areaCode is the code of the i-th place above those of the file; "" above the first.
func (s *Setting) areaCode(i int) string {
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("%s.%d", s.Name, i+1)
}

// class, unit and area are the codes of what a row names.
func (s *Setting) class(r *Row) string { return s.codes["class/"+r.Class] }

func (s *Setting) unit(r *Row) string {
	if r.Unit == "" {
		return s.Units[0].Code
	}
	return s.codes["unit/"+r.Unit]
}

func (s *Setting) area(r *Row) string {
	if len(r.Area) == 0 {
		return s.areaCode(len(s.Above) - 1)
	}
	return s.codes["area/"+pathOf(r.Area)]
}

func pathOf(names []string) string { return strings.Join(names, "\x00") }

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func coded(prefix string, texts []string) []Coded {
	out := make([]Coded, len(texts))
	for i, t := range texts {
		out[i] = Coded{fmt.Sprintf("%s%d", prefix, i+1), t}
	}
	return out
}

// Ways are the outcomes that a row can end with by an action of the life.
func (s *Setting) Ways() []Outcome {
	if slices.ContainsFunc(s.Outcomes, func(o Outcome) bool { return o.Name == stateDuplicate }) {
		return s.Outcomes
	}
	return append(slices.Clone(s.Outcomes), Outcome{Name: stateDuplicate})
}

// Channels are the channels that rows come by.
func (s *Setting) Channels() []string {
	seen := map[string]bool{}
	for _, w := range s.Channel.Of {
		seen[w] = true
	}
	if s.Channel.Else != "" {
		seen[s.Channel.Else] = true
	}
	return sorted(seen)
}

func (s *Setting) write(root, name string) error {
	t, err := template.New(filepath.Base(name)).Funcs(template.FuncMap{"q": quote}).ParseFS(templates, "template/"+name)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, s); err != nil {
		return err
	}
	return writeFile(filepath.Join(root, name), b.Bytes())
}

// quote writes a text so that YAML reads it back as it is: every JSON text is YAML.
func quote(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}

func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fault.Wrap(err, fault.Invalid, "replay.cannot_write")
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return fault.Wrap(err, fault.Invalid, "replay.cannot_write")
	}
	return nil
}
