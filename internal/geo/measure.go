package geo

import (
	"math"

	"github.com/paulmach/orb"
)

const (
	wgsA  = 6378137.0        // WGS-84 semi-major axis, metres
	wgsE2 = 6.69437999014e-3 // first eccentricity squared
	rad   = math.Pi / 180
	grain = 1e9 // stored coordinates are multiples of 1/grain degrees
)

// Precision is the grain of stored coordinates in degrees, about a tenth of a millimetre.
const Precision = 1 / grain

// Round returns p on the grain of stored coordinates.
func Round(p orb.Point) orb.Point {
	return orb.Point{math.Round(p[0]*grain) / grain, math.Round(p[1]*grain) / grain}
}

// Area returns the area of m in square metres on the WGS-84 ellipsoid, holes taken off. Sides
// are straight in longitude and latitude, so that a point more on a side changes nothing.
func Area(m orb.MultiPolygon) float64 {
	var sum float64
	for _, poly := range m {
		for i, ring := range poly {
			a := math.Abs(ringArea(ring))
			if i > 0 {
				a = -a
			}
			sum += a
		}
	}
	return sum
}

// ringArea is positive for a ring that runs anticlockwise. Between a meridian and a side lies
// the side's width in longitude times the mean of authalic along it, taken by Simpson's rule;
// latitudes count from the first point, so that small rings lose no digits.
func ringArea(r orb.Ring) float64 {
	if len(r) < 3 {
		return 0
	}
	q0 := authalic(r[0][1])
	qa, sum := 0.0, 0.0
	for i, a := range r {
		b := r[(i+1)%len(r)]
		qb := authalic(b[1]) - q0
		sum += (a[0] - b[0]) * (qa + 4*(authalic((a[1]+b[1])/2)-q0) + qb) / 6
		qa = qb
	}
	return sum * rad * wgsA * wgsA / 2
}

// authalic is q of Snyder, Map Projections (USGS 1395), formula 3-12.
func authalic(lat float64) float64 {
	e, s := math.Sqrt(wgsE2), math.Sin(lat*rad)
	return (1 - wgsE2) * (s/(1-wgsE2*s*s) - math.Log((1-e*s)/(1+e*s))/(2*e))
}

// Distance returns metres between two points. It is good to a few parts in a thousand, which
// is enough to ask whether two reports are near each other.
func Distance(a, b orb.Point) float64 {
	dLat, dLon := (b[1]-a[1])*rad, (b[0]-a[0])*rad
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(a[1]*rad)*math.Cos(b[1]*rad)*math.Pow(math.Sin(dLon/2), 2)
	return 2 * wgsA * math.Asin(math.Min(1, math.Sqrt(h)))
}

// scale returns metres per degree of longitude and latitude near lat, on the ellipsoid.
func scale(lat float64) (perLon, perLat float64) {
	s := math.Sin(lat * rad)
	w := 1 - wgsE2*s*s
	return wgsA / math.Sqrt(w) * math.Cos(lat*rad) * rad, wgsA * (1 - wgsE2) / (w * math.Sqrt(w)) * rad
}

// Valid reports whether p is a longitude and latitude at all.
func Valid(p orb.Point) bool {
	return p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90
}

// Centre returns a point inside m for a label: the centroid of its largest part, or, where a
// bent shape does not cover its centroid, the middle of the widest run along that latitude.
func Centre(m orb.MultiPolygon) orb.Point {
	var best orb.Polygon
	var size float64
	for _, poly := range m {
		if len(poly) == 0 {
			continue
		}
		if a := math.Abs(ringArea(poly[0])); best == nil || a > size {
			best, size = poly, a
		}
	}
	if best == nil {
		return orb.Point{}
	}
	c := centroid(best[0])
	if where(best, c, 0) == inside {
		return c
	}
	return widestRun(best, c[1], c)
}

func centroid(r orb.Ring) orb.Point {
	var x, y, sum float64
	o := r[0]
	for i := range r {
		a, b := r[i], r[(i+1)%len(r)]
		ax, ay, bx, by := a[0]-o[0], a[1]-o[1], b[0]-o[0], b[1]-o[1]
		cross := ax*by - bx*ay
		sum += cross
		x += (ax + bx) * cross
		y += (ay + by) * cross
	}
	if sum == 0 {
		return o
	}
	return orb.Point{o[0] + x/(3*sum), o[1] + y/(3*sum)}
}
