package pack

import (
	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/pack/shape"
	"gezhi/internal/workflow"
)

// Words are the words for one thing, by language ("zh", "en").
type Words map[string]string

// Pack is one scenario, as read. It is never changed; an overlay is laid over it by Resolve.
type Pack struct {
	Name       string
	Version    string // major.minor.patch
	Title      Words
	Owner      Words
	Basis      []Basis
	Needs      []string // other packs
	Roles      []Role
	Severities []Severity // the gravest first
	Options    []OptionList
	Reasons    []ReasonList
	Lists      []RowList // lists shipped with the pack, for part sets
	Number     string    // how cases are numbered, "" for the kernel's way
	Keep       []workflow.Keep
	AboveAll   string // kind or code of the unit that has reports about those above whom nobody stands

	Scheme    string // the scheme the codes of Classes belong to
	Groups    []Group
	Classes   []Class
	Lives     []Life
	Signals   []Signal
	Coverage  []workflow.Coverage
	Records   []Record
	Relations []Relation
	Duty      []Duty
	Texts     []Text
	Ledgers   []Ledger
	Shops     []Shop
	// Objections is the class of the case that opens when somebody objects to an entry.
	Objections string
	// Benefits is the class of the cases that give something by rule: only their conditions may ask
	// for a balance.
	Benefits string
	// Honours are the records that say who was honoured; nil for none.
	Honours *ShopRecords
	Boards  []Board
	Watches []LedgerWatch

	files map[string][]byte      // everything that counts for Hash
	docs  map[string]*shape.Node // the parsed YAML files, for places
	words map[string]*shape.Node // words files by language
}

// Basis is a law, standard or document behind a pack.
type Basis struct {
	Title     Words
	Code, URL string
}

// Role is what a post may be.
type Role struct {
	Name   string
	Title  Words
	Levels []string // of areas where such a post may stand
	Sees   string   // SeesArea (default), SeesUnit or SeesOwn
	// Unmasks are the purposes for which its holders may read what is masked, of cases they see.
	Unmasks []string
	// Invites are the roles whose holders below it this role gives a way to log in by telephone.
	Invites []string
}

// Which cases a role sees besides those its holder takes part in.
const (
	SeesArea = "area"
	SeesUnit = "unit"
	SeesOwn  = "own"
)

// Severity is one grade.
type Severity struct {
	Code     string
	Title    Words
	Hours    string // workflow.HoursCalendar or workflow.HoursAlways
	Wakes    bool   // people are told at night too
	Fallback []string
	Limits   []Limit
	// Extensions are how much a clock with extend: { by: class } grows.
	Extensions []Limit
}

// Limit is how long a clock may take.
type Limit struct {
	Clock    string
	Severity string // "" for every grade
	Span     workflow.Span
}

// ClassOptions is the option list of the classes of the pack, which every pack has.
const ClassOptions = "classes"

// OptionList is what a choice chooses from.
type OptionList struct {
	Name    string
	Options []form.Option
}

// ReasonList is a closed list of reason codes.
type ReasonList struct {
	Name  string
	Codes []string
}

// RowList is a list of rows, all values as text.
type RowList struct {
	Name string
	Rows []map[string]string
}

// Group gathers classes for people who look for one.
type Group struct {
	Code  string
	Title Words
}

// Text is an answer that stands ready for a text field of some classes: whoever is asked for the
// field may take it and change it.
type Text struct {
	Class string // a code, or the beginning of codes with a star behind
	Field string
	Text  Words
}

// Class is what a case is; (Scheme of the pack, Code) is its identity.
type Class struct {
	Code       string
	Title      Words
	Life       string
	Group      string
	Channels   []string
	First      string // severity to begin with, "" for the last one listed
	Rules      []SeverityRule
	Hours      string  // "" from the severity
	Limits     []Limit // over those of the severity
	Statutory  []Limit
	Extensions []Limit // over those of the severity
	Fields     []form.Field
	Duplicate  *Duplicate
	Spot       bool // may be found and done in one act
	Unsorted   bool // what is brought without a class is one of these until somebody sorts it
	Public     bool
	Sample     []Sample
	Admitted   []Admission
	Against    string // AgainstAllowed (default), AgainstRequired or AgainstNever
	Train      string // TrainNever: no classifier learns from its cases
}

// TrainNever keeps the cases of a class or a life from every classifier.
const TrainNever = "never"

// Whether a report says whom it is about, and is then kept from them.
const (
	AgainstAllowed  = "allowed"
	AgainstRequired = "required"
	AgainstNever    = "never"
)

// SeverityRule grades a case.
type SeverityRule struct {
	If *formula.Expr
	To string
}

// Duplicate says what is likely the same matter.
type Duplicate struct {
	Metres int
	Days   int
}

// Sample is the share of cases drawn for a later check after an action.
type Sample struct {
	Action string
	Share  workflow.Ratio
}

// Admission lets a role be given matters of a class (事项准入).
type Admission struct {
	Role, By    string
	From, Until string // dates, both included; Until "" for no end
}

