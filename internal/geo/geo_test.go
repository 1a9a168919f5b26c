package geo

import (
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"gezhi/internal/fault"
)

func box(x0, y0, x1, y1 float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}}
}

func shape(points ...float64) orb.MultiPolygon {
	var r orb.Ring
	for i := 0; i < len(points); i += 2 {
		r = append(r, orb.Point{points[i], points[i+1]})
	}
	return orb.MultiPolygon{{r}}
}

// A degree square between parallels has the area that summing thin strips of the ellipsoid
// gives, and the whole earth has the 510,065,621.7 square kilometres that tables give.
func TestAreaIsThatOfTheEllipsoid(t *testing.T) {
	strips := func(lat0, lat1, width float64) (sum float64) {
		const n = 20000
		for i := range n {
			perLon, perLat := scale(lat0 + (float64(i)+0.5)*(lat1-lat0)/n)
			sum += perLon * width * perLat * (lat1 - lat0) / n
		}
		return sum
	}
	for _, c := range []struct {
		m    orb.MultiPolygon
		want float64
	}{
		{box(0, 0, 1, 1), strips(0, 1, 1)},
		{box(119, 28, 119.5, 28.5), strips(28, 28.5, 0.5)},
		{box(10, 60, 11, 61), strips(60, 61, 1)},
		{box(-180, -90, 180, 90), 510065621.724e6},
	} {
		if got := Area(c.m); math.Abs(got/c.want-1) > 1e-8 {
			t.Errorf("area %.0f, want %.0f", got, c.want)
		}
	}
}

// A hole is taken off, and the direction of a ring changes nothing.
func TestAreaOfHolesAndTurns(t *testing.T) {
	whole, hole := box(119, 28, 119.1, 28.1), box(119.02, 28.02, 119.03, 28.03)
	with := orb.MultiPolygon{{whole[0][0], hole[0][0]}}
	if got, want := Area(with), Area(whole)-Area(hole); math.Abs(got-want) > 1e-3 {
		t.Errorf("area %.3f, want %.3f", got, want)
	}
	turnedRing := box(119, 28, 119.1, 28.1)
	turnedRing[0][0].Reverse()
	if Area(turnedRing) != Area(whole) {
		t.Error("a ring drawn the other way round has another area")
	}
}

// A degree of latitude near 28 north is 110.8 km; Hangzhou to Lishui is some 240 km.
func TestDistance(t *testing.T) {
	if d := Distance(orb.Point{119.5, 27.5}, orb.Point{119.5, 28.5}); math.Abs(d-111.3e3) > 600 {
		t.Errorf("a degree of latitude is %.0f m", d)
	}
}

// A label point lies inside its polygon, however bent that is.
func TestCentreIsInside(t *testing.T) {
	horseshoe := shape(0, 0, 10, 0, 10, 10, 9, 10, 9, 1, 1, 1, 1, 10, 0, 10, 0, 0)
	for _, m := range []orb.MultiPolygon{box(1, 1, 2, 2), horseshoe, append(box(0, 0, 1, 1), box(5, 5, 9, 9)...)} {
		if c := Centre(m); !Holds(m, c) {
			t.Errorf("centre %v is outside", c)
		}
	}
}

