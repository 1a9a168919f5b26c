package pack

import (
	"slices"

	"gezhi/internal/workflow"
)

// Ledger is something that is counted: points, honour, hours.
type Ledger struct {
	Name       string
	Title      Words
	Unit       Words // one of what
	Spendable  bool
	Issuer     *workflow.Issuer // whose budget, unless an effect says otherwise
	Household  string           // kind of record whose records have the accounts; "": people have them
	Expires    *workflow.Until  // nil: never
	Clear      *workflow.Season // nothing outlives the season in which it was granted
	Deductions string           // kind of record that must stand before anything is deducted; "": nothing ever is

	Propose, Confirm, Look, Shop []string // roles
}

// Shop says which records are the goods and merchants of a ledger.
type Shop struct {
	Ledger           string
	Goods, Merchants *ShopRecords
}

// ShopRecords is a kind of record and its fields, by what they say to the shop.
type ShopRecords struct {
	Kind   string
	Fields map[string]string
}

// Board is a list of who was granted the most in a month, by group; what counts is capped, so
// that more and more is of no use. Only who stands in the register of adults is on it.
type Board struct {
	Name, Ledger string
	Group        string // level of the area: village, township or county
	First        int    // how many stand on it
	Cap          int    // points of a month that count; 0 for all
	Adults       string // kind of record that names who is of age
}

// LedgerWatch says what looks odd in the shop of a ledger. It opens a case at which people look,
// and neither hinders nor changes anything itself.
type LedgerWatch struct {
	Name, Ledger string
	Fetched      int               // so often fetched by one owner at one merchant in a month
	Opens        string            // class of the case
	Give         []workflow.Assign // formulas of LedgerFacts
}

// LedgerFacts are what the values of a LedgerWatch may read: the id of the owner, what was counted
// and from how much on it is odd.
var LedgerFacts = []string{"owner", "seen", "usual"}

// Shop returns the shop of a ledger, nil when it has none.
func (p *Pack) Shop(ledger string) *Shop {
	return find(p.Shops, func(s *Shop) bool { return s.Ledger == ledger })
}

// LedgerChange is what a county changes of a ledger.
type LedgerChange struct {
	Ledger  string
	Issuer  *workflow.Issuer
	Expires *workflow.Until
	Clear   *workflow.Season
}

// Ledger returns the ledger of that name, nil when there is none.
func (p *Pack) Ledger(name string) *Ledger {
	return find(p.Ledgers, func(l *Ledger) bool { return l.Name == name })
}

// Ledger returns a ledger with the county's values; false when there is none.
func (e *Effective) Ledger(name string) (Ledger, bool) {
	found := e.Pack.Ledger(name)
	if found == nil {
		return Ledger{}, false
	}
	l := *found
	l.Title, l.Unit = e.Pack.wordsBeside(l.Title, "ledgers", name), e.Pack.wordsBeside(l.Unit, "units", name)
	if e.Overlay == nil {
		return l, true
	}
	if c := find(e.Overlay.Ledgers, func(c *LedgerChange) bool { return c.Ledger == name }); c != nil {
		if c.Issuer != nil {
			l.Issuer = c.Issuer
		}
		if c.Expires != nil {
			l.Expires = c.Expires
		}
		if c.Clear != nil {
			l.Clear = c.Clear
		}
	}
	return l, true
}

// Ledgers are the ledgers of the pack with the county's values.
func (e *Effective) Ledgers() []Ledger {
	var out []Ledger
	for i := range e.Pack.Ledgers {
		l, _ := e.Ledger(e.Pack.Ledgers[i].Name)
		out = append(out, l)
	}
	return out
}

// wordsBeside are the words that stand beside a thing, with those of the words files where they do not.
func (p *Pack) wordsBeside(given Words, section, name string) Words {
	out := p.WordsOf(section, name)
	for lang, w := range given {
		out[lang] = w
	}
	return out
}

// unknownLedgers finds changes of ledgers that are not there.
func (p *Pack) unknownLedgers(o *Overlay) (out []string) {
	for _, c := range o.Ledgers {
		if p.Ledger(c.Ledger) == nil {
			out = append(out, c.Ledger)
		}
	}
	slices.Sort(out)
	return out
}
