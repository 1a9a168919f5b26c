package casework

import (
	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
)

// Class is what the kernel asks of a class of a pack, under one overlay.
type Class struct {
	Pack, PackHash, OverlayHash string
	Scheme, Code                string
	Title                       map[string]string // by language
	Life                        *workflow.Life
	Fields                      []form.Field
	AskedAtOpening              []string
	Lists                       map[string][]map[string]any
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

func (c *Class) field(name string) *form.Field {
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
