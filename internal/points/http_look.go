package points

import (
	"context"
	"slices"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/record"
	"gezhi/internal/web"
)

type pointsEntriesInput struct {
	LedgerQuery
	Kind   string `query:"kind" enum:"available,held,issuer,merchant" required:"true"`
	Owner  string `query:"owner" required:"true" maxLength:"128" doc:"person/ID, household/ID, merchant/ID; unit/ID of a budget"`
	Year   int    `query:"year" minimum:"0" maximum:"9999" doc:"of a budget"`
	From   string `query:"from" maxLength:"10" doc:"a day: 2026-03-01"`
	Until  string `query:"until" maxLength:"10" doc:"the last day"`
	Cursor string `query:"cursor" maxLength:"200"`
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"50 when 0"`
}

func (s *Service) lookRoutes(srv *web.Server, tags []string) {
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/entries", ID: "pointsEntries", Summary: "The entries of an account, for who may look at the ledger", Tags: tags}, s.httpEntries)
	web.Op(srv, web.Operation{Method: "POST", Path: "/points/refunds", ID: "refundClaim", Summary: "Take back what was fetched, by its code: the points return", Tags: tags, Pace: web.CodePace}, s.httpRefund)
}

func (s *Service) httpEntries(ctx context.Context, in *pointsEntriesInput) (*pointsStatementOutput, error) {
	who, err := s.Actor(ctx)
	if err != nil {
		return nil, err
	}
	a := Account{AccountKind(in.Kind), in.Owner, in.Year}
	if !a.check() {
		return nil, fault.New(fault.Invalid, "points.no_such_account")
	}
	l, err := s.rules(ctx, who, in.Ledger, "", nil)
	if err != nil {
		return nil, err
	}
	ok, err := s.looks(ctx, who, l.Roles, a)
	if err == nil && !ok {
		err = fault.New(fault.Forbidden, "points.not_yours")
	}
	if err != nil {
		return nil, err
	}
	return s.statement(ctx, who, in.Ledger, a, in.From, in.Until, in.Cursor, in.Limit)
}

// looks reports whether somebody may look at an account: at a budget from the unit or above it,
// at a person from above a post of theirs, at a household from over its place, at a merchant who
// keeps the shop.
func (s *Service) looks(ctx context.Context, who account.Actor, r Roles, a Account) (bool, error) {
	switch kind, id, _ := strings.Cut(a.Owner, "/"); kind {
	case "unit":
		return s.holds(ctx, who, r.Look, id)
	case "merchant":
		return s.holds(ctx, who, slices.Concat(r.Look, r.Shop), "")
	case "person":
		for _, p := range standsAs(who) {
			if slices.Contains(r.Look, p.Role) && s.Over != nil {
				if over, err := s.Over(ctx, p, id); err != nil || over {
					return over, err
				}
			}
		}
		return false, nil
	case "household":
		area, err := s.homeOf(ctx, who.Jurisdiction, id)
		if err != nil || area == "" || s.Within == nil {
			return false, err
		}
		return slices.ContainsFunc(standsAs(who), func(p account.Post) bool {
			return slices.Contains(r.Look, p.Role) && p.AreaID != "" && s.Within(ctx, area, p.AreaID)
		}), nil
	}
	return s.holds(ctx, who, r.Look, "")
}

// homeOf is the place of a household, as its record is last known; "" where there is none.
func (s *Service) homeOf(ctx context.Context, jurisdiction, id string) (area string, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		h, err := record.ByID(ctx, tx, id)
		if fault.KindOf(err) == fault.NotFound || err == nil && h.Jurisdiction != jurisdiction {
			return nil
		}
		if err != nil {
			return err
		}
		area = h.AreaID
		return nil
	})
	return area, err
}

// standsAs are the posts of somebody, and those in which they act for another.
func standsAs(who account.Actor) []account.Post {
	out := slices.Clone(who.Posts)
	for _, a := range who.Acting {
		out = append(out, a.Post)
	}
	return out
}

// name is what a unit or a person is called, "" where nobody is known by the id.
func (s *Service) name(ctx context.Context, owner string) string {
	if s.Name == nil || owner == "" {
		return ""
	}
	return s.Name(ctx, owner)
}

func (s *Service) httpRefund(ctx context.Context, in *pointsCodeInput) (*pointsClaimOutput, error) {
	who, at, err := s.asks(ctx, in.Body.Ledger, keepers)
	if err != nil {
		return nil, err
	}
	c, err := s.byCode(ctx, at, in.Body.Code)
	if err == nil {
		err = s.Refund(ctx, at, c.ID, who.PersonID)
	}
	if err != nil {
		return nil, err
	}
	c.State, c.EndedAt = ClaimRefunded, s.Now()
	names, err := s.shopNames(ctx, at)
	out := &pointsClaimOutput{claimJSON(c)}
	out.Body.Title, out.Body.At = names[c.Good], names[c.Merchant]
	return out, err
}
