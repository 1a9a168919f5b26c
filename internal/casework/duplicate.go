package casework

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
)

// Likely is an open case that may be the same matter, with what speaks for it. Nothing is
// ever merged by itself: somebody who may merge looks at both.
type Likely struct {
	*Case
	Metres  int  // between the two; -1 where one of them has no point
	Same    bool // the same class
	Alike   int  // how much of the words is the same, in hundredths
	Key     bool // a key of the life says so
	Minutes int  // between the two reports
}

const (
	maxLikely   = 5  // proposed
	maxLooked   = 60 // candidates read, the newest first
	alikeSome   = 20 // hundredths of the words, where there is no point to compare
	alikeEnough = 50 // hundredths of the words, from which another class may be the same matter
)

var (
	// A village's open cases are one range of an index; the rest narrows it.
	nearby = db.SQL(`SELECT ` + readCase + ` FROM cases WHERE jurisdiction = $1 AND village_id = $2 AND phase <> 'closed' AND kind = 'case' AND parent_id = ''
		AND opened_at >= $3 AND (lon_e7 BETWEEN $4 AND $5 AND lat_e7 BETWEEN $6 AND $7 OR lon_e7 = 0 AND lat_e7 = 0 AND area_id = $8) AND id <> $9
		ORDER BY opened_at DESC, id LIMIT $10`)
	inSameArea = db.SQL(`SELECT ` + readCase + ` FROM cases WHERE jurisdiction = $1 AND village_id = $2 AND phase <> 'closed' AND kind = 'case' AND parent_id = ''
		AND opened_at >= $3 AND area_id = $4 AND id <> $5 ORDER BY opened_at DESC, id LIMIT $6`)
	keyedAlike = db.SQL(`SELECT to_case FROM link WHERE from_case = $1 AND kind = 'duplicate' AND until_at = 0`)
)

// LikelyOf proposes the open cases that may be the same matter as one that is open; only
// those that the asker may see.
func (s *Service) LikelyOf(ctx context.Context, who *Actor, id string) (out []Likely, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil {
			return err
		}
		if !who.System && !st.sees(who) {
			return fault.New(fault.NotFound, "case.not_found")
		}
		if !st.Open() || st.ParentID != "" {
			return nil
		}
		out, err = s.likely(ctx, tx, who, st.class, st.Case)
		return err
	})
	return out, err
}

// LikelyTo proposes the open cases that may be the same matter as one about to be opened.
func (s *Service) LikelyTo(ctx context.Context, who *Actor, o Opening) (out []Likely, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	class, err := s.Book.InForce(ctx, who.Jurisdiction, o.Class)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	c := &Case{Jurisdiction: who.Jurisdiction, OpenedAt: now, HappenedAt: now, Fields: map[string]any{FieldText: o.Text}}
	c.Scheme, c.Class, c.Pack = class.Scheme, class.Code, class.In.Pack.Name
	if err := s.place(c, o); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = s.likely(ctx, tx, who, class, c)
		return err
	})
	return out, err
}

// likely compares a case with those around it: as near in place and time as its class says,
// and of its class or in much the same words.
func (s *Service) likely(ctx context.Context, tx *db.Tx, who *Actor, class *Class, c *Case) ([]Likely, error) {
	found, err := s.candidates(ctx, tx, class, c)
	if err != nil {
		return nil, err
	}
	keyed, err := db.Collect(ctx, tx, keyedAlike, []any{c.ID}, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) })
	if err != nil {
		return nil, err
	}
	for _, id := range keyed {
		if !slices.ContainsFunc(found, func(x *Case) bool { return x.ID == id }) {
			other, err := s.read(ctx, tx, id)
			if err != nil {
				return nil, err
			}
			if other.Open() {
				found = append(found, other)
			}
		}
	}
	var all []Likely
	words := letterPairs(textOf(c))
	for _, x := range found {
		l := compare(c, x, words, letterPairs(textOf(x)))
		l.Key = slices.Contains(keyed, x.ID)
		if l.Key || l.speaks(class.Duplicate) {
			all = append(all, l)
		}
	}
	slices.SortStableFunc(all, func(a, b Likely) int { return b.weight() - a.weight() })
	var out []Likely
	for _, l := range all {
		st, err := s.load(ctx, tx, l.ID, s.Now())
		if err != nil {
			return nil, err
		}
		if who.System || st.sees(who) {
			if out = append(out, l); len(out) == maxLikely {
				break
			}
		}
	}
	return out, nil
}

