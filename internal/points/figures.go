package points

import (
	"context"
	"slices"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Behind asks for the entries behind a figure of a report.
type Behind struct {
	ReportQuery
	Figure int    // Issued, Spent, Kept or Lapsed
	Group  string // of the report
	After  int64  // entry where the page before ended; 0 for the first
}

// entriesBehind are entries of kinds of accounts in a stretch of time, newest first.
var entriesBehind = db.SQL(`SELECT e.account_id, e.slice, e.seq, e.amount, e.balance, ` + prefixed + `, a.kind, a.owner FROM points_account a JOIN points_entry e ON e.account_id = a.id
	JOIN points_posting p ON p.ledger_id = a.ledger_id AND p.kind = e.kind AND p.key = e.key
	WHERE a.ledger_id = $1 AND (a.kind = $2 OR a.kind = $3) AND e.seq >= $4 AND e.seq < $5
		AND ($6 = 0 OR p.item = $7) AND ($8 = 0 OR p.area_id = $9) AND ($10 = 0 OR a.owner = $11) ORDER BY e.seq DESC, e.account_id LIMIT $12`)

// behindPage is how many entries are read at once.
const behindPage = 200

// kindsBehind are the accounts whose entries a figure counts.
func kindsBehind(figure int, byPerson bool) [2]AccountKind {
	switch {
	case figure == Kept:
		return [2]AccountKind{Held, Held}
	case byPerson:
		return [2]AccountKind{Available, Available}
	case figure == Issued:
		return [2]AccountKind{Issuer, Issuer}
	case figure == Spent:
		return [2]AccountKind{Redeemed, Merchant}
	}
	return [2]AccountKind{Expired, Void}
}

// EntriesBehind lists what a figure of a report is made of, newest first, with the same rights
// as the report; next is 0 on the last page.
func (s *Service) EntriesBehind(ctx context.Context, who account.Actor, ledger string, q Behind) (out []Entry, next int64, err error) {
	l, err := s.rules(ctx, who, ledger, "", func(r Roles) []string { return r.Look })
	if err != nil {
		return nil, 0, err
	}
	from, err := time.ParseInLocation("2006-01", q.From, clock.CST)
	until, err2 := time.ParseInLocation("2006-01", q.Until, clock.CST)
	if err != nil || err2 != nil || q.Figure < Issued || q.Figure >= figures {
		return nil, 0, fault.New(fault.Invalid, "points.bad_report")
	}
	posts := s.looking(who, l.Roles.Look)
	end := until.AddDate(0, 1, 0).UnixMilli() << seqBits
	if q.After > 0 {
		end = min(end, q.After)
	}
	byPerson := q.By == ByPerson
	if byPerson {
		if ok, err := s.below(ctx, posts, q.Group); err != nil || !ok {
			return nil, 0, cmpErr(err, fault.New(fault.NotFound, "points.not_found"))
		}
	}
	kinds := kindsBehind(q.Figure, byPerson)
	is := func(by string) int64 {
		if q.By == by {
			return 1
		}
		return 0
	}
	type found struct {
		Entry
		account AccountKind
		owner   string
	}
	var all []found
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err = db.Collect(ctx, tx, entriesBehind, []any{LedgerID(who.Jurisdiction, ledger), string(kinds[0]), string(kinds[1]), from.UnixMilli() << seqBits, end,
			is(ByItem), q.Group, is(ByArea), q.Group, is(ByPerson), q.Group, behindPage}, func(r db.Rows) (x found, err error) {
			x.Entry, err = scanEntryAnd(r, &x.account, &x.owner)
			return x, err
		})
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	for _, x := range all {
		if which, _, ok := figure(x.account, x.Posted.Kind, byPerson); !ok || which != q.Figure || x.Posted.Area != "" && !byPerson && !s.covered(ctx, posts, x.Posted.Area) {
			continue
		}
		if q.By == ByModule && s.groupOf(ctx, who.Jurisdiction, l, ByModule, Sum{Item: x.Posted.Item}).Group != q.Group || q.By == ByMonth && q.Group != "" && Month(x.At) != q.Group {
			continue
		}
		out = append(out, x.Entry)
	}
	if len(all) == behindPage {
		next = all[len(all)-1].Seq
		out = slices.DeleteFunc(out, func(e Entry) bool { return e.Seq == next }) // those of one number stay together
		next++
	}
	return out, next, nil
}

func cmpErr(err error, other *fault.Error) error {
	if err != nil {
		return err
	}
	return other
}
