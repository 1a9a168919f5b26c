package casework

import (
	"time"

	"github.com/paulmach/orb"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/formula"
	"gezhi/internal/geo"
	"gezhi/internal/media"
)

// strays is how many metres outside the place of a case a picture may have been taken without
// counting as elsewhere: cameras are not that exact, and neither are borders.
const strays = 500

// filesValue is what formulas may ask of the files of a case: how many were used before, on this
// case or another, and were not found to be in order by who looked; how many pictures were taken
// elsewhere, and between which days, as their cameras wrote. Anybody can make a camera write
// something else: it asks somebody to look, and proves nothing. Files are compared after the act
// that brought them.
func (st *state) filesValue(name string) formula.Value {
	switch name {
	case "reused":
		var n int64
		if err := st.tx.Row(st.ctx, usedBefore, []any{st.ID}, &n); err != nil {
			return nil
		}
		return n
	case "elsewhere":
		n := 0
		for _, h := range st.hints() {
			if h.Placed && st.isElsewhere(orb.Point{h.Lon, h.Lat}) {
				n++
			}
		}
		return formula.Int(int64(n))
	case "first_taken", "last_taken":
		var first, last time.Time
		for _, h := range st.hints() {
			if !h.TakenAt.IsZero() && (first.IsZero() || h.TakenAt.Before(first)) {
				first = h.TakenAt
			}
			if h.TakenAt.After(last) {
				last = h.TakenAt
			}
		}
		if name == "last_taken" {
			first = last
		}
		if first.IsZero() {
			return nil
		}
		return first.In(clock.CST).Format(time.DateOnly)
	}
	return nil
}

// hints are what the cameras of the pictures of a case wrote.
func (st *state) hints() (out []media.Hint) {
	files, err := db.Collect(st.ctx, st.tx, filesOfCase, []any{st.ID}, scanFile)
	if err != nil {
		return nil
	}
	for _, f := range files {
		if h, err := st.s.hintOf(st.ctx, st.tx, f); err == nil && h.Says() {
			out = append(out, h)
		}
	}
	return out
}

// isElsewhere tells whether a point lies well outside the place of the case; never where its
// border is not known.
func (st *state) isElsewhere(p orb.Point) bool {
	shape, ok := st.s.World.Tree().Boundary(st.AreaID)
	if !ok {
		return false
	}
	_, near := geo.NewIndex([]geo.Item{{ID: st.AreaID, Shape: shape}}).Near(p, strays)
	return !near && !geo.Holds(shape, p)
}
