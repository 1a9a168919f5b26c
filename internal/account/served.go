package account

import (
	"context"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
)

var servedIn = db.SQL(`SELECT valid_from, valid_until FROM post WHERE person_id = $1 AND role = $2 AND valid_from <= $3 ORDER BY valid_from`)

// stretch is a time in which somebody held a role.
type stretch struct{ from, until time.Time }

// Served is for how many whole months, all in all, somebody has held a role up to a moment. Posts
// that follow each other within a day are one time; of each time only whole months count.
func Served(ctx context.Context, tx *db.Tx, person, role string, at time.Time) (int, error) {
	all, err := db.Collect(ctx, tx, servedIn, []any{person, role, at}, func(r db.Rows) (s stretch, err error) {
		var from, until int64
		err = r.Scan(&from, &until)
		s = stretch{db.Time(from), db.Time(until)}
		return s, err
	})
	return served(all, at), err
}

// served adds up times that begin one after the other, and not after at.
func served(all []stretch, at time.Time) (months int) {
	var now stretch
	for _, s := range all {
		if s.until.IsZero() || s.until.After(at) {
			s.until = at
		}
		switch {
		case now.from.IsZero():
			now = s
		case s.from.After(now.until.Add(24 * time.Hour)):
			months += wholeMonths(now.from, now.until)
			now = s
		case s.until.After(now.until):
			now.until = s.until
		}
	}
	if now.from.IsZero() {
		return months
	}
	return months + wholeMonths(now.from, now.until)
}

// wholeMonths are the months from one day to another: a month is whole on the same day of the next
// one, or on its last where there is no such day.
func wholeMonths(from, until time.Time) int {
	from, until = from.In(clock.CST), until.In(clock.CST)
	n := (until.Year()-from.Year())*12 + int(until.Month()-from.Month())
	last := time.Date(until.Year(), until.Month()+1, 0, 0, 0, 0, 0, clock.CST).Day()
	if until.Day() < min(from.Day(), last) {
		n--
	}
	return max(n, 0)
}
