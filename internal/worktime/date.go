package worktime

import (
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
)

const (
	minuteMs = int64(60 * 1000)
	hourMs   = 60 * minuteMs
	dayMs    = 24 * hourMs
)

// zoneMs is how far the wall clock of China Standard Time is ahead of UTC.
var zoneMs = func() int64 {
	_, s := time.Unix(0, 0).In(clock.CST).Zone()
	return int64(s) * 1000
}()

// moment is a wall-clock reading in China Standard Time: milliseconds since the midnight
// that begins 1970-01-01 there. Without daylight saving, days are all equally long.
type moment int64

func momentOf(t time.Time) moment { return moment(t.UnixMilli() + zoneMs) }

func (m moment) time() time.Time { return time.UnixMilli(int64(m) - zoneMs).In(clock.CST) }

func (m moment) date() Date {
	d := int64(m) / dayMs
	if int64(m)%dayMs < 0 {
		d--
	}
	return Date(d)
}

// ofDay is the time since midnight in milliseconds.
func (m moment) ofDay() int64 { return int64(m - m.date().start()) }

// Date is a calendar day: days since 1970-01-01. The zero Date stands for "none" where a
// date is optional. Its text is 2026-05-06.
type Date int32

// DateOf returns the day on which t falls in China.
func DateOf(t time.Time) Date { return momentOf(t).date() }

// NewDate returns the day with this year, month and day, normalised as time.Date does.
func NewDate(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func (d Date) utc() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

func (d Date) start() moment { return moment(int64(d) * dayMs) }

// At returns the moment of that time of day, China Standard Time; 24:00 is the next midnight.
func (d Date) At(t TimeOfDay) time.Time { return (d.start() + moment(int64(t)*minuteMs)).time() }

// Year returns the year of the day.
func (d Date) Year() int { return d.utc().Year() }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday {
	return time.Weekday(((int(d)+4)%7 + 7) % 7) // 1970-01-01 was a Thursday
}

// AddMonths returns the day with the same number n months later, or that month's last day.
func (d Date) AddMonths(n int) Date {
	y, m, day := d.utc().Date()
	last := time.Date(y, m+time.Month(n)+1, 0, 0, 0, 0, 0, time.UTC)
	if day < last.Day() {
		return NewDate(last.Year(), last.Month(), day)
	}
	return NewDate(last.Year(), last.Month(), last.Day())
}

func (d Date) monthDay() MonthDay {
	_, m, day := d.utc().Date()
	return MonthDay(int(m)*100 + day)
}

// String returns the day as 2026-05-06.
func (d Date) String() string { return d.utc().Format(time.DateOnly) }

// MarshalText writes the day as 2026-05-06.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a day such as 2026-05-06.
func (d *Date) UnmarshalText(text []byte) error {
	v, err := ParseDate(string(text))
	if err == nil {
		*d = v
	}
	return err
}

// ParseDate reads a day such as 2026-05-06. Anything else is Invalid, worktime.bad_date.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fault.New(fault.Invalid, "worktime.bad_date")
	}
	return Date(t.Unix() / 86400), nil
}

// MonthDay is a day of every year, 100 x month + day. Its text is 05-01.
type MonthDay int16

// String returns the day as 05-01.
func (m MonthDay) String() string {
	b := [5]byte{'0' + byte(m/1000), '0' + byte(m/100%10), '-', '0' + byte(m/10%10), '0' + byte(m%10)}
	return string(b[:])
}

// MarshalText writes the day as 05-01.
func (m MonthDay) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads a day such as 05-01; 02-29 is one. Anything else is Invalid,
// worktime.bad_date.
func (m *MonthDay) UnmarshalText(text []byte) error {
	d, err := ParseDate("2024-" + string(text))
	if err == nil {
		*m = d.monthDay()
	}
	return err
}

// TimeOfDay is minutes since midnight, 0 to 1440. Its text is 17:30; 24:00 is legal.
type TimeOfDay int16

// String returns the time as 17:30.
func (t TimeOfDay) String() string {
	h, m := t/60, t%60
	b := [5]byte{'0' + byte(h/10), '0' + byte(h%10), ':', '0' + byte(m/10), '0' + byte(m%10)}
	return string(b[:])
}

// MarshalText writes the time as 17:30.
func (t TimeOfDay) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a time such as 17:30.
func (t *TimeOfDay) UnmarshalText(text []byte) error {
	v, err := ParseTimeOfDay(string(text))
	if err == nil {
		*t = v
	}
	return err
}

// ParseTimeOfDay reads a time from 00:00 to 24:00; 9:00 is 09:00. Anything else is Invalid,
// worktime.bad_time.
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	bad := fault.New(fault.Invalid, "worktime.bad_time")
	if len(s) == 4 {
		s = "0" + s
	}
	if len(s) != 5 || s[2] != ':' {
		return 0, bad
	}
	for _, i := range [...]int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return 0, bad
		}
	}
	h, m := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
	if m > 59 || h*60+m > 24*60 {
		return 0, bad
	}
	return TimeOfDay(h*60 + m), nil
}
