package points

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// PointsLotJSON is what of a balance expires when.
type PointsLotJSON struct {
	At     int64 `json:"at" doc:"ms UTC"`
	Amount int64 `json:"amount"`
}

// PointsAccountJSON is one account of the asker.
type PointsAccountJSON struct {
	Ledger    string          `json:"ledger"`
	Title     string          `json:"title" doc:"of the ledger"`
	Unit      string          `json:"unit" doc:"what it counts"`
	Spendable bool            `json:"spendable" doc:"false: honour, which is never redeemed"`
	Kind      string          `json:"kind" enum:"available,held" doc:"what may be spent, and what is held for now"`
	Balance   int64           `json:"balance"`
	Expires   []PointsLotJSON `json:"expires"`
}

// PointsEntryJSON is a line of a statement.
type PointsEntryJSON struct {
	At       int64  `json:"at" doc:"ms UTC"`
	Amount   int64  `json:"amount" doc:"less than 0: went out"`
	Balance  int64  `json:"balance" doc:"after it"`
	Kind     string `json:"kind"`
	Key      string `json:"key"`
	Reason   string `json:"reason"`
	Cause    string `json:"cause,omitempty" doc:"what led to it: case/ID"`
	Item     string `json:"item,omitempty"`
	Good     string `json:"good,omitempty" doc:"what was fetched, in a merchant's statement"`
	Reverses string `json:"reverses,omitempty" doc:"kind and key of the posting that it undoes"`
}

// LedgerQuery names a ledger.
type LedgerQuery struct {
	Ledger string `query:"ledger" required:"true" maxLength:"40"`
}

type pointsAccountsOutput struct {
	Body struct {
		Accounts []PointsAccountJSON `json:"accounts"`
	}
}

