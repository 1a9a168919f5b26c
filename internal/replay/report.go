package replay

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"gezhi/internal/replay/counts"
)

// longestTable is how many lines of one table are printed; the rest is added up.
const longestTable = 12

// Print writes the figures of a replay: tables of both counts side by side, and a last line
// that says whether they are equal.
func (r *Result) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)
	for _, by := range []struct {
		title string
		of    func(counts.Cell) string
	}{
		{"by class", func(c counts.Cell) string { return c.Class }},
		{"by year of beginning (months are compared)", func(c counts.Cell) string { return c.Month[:4] }},
		{"by channel", func(c counts.Cell) string { return c.Channel }},
		{"by outcome, or phase while open", func(c counts.Cell) string { return c.State }},
		{"by due time", func(c counts.Cell) string { return lateness(c) }},
	} {
		table(t, by.title, sum(r.Expected, by.of), sum(r.Found, by.of))
	}
	table(t, "refused", r.Expected.Refused, r.Found.Refused)
	fmt.Fprintf(t, "\nfrom %s until %s\n", r.From.Format(time.RFC3339), r.Until.Format(time.RFC3339))
	fmt.Fprintf(t, "places: %d points, %d points with whole degrees only (dropped), %d rows without a point\n", r.Exact, r.Coarse, r.Nowhere)
	fmt.Fprintf(t, "returns: %d in the file, %d in the database\n", r.Expected.Returned, r.Found.Returned)
	fmt.Fprintf(t, "duplicates: %d merged into the case they repeat, %d closed as duplicates of one that is closed or not named\n", r.Stock.Merged, r.Merged-r.Stock.Merged)
	fmt.Fprintf(t, "%d cases, %d moves, %d timers fired, %d messages delivered, %d cells compared; replayed in %s\n",
		r.Stock.Cases, r.Stock.Moves, r.Timers, r.Messages, len(r.Expected.Cells), r.Took.Round(time.Millisecond))
	for _, x := range r.Refusals[:min(len(r.Refusals), longestTable)] {
		fmt.Fprintf(t, "line %d refused: %s\n", x.Line, x.Reason)
	}
	for _, d := range r.Differences {
		fmt.Fprintln(t, "DIFFERENT", d)
	}
	verdict := "counts equal"
	if len(r.Differences) > 0 {
		verdict = fmt.Sprintf("%d counts differ", len(r.Differences))
	}
	fmt.Fprintf(t, "%d rows: %d loaded, %d merged, %d refused; %s\n", r.Lines, r.Loaded, r.Merged, r.Refused, verdict)
	return t.Flush()
}

func lateness(c counts.Cell) string {
	if c.Due == counts.Late && (c.State == stateWaiting || c.State == stateWorking) {
		return "late and still open"
	}
	return c.Due
}

func sum(c *counts.Counts, of func(counts.Cell) string) map[string]int {
	out := map[string]int{}
	for cell, n := range c.Cells {
		out[of(cell)] += n
	}
	return out
}

// table prints two counts side by side, the largest first.
func table(w io.Writer, title string, file, database map[string]int) {
	all := map[string]int{}
	for k, n := range file {
		all[k] += n
	}
	for k, n := range database {
		all[k] += n
	}
	if len(all) == 0 {
		return
	}
	keys := sorted(all)
	slices.SortStableFunc(keys, func(a, b string) int { return all[b] - all[a] })
	fmt.Fprintf(w, "\n%s\tfile\tdatabase\t\n", title)
	more, a, b := 0, 0, 0
	for i, k := range keys {
		if i >= longestTable && len(keys) > longestTable+1 {
			more, a, b = more+1, a+file[k], b+database[k]
			continue
		}
		fmt.Fprintf(w, "  %s\t%d\t%d\t\n", k, file[k], database[k])
	}
	if more > 0 {
		fmt.Fprintf(w, "  (%d more)\t%d\t%d\t\n", more, a, b)
	}
}
