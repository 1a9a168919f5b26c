package points

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Figures are what became of a ledger's points in some months, of one group.
type Figures struct {
	Group  string // what the report is broken down by: a month, an item, an area, a person; "" for none
	Title  string
	Module string // of an item
	Sums   [4]int64
}

// The sums of a report, in the order of [Figures.Sums].
const (
	Issued  = iota // granted, less what was taken back
	Spent          // redeemed, less what was refunded
	Kept           // put aside, less what may be spent by now
	Lapsed         // expired or taken away
	figures        // how many there are
)

// What a report may be broken down by.
const (
	ByMonth  = "month"
	ByItem   = "item"
	ByModule = "module"
	ByArea   = "area"
	ByPerson = "person"
)

// figure says which sum an entry of a kind of account and posting counts in, and with which
// sign what came counts; false for none. Persons have accounts of their own; everybody else is
// counted where points come from and go to.
func figure(account AccountKind, kind Kind, byPerson bool) (which int, sign int64, ok bool) {
	switch {
	case account == Held:
		return Kept, 1, true
	case byPerson && account == Available && (kind == Grant || kind == Adjust):
		return Issued, 1, true
	case byPerson && account == Available && kind == Redeem:
		return Spent, -1, true
	case byPerson && account == Available && (kind == Expire || kind == Deduct):
		return Lapsed, -1, true
	case !byPerson && account == Issuer && (kind == Grant || kind == Adjust || kind == Reverse):
		return Issued, -1, true
	case !byPerson && (account == Redeemed || account == Merchant) && kind != Settle:
		return Spent, 1, true
	case !byPerson && (account == Expired || account == Void):
		return Lapsed, 1, true
	}
	return 0, 0, false
}

// ReportQuery asks for a report.
type ReportQuery struct {
	From, Until string // months, both included
	By          string
}

// Report sums up a ledger for who may look at it: what lies in the areas of his posts, and
// people below them. What is spent and what expires lies nowhere; it is told to everybody who
// may look, but never of a person who is not below him.
func (s *Service) Report(ctx context.Context, who account.Actor, ledger string, q ReportQuery) ([]Figures, error) {
	l, err := s.rules(ctx, who, ledger, "", func(r Roles) []string { return r.Look })
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{ByMonth, ByItem, ByModule, ByArea, ByPerson}, q.By) {
		return nil, fault.New(fault.Invalid, "points.bad_report")
	}
	for _, month := range []string{q.From, q.Until} {
		if _, err := monthOf(month); err != nil {
			return nil, err
		}
	}
	sums, err := s.Months(ctx, who.Jurisdiction, ledger, q.From, q.Until)
	if err != nil {
		return nil, err
	}
	posts := s.looking(who, l.Roles.Look)
	byGroup, seen := map[string]*Figures{}, map[string]bool{}
	for _, m := range sums {
		which, sign, ok := figure(m.Account.Kind, m.Kind, q.By == ByPerson)
		if !ok || m.Area != "" && q.By != ByPerson && !s.covered(ctx, posts, m.Area) {
			continue
		}
		if q.By == ByPerson {
			if _, known := seen[m.Account.Owner]; !known {
				if seen[m.Account.Owner], err = s.below(ctx, posts, m.Account.Owner); err != nil {
					return nil, err
				}
			}
			if !seen[m.Account.Owner] {
				continue
			}
		}
		g := s.groupOf(ctx, who.Jurisdiction, l, q.By, m)
		if byGroup[g.Group] == nil {
			byGroup[g.Group] = &g
		}
		byGroup[g.Group].Sums[which] += sign * (m.Came - m.Went)
	}
	out := make([]Figures, 0, len(byGroup))
	for _, key := range slices.Sorted(maps.Keys(byGroup)) {
		if byGroup[key].Sums != ([figures]int64{}) {
			out = append(out, *byGroup[key])
		}
	}
	return out, nil
}

// looking are the posts by which somebody looks at a ledger.
func (s *Service) looking(who account.Actor, roles []string) (out []account.Post) {
	for _, p := range who.Posts {
		if slices.Contains(roles, p.Role) {
			out = append(out, p)
		}
	}
	for _, a := range who.Acting {
		if slices.Contains(roles, a.Role) {
			out = append(out, a.Post)
		}
	}
	return out
}

// covered reports whether an area lies in one of the posts' areas.
func (s *Service) covered(ctx context.Context, posts []account.Post, area string) bool {
	return s.Within == nil || slices.ContainsFunc(posts, func(p account.Post) bool { return s.Within(ctx, area, p.AreaID) })
}

// below reports whether an owner is a person below one of the posts.
func (s *Service) below(ctx context.Context, posts []account.Post, owner string) (bool, error) {
	person, ok := strings.CutPrefix(owner, "person/")
	if !ok || s.Over == nil {
		return s.Over == nil, nil
	}
	for _, p := range posts {
		if over, err := s.Over(ctx, p, person); err != nil || over {
			return over, err
		}
	}
	return false, nil
}

// groupOf is the group that a sum counts in.
func (s *Service) groupOf(ctx context.Context, jurisdiction string, l Ledger, by string, m Sum) (g Figures) {
	switch by {
	case ByMonth:
		g.Group, g.Title = m.Month, m.Month
	case ByArea:
		g.Group = m.Area
		if m.Area != "" && s.Name != nil {
			g.Title = s.Name(ctx, "area/"+m.Area)
		}
	case ByPerson:
		g.Group = m.Account.Owner
		if s.Name != nil {
			g.Title = s.Name(ctx, m.Account.Owner)
		}
	default:
		g.Group = m.Item
		if s.Item != nil && m.Item != "" {
			g.Title, g.Module = s.Item(ctx, jurisdiction, l.Pack, m.Item)
		}
		if by == ByModule {
			g.Group, g.Title = g.Module, g.Module
		}
	}
	g.Title = cmp.Or(g.Title, g.Group)
	return g
}

// BudgetLeft is what a unit has left of what it was given.
type BudgetLeft struct {
	Unit, Title string
	Year        int
	Left        int64
}

var budgetsOf = db.SQL(`SELECT a.owner, a.year, sum(b.balance) FROM points_account a JOIN points_balance b ON b.account_id = a.id
	WHERE a.ledger_id = $1 AND a.kind = 'issuer' AND a.year = $2 GROUP BY a.owner, a.year ORDER BY a.owner`)

// BudgetsLeft lists what units may still grant in a year, those where the asker may look.
func (s *Service) BudgetsLeft(ctx context.Context, who account.Actor, ledger string, year int) (out []BudgetLeft, err error) {
	l, err := s.rules(ctx, who, ledger, "", func(r Roles) []string { return r.Look })
	if err != nil {
		return nil, err
	}
	var all []BudgetLeft
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err = db.Collect(ctx, tx, budgetsOf, []any{LedgerID(who.Jurisdiction, ledger), int64(year)}, func(r db.Rows) (b BudgetLeft, err error) {
			var y int64
			err = r.Scan(&b.Unit, &y, &b.Left)
			b.Year = int(y)
			return b, err
		})
		return err
	}); err != nil {
		return nil, err
	}
	for _, b := range all {
		b.Title = b.Unit
		if s.Name != nil {
			b.Title = cmp.Or(s.Name(ctx, b.Unit), b.Unit)
		}
		b.Unit = strings.TrimPrefix(b.Unit, "unit/")
		ok, err := s.holds(ctx, who, l.Roles.Look, b.Unit)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, b)
		}
	}
	return out, nil
}