type pointsStatementInput struct {
	LedgerQuery
	Kind   string `query:"kind" enum:"available,held" doc:"available when left out"`
	From   string `query:"from" maxLength:"10" doc:"a day: 2026-03-01"`
	Until  string `query:"until" maxLength:"10" doc:"the last day"`
	Cursor string `query:"cursor" maxLength:"200"`
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"50 when 0"`
}

type pointsStatementOutput struct {
	Body struct {
		Entries []PointsEntryJSON `json:"entries" doc:"newest first"`
		Next    string            `json:"next,omitempty"`
	}
}

type pointsBalanceInput struct {
	LedgerQuery
	Kind string `query:"kind" enum:"available,held" doc:"available when left out"`
	Day  string `query:"day" maxLength:"10" doc:"at the end of which day; now when left out"`
}

type pointsBalanceOutput struct {
	Body struct {
		Balance int64 `json:"balance"`
	}
}

type pointsBudgetInput struct {
	LedgerQuery
	Unit string `query:"unit" required:"true" maxLength:"64"`
	Year int    `query:"year" minimum:"2000" maximum:"9999"`
}

type pointsBudgetOutput struct {
	Body struct {
		Given   int64 `json:"given" doc:"less what was taken back"`
		Granted int64 `json:"granted" doc:"less what was reversed"`
		Left    int64 `json:"left"`
	}
}

// Routes adds the operations of this package.
func (s *Service) Routes(srv *web.Server) {
	tags := []string{"points"}
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/accounts", ID: "pointsAccounts", Summary: "One's own accounts, in all ledgers", Tags: tags}, s.httpAccounts)
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/statement", ID: "pointsStatement", Summary: "The entries of an account of one's own, each with its reason", Tags: tags}, s.httpStatement)
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/balance", ID: "pointsBalance", Summary: "How an account of one's own stood at the end of a day", Tags: tags}, s.httpBalance)
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/budget", ID: "pointsBudget", Summary: "What a unit may still grant in a year", Tags: tags}, s.httpBudget)
	s.proposalRoutes(srv, tags)
	s.shopRoutes(srv, tags)
	s.pageRoutes(srv, tags)
	s.reportRoutes(srv, tags)
	s.ownRoutes(srv, tags)
	s.personRoutes(srv, tags)
	s.lookRoutes(srv, tags)
}

func (s *Service) httpAccounts(ctx context.Context, _ *struct{}) (*pointsAccountsOutput, error) {
	who, err := s.Actor(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.Standings(ctx, who.Jurisdiction, "person/"+who.PersonID)
	if err != nil {
		return nil, err
	}
	out := &pointsAccountsOutput{}
	out.Body.Accounts = make([]PointsAccountJSON, len(all))
	for i, st := range all {
		a := PointsAccountJSON{Ledger: st.Ledger.Name, Title: cmp.Or(st.Ledger.Title.in(web.Lang(ctx)), st.Ledger.Name), Unit: st.Ledger.Unit.in(web.Lang(ctx)), Spendable: st.Ledger.Spendable, Kind: string(st.Account.Kind), Balance: st.Balance, Expires: []PointsLotJSON{}}
		for _, l := range st.Expires {
			a.Expires = append(a.Expires, PointsLotJSON{l.Expires, l.Amount})
		}
		out.Body.Accounts[i] = a
	}
	return out, nil
}

// own is an account of who asks.
func own(who account.Actor, kind string) Account {
	if AccountKind(kind) == Held {
		return HeldOf("person/" + who.PersonID)
	}
	return Own("person/" + who.PersonID)
}

// dayOf is the beginning of a day in China, so many days later; zero for none.
func dayOf(text string, later int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation("2006-01-02", text, clock.CST)
	if err != nil || day.Year() < 1970 {
		return time.Time{}, fault.New(fault.Invalid, "points.bad_day")
	}
	return day.AddDate(0, 0, later), nil
}

func (s *Service) httpStatement(ctx context.Context, in *pointsStatementInput) (*pointsStatementOutput, error) {
	who, err := s.Actor(ctx)
	if err != nil {
		return nil, err
	}
	return s.statement(ctx, who, in.Ledger, own(who, in.Kind), in.From, in.Until, in.Cursor, in.Limit)
}

func (s *Service) statement(ctx context.Context, who account.Actor, ledger string, a Account, from, until, cursor string, limit int) (_ *pointsStatementOutput, err error) {
	q := Page{Limit: limit}
	if q.From, err = dayOf(from, 0); err != nil {
		return nil, err
	}
	if q.Until, err = dayOf(until, 1); err != nil {
		return nil, err
	}
	if cursor != "" {
		if err := web.ReadCursor(cursor, &q.After); err != nil {
			return nil, err
		}
	}
	all, next, err := s.Statement(ctx, who.Jurisdiction, ledger, a, q)
	if err != nil {
		return nil, err
	}
	var fetched map[string]string
	if a.Kind == Merchant {
		if fetched, err = s.fetchedBy(ctx, who.Jurisdiction, all); err != nil {
			return nil, err
		}
	}
	out := &pointsStatementOutput{}
	out.Body.Entries = make([]PointsEntryJSON, len(all))
	for i, e := range all {
		p := e.Posted
		out.Body.Entries[i] = PointsEntryJSON{At: e.At.UnixMilli(), Amount: e.Amount, Balance: e.Balance, Kind: string(p.Kind), Key: p.Key,
			Reason: s.say(ctx, who.Jurisdiction, p.Reason), Cause: p.Cause, Item: p.Item, Reverses: p.reverses}
		if a.Kind == Merchant { // a merchant reads nobody's causes
			out.Body.Entries[i].Key, out.Body.Entries[i].Cause, out.Body.Entries[i].Good = "", "", fetched[p.Cause]
		}
	}
	if next != nil {
		out.Body.Next, err = web.Cursor(*next)
	}
	return out, err
}

// fetchedBy are the titles of the goods whose claims led to some entries, by cause.
func (s *Service) fetchedBy(ctx context.Context, jurisdiction string, of []Entry) (titles map[string]string, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		titles = map[string]string{}
		for _, e := range of {
			claim, ok := strings.CutPrefix(e.Posted.Cause, "claim/")
			if !ok {
				continue
			}
			if _, err := db.Collect(ctx, tx, goodOfClaim, []any{claim, jurisdiction}, func(r db.Rows) (title string, err error) {
				err = r.Scan(&title)
				titles[e.Posted.Cause] = title
				return title, err
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return titles, err
}

// say is a reason in words: those of the system itself are codes, and those of packs name a
// section of their words and what stands there.
func (s *Service) say(ctx context.Context, jurisdiction, reason string) string {
	if slices.Contains(reasons, reason) {
		return web.Say(web.Lang(ctx), reason, nil)
	}
	pack, rest, ok := strings.Cut(reason, "/")
	section, name, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 || s.Word == nil {
		return reason
	}
	return cmp.Or(s.Word(ctx, jurisdiction, pack, section, name, web.Lang(ctx)), reason)
}

func (s *Service) httpBalance(ctx context.Context, in *pointsBalanceInput) (*pointsBalanceOutput, error) {
	who, err := s.Actor(ctx)
	if err != nil {
		return nil, err
	}
	day, err := dayOf(in.Day, 1)
	if err != nil {
		return nil, err
	}
	out := &pointsBalanceOutput{}
	out.Body.Balance, err = s.BalanceAt(ctx, who.Jurisdiction, in.Ledger, own(who, in.Kind), day)
	return out, err
}

func (s *Service) httpBudget(ctx context.Context, in *pointsBudgetInput) (*pointsBudgetOutput, error) {
	who, err := s.Actor(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := s.rules(ctx, who, in.Ledger, in.Unit, func(r Roles) []string { return r.Look }); err != nil {
		return nil, err
	}
	if in.Year == 0 {
		in.Year = s.Now().In(clock.CST).Year()
	}
	account := Budget(in.Unit, in.Year)
	out := &pointsBudgetOutput{}
	if out.Body.Left, err = s.BalanceAt(ctx, who.Jurisdiction, in.Ledger, account, time.Time{}); err != nil {
		return nil, err
	}
	sums, err := s.Months(ctx, who.Jurisdiction, in.Ledger, "0000-01", "9999-12")
	for _, m := range sums {
		switch {
		case m.Account != account:
		case m.Kind == Allot:
			out.Body.Given += m.Came - m.Went
		default:
			out.Body.Granted += m.Went - m.Came
		}
	}
	return out, err
}

// PointsProposalJSON is what waits for a second person.
type PointsProposalJSON struct {
	ID     string `json:"id"`
	Kind   string `json:"kind" enum:"budget,adjust,reverse,settle"`
	Unit   string `json:"unit"`
	In     string `json:"unit_name,omitempty"`
	Year   int    `json:"year,omitempty"`
	Month  string `json:"month,omitempty" doc:"that is to be settled: 2026-03"`
	Owner  string `json:"owner,omitempty"`
	Whose  string `json:"owner_name,omitempty"`
	Amount int64  `json:"amount,omitempty"`
	Of     string `json:"of,omitempty" doc:"kind/key of the posting that is to be reversed"`
	Reason string `json:"reason"`
	Person string `json:"person"`
	By     string `json:"person_name,omitempty"`
	Mine   bool   `json:"mine" doc:"asked for by the asker, who cannot decide it"`
	MadeAt int64  `json:"made_at" doc:"ms UTC"`
}

type pointsProposeInput struct {
	Body struct {
		Ledger string `json:"ledger" maxLength:"40"`
		Kind   string `json:"kind" enum:"budget,adjust,reverse,settle"`
		Unit   string `json:"unit,omitempty" maxLength:"64" doc:"whose budget it concerns; of a settlement none"`
		Year   int    `json:"year,omitempty" minimum:"0" maximum:"9999" doc:"of the budget"`
		Month  string `json:"month,omitempty" maxLength:"7" doc:"that is to be settled: 2026-03"`
		Owner  string `json:"owner,omitempty" maxLength:"128" doc:"of an adjustment: person/ID or household/ID"`
		Amount int64  `json:"amount,omitempty" doc:"less than 0: taken away"`
		OfKind string `json:"of_kind,omitempty" maxLength:"20" doc:"of the posting that is to be reversed"`
		OfKey  string `json:"of_key,omitempty" maxLength:"160"`
		Partly bool   `json:"partly,omitempty" doc:"take back what is left, where some is spent"`
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

type pointsMadeOutput struct {
	Body struct {
		ID string `json:"id"`
	}
}

type pointsProposalsOutput struct {
	Body struct {
		Proposals []PointsProposalJSON `json:"proposals"`
	}
}

type pointsDecideInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Ledger string `json:"ledger" maxLength:"40"`
		Agree  bool   `json:"agree"`
		Why    string `json:"why,omitempty" maxLength:"500"`
	}
}

func (s *Service) proposalRoutes(srv *web.Server, tags []string) {
	web.Op(srv, web.Operation{Method: "POST", Path: "/points/proposals", ID: "proposePoints", Summary: "Ask for a budget, an adjustment or a reversal", Tags: tags, Status: http.StatusCreated}, func(ctx context.Context, in *pointsProposeInput) (*pointsMadeOutput, error) {
		who, err := s.Actor(ctx)
		if err != nil {
			return nil, err
		}
		b := in.Body
		p := Proposal{Kind: Kind(b.Kind), Unit: b.Unit, Year: b.Year, Month: b.Month, Owner: b.Owner, Amount: b.Amount, Partly: b.Partly, Reason: b.Reason}
		if p.Kind == Reverse {
			p.Of = &HoldID{Kind(b.OfKind), b.OfKey}
		}
		out := &pointsMadeOutput{}
		out.Body.ID, err = s.Propose(ctx, who, b.Ledger, p)
		return out, err
	})
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/proposals", ID: "pointsProposals", Summary: "What waits for a second person", Tags: tags}, func(ctx context.Context, in *LedgerQuery) (*pointsProposalsOutput, error) {
		who, err := s.Actor(ctx)
		if err != nil {
			return nil, err
		}
		all, err := s.Proposals(ctx, who, in.Ledger)
		out := &pointsProposalsOutput{}
		out.Body.Proposals = make([]PointsProposalJSON, len(all))
		for i, p := range all {
			out.Body.Proposals[i] = PointsProposalJSON{ID: p.ID, Kind: string(p.Kind), Unit: p.Unit, In: s.name(ctx, "unit/"+p.Unit), Year: p.Year, Month: p.Month, Owner: p.Owner, Whose: s.name(ctx, p.Owner),
				Amount: p.Amount, Reason: p.Reason, Person: p.Person, By: s.name(ctx, "person/"+p.Person), Mine: p.Person == who.PersonID, MadeAt: db.Ms(p.MadeAt)}
			if p.Of != nil {
				out.Body.Proposals[i].Of = string(p.Of.Kind) + "/" + p.Of.Key
			}
		}
		return out, err
	})
	web.Op(srv, web.Operation{Method: "POST", Path: "/points/proposals/{id}", ID: "decidePoints", Summary: "Agree to a proposal as the second person, or refuse it", Tags: tags, Status: http.StatusNoContent}, func(ctx context.Context, in *pointsDecideInput) (*struct{}, error) {
		who, err := s.Actor(ctx)
		if err != nil {
			return nil, err
		}
		return nil, s.Decide(ctx, who, in.Body.Ledger, in.ID, in.Body.Agree, in.Body.Why)
	})
}

// readPublic reads the public half of a telephone's key.
func readPublic(text string) ([]byte, error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "points.bad_code_key")
	}
	return b, nil
}
