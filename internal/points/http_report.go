package points

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/web"
)

// PointsReportQuery asks for the report of a ledger.
type PointsReportQuery struct {
	Ledger string `query:"ledger" required:"true" maxLength:"40"`
	From   string `query:"from" maxLength:"7" doc:"first month: 2026-03; this one when left out"`
	Until  string `query:"until" maxLength:"7" doc:"last month; that of from when left out"`
	By     string `query:"by" enum:"month,item,module,area,person,unclaimed,idle" doc:"month when left out; unclaimed is work with free places now, idle are items in which nobody took part"`
}

// PointsFiguresJSON is what became of points, of one group of a report.
type PointsFiguresJSON struct {
	Group  string `json:"group" doc:"what entries behind its figures are asked for by"`
	Title  string `json:"title"`
	Module string `json:"module,omitempty" doc:"of an item"`
	Issued int64  `json:"issued" doc:"granted, less what was taken back"`
	Spent  int64  `json:"spent" doc:"redeemed, less what was refunded"`
	Held   int64  `json:"held" doc:"put aside, less what may be spent by now"`
	Lapsed int64  `json:"expired" doc:"expired or taken away"`
}

// PointsBudgetLeftJSON is what a unit may still grant.
type PointsBudgetLeftJSON struct {
	Unit  string `json:"unit"`
	Title string `json:"title"`
	Year  int    `json:"year"`
	Left  int64  `json:"left"`
}

type pointsReportOutput struct {
	Body struct {
		From    string                 `json:"from"`
		Until   string                 `json:"until"`
		Groups  []PointsFiguresJSON    `json:"groups"`
		Budgets []PointsBudgetLeftJSON `json:"budgets"`
		Offers  []PointsOfferJSON      `json:"offers,omitempty" doc:"by unclaimed: longest open first"`
		Idle    []PointsIdleJSON       `json:"idle,omitempty" doc:"by idle"`
	}
}

type pointsBehindInput struct {
	PointsReportQuery
	Figure string `query:"figure" required:"true" enum:"issued,spent,held,expired"`
	Group  string `query:"group" maxLength:"128"`
	After  int64  `query:"after" doc:"next of the page before"`
}

type pointsBehindOutput struct {
	Body struct {
		Entries []PointsEntryJSON `json:"entries" doc:"newest first"`
		Next    int64             `json:"next,omitempty"`
	}
}

func (s *Service) reportRoutes(srv *web.Server, tags []string) {
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/report", ID: "pointsReport", Summary: "What became of a ledger's points in some months, and what budgets have left", Tags: tags}, s.httpReport)
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/report/entries", ID: "pointsBehind", Summary: "The entries behind a figure of the report", Tags: tags}, s.httpBehind)
	web.Raw(srv, web.Operation{Method: "GET", Path: "/points/report.xlsx", ID: "pointsReportXLSX", Summary: "The report as a workbook", Tags: tags, Pace: web.ExportPace,
		Exchange: web.Exchange{Query: PointsReportQuery{}, Media: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}}, s.httpReportXLSX)
	web.Raw(srv, web.Operation{Method: "GET", Path: "/points/report.pdf", ID: "pointsReportPDF", Summary: "The report, to be printed", Tags: tags, Pace: web.ExportPace,
		Exchange: web.Exchange{Query: PointsReportQuery{}, Media: "application/pdf"}}, s.httpReportPDF)
}

// query fills in what a request leaves out.
func (s *Service) query(q PointsReportQuery) ReportQuery {
	from := cmp.Or(q.From, Month(s.Now()))
	return ReportQuery{From: from, Until: cmp.Or(q.Until, from), By: cmp.Or(q.By, ByMonth)}
}

func (s *Service) httpReport(ctx context.Context, in *PointsReportQuery) (*pointsReportOutput, error) {
	who, err := s.Actor(ctx)
	if err != nil {
		return nil, err
	}
	q := s.query(*in)
	all, free, idle, err := s.look(ctx, who, in.Ledger, q)
	if err != nil {
		return nil, err
	}
	out := &pointsReportOutput{}
	out.Body.Offers, out.Body.Idle = free, idle
	out.Body.From, out.Body.Until = q.From, q.Until
	out.Body.Groups = make([]PointsFiguresJSON, len(all))
	for i, g := range all {
		out.Body.Groups[i] = PointsFiguresJSON{g.Group, g.Title, g.Module, g.Sums[Issued], g.Sums[Spent], g.Sums[Kept], g.Sums[Lapsed]}
	}
	left, err := s.BudgetsLeft(ctx, who, in.Ledger, s.yearOf(q))
	out.Body.Budgets = make([]PointsBudgetLeftJSON, len(left))
	for i, b := range left {
		out.Body.Budgets[i] = PointsBudgetLeftJSON(b)
	}
	return out, err
}

// yearOf is the year whose budgets a report names.
func (s *Service) yearOf(q ReportQuery) int {
	if len(q.Until) >= 4 {
		if year, err := strconv.Atoi(q.Until[:4]); err == nil {
			return year
		}
	}
	return s.Now().In(clock.CST).Year()
}

