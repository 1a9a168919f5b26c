package geo

import (
	"strings"

	"github.com/paulmach/orb"

	"gezhi/internal/fault"
)

// CRS names the coordinate system that longitudes and latitudes are given in.
type CRS string

const (
	// WGS84 is the system of satellite receivers and of GeoJSON (EPSG:4326, OGC CRS84).
	WGS84 CRS = "WGS-84"
	// CGCS2000 is the national geodetic system (EPSG:4490); equal to WGS84 within centimetres.
	CGCS2000 CRS = "CGCS2000"
	// GCJ02 is the shifted system that public web maps in China must use.
	GCJ02 CRS = "GCJ-02"
)

var crsNames = map[string]CRS{
	"wgs84": WGS84, "epsg4326": WGS84, "crs84": WGS84, "urnogcdefcrsogc1.3crs84": WGS84, "urnogcdefcrsepsg4326": WGS84,
	"cgcs2000": CGCS2000, "epsg4490": CGCS2000, "urnogcdefcrsepsg4490": CGCS2000,
	"gcj02": GCJ02,
}

var crsNoise = strings.NewReplacer("-", "", "_", "", ":", "", " ", "")

// ParseCRS reads the name of a coordinate system as people and files write it ("wgs84",
// "EPSG:4490", "urn:ogc:def:crs:OGC:1.3:CRS84", "GCJ-02"). Fault geo.crs_missing for an empty
// name, geo.crs_unknown for any other that we cannot convert (BD-09, projected systems).
func ParseCRS(name string) (CRS, error) {
	if strings.TrimSpace(name) == "" {
		return "", fault.New(fault.Invalid, "geo.crs_missing")
	}
	if c, ok := crsNames[crsNoise.Replace(strings.ToLower(name))]; ok {
		return c, nil
	}
	return "", fault.New(fault.Invalid, "geo.crs_unknown")
}

// ToWGS84 converts a point given in c.
func (c CRS) ToWGS84(p orb.Point) orb.Point {
	if c == GCJ02 {
		return gcjToWGS(p)
	}
	return p
}

// FromWGS84 converts a WGS-84 point into c.
func (c CRS) FromWGS84(p orb.Point) orb.Point {
	if c == GCJ02 {
		return wgsToGCJ(p)
	}
	return p
}

// ShapeToWGS84 returns a copy of m, given in c, converted and rounded to Precision. A vertex
// shared by two shapes stays shared.
func (c CRS) ShapeToWGS84(m orb.MultiPolygon) orb.MultiPolygon {
	return mapPoints(m, func(p orb.Point) orb.Point { return Round(c.ToWGS84(p)) })
}

func mapPoints(m orb.MultiPolygon, f func(orb.Point) orb.Point) orb.MultiPolygon {
	out := make(orb.MultiPolygon, len(m))
	for i, poly := range m {
		out[i] = make(orb.Polygon, len(poly))
		for j, ring := range poly {
			r := make(orb.Ring, len(ring))
			for k, p := range ring {
				r[k] = f(p)
			}
			out[i][j] = r
		}
	}
	return out
}
