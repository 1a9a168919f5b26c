package casework

import (
	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
)

// Class is what the kernel asks of a class of a pack, under one overlay.
type Class struct {
	Pack, PackHash, OverlayHash string
	Scheme, Code                string
	Title                       map[string]string // by language
	Life                        *workflow.Life
	Fields                      []Field
	Channels                    []string
	First                       int64          // severity, unless a rule says otherwise
	Rules                       []SeverityRule // the first that holds
	Severities                  map[int64]Severity
	Limits                      map[string]string // by clock; goes before the severity's
	Spot, Public                bool
	Share                       workflow.Ratio // overrides the share of sampled actions; zero: not
	Admitted                    map[string]Admission
	Duty                        []DutyLine
	Roles                       map[string]Role
	Reasons                     map[string][]string
	Duplicate                   *DuplicateRule
}

// Field is one value of a case, as a pack declares it.
type Field struct {
	Name     string
	Required bool
	Personal *Personal
	From     string // where it is pre-filled from
	Locked   bool
	Formula  *formula.Expr
	AskedIf  *formula.Expr
	SeenBy   []string
	// Check normalises a value, or says what is wrong with it (never echoing it).
	Check func(v any) (any, []fault.Place)
}

// Personal says why a value about a person is kept, and where its key lies.
type Personal struct{ Purpose, Basis, Keep string }

// SeverityRule gives a severity when its condition holds.
type SeverityRule struct {
	If *formula.Expr
	To int64
}

// Severity is one grade of a pack.
type Severity struct {
	Code     int64
	Hours    string // always or calendar
	Wakes    bool   // may sound at night
	Fallback []string
	Limits   map[string]string // by clock
}

// Admission says since when and until when a role may be given a class.
type Admission struct{ By, From, Until string }

// DutyLine says who handles a class in an area level. Lines are read in order; the first
// that fits counts.
type DutyLine struct {
	Level       int    // 0: any
	UnitKind    string // or
	Role        string
	From, Until string // days; "" is open
	Text        string // the line as written: the reason shown to the dispatcher
}

// Role is what a post may be.
type Role struct {
	Levels []int
	Sees   string // area, unit, own
}

// DuplicateRule says when two cases of a class are likely the same.
type DuplicateRule struct {
	Metres int64
	Days   int64
}

func (c *Class) field(name string) *Field {
	for i := range c.Fields {
		if c.Fields[i].Name == name {
			return &c.Fields[i]
		}
	}
	return nil
}

// limitOf is the limit of a clock that takes it from the class and its severity.
func (c *Class) limitOf(clock string, severity int64) string {
	if l := c.Limits[clock]; l != "" {
		return l
	}
	return c.Severities[severity].Limits[clock]
}

func seatOf(l *workflow.Life, name string) *workflow.Seat {
	for i := range l.Seats {
		if l.Seats[i].Name == name {
			return &l.Seats[i]
		}
	}
	return nil
}

func phaseOf(l *workflow.Life, step string) workflow.Phase {
	for _, s := range l.Steps {
		if s.Name == step {
			return s.Phase
		}
	}
	return ""
}

func actionOf(l *workflow.Life, name string) *workflow.Action {
	for i := range l.Actions {
		if l.Actions[i].Name == name {
			return &l.Actions[i]
		}
	}
	return nil
}

func partOf(l *workflow.Life, name string) *workflow.PartSet {
	for i := range l.Parts {
		if l.Parts[i].Name == name {
			return &l.Parts[i]
		}
	}
	return nil
}

func overlayOf(l *workflow.Life, name string) *workflow.Overlay {
	for i := range l.Allow {
		if l.Allow[i].Name == name {
			return &l.Allow[i]
		}
	}
	return nil
}
