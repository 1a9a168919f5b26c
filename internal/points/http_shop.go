package points

import (
	"context"
	"net/http"
	"slices"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// PointsGoodJSON is something that points are spent on.
type PointsGoodJSON struct {
	ID       string `json:"id"`
	Merchant string `json:"merchant,omitempty" doc:"where its voucher counts; left out: fetched at an office"`
	At       string `json:"merchant_name,omitempty"`
	Title    string `json:"title"`
	Photo    string `json:"photo,omitempty" doc:"id of a file"`
	Price    int64  `json:"price"`
	Stock    int64  `json:"stock"`
	Days     int64  `json:"days" doc:"for which it is kept"`
}

// PointsClaimJSON is something that the asker reserved.
type PointsClaimJSON struct {
	ID       string `json:"id"`
	Good     string `json:"good"`
	Title    string `json:"title,omitempty" doc:"of the good, in a list"`
	Merchant string `json:"merchant,omitempty"`
	At       string `json:"merchant_name,omitempty" doc:"in a list"`
	Amount   int64  `json:"amount"`
	Code     string `json:"code" doc:"by which it is fetched at an office"`
	State    string `json:"state" enum:"open,fetched,lapsed,given_up,refunded"`
	Until    int64  `json:"until" doc:"ms UTC"`
	EndedAt  int64  `json:"ended_at,omitempty" doc:"ms UTC"`
}

func claimJSON(c Claim) PointsClaimJSON {
	return PointsClaimJSON{ID: c.ID, Good: c.Good, Merchant: c.Merchant, Amount: c.Amount, Code: c.Code, State: c.State, Until: db.Ms(c.Until), EndedAt: db.Ms(c.EndedAt)}
}

type pointsGoodsOutput struct {
	Body struct {
		Goods []PointsGoodJSON `json:"goods"`
	}
}

type pointsReserveInput struct {
	web.Idempotency
	Body struct {
		Ledger string `json:"ledger" maxLength:"40"`
		Good   string `json:"good" maxLength:"64"`
	}
}

type pointsClaimOutput struct{ Body PointsClaimJSON }

type pointsClaimsOutput struct {
	Body struct {
		Claims []PointsClaimJSON `json:"claims"`
	}
}

type pointsClaimInput struct {
	LedgerQuery
	ID string `path:"id" maxLength:"64"`
}

type pointsCodeInput struct {
	Body struct {
		Ledger string `json:"ledger" maxLength:"40"`
		Code   string `json:"code" maxLength:"20"`
	}
}

type pointsCodeKeyInput struct {
	Body struct {
		Key string `json:"key" maxLength:"100" doc:"public half of an Ed25519 key, base64 of URLs without padding"`
	}
}

type pointsScanInput struct {
	web.Idempotency
	Body struct {
		Ledger   string `json:"ledger" maxLength:"40"`
		Merchant string `json:"merchant" maxLength:"64"`
		Code     string `json:"code" maxLength:"400"`
	}
}

type pointsScanOutput struct {
	Body struct {
		Level string `json:"level,omitempty" doc:"the discount"`
		Title string `json:"title,omitempty" doc:"of what was fetched"`
	}
}

type pointsMerchantInput struct {
	LedgerQuery
	ID     string `path:"id" maxLength:"64"`
	Cursor string `query:"cursor" maxLength:"200"`
}

// SettlementFilter says which month of which ledger is settled.
type SettlementFilter struct {
	Ledger string `query:"ledger" required:"true" maxLength:"40"`
	Month  string `query:"month" required:"true" maxLength:"7" doc:"2026-03"`
}

// PointsSettlementJSON is what a merchant is paid for.
type PointsSettlementJSON struct {
	Merchant string `json:"merchant"`
	Name     string `json:"name"`
	Claims   int64  `json:"claims" doc:"less those refunded"`
	Points   int64  `json:"points"`
	Settled  bool   `json:"settled"`
}

type pointsSettlementsOutput struct {
	Body struct {
		Settlements []PointsSettlementJSON `json:"settlements"`
	}
}

func (s *Service) shopRoutes(srv *web.Server, tags []string) {
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/goods", ID: "pointsGoods", Summary: "What points can be spent on", Tags: tags}, s.httpGoods)
	web.Op(srv, web.Operation{Method: "POST", Path: "/points/claims", ID: "reserveGood", Summary: "Reserve a good, or take a voucher", Tags: tags, Status: http.StatusCreated}, s.httpReserve)
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/claims", ID: "pointsClaims", Summary: "What the asker reserved", Tags: tags}, s.httpClaims)
	web.Op(srv, web.Operation{Method: "DELETE", Path: "/points/claims/{id}", ID: "giveUpClaim", Summary: "Give up what one reserved", Tags: tags, Status: http.StatusNoContent}, s.httpGiveUp)
	web.Op(srv, web.Operation{Method: "POST", Path: "/points/pickups", ID: "pickUp", Summary: "Hand out what is fetched by its code", Tags: tags, Pace: web.CodePace}, s.httpPickUp)
	web.Op(srv, web.Operation{Method: "POST", Path: "/points/code-keys", ID: "newCodeKey", Summary: "Let this telephone show the asker's code", Tags: tags, Status: http.StatusCreated, Pace: web.CodePace}, s.httpCodeKey)
	web.Op(srv, web.Operation{Method: "DELETE", Path: "/points/code-keys", ID: "endCodeKeys", Summary: "End the asker's codes: the telephone is lost", Tags: tags, Status: http.StatusNoContent}, s.httpEndCodes)
	web.Op(srv, web.Operation{Method: "POST", Path: "/points/scans", ID: "scanCode", Summary: "Scan a code at a merchant's", Tags: tags}, s.httpScan)
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/merchants/{id}/statement", ID: "merchantStatement", Summary: "What came to a merchant, naming nobody", Tags: tags}, s.httpMerchant)
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/settlements", ID: "pointsSettlements", Summary: "What merchants come to in a month", Tags: tags}, s.httpSettlements)
	web.Raw(srv, web.Operation{Method: "GET", Path: "/points/settlements.xlsx", ID: "settlementsXLSX", Summary: "What merchants come to in a month, as a workbook for the bank", Tags: tags, Pace: web.ExportPace,
		Exchange: web.Exchange{Query: SettlementFilter{}, Media: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}}, s.httpXLSX)
}

// asks is who asks, and that there is such a ledger.
func (s *Service) asks(ctx context.Context, ledger string, pick func(Roles) []string) (account.Actor, Place, error) {
	who, err := s.Actor(ctx)
	if err == nil {
		_, err = s.rules(ctx, who, ledger, "", pick)
	}
	return who, Place{who.Jurisdiction, ledger}, err
}

func keepers(r Roles) []string { return r.Shop }

func (s *Service) httpGoods(ctx context.Context, in *LedgerQuery) (*pointsGoodsOutput, error) {
	_, at, err := s.asks(ctx, in.Ledger, nil)
	if err != nil {
		return nil, err
	}
	all, err := s.Goods(ctx, at)
	if err != nil {
		return nil, err
	}
	names, err := s.shopNames(ctx, at)
	out := &pointsGoodsOutput{}
	out.Body.Goods = make([]PointsGoodJSON, len(all))
	for i, g := range all {
		out.Body.Goods[i] = PointsGoodJSON{g.ID, g.Merchant, names[g.Merchant], g.Title, g.Photo, g.Price, g.Stock, g.Days}
	}
	return out, err
}

func (s *Service) httpReserve(ctx context.Context, in *pointsReserveInput) (*pointsClaimOutput, error) {
	key, err := in.ReadKey()
	if err != nil {
		return nil, err
	}
	who, at, err := s.asks(ctx, in.Body.Ledger, nil)
	if err != nil {
		return nil, err
	}
	c, err := s.Reserve(ctx, at, key, in.Body.Good, "person/"+who.PersonID, who.PersonID)
	return &pointsClaimOutput{claimJSON(c)}, err
}

func (s *Service) httpClaims(ctx context.Context, in *LedgerQuery) (*pointsClaimsOutput, error) {
	who, at, err := s.asks(ctx, in.Ledger, nil)
	if err != nil {
		return nil, err
	}
	all, err := s.Claims(ctx, at, "person/"+who.PersonID)
	if err != nil {
		return nil, err
	}
	names, err := s.shopNames(ctx, at)
	out := &pointsClaimsOutput{}
	out.Body.Claims = make([]PointsClaimJSON, len(all))
	for i, c := range all {
		row := claimJSON(c)
		row.Title, row.At = names[c.Good], names[c.Merchant]
		out.Body.Claims[i] = row
	}
	return out, err
}

func (s *Service) httpGiveUp(ctx context.Context, in *pointsClaimInput) (*struct{}, error) {
	who, at, err := s.asks(ctx, in.Ledger, nil)
	if err != nil {
		return nil, err
	}
	return nil, s.GiveUp(ctx, at, in.ID, "person/"+who.PersonID, who.PersonID)
}

func (s *Service) httpPickUp(ctx context.Context, in *pointsCodeInput) (*pointsClaimOutput, error) {
	who, at, err := s.asks(ctx, in.Body.Ledger, keepers)
	if err != nil {
		return nil, err
	}
	c, err := s.PickUp(ctx, at, in.Body.Code, who.PersonID)
	return &pointsClaimOutput{claimJSON(c)}, err
}

func (s *Service) httpCodeKey(ctx context.Context, in *pointsCodeKeyInput) (*pointsMadeOutput, error) {
	who, err := s.Actor(ctx)
	if err != nil {
		return nil, err
	}
	public, err := readPublic(in.Body.Key)
	if err != nil {
		return nil, err
	}
	out := &pointsMadeOutput{}
	out.Body.ID, err = s.NewCodeKey(ctx, who.Jurisdiction, "person/"+who.PersonID, public)
	return out, err
}

func (s *Service) httpEndCodes(ctx context.Context, _ *struct{}) (*struct{}, error) {
	who, err := s.Actor(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.EndCodeKeys(ctx, who.Jurisdiction, "person/"+who.PersonID)
}

// atMerchant is a merchant in whose unit somebody works; to all others there is none.
func (s *Service) atMerchant(ctx context.Context, who account.Actor, at Place, id string) error {
	all, err := s.Merchants(ctx, at)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(m MerchantOf) bool { return m.ID == id })
	if i < 0 || !slices.ContainsFunc(who.Posts, func(p account.Post) bool { return p.UnitID == all[i].UnitID }) {
		return fault.New(fault.NotFound, "points.no_merchant")
	}
	return nil
}

func (s *Service) httpScan(ctx context.Context, in *pointsScanInput) (*pointsScanOutput, error) {
	key, err := in.ReadKey()
	if err != nil {
		return nil, err
	}
	who, at, err := s.asks(ctx, in.Body.Ledger, nil)
	if err == nil {
		err = s.atMerchant(ctx, who, at, in.Body.Merchant)
	}
	if err != nil {
		return nil, err
	}
	x, err := s.Scan(ctx, at, in.Body.Merchant, in.Body.Code, who.PersonID, key)
	out := &pointsScanOutput{}
	out.Body.Level, out.Body.Title = x.Level, x.Title
	return out, err
}

func (s *Service) httpMerchant(ctx context.Context, in *pointsMerchantInput) (*pointsStatementOutput, error) {
	who, at, err := s.asks(ctx, in.Ledger, nil)
	if err == nil {
		err = s.atMerchant(ctx, who, at, in.ID)
	}
	if err != nil {
		return nil, err
	}
	return s.statement(ctx, who, in.Ledger, Account{Kind: Merchant, Owner: "merchant/" + in.ID}, "", "", in.Cursor, 0)
}

func (s *Service) httpSettlements(ctx context.Context, in *SettlementFilter) (*pointsSettlementsOutput, error) {
	_, at, err := s.asks(ctx, in.Ledger, keepers)
	if err != nil {
		return nil, err
	}
	all, err := s.Settlements(ctx, at, in.Month, false, "", "")
	out := &pointsSettlementsOutput{}
	out.Body.Settlements = make([]PointsSettlementJSON, len(all))
	for i, x := range all {
		out.Body.Settlements[i] = PointsSettlementJSON{x.Merchant.ID, x.Merchant.Name, x.Claims, x.Points, x.Settled}
	}
	return out, err
}

func (s *Service) httpXLSX(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	_, at, err := s.asks(ctx, r.URL.Query().Get("ledger"), keepers)
	if err != nil {
		return err
	}
	month := r.URL.Query().Get("month")
	all, err := s.Settlements(ctx, at, month, false, "", "")
	if err != nil {
		return err
	}
	lang := web.Lang(ctx)
	head := []string{web.Say(lang, "points.column_merchant", nil), web.Say(lang, "points.column_month", nil), web.Say(lang, "points.column_claims", nil), web.Say(lang, "points.column_points", nil)}
	return web.XLSX(w, "settlement-"+month, head, func(yield func([]string, error) bool) {
		for _, x := range all {
			if !yield(SettlementRow(x), nil) {
				return
			}
		}
	})
}
