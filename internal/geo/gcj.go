package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// The GCJ-02 shift as it is publicly known: a deterministic offset of up to some 700 m that
// is computed on the Krasovsky 1940 ellipsoid and applied inside a rectangle around China.
const (
	krasovskyA  = 6378245.0
	krasovskyEE = 0.00669342162296594323
)

// insideShift is the rectangle in which the shift applies; outside both systems are equal.
func insideShift(p orb.Point) bool {
	return p[0] >= 72.004 && p[0] <= 137.8347 && p[1] >= 0.8293 && p[1] <= 55.8271
}

func wgsToGCJ(p orb.Point) orb.Point {
	if !insideShift(p) {
		return p
	}
	d := gcjShift(p)
	return orb.Point{p[0] + d[0], p[1] + d[1]}
}

// gcjToWGS undoes the shift by iteration until a step is below 1e-12 degrees (0.1 micrometre).
// The shift changes by less than a thousandth over its own length, so three steps are enough.
func gcjToWGS(g orb.Point) orb.Point {
	if !insideShift(g) {
		return g
	}
	w := g
	for range 12 {
		d := gcjShift(w)
		next := orb.Point{g[0] - d[0], g[1] - d[1]}
		step := math.Max(math.Abs(next[0]-w[0]), math.Abs(next[1]-w[1]))
		w = next
		if step < 1e-12 {
			break
		}
	}
	return w
}

func gcjShift(p orb.Point) orb.Point {
	x, y := p[0]-105, p[1]-35
	wave := (20*math.Sin(6*x*math.Pi) + 20*math.Sin(2*x*math.Pi)) * 2 / 3
	dy := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*math.Sqrt(math.Abs(x)) + wave
	dy += (20*math.Sin(y*math.Pi) + 40*math.Sin(y/3*math.Pi)) * 2 / 3
	dy += (160*math.Sin(y/12*math.Pi) + 320*math.Sin(y*math.Pi/30)) * 2 / 3
	dx := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*math.Sqrt(math.Abs(x)) + wave
	dx += (20*math.Sin(x*math.Pi) + 40*math.Sin(x/3*math.Pi)) * 2 / 3
	dx += (150*math.Sin(x/12*math.Pi) + 300*math.Sin(x/30*math.Pi)) * 2 / 3
	lat := p[1] / 180 * math.Pi
	m := 1 - krasovskyEE*math.Sin(lat)*math.Sin(lat)
	dy = dy * 180 / (krasovskyA * (1 - krasovskyEE) / (m * math.Sqrt(m)) * math.Pi)
	dx = dx * 180 / (krasovskyA / math.Sqrt(m) * math.Cos(lat) * math.Pi)
	return orb.Point{dx, dy}
}
