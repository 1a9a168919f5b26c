package form

import (
	"maps"
	"slices"

	"gezhi/internal/fault"
	"gezhi/internal/formula"
)

// Field is one thing a case or a record knows.
type Field struct {
	Name     string
	Type     string            // one of Types
	Title    map[string]string // by language; words files may give it instead
	Optional bool              // where a whole form is asked: may stay empty
	AtLeast  *formula.Num      // least number, or least count of a list
	AtMost   *formula.Num      // greatest number, length of a text, or count of a list
	Of       string            // choice, choices: name of the option list
	Options  []Option          // choice, choices: filled in by the pack
	Rows     []Field           // list: the columns
	From     string            // path that pre-fills it: "reporter.phone"
	Locked   bool              // nobody may change what From or Formula gave
	Formula  *formula.Expr     // computed at the move, never by the reader
	AskedIf  *formula.Expr     // asked only when it holds
	SeenBy   []string          // seats and roles; empty: whoever sees the case
	Personal *Personal         // nil: not personal
	Minor    bool              // a yes here, or an age or day of birth under 18, says that a minor is concerned
}

// Option is one answer of a choice.
type Option struct {
	Code  string            `json:"code"`
	Title map[string]string `json:"title,omitempty"`
}

// Personal declares a personal field, as PIPL (个人信息保护法) articles 6, 13 and 19 ask.
type Personal struct {
	Purpose string // one of Purposes
	Basis   string // one of Bases
	Keep    string // retention: "1 year after closed"
}

// Purposes is the closed list of what personal data may be collected for.
var Purposes = []string{"contact", "identity", "handling", "mediation", "relief", "payment", "appraisal", "safety", "signature"}

// Bases is the closed list of legal bases, after PIPL article 13: consent, contract,
// statutory duty, emergency, disclosure by the person, and other laws.
var Bases = []string{"consent", "contract", "duty", "emergency", "disclosed", "law"}

// YesNo is the option list every pack has; its answers are booleans.
const YesNo = "yes_no"

// kind is what a type does with a value.
type kind struct {
	read    func(f *Field, v any, at string) (any, []fault.Place)
	formula formula.Type
	many    bool // always a list
	manyIf  bool // a list when AtMost is above 1
}

// table holds the types; each is defined in a file of its own.
var table = map[string]kind{
	"text": {read: readText, formula: formula.Words}, "long_text": {read: readLongText, formula: formula.Words},
	"choice": {read: readChoice, formula: formula.Words}, "choices": {read: readChoices, formula: formula.ListOf},
	"number": {read: readNumber, formula: formula.Number}, "money": {read: readMoney, formula: formula.Number},
	"date": {read: readDate, formula: formula.Words}, "datetime": {read: readDatetime, formula: formula.Words},
	"duration": {read: readDuration, formula: formula.Words}, "boolean": {read: readBoolean, formula: formula.Bool},
	"point": {read: readPoint}, "polygon": {read: readPolygon},
	"photo": {read: readFile, formula: formula.ListOf, many: true}, "file": {read: readFile, formula: formula.ListOf, many: true},
	"signature": {read: readFile, formula: formula.ListOf, many: true}, "audio": {read: readFile, formula: formula.ListOf, many: true},
	"person": {read: readID, manyIf: true}, "unit": {read: readID, manyIf: true}, "area": {read: readID, manyIf: true},
	"phone": {read: readPhone, formula: formula.Words}, "id_number": {read: readIDNumber, formula: formula.Words},
	"credit_code": {read: readCreditCode, formula: formula.Words},
	"list":        {formula: formula.ListOf, many: true}, // read by readRow, which needs this table
}

// Types lists the names of the field types, sorted.
func Types() []string { return slices.Sorted(maps.Keys(table)) }

// IsType tells whether name is a field type.
func IsType(name string) bool { _, ok := table[name]; return ok }

// IsList tells whether the values of the field are lists.
func (f *Field) IsList() bool {
	k := table[f.Type]
	return k.many || k.manyIf && f.AtMost != nil && *f.AtMost > formula.Int(1) || f.Type == "choices"
}

// IsFile tells whether the values of the field name uploaded files.
func (f *Field) IsFile() bool {
	return f.Type == "photo" || f.Type == "file" || f.Type == "signature" || f.Type == "audio"
}

// FormulaType is what a formula may take the field for.
func (f *Field) FormulaType() formula.Type {
	if f.Type == "choice" && f.Of == YesNo {
		return formula.Bool
	}
	if f.IsList() {
		return formula.ListOf
	}
	return table[f.Type].formula
}

// most is the greatest count or length, or usual when the field does not say.
func (f *Field) most(usual int) int {
	if f.AtMost != nil {
		return int(f.AtMost.Int64())
	}
	return usual
}

func wrong(at, code string, args ...any) []fault.Place {
	p := fault.Place{Path: at, Code: code}
	for i := 0; i+1 < len(args); i += 2 {
		if p.Args == nil {
			p.Args = map[string]any{}
		}
		p.Args[args[i].(string)] = args[i+1]
	}
	return []fault.Place{p}
}

// Empty tells whether a decoded value says nothing: null, "" or an empty list.
func Empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	}
	return false
}

// Validate reads one value, which must not be Empty, and returns it normalised, or the
// places where it is wrong (form.type, form.too_long, form.not_an_option, …).
func (f *Field) Validate(v any) (any, []fault.Place) { return f.validate(v, f.Name) }

func (f *Field) validate(v any, at string) (any, []fault.Place) {
	k, ok := table[f.Type]
	if !ok {
		return nil, wrong(at, "form.unknown_type")
	}
	if k.many || f.IsList() && f.Type != "choices" {
		return f.validateList(k, v, at)
	}
	return k.read(f, v, at)
}

// maxRows is how many items a list may have when the field does not say.
const maxRows = 500

func (f *Field) validateList(k kind, v any, at string) (any, []fault.Place) {
	list, ok := v.([]any)
	if !ok {
		if f.Type == "list" {
			return nil, wrong(at, "form.type", "want", "list")
		}
		list = []any{v} // one photo need not be wrapped
	}
	if n := f.most(maxRows); len(list) > n {
		return nil, wrong(at, "form.too_many", "most", n)
	}
	if f.AtLeast != nil && formula.Int(int64(len(list))) < *f.AtLeast {
		return nil, wrong(at, "form.too_few", "least", f.AtLeast.Int64())
	}
	read := k.read
	if read == nil {
		read = readRow
	}
	out := make([]any, 0, len(list))
	var places []fault.Place
	for i, x := range list {
		y, p := read(f, x, index(at, i))
		out, places = append(out, y), append(places, p...)
	}
	if len(places) > 0 {
		return nil, places
	}
	return out, nil
}