func (s *Service) httpBehind(ctx context.Context, in *pointsBehindInput) (*pointsBehindOutput, error) {
	who, err := s.Actor(ctx)
	if err != nil {
		return nil, err
	}
	all, next, err := s.EntriesBehind(ctx, who, in.Ledger, Behind{ReportQuery: s.query(in.PointsReportQuery), Group: in.Group, After: in.After,
		Figure: slices.Index([]string{"issued", "spent", "held", "expired"}, in.Figure)})
	if err != nil {
		return nil, err
	}
	out := &pointsBehindOutput{}
	out.Body.Next = next
	out.Body.Entries = make([]PointsEntryJSON, len(all))
	for i, e := range all {
		p := e.Posted
		out.Body.Entries[i] = PointsEntryJSON{At: e.At.UnixMilli(), Amount: e.Amount, Balance: e.Balance, Kind: string(p.Kind), Key: p.Key, Reason: s.say(ctx, who.Jurisdiction, p.Reason), Cause: p.Cause, Item: p.Item, Reverses: p.reverses}
	}
	return out, nil
}

// look is a report of any kind: sums, or work and items in which nobody took part.
func (s *Service) look(ctx context.Context, who account.Actor, ledger string, q ReportQuery) (all []Figures, free []PointsOfferJSON, idle []PointsIdleJSON, err error) {
	switch q.By {
	case ByFree:
		free, err = s.FreeOffers(ctx, who, ledger)
	case ByIdle:
		idle, err = s.IdleItems(ctx, who, ledger, q)
	default:
		all, err = s.Report(ctx, who, ledger, q)
	}
	return all, free, idle, err
}

// fileOf is what a request for a file asks for.
type fileOf struct {
	who    account.Actor
	ledger string
	ReportQuery
	head []string
	rows [][]string
}

func (s *Service) asked(r *http.Request) (f fileOf, err error) {
	v := r.URL.Query()
	f.ledger, f.ReportQuery = v.Get("ledger"), s.query(PointsReportQuery{From: v.Get("from"), Until: v.Get("until"), By: v.Get("by")})
	if f.who, err = s.Actor(r.Context()); err != nil {
		return f, err
	}
	all, free, idle, err := s.look(r.Context(), f.who, f.ledger, f.ReportQuery)
	if f.By == ByFree || f.By == ByIdle {
		f.head, f.rows = demandTable(r.Context(), f.By, free, idle)
	} else {
		f.head, f.rows = table(r.Context(), f.ReportQuery, all)
	}
	return f, err
}

func (s *Service) httpReportXLSX(w http.ResponseWriter, r *http.Request) error {
	f, err := s.asked(r)
	if err != nil {
		return err
	}
	return web.XLSX(w, "points-"+f.From, f.head, func(yield func([]string, error) bool) {
		for _, row := range f.rows {
			if !yield(row, nil) {
				return
			}
		}
	})
}

func (s *Service) httpReportPDF(w http.ResponseWriter, r *http.Request) error {
	f, err := s.asked(r)
	if err != nil {
		return err
	}
	notes, title, err := s.heading(r.Context(), f.who, f.ledger, f.ReportQuery)
	if err != nil {
		return err
	}
	return web.PDF(w, "points-"+f.From, title, notes, f.head, f.rows)
}

// groupWords are what the groups of a report are called.
var groupWords = map[string]string{ByMonth: "points.report_month", ByItem: "points.report_item", ByModule: "points.report_module", ByArea: "points.report_area", ByPerson: "points.report_person"}

// table is a report as people read it.
func table(ctx context.Context, q ReportQuery, all []Figures) (head []string, rows [][]string) {
	lang := web.Lang(ctx)
	for _, code := range []string{groupWords[q.By], "points.report_issued", "points.report_spent", "points.report_held", "points.report_expired"} {
		head = append(head, web.Say(lang, code, nil))
	}
	var sum [figures]int64
	put := func(title string, sums [figures]int64) {
		row := []string{title}
		for _, n := range sums {
			row = append(row, strconv.FormatInt(n, 10))
		}
		rows = append(rows, row)
	}
	for _, g := range all {
		put(cmp.Or(g.Title, web.Say(lang, "points.report_nowhere", nil)), g.Sums)
		for i, n := range g.Sums {
			sum[i] += n
		}
	}
	put(web.Say(lang, "points.report_sum", nil), sum)
	return head, rows
}

// heading is what stands above a printed report: which ledger, which months, and what budgets
// have left.
func (s *Service) heading(ctx context.Context, who account.Actor, ledger string, q ReportQuery) (notes []string, title string, err error) {
	lang := web.Lang(ctx)
	l, err := s.rules(ctx, who, ledger, "", nil)
	if err != nil {
		return nil, "", err
	}
	title = web.Say(lang, "points.report_title", map[string]any{"ledger": cmp.Or(l.Title.in(lang), ledger)})
	switch q.By {
	case ByFree:
		return []string{web.Say(lang, "points.report_free", map[string]any{"day": s.Now().In(clock.CST).Format(time.DateOnly)})}, title, nil
	case ByIdle:
		return []string{web.Say(lang, "points.report_idle", nil), web.Say(lang, "points.report_months", map[string]any{"from": q.From, "until": q.Until})}, title, nil
	}
	notes = []string{web.Say(lang, "points.report_months", map[string]any{"from": q.From, "until": q.Until}), web.Say(lang, "points.report_unit", map[string]any{"unit": l.Unit.in(lang)})}
	left, err := s.BudgetsLeft(ctx, who, ledger, s.yearOf(q))
	for _, b := range left {
		notes = append(notes, web.Say(lang, "points.report_left", map[string]any{"unit": b.Title, "year": strconv.Itoa(b.Year), "left": b.Left}))
	}
	return notes, title, err
}
