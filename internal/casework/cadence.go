package casework

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

const maxDates = 1000 // of one cadence

// datesOf are the days of a cadence, in order.
func (st *state) datesOf(d *workflow.PartSet) ([]worktime.Date, error) {
	c := d.For.Dates
	if c.On != nil {
		day, ok, err := st.dayOf(c.On)
		if err != nil || !ok {
			return nil, err
		}
		return []worktime.Date{day}, nil
	}
	from := worktime.DateOf(st.now.In(clock.CST))
	until := from.AddMonths(12) // without an end: a year ahead is counted, and counted on
	if c.From != nil {
		day, ok, err := st.dayOf(c.From)
		if err != nil || !ok {
			return nil, err
		}
		from = day
	}
	if c.Until != nil {
		day, ok, err := st.dayOf(c.Until)
		if err != nil || !ok {
			return nil, err
		}
		until = day
	}
	var out []worktime.Date
	for day := from; day <= until; day++ {
		ok, err := onDay(c, day, from, st.s.Calendar(st.Jurisdiction))
		if err != nil {
			return nil, err
		}
		if ok {
			if out = append(out, day); len(out) > maxDates {
				return nil, fault.New(fault.TooLarge, "case.too_many_parts", "most", maxDates)
			}
		}
	}
	return out, nil
}

func (st *state) dayOf(e *formula.Expr) (worktime.Date, bool, error) {
	v, err := e.Eval(st.env())
	if err != nil || v == nil {
		return 0, false, err
	}
	s, _ := v.(string)
	if t, ok := moment(s, 0); ok {
		return worktime.DateOf(t.In(clock.CST)), true, nil
	}
	return 0, false, nil
}

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// onDay tells whether a cadence falls on a day.
func onDay(c *workflow.Dates, day, from worktime.Date, cal worktime.Calendar) (bool, error) {
	t := day.At(0).In(clock.CST)
	switch c.Every {
	case "day":
		return true, nil
	case "week":
		want := slices.Index(weekdays, c.Day)
		if c.Day == "" {
			want = int(from.Weekday())
		}
		return int(t.Weekday()) == want, nil
	case "month":
		return dayOfMonth(c.Day, day, t, cal)
	case "quarter", "half-year", "year":
		months := map[string]int{"quarter": 3, "half-year": 6, "year": 12}[c.Every]
		if m, d, ok := strings.Cut(c.Day, "-"); ok {
			return pad(int(t.Month())) == m && pad(t.Day()) == d, nil
		}
		// the last day of each period since the beginning
		for k := 1; ; k++ {
			end := from.AddMonths(k*months) - 1
			if end >= day {
				return end == day, nil
			}
		}
	}
	return false, fault.New(fault.Internal, "case.unknown_cadence", "every", c.Every)
}

func pad(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

func dayOfMonth(want string, day worktime.Date, t time.Time, cal worktime.Calendar) (bool, error) {
	last := t.AddDate(0, 0, 1).Month() != t.Month()
	switch want {
	case "last":
		return last, nil
	case "last working":
		if !cal.Workday(day) {
			return false, nil
		}
		for d := day + 1; d.At(0).In(clock.CST).Month() == t.Month(); d++ {
			if cal.Workday(d) {
				return false, nil
			}
		}
		return true, nil
	case "":
		return t.Day() == 1, nil
	}
	n, err := strconv.Atoi(want)
	return err == nil && (t.Day() == n || last && t.Day() < n), err
}
