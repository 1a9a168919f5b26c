package points

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/record"
	"gezhi/internal/web"
)

// PersonPostJSON is a post that somebody holds.
type PersonPostJSON struct {
	Role  string `json:"role"`
	Title string `json:"title"`
	Unit  string `json:"unit,omitempty"`
	Area  string `json:"area,omitempty" doc:"its grid, village or town"`
	Since int64  `json:"since" doc:"ms UTC"`
}

// PersonDutyJSON is what of a pack is admitted to somebody's roles: what they are there for.
type PersonDutyJSON struct {
	Pack    string   `json:"pack" doc:"what it is called"`
	Classes []string `json:"classes"`
}

// PersonPurseJSON is what somebody has of a ledger.
type PersonPurseJSON struct {
	Ledger    string `json:"ledger"`
	Title     string `json:"title"`
	Unit      string `json:"unit" doc:"what it counts"`
	Spendable bool   `json:"spendable" doc:"false: honour, which is never redeemed"`
	Free      int64  `json:"free" doc:"may be spent"`
	Held      int64  `json:"held"`
	Month     int64  `json:"month" doc:"granted since the month began"`
}

// PersonBenefitJSON is a benefit that somebody asked for.
type PersonBenefitJSON struct {
	Case   string `json:"case"`
	Number string `json:"number"`
	Title  string `json:"title" doc:"of what is given"`
	Step   string `json:"step" doc:"how it stands, or ended"`
	Open   bool   `json:"open"`
	Since  int64  `json:"since"`
}

// PersonHonourJSON is an honour that stands in a register today.
type PersonHonourJSON struct {
	Title string `json:"title"`
	Since string `json:"since" doc:"a day"`
}

// PersonPageJSON is what one person holds, has and was given.
type PersonPageJSON struct {
	ID       string              `json:"id"`
	Name     string              `json:"name"`
	Own      bool                `json:"own"`
	Posts    []PersonPostJSON    `json:"posts"`
	Duties   []PersonDutyJSON    `json:"duties"`
	Purses   []PersonPurseJSON   `json:"purses"`
	Benefits []PersonBenefitJSON `json:"benefits"`
	Honours  []PersonHonourJSON  `json:"honours"`
}

type pointsPersonInput struct {
	Person string `query:"person" maxLength:"64" doc:"whose; the asker's own when left out"`
}

type pointsPersonOutput struct{ Body PersonPageJSON }

var grantedSince = db.SQL(`SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM points_entry WHERE account_id = $1 AND slice = 0 AND seq >= $2 AND kind = $3`)

func (s *Service) personRoutes(srv *web.Server, tags []string) {
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/person", ID: "pointsPerson", Summary: "One's own page, or that of somebody below who looks at a ledger: posts, duties, points, benefits, honours", Tags: tags}, s.httpPerson)
}

// httpPerson tells everybody of themselves, and of others to who may look at their accounts.
func (s *Service) httpPerson(ctx context.Context, in *pointsPersonInput) (*pointsPersonOutput, error) {
	who, err := s.Actor(ctx)
	if err != nil {
		return nil, err
	}
	person := cmp.Or(in.Person, who.PersonID)
	page := PersonPageJSON{ID: person, Own: person == who.PersonID, Purses: []PersonPurseJSON{}, Benefits: []PersonBenefitJSON{}, Honours: []PersonHonourJSON{}}
	all, err := s.Ledgers(ctx, who.Jurisdiction)
	if err != nil {
		return nil, err
	}
	seen := all
	if !page.Own {
		if seen, err = s.lookedAt(ctx, who, all, person); err != nil {
			return nil, err
		}
		if len(seen) == 0 {
			return nil, fault.New(fault.Forbidden, "points.not_yours")
		}
	}
	page.Name = s.name(ctx, "person/"+person)
	if page.Posts, page.Duties, err = s.Holds(ctx, who.Jurisdiction, person); err != nil {
		return nil, err
	}
	err = s.purses(ctx, who.Jurisdiction, seen, &page)
	for i := 0; err == nil && i < len(seen); i++ {
		l := seen[i]
		if slices.ContainsFunc(seen[:i], func(x Ledger) bool { return x.Pack == l.Pack }) {
			continue // said of the pack once
		}
		if err = s.benefits(ctx, who.Jurisdiction, l, &page); err == nil {
			err = s.honours(ctx, who.Jurisdiction, l, &page)
		}
	}
	return &pointsPersonOutput{page}, err
}

// lookedAt are the ledgers in which who asks may look at a person's accounts.
func (s *Service) lookedAt(ctx context.Context, who account.Actor, all []Ledger, person string) (out []Ledger, err error) {
	for _, l := range all {
		ok, err := s.looks(ctx, who, l.Roles, Own("person/"+person))
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, l)
		}
	}
	return out, nil
}

// purses fill in what the person has, of each ledger in which there is an account.
func (s *Service) purses(ctx context.Context, jurisdiction string, of []Ledger, page *PersonPageJSON) error {
	all, err := s.Standings(ctx, jurisdiction, "person/"+page.ID)
	if err != nil {
		return err
	}
	now := s.Now().In(clock.CST)
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, clock.CST).UnixMilli() << seqBits
	for _, l := range of {
		p := PersonPurseJSON{Ledger: l.Name, Title: cmp.Or(l.Title.in(web.Lang(ctx)), l.Name), Unit: l.Unit.in(web.Lang(ctx)), Spendable: l.Spendable}
		known := false
		for _, st := range all {
			if st.Ledger.Name != l.Name {
				continue
			}
			known = true
			if st.Account.Kind == Held {
				p.Held = st.Balance
			} else {
				p.Free = st.Balance
			}
		}
		if !known {
			continue
		}
		if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			p.Month = 0
			for _, a := range []Account{Own("person/" + page.ID), HeldOf("person/" + page.ID)} {
				var n int64
				if err := tx.Row(ctx, grantedSince, []any{a.ID(LedgerID(jurisdiction, l.Name)), month, string(Grant)}, &n); err != nil {
					return err
				}
				p.Month += n
			}
			return nil
		}); err != nil {
			return err
		}
		page.Purses = append(page.Purses, p)
	}
	return nil
}

// benefits fill in what the person asked for by the rules of the pack of a ledger.
func (s *Service) benefits(ctx context.Context, jurisdiction string, l Ledger, page *PersonPageJSON) error {
	pack, class, ok := strings.Cut(l.Benefits, "/")
	if !ok || s.Given == nil {
		return nil
	}
	all, err := s.Given(ctx, jurisdiction, page.ID, pack, class)
	for _, g := range all {
		page.Benefits = append(page.Benefits, PersonBenefitJSON{g.Case, g.Number, g.Title, g.Step, g.Open, db.Ms(g.Since)})
	}
	return err
}

// honours fill in what records of the pack of a ledger say today of the person's honours.
func (s *Service) honours(ctx context.Context, jurisdiction string, l Ledger, page *PersonPageJSON) error {
	if l.Honours == nil {
		return nil
	}
	return s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := record.Naming(ctx, tx, jurisdiction, "person/"+page.ID, s.Now().In(clock.CST).Format(time.DateOnly))
		page.Honours = page.Honours[:0]
		for _, r := range all {
			title, _ := r.Values[l.Honours.Title].(string)
			if r.Record.Pack == l.Pack && r.Record.Kind == l.Honours.Kind && r.Values[l.Honours.Person] == page.ID {
				page.Honours = append(page.Honours, PersonHonourJSON{title, r.Revision.From})
			}
		}
		return err
	})
}

// Given is a benefit that somebody asked for, as casework tells it.
type Given = casework.Given
