package geo

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/paulmach/orb"

	"gezhi/internal/fault"
)

const (
	// MaxGeoJSON is the largest GeoJSON text read, in bytes.
	MaxGeoJSON = 48 << 20
	maxNesting = 32
)

// Feature is one polygon of a GeoJSON text as it was given: not checked, not converted.
type Feature struct {
	Number     int            // counted from 1 in its file, for reports
	ID         string         // the feature's id, a number written as text
	Properties map[string]any // never nil
	Shape      orb.MultiPolygon
	Given      json.RawMessage // the geometry's text, to be kept
	Err        error           // why this feature cannot be read, Shape is then nil
}

// Collection is what a GeoJSON text holds.
type Collection struct {
	CRS      string // the old "crs" member's name, where a file still has one
	Features []Feature
}

type rawObject struct {
	Type     string            `json:"type"`
	Features []json.RawMessage `json:"features"`
	CRS      *struct {
		Properties struct {
			Name string `json:"name"`
		} `json:"properties"`
	} `json:"crs"`
}

type rawFeature struct {
	Type       string          `json:"type"`
	ID         any             `json:"id"`
	Properties map[string]any  `json:"properties"`
	Geometry   json.RawMessage `json:"geometry"`
}

// ReadGeoJSON reads a FeatureCollection, a Feature, a Polygon or a MultiPolygon (RFC 7946). A
// text that is none of these is refused: geo.too_large, geo.not_json, geo.nested_too_deep,
// geo.not_geojson. A feature that is no polygon does not refuse its neighbours: it carries its
// own Err, geo.not_a_polygon or geo.bad_coordinates.
func ReadGeoJSON(text []byte) (Collection, error) {
	var c Collection
	if len(text) > MaxGeoJSON {
		return c, fault.New(fault.TooLarge, "geo.too_large", "bytes", MaxGeoJSON)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if nesting(text) > maxNesting {
		return c, fault.New(fault.Invalid, "geo.nested_too_deep")
	}
	var o rawObject
	if err := json.Unmarshal(text, &o); err != nil {
		return c, fault.Wrap(err, fault.Invalid, "geo.not_json")
	}
	if o.CRS != nil {
		c.CRS = o.CRS.Properties.Name
	}
	switch o.Type {
	case "FeatureCollection":
		for i, raw := range o.Features {
			c.Features = append(c.Features, readFeature(i+1, raw))
		}
	case "Feature":
		c.Features = []Feature{readFeature(1, text)}
	case "Polygon", "MultiPolygon":
		f := Feature{Number: 1, Properties: map[string]any{}, Given: text}
		f.Shape, f.Err = readShape(text)
		c.Features = []Feature{f}
	default:
		return c, fault.New(fault.Invalid, "geo.not_geojson")
	}
	return c, nil
}

// nesting returns how deep brackets stand in text, without building anything.
func nesting(text []byte) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			depth++
			deepest = max(deepest, depth)
		case b == '}' || b == ']':
			depth--
		}
	}
	return deepest
}

func readFeature(number int, text []byte) Feature {
	f := Feature{Number: number, Properties: map[string]any{}}
	var raw rawFeature
	if err := json.Unmarshal(text, &raw); err != nil || raw.Type != "Feature" {
		f.Err = fault.Wrap(err, fault.Invalid, "geo.not_geojson")
		return f
	}
	switch v := raw.ID.(type) {
	case string:
		f.ID = v
	case float64:
		f.ID = strconv.FormatFloat(v, 'f', -1, 64)
	}
	if raw.Properties != nil {
		f.Properties = raw.Properties
	}
	f.Given = raw.Geometry
	f.Shape, f.Err = readShape(raw.Geometry)
	return f
}

// readShape reads a Polygon or MultiPolygon. Heights behind longitude and latitude are left out.
func readShape(text []byte) (orb.MultiPolygon, error) {
	var g struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	}
	if len(text) == 0 || json.Unmarshal(text, &g) != nil {
		return nil, fault.New(fault.Invalid, "geo.not_a_polygon")
	}
	var parts [][][][]float64
	var err error
	switch g.Type {
	case "Polygon":
		parts = make([][][][]float64, 1)
		err = json.Unmarshal(g.Coordinates, &parts[0])
	case "MultiPolygon":
		err = json.Unmarshal(g.Coordinates, &parts)
	default:
		return nil, fault.New(fault.Invalid, "geo.not_a_polygon")
	}
	if err != nil || bytes.Contains(g.Coordinates, []byte("null")) { // a null would be read as 0
		return nil, fault.Wrap(err, fault.Invalid, "geo.bad_coordinates")
	}
	m := make(orb.MultiPolygon, len(parts))
	for i, rings := range parts {
		for _, points := range rings {
			ring := make(orb.Ring, len(points))
			for k, p := range points {
				if len(p) < 2 {
					return nil, fault.New(fault.Invalid, "geo.bad_coordinates")
				}
				ring[k] = orb.Point{p[0], p[1]}
			}
			m[i] = append(m[i], ring)
		}
	}
	return m, nil
}

// ReadShape reads the text that WriteShape wrote.
func ReadShape(text string) (orb.MultiPolygon, error) { return readShape([]byte(text)) }

// WriteShape returns m as the GeoJSON text of a MultiPolygon, coordinates on the grain of
// Precision. The same shape always gives the same text.
func WriteShape(m orb.MultiPolygon) string {
	b := []byte(`{"type":"MultiPolygon","coordinates":[`)
	for i, poly := range m {
		b = separate(b, i)
		for j, ring := range poly {
			b = separate(b, j)
			for k, p := range ring {
				p = Round(p)
				b = separate(b, k)
				b = strconv.AppendFloat(b, p[0], 'f', -1, 64)
				b = append(b, ',')
				b = strconv.AppendFloat(b, p[1], 'f', -1, 64)
				b = append(b, ']')
			}
			b = append(b, ']')
		}
		b = append(b, ']')
	}
	return string(append(b, "]}"...))
}

func separate(b []byte, i int) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	return append(b, '[')
}
