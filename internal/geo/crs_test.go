package geo

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"gezhi/internal/fault"
)

// A point sent to GCJ-02 and back is where it was, within a tenth of a millimetre.
func TestShiftCanBeUndone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := orb.Point{rapid.Float64Range(73, 137).Draw(t, "lon"), rapid.Float64Range(1, 55).Draw(t, "lat")}
		back := GCJ02.ToWGS84(GCJ02.FromWGS84(p))
		if math.Abs(back[0]-p[0]) > 1e-9 || math.Abs(back[1]-p[1]) > 1e-9 {
			t.Fatalf("%v came back as %v, %.6f m away", p, back, Distance(p, back))
		}
	})
}

// The shift is some hundreds of metres: this pair is published for Tiananmen by several maps.
func TestShiftAgreesWithKnownPair(t *testing.T) {
	wgs, gcj := orb.Point{116.3912757, 39.906217}, orb.Point{116.39751, 39.90762}
	if d := Distance(GCJ02.FromWGS84(wgs), gcj); d > 5 {
		t.Errorf("shifted point is %.1f m from the known one", d)
	}
	hangzhou := orb.Point{120.1551, 30.2742}
	if d := Distance(hangzhou, GCJ02.FromWGS84(hangzhou)); d < 400 || d > 700 {
		t.Errorf("shift at Hangzhou is %.1f m", d)
	}
}

// Outside the rectangle around China, and in the other two systems, nothing moves.
func TestNothingMovesWhereNothingShould(t *testing.T) {
	for _, p := range []orb.Point{{2.35, 48.86}, {-76.6, 39.3}, {151.2, -33.9}} {
		if GCJ02.ToWGS84(p) != p || GCJ02.FromWGS84(p) != p {
			t.Errorf("%v moved", p)
		}
	}
	p := orb.Point{119.57, 28.11}
	if CGCS2000.ToWGS84(p) != p || WGS84.ToWGS84(p) != p {
		t.Error("a system that needs no conversion was converted")
	}
}

// A coordinate system is read under its usual names, and never guessed.
func TestParseCRS(t *testing.T) {
	for name, want := range map[string]CRS{
		"wgs84": WGS84, "WGS-84": WGS84, "EPSG:4326": WGS84, "urn:ogc:def:crs:OGC:1.3:CRS84": WGS84,
		"CGCS2000": CGCS2000, "epsg:4490": CGCS2000, "urn:ogc:def:crs:EPSG::4490": CGCS2000,
		"gcj02": GCJ02, "GCJ-02": GCJ02,
	} {
		if got, err := ParseCRS(name); err != nil || got != want {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
	for name, code := range map[string]string{"": "geo.crs_missing", " ": "geo.crs_missing", "BD-09": "geo.crs_unknown", "EPSG:4549": "geo.crs_unknown"} {
		if _, err := ParseCRS(name); fault.CodeOf(err) != code {
			t.Errorf("%q: %v, want %s", name, err, code)
		}
	}
}
