package privacy

import (
	"regexp"
	"strconv"
	"time"

	"gezhi/internal/clock"
)

// anonymise is the retention that ends when its case is closed.
const anonymise = "anonymise"

var keepSpan = regexp.MustCompile(`^(?:erase )?([1-9][0-9]*) (day|month|year)s?(?: after closed)?$`)

// KeptUntil is when a retention, as packs write it, ends for what was closed at a moment; false
// for one that never does.
func KeptUntil(rule string, closed time.Time) (until time.Time, ends bool) {
	if rule == anonymise {
		return closed, true
	}
	m := keepSpan.FindStringSubmatch(rule)
	if m == nil {
		return time.Time{}, false
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return time.Time{}, false
	}
	local := closed.In(clock.CST)
	switch m[2] {
	case "day":
		local = local.AddDate(0, 0, n)
	case "month":
		local = local.AddDate(0, n, 0)
	default:
		local = local.AddDate(n, 0, 0)
	}
	return local.UTC(), true
}
