package story

import (
	"strconv"

	"gezhi/internal/worktime"
)

// announced is which holidays are known at a moment of the story.
type announced struct {
	some  bool // the story says which years; else all that the product knows
	years map[int]bool
	off   map[string]bool // single days: true off, false a make-up workday
}

// announce adds years ("2026"), days off and make-up workdays ("2026-05-09").
func (a *announced) announce(holidays, workdays []string) {
	if a.years == nil {
		a.years, a.off = map[int]bool{}, map[string]bool{}
	}
	for _, h := range holidays {
		if len(h) == 4 {
			y, _ := strconv.Atoi(h)
			a.years[y], a.some = true, true
		} else {
			a.off[h] = true
		}
	}
	for _, d := range workdays {
		a.off[d] = false
	}
}

// calendar is the working time that follows.
func (a *announced) calendar() (worktime.Calendar, error) {
	var years []worktime.Year
	for _, y := range worktime.Announced() {
		if !a.some || a.years[y.Year] {
			years = append(years, y)
		}
	}
	single := map[int][]worktime.Holiday{}
	for text, off := range a.off {
		d, err := worktime.ParseDate(text)
		if err != nil {
			return worktime.Calendar{}, err
		}
		single[d.Year()] = append(single[d.Year()], worktime.Holiday{Date: d, Name: "story", Off: off})
	}
	for y, days := range single {
		years = append(years, worktime.Year{Year: y, Days: days})
	}
	return worktime.New(worktime.DefaultRules(), years)
}

// reckon makes what is announced the calendar of the story.
func (w *world) reckon() error {
	c, err := w.days.calendar()
	if err == nil {
		w.calendar.Store(&c)
	}
	return err
}