// A drawing that cannot be right is refused with the reason and the place.
func TestSoundRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		m    orb.MultiPolygon
		code string
	}{
		"nothing":                   {nil, "geo.empty"},
		"a polygon without a ring":  {orb.MultiPolygon{{}}, "geo.empty"},
		"a ring without points":     {orb.MultiPolygon{{{}}}, "geo.empty"},
		"a ring without area":       {shape(0, 0, 1, 1, 2, 2, 0, 0), "geo.empty"},
		"an open ring":              {shape(0, 0, 1, 0, 1, 1, 0, 1), "geo.ring_open"},
		"two points":                {shape(0, 0, 1, 0, 0, 0), "geo.ring_too_short"},
		"metres, not degrees":       {box(500000, 3100000, 500100, 3100100), "geo.not_a_place"},
		"not a number":              {shape(0, 0, math.NaN(), 0, 1, 1, 0, 0), "geo.not_a_place"},
		"infinite":                  {shape(0, 0, math.Inf(1), 0, 1, 1, 0, 0), "geo.not_a_place"},
		"a bow tie":                 {shape(0, 0, 2, 2, 2, 0, 0, 2, 0, 0), "geo.ring_crosses_itself"},
		"a bow tie with a knot":     {shape(0, 0, 1, 1, 2, 2, 2, 0, 1, 1, 0, 2, 0, 0), "geo.ring_crosses_itself"},
		"a point on its own line":   {shape(0, 0, 4, 0, 4, 4, 2, 0, 0, 4, 0, 0), "geo.ring_crosses_itself"},
		"a hole outside":            {orb.MultiPolygon{{box(0, 0, 1, 1)[0][0], box(2, 2, 3, 3)[0][0]}}, "geo.hole_outside"},
		"a hole across":             {orb.MultiPolygon{{box(0, 0, 2, 2)[0][0], box(1, 1, 3, 3)[0][0]}}, "geo.rings_cross"},
		"a hole in a hole":          {orb.MultiPolygon{{box(0, 0, 9, 9)[0][0], box(1, 1, 8, 8)[0][0], box(2, 2, 3, 3)[0][0]}}, "geo.rings_nested"},
		"parts that overlap":        {append(box(0, 0, 2, 2), box(1, 1, 3, 3)...), "geo.parts_overlap"},
		"parts that share a border": {append(box(0, 0, 1, 1), box(1, 0, 2, 1)...), "geo.parts_overlap"},
	} {
		_, _, err := Sound(c.m)
		if fault.CodeOf(err) != c.code || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// A shape that nobody could have drawn is refused before it costs minutes.
func TestShapesHaveALimit(t *testing.T) {
	many := make(orb.Ring, maxPoints+1)
	holes := orb.Polygon{box(0, 0, 90, 1)[0][0]}
	for i := range maxHoles + 1 {
		x := 0.01 + float64(i)*0.05
		holes = append(holes, box(x, 0.1, x+0.01, 0.2)[0][0])
	}
	for name, m := range map[string]orb.MultiPolygon{"points": {{many}}, "holes": {holes}} {
		if _, _, err := Sound(m); fault.CodeOf(err) != "geo.too_many_points" {
			t.Errorf("%s: %v", name, err)
		}
	}
	var scribble orb.Ring
	for i := range 2000 {
		scribble = append(scribble, orb.Point{float64(i%2) + float64(i)*1e-5, float64(i) * 1e-4})
		scribble = append(scribble, orb.Point{float64(i) * 1e-4, float64(i%2) + float64(i)*1e-5})
	}
	if _, _, err := Mend(orb.MultiPolygon{{append(scribble, scribble[0])}}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a scribble: %v", err)
	}
}

// The refusal of a self-crossing ring names the crossing, not the ring's first point.
func TestCrossingIsLocated(t *testing.T) {
	_, _, err := Sound(shape(0, 0, 2, 2, 2, 0, 0, 2, 0, 0))
	f := err.(*fault.Error)
	if f.Args["lon"] != 1.0 || f.Args["lat"] != 1.0 {
		t.Errorf("located at %v", f.Args)
	}
}

// Slips that change no area are put right and counted: points given twice, spikes, a ring that
// meets itself in a point.
func TestSoundRepairs(t *testing.T) {
	for name, c := range map[string]struct {
		m     orb.MultiPolygon
		area  float64
		parts int
		want  Repairs
	}{
		"repeated points": {shape(0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 0), Area(box(0, 0, 1, 1)), 1, Repairs{RepeatedPoints: 2}},
		"a spike":         {shape(0, 0, 1, 0, 1, 1, 3, 3, 1, 1, 0, 1, 0, 0), Area(box(0, 0, 1, 1)), 1, Repairs{Spikes: 1}},
		"a spike overrun": {shape(0, 0, 3, 0, 1, 0, 1, 1, 0, 1, 0, 0), Area(box(0, 0, 1, 1)), 1, Repairs{Spikes: 1}},
		"two parts in a point": {shape(0, 0, 1, 0, 1, 1, 2, 1, 2, 2, 1, 2, 1, 1, 0, 1, 0, 0),
			Area(box(0, 0, 1, 1)) + Area(box(1, 1, 2, 2)), 2, Repairs{Touches: 1}},
		"a hole in a point": {shape(0, 0, 9, 0, 9, 9, 0, 9, 0, 0, 1, 2, 2, 2, 2, 1, 0, 0),
			Area(box(0, 0, 9, 9)) - Area(shape(0, 0, 1, 2, 2, 2, 2, 1, 0, 0)), 1, Repairs{Touches: 1}},
	} {
		got, rep, err := Sound(c.m)
		if err != nil || rep != c.want || len(got) != c.parts || math.Abs(Area(got)/c.area-1) > 1e-9 {
			t.Errorf("%s: %v, %+v, %v", name, got, rep, err)
		}
	}
}

// Squares side by side: no overlap, no gap. Moved a little: both, with area and place.
func TestFlawsAmongSiblings(t *testing.T) {
	parent := box(0, 0, 0.03, 0.01)
	items := []Item{{ID: "a", Shape: box(0, 0, 0.01, 0.01)}, {ID: "b", Shape: box(0.01, 0, 0.02, 0.01)}, {ID: "c", Shape: box(0.02, 0, 0.03, 0.01)}}
	overlaps, err := Overlaps(items, 1)
	if err != nil || len(overlaps) != 0 {
		t.Errorf("overlaps of a clean row: %v, %v", overlaps, err)
	}
	if gaps, err := Gaps(parent, items, 1); err != nil || len(gaps) != 0 {
		t.Errorf("gaps of a clean row: %v, %v", gaps, err)
	}
	items[1].Shape = box(0.011, 0, 0.021, 0.011)
	overlaps, err = Overlaps(items, 1)
	want := Area(box(0.02, 0, 0.021, 0.01))
	if err != nil || len(overlaps) != 1 || math.Abs(overlaps[0].Area-want) > 1 || strings.Join(overlaps[0].IDs, "") != "bc" ||
		!Holds(box(0.02, 0, 0.021, 0.01), overlaps[0].At) {
		t.Errorf("overlap %+v, %v; want %.0f m2 between b and c", overlaps, err, want)
	}
	gaps, err := Gaps(parent, items, 1)
	if err != nil || len(gaps) != 2 {
		t.Fatalf("gaps %+v, %v", gaps, err)
	}
	kinds := map[FlawKind]float64{gaps[0].Kind: gaps[0].Area, gaps[1].Kind: gaps[1].Area}
	if math.Abs(kinds[Gap]-Area(box(0.01, 0, 0.011, 0.01))) > 1 || math.Abs(kinds[Outside]-Area(box(0.011, 0.01, 0.021, 0.011))) > 1 {
		t.Errorf("gaps %+v", gaps)
	}
}

// Whatever boxes are drawn inside a square, area claimed once plus area claimed by nobody is
// the whole square.
func TestCoverageAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parent := box(119, 28, 119.1, 28.1)
		at := func(name string) float64 { return float64(rapid.IntRange(0, 20).Draw(t, name)) * 0.005 }
		x, y := at("x"), at("y")
		w, h := 0.005+at("w"), 0.005+at("h")
		child := box(119+x, 28+y, 119+x+w, 28+y+h)
		flaws, err := Gaps(parent, []Item{{ID: "a", Shape: child}}, 0.5)
		if err != nil {
			t.Fatal(err)
		}
		sum := Area(child)
		for _, f := range flaws {
			if f.Kind == Gap {
				sum += f.Area
			} else {
				sum -= f.Area
			}
		}
		if math.Abs(sum-Area(parent)) > 5 {
			t.Errorf("%.1f m2 do not add up", sum-Area(parent))
		}
	})
}