// compare says what speaks for two cases being the same matter; a and b are their pairs of letters.
func compare(c, x *Case, a, b []uint64) Likely {
	return Likely{Case: x, Metres: metres(c, x), Same: x.Pack == c.Pack && x.Scheme == c.Scheme && x.Class == c.Class,
		Alike: alike(a, b), Minutes: int(c.OpenedAt.Sub(x.OpenedAt).Abs() / time.Minute)}
}

// speaks tells whether place, class and words together say that it may be the same matter.
func (l Likely) speaks(near *pack.Duplicate) bool {
	switch {
	case near == nil || l.Metres > near.Metres || !l.Same && l.Alike < alikeEnough:
		return false
	case l.Metres < 0: // somewhere in the same area: the words must say more
		return l.Alike >= alikeSome
	}
	return true
}

// weight says how much speaks for a proposal: a key before all, then class, words, place.
func (l Likely) weight() int {
	w := l.Alike - max(l.Metres, 0)/10
	if l.Same {
		w += 100
	}
	if l.Key {
		w += 1000
	}
	return w
}

// candidates are the newest open cases around a place: within the distance of the class
// where there is a point, else in the same area.
func (s *Service) candidates(ctx context.Context, tx *db.Tx, class *Class, c *Case) ([]*Case, error) {
	d := class.Duplicate
	if d == nil || c.Areas[5] == "" {
		return nil, nil
	}
	since := c.OpenedAt.AddDate(0, 0, -d.Days)
	if c.LonE7 == 0 && c.LatE7 == 0 {
		return db.Collect(ctx, tx, inSameArea, []any{c.Jurisdiction, c.Areas[5], since, c.AreaID, c.ID, maxLooked}, scanCase)
	}
	lat := float64(d.Metres) / metresPerDegree * 1e7
	lon := lat / math.Max(math.Cos(float64(c.LatE7)/1e7*math.Pi/180), 0.01)
	west, east := c.LonE7-int64(lon)-1, c.LonE7+int64(lon)+1
	south, north := c.LatE7-int64(lat)-1, c.LatE7+int64(lat)+1
	villages := []string{c.Areas[5]}
	for _, at := range [][2]int64{{west, south}, {west, north}, {east, south}, {east, north}} { // across a border, too
		if a, ok := s.World.Find(at[0], at[1]); ok && a.Path[5] != "" && !slices.Contains(villages, a.Path[5]) {
			villages = append(villages, a.Path[5])
		}
	}
	var out []*Case
	for _, v := range villages {
		found, err := db.Collect(ctx, tx, nearby, []any{c.Jurisdiction, v, since, west, east, south, north, c.AreaID, c.ID, maxLooked}, scanCase)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// metresPerDegree of latitude, on the mean earth.
const metresPerDegree = 111195

// metres is how far apart two cases are, at the scale of a street; where one of them has no
// point they are where their area is: -1.
func metres(a, b *Case) int {
	if a.LonE7 == 0 && a.LatE7 == 0 || b.LonE7 == 0 && b.LatE7 == 0 {
		return -1
	}
	y := float64(a.LatE7-b.LatE7) / 1e7 * metresPerDegree
	x := float64(a.LonE7-b.LonE7) / 1e7 * metresPerDegree * math.Cos(float64(a.LatE7)/1e7*math.Pi/180)
	return int(math.Round(math.Hypot(x, y)))
}

func textOf(c *Case) string {
	if text, ok := c.Fields[FieldText].(string); ok {
		return text
	}
	return c.Title
}

// letterPairs are the pairs of neighbouring letters of a text, each once and in order: words of
// Chinese have no spaces.
func letterPairs(text string) []uint64 {
	var out []uint64
	last := rune(0)
	for _, r := range strings.ToLower(text) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			last = 0
			continue
		}
		if last != 0 {
			out = append(out, uint64(last)<<32|uint64(r))
		}
		last = r
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// alike is the share of pairs that two texts have in common, in hundredths (Dice).
func alike(a, b []uint64) int {
	all := len(a) + len(b)
	if all == 0 {
		return 0
	}
	both := 0
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			both, a, b = both+1, a[1:], b[1:]
		}
	}
	return 200 * both / all
}
