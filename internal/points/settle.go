package points

import (
	"context"
	"strconv"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Settlement is what a merchant is paid for a month. It names nobody.
type Settlement struct {
	Merchant MerchantOf
	Month    string
	Claims   int64 // fetched, less those refunded
	Points   int64
	Settled  bool // carried out
}

// monthOf is the beginning of a month in China.
func monthOf(month string) (time.Time, error) {
	begin, err := time.ParseInLocation("2006-01", month, clock.CST)
	if err != nil {
		return begin, fault.New(fault.Invalid, "points.bad_month")
	}
	return begin, nil
}

// Settlements are what merchants came to in a month that is over; with settle it carries them
// out, once: what stands on a merchant's account goes to what is settled.
func (s *Service) Settlements(ctx context.Context, at Place, month string, settle bool, person, second string) (out []Settlement, err error) {
	begin, err := monthOf(month)
	if err != nil {
		return nil, err
	}
	if settle && s.Now().Before(begin.AddDate(0, 1, 0)) {
		return nil, fault.New(fault.Conflict, "points.month_not_over")
	}
	all, err := s.Merchants(ctx, at)
	if err != nil {
		return nil, err
	}
	sums, err := s.Months(ctx, at.Jurisdiction, at.Ledger, month, month)
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		row := Settlement{Merchant: m, Month: month}
		account := Account{Kind: Merchant, Owner: "merchant/" + m.ID}
		for _, x := range sums {
			switch {
			case x.Account != account:
			case x.Kind == Redeem:
				row.Claims += x.Postings
				row.Points += x.Came
			case x.Kind == Reverse:
				row.Claims -= x.Postings
				row.Points -= x.Went
			}
		}
		if row.Claims == 0 && row.Points == 0 {
			continue
		}
		if row.Settled, err = s.settled(ctx, at, m.ID, month); err != nil {
			return nil, err
		}
		if settle && row.Points > 0 && !row.Settled {
			if _, err := s.Do(ctx, Posting{Jurisdiction: at.Jurisdiction, Ledger: at.Ledger, Kind: Settle, Key: m.ID + "/" + month, From: account, To: Of(Settled), Amount: row.Points,
				Reason: ReasonSettled, Cause: "month/" + month, Person: person, Second: second}); err != nil {
				return nil, err
			}
			row.Settled = true
		}
		out = append(out, row)
	}
	return out, nil
}

func (s *Service) settled(ctx context.Context, at Place, merchant, month string) (bool, error) {
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := s.posting(ctx, tx, Ref{at.Jurisdiction, at.Ledger, Settle, merchant + "/" + month})
		return err
	})
	if fault.CodeOf(err) == "points.not_found" {
		return false, nil
	}
	return err == nil, err
}

// SettlementRow is a line of the file for the bank.
func SettlementRow(x Settlement) []string {
	return []string{x.Merchant.Name, x.Month, strconv.FormatInt(x.Claims, 10), strconv.FormatInt(x.Points, 10)}
}
