package points

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// What a report may be of besides sums: published work with free places, and items in which nobody
// took part in the months that are asked for.
const (
	ByFree = "unclaimed"
	ByIdle = "idle"
)

// OpenOffer is published work with free places.
type OpenOffer struct {
	Case, Number, Title string
	Item                string // class of the case
	Area                string
	Places, Left        int64
	Since, Until        time.Time // Until zero: until something happens
}

// IdleItem is an item in which nobody took part, and how often it was published all the same.
type IdleItem struct {
	Item      string
	Class     string // pack/scheme:code, as its cases are looked for and opened
	Published int64
}

// PointsOfferJSON is published work with free places.
type PointsOfferJSON struct {
	Case   string `json:"case"`
	Number string `json:"number"`
	Title  string `json:"title"`
	Item   string `json:"item"`
	Module string `json:"module,omitempty"`
	Area   string `json:"area"`
	Places int64  `json:"places"`
	Left   int64  `json:"left"`
	Days   int64  `json:"days" doc:"whole days since it was published"`
	Until  int64  `json:"until,omitempty" doc:"ms UTC"`
}

// PointsIdleJSON is an item in which nobody took part in the months asked for.
type PointsIdleJSON struct {
	Item      string `json:"item"`
	Class     string `json:"class" doc:"pack/scheme:code, as cases of it are looked for and opened"`
	Title     string `json:"title"`
	Module    string `json:"module,omitempty"`
	Published int64  `json:"published" doc:"how often it was published all the same"`
}

// FreeOffers are what is published of a ledger's pack and has free places, longest open first, for
// who may look at the ledger; of cases that they may read.
func (s *Service) FreeOffers(ctx context.Context, who account.Actor, ledger string) ([]PointsOfferJSON, error) {
	l, err := s.rules(ctx, who, ledger, "", func(r Roles) []string { return r.Look })
	if err != nil || s.Offers == nil {
		return nil, err
	}
	all, err := s.Offers(ctx, who, l.Pack)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b OpenOffer) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Case, b.Case)) })
	out := []PointsOfferJSON{}
	for _, o := range all {
		if o.Left < 1 {
			continue
		}
		x := PointsOfferJSON{Case: o.Case, Number: o.Number, Title: o.Title, Item: o.Item, Area: s.name(ctx, "area/"+o.Area), Places: o.Places, Left: o.Left,
			Days: int64(s.Now().Sub(o.Since) / (24 * time.Hour))}
		if !o.Until.IsZero() {
			x.Until = o.Until.UnixMilli()
		}
		if s.Item != nil {
			var title string
			title, x.Module = s.Item(ctx, who.Jurisdiction, l.Pack, o.Item)
			x.Item = cmp.Or(title, o.Item)
		}
		out = append(out, x)
	}
	return out, nil
}

// IdleItems are the items of a ledger's pack in which nobody took part in some months, for who may
// look at the ledger.
func (s *Service) IdleItems(ctx context.Context, who account.Actor, ledger string, q ReportQuery) ([]PointsIdleJSON, error) {
	l, err := s.rules(ctx, who, ledger, "", func(r Roles) []string { return r.Look })
	if err != nil || s.Idle == nil {
		return nil, err
	}
	from, err := time.ParseInLocation("2006-01", q.From, clock.CST)
	until, err2 := time.ParseInLocation("2006-01", q.Until, clock.CST)
	if err != nil || err2 != nil {
		return nil, fault.New(fault.Invalid, "points.bad_report")
	}
	all, err := s.Idle(ctx, who, l.Pack, from, until.AddDate(0, 1, 0))
	if err != nil {
		return nil, err
	}
	out := make([]PointsIdleJSON, len(all))
	for i, x := range all {
		out[i] = PointsIdleJSON{Item: x.Item, Class: x.Class, Title: x.Item, Published: x.Published}
		if s.Item != nil {
			title, module := s.Item(ctx, who.Jurisdiction, l.Pack, x.Item)
			out[i].Title, out[i].Module = cmp.Or(title, x.Item), module
		}
	}
	return out, nil
}

// demandTable is what nobody took part in as people read it on paper and in a workbook.
func demandTable(ctx context.Context, by string, free []PointsOfferJSON, idle []PointsIdleJSON) (head []string, rows [][]string) {
	lang := web.Lang(ctx)
	codes := []string{"points.report_item", "points.report_module", "points.report_published"}
	if by == ByFree {
		codes = []string{"points.report_work", "points.report_item", "points.report_area", "points.report_left_places", "points.report_days"}
	}
	for _, code := range codes {
		head = append(head, web.Say(lang, code, nil))
	}
	for _, o := range free {
		rows = append(rows, []string{o.Number + " " + o.Title, o.Item, o.Area, strconv.FormatInt(o.Left, 10) + " / " + strconv.FormatInt(o.Places, 10), strconv.FormatInt(o.Days, 10)})
	}
	for _, x := range idle {
		rows = append(rows, []string{x.Title, x.Module, strconv.FormatInt(x.Published, 10)})
	}
	return head, rows
}