// Neighbours simplified together still meet in every point, and corners where three meet stay.
func TestSimplifyKeepsNeighboursTogether(t *testing.T) {
	wave := func(i int) orb.Point { return orb.Point{119 + 0.001*math.Sin(float64(i)), 28 + float64(i)*0.001} }
	left, right := orb.Ring{{118.9, 28}}, orb.Ring{{119.1, 28.1}, {119.1, 28}}
	for i := 0; i <= 100; i++ {
		left = append(left, wave(i))
		right = append(right, wave(i))
	}
	left = append(left, orb.Point{118.9, 28.1}, orb.Point{118.9, 28})
	right = append(right, orb.Point{119.1, 28.1})
	got := Simplify([]Item{{ID: "l", Shape: orb.MultiPolygon{{left}}}, {ID: "r", Shape: orb.MultiPolygon{{right}}}}, 60)
	l, r := got[0].Shape[0][0], got[1].Shape[0][0]
	if len(l) >= len(left)/2 || len(l) < 4 {
		t.Fatalf("%d points became %d", len(left), len(l))
	}
	on := map[orb.Point]bool{}
	for _, p := range l {
		on[p] = true
	}
	for _, p := range r {
		if p[0] < 119.05 && !on[p] {
			t.Errorf("%v of the right is not on the left", p)
		}
	}
	if !on[wave(0)] || !on[wave(100)] {
		t.Error("an end of the shared line is gone")
	}
}
