package worktime

import (
	"embed"
	"encoding/json"
	"fmt"
	"sync"

	"gezhi/internal/fault"
)

//go:embed holidays/*.json
var holidayFiles embed.FS

// Holiday is one day of an announcement by the State Council: off, or a workday that makes
// up for one (调休).
type Holiday struct {
	Date Date
	Name string // code that words are looked up by: "spring_festival"
	Off  bool
}

// Year is the announcement for one year. It may speak of the last days of the year before.
// Without days it is not announced yet.
type Year struct {
	Year   int
	Papers []string // addresses of the announcements
	Days   []Holiday
}

type statutory struct {
	Fixed []struct {
		From, To MonthDay
		Name     string
	}
	Names map[string]string
}

// law is what is known of holidays without an announcement: those with a fixed date, and
// the codes for the names that announcements use.
var law = sync.OnceValue(func() statutory {
	var s statutory
	raw, err := holidayFiles.ReadFile("holidays/statutory.json")
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil {
		panic(err) // embedded: a defect of the build
	}
	return s
})

var announced = sync.OnceValue(func() []Year {
	entries, err := holidayFiles.ReadDir("holidays")
	if err != nil {
		panic(err)
	}
	var years []Year
	for _, e := range entries {
		if e.Name() == "statutory.json" {
			continue
		}
		raw, err := holidayFiles.ReadFile("holidays/" + e.Name())
		if err != nil {
			panic(err)
		}
		y, err := ParseYear(raw)
		if err != nil {
			panic(fmt.Sprintf("%s: %v", e.Name(), err))
		}
		years = append(years, y)
	}
	return years
})

// Announced returns the announcements shipped with the product, oldest first. A year
// without days among them is one that was not announced when the product was built.
func Announced() []Year { return append([]Year(nil), announced()...) }

// ParseYear reads an announcement in the format of the holiday-cn project: year, papers,
// days with name, date and isOffDay. A name without a code keeps its own words. What is no
// such file, a date outside the year and the December before it, or a date given twice is
// Invalid, worktime.bad_holidays.
func ParseYear(raw []byte) (Year, error) {
	var f struct {
		Year   int
		Papers []string
		Days   []struct {
			Name     string
			Date     Date
			IsOffDay *bool
		}
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return Year{}, fault.Wrap(err, fault.Invalid, "worktime.bad_holidays")
	}
	if f.Year < firstYear || f.Year > lastYear {
		return Year{}, fault.New(fault.Invalid, "worktime.bad_holidays")
	}
	y := Year{Year: f.Year, Papers: f.Papers}
	seen := map[Date]bool{}
	first, last := NewDate(f.Year-1, 12, 1), NewDate(f.Year, 12, 31)
	for _, d := range f.Days {
		if d.Date < first || d.Date > last || seen[d.Date] || d.IsOffDay == nil || d.Name == "" {
			return Year{}, fault.New(fault.Invalid, "worktime.bad_holidays")
		}
		seen[d.Date] = true
		name := d.Name
		if code, ok := law().Names[name]; ok {
			name = code
		}
		y.Days = append(y.Days, Holiday{Date: d.Date, Name: name, Off: *d.IsOffDay})
	}
	return y, nil
}