// On tells whether the admission holds on a day, "2026-03-02".
func (a Admission) On(day string) bool {
	return a.From <= day && (a.Until == "" || day <= a.Until)
}

// Life is a life with the fields its cases have.
type Life struct {
	workflow.Life
	Title  Words
	Fields []form.Field
	Limits []Limit // statutory limits by clock, which nothing may exceed
	Train  string  // TrainNever: no classifier learns from its cases
}

// Signal is something heard from outside.
type Signal struct {
	Name  string
	Title Words
	From  string
	Give  []string
}

// Record is a kind of thing that merely is.
type Record struct {
	Name      string
	Title     Words
	Key       []string
	Fields    []form.Field
	Table     bool // rows are shipped and looked up by key and day
	Public    bool // everybody in the jurisdiction may look it up
	ChangedBy []string
	Rows      []TableRow
}

// TableRow is one row of a dated table.
type TableRow struct {
	Values      map[string]string
	From, Until string // dates, both included; "" for no end
}

// Relation joins records.
type Relation struct {
	Name, From, To string
	FromHas, ToHas string // "1..", "0..1"
	Joins          string // "household": people it joins count as one for apart
}

// Duty is one line of who answers for what.
type Duty struct {
	Class       string // a code, or its beginning and a star
	Level       string
	Unit, Post  string // one of them
	From, Until string // dates, both included; "" for no end
	Why         Words
	Line        int // in its file, for the reason shown
}

// Life returns the life of that name, nil when there is none.
func (p *Pack) Life(name string) *Life {
	return find(p.Lives, func(l *Life) bool { return l.Name == name })
}

// Class returns the class of that code, nil when there is none.
func (p *Pack) Class(code string) *Class {
	return find(p.Classes, func(c *Class) bool { return c.Code == code })
}

// Role returns the role of that name, nil when there is none.
func (p *Pack) Role(name string) *Role {
	return find(p.Roles, func(r *Role) bool { return r.Name == name })
}

// Record returns the record kind of that name, nil when there is none.
func (p *Pack) Record(name string) *Record {
	return find(p.Records, func(r *Record) bool { return r.Name == name })
}

// Severity returns the grade of that code, nil when there is none.
func (p *Pack) Severity(code string) *Severity {
	return find(p.Severities, func(s *Severity) bool { return s.Code == code })
}

// Option returns the option list of that name, nil when there is none.
func (p *Pack) Option(name string) *OptionList {
	return find(p.Options, func(o *OptionList) bool { return o.Name == name })
}

// ReasonList returns the reason list of that name, nil when there is none.
func (p *Pack) ReasonList(name string) *ReasonList {
	return find(p.Reasons, func(r *ReasonList) bool { return r.Name == name })
}

// List returns the shipped list of that name, nil when there is none.
func (p *Pack) List(name string) *RowList {
	return find(p.Lists, func(l *RowList) bool { return l.Name == name })
}

// Field returns the field of that name, nil when there is none.
func (l *Life) Field(name string) *form.Field {
	return find(l.Fields, func(f *form.Field) bool { return f.Name == name })
}

func find[T any](list []T, is func(*T) bool) *T {
	for i := range list {
		if is(&list[i]) {
			return &list[i]
		}
	}
	return nil
}

// KernelFields are the fields every case has, which a pack may ask for without declaring
// them: what it is called, what was said, what it is, how grave, where and since when, a
// reason, and the note of an act.
func KernelFields() []form.Field {
	return []form.Field{
		{Name: "title", Type: "text"}, {Name: "text", Type: "long_text"},
		{Name: "class", Type: "text"}, {Name: "severity", Type: "text"},
		{Name: "point", Type: "point"}, {Name: "area", Type: "area"}, {Name: "place", Type: "text"},
		{Name: "happened_at", Type: "datetime"}, {Name: "reason", Type: "long_text"}, {Name: "note", Type: "long_text"},
		{Name: "stars", Type: "number"}, {Name: FieldCopy, Type: "boolean"},
	}
}

// FieldCopy says that the reporter may take a copy of what is kept of him.
const FieldCopy = "personal_copy"

// Word returns the word of name in a section of the words files ("steps", "actions",
// "reasons", …), "" when there is none. A name may be narrowed by its life or list first:
// "incident.reported".
func (p *Pack) Word(lang, section, name string) string {
	n := p.words[lang].Get(section)
	if w := n.Get(name); w != nil {
		return w.Text
	}
	for i := range name {
		if name[i] != '.' {
			continue
		}
		if w := n.Get(name[:i]).Get(name[i+1:]); w != nil {
			return w.Text
		}
		if w := n.Get(name[i+1:]); w != nil {
			return w.Text
		}
		break
	}
	return ""
}

// Languages lists the languages the pack has words in.
func (p *Pack) Languages() []string { return sortedKeys(p.words) }

// WordsOf collects the words of name in every language.
func (p *Pack) WordsOf(section, name string) Words {
	out := Words{}
	for lang := range p.words {
		if w := p.Word(lang, section, name); w != "" {
			out[lang] = w
		}
	}
	return out
}
