package geo

import (
	"strings"
	"testing"

	"gezhi/internal/fault"
)

const square = `[[[119,28],[119.1,28],[119.1,28.1],[119,28.1],[119,28]]]`

// Every shape of text that may hold polygons is read, and what was given is kept.
func TestReadGeoJSON(t *testing.T) {
	feature := `{"type":"Feature","id":331125,"properties":{"name":"x"},"geometry":{"type":"Polygon","coordinates":` + square + `}}`
	for name, text := range map[string]string{
		"polygon":             `{"type":"Polygon","coordinates":` + square + `}`,
		"multipolygon":        `{"type":"MultiPolygon","coordinates":[` + square + `]}`,
		"feature":             feature,
		"collection":          `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:4490"}},"features":[` + feature + `]}`,
		"with byte order":     "\xef\xbb\xbf" + feature,
		"with heights":        `{"type":"Polygon","coordinates":[[[119,28,5],[119.1,28,5],[119.1,28.1,5],[119,28.1,5],[119,28,5]]]}`,
		"brackets in a title": `{"type":"Polygon","title":"` + strings.Repeat("[", 99) + `\"","coordinates":` + square + `}`,
	} {
		c, err := ReadGeoJSON([]byte(text))
		if err != nil || len(c.Features) != 1 || c.Features[0].Err != nil {
			t.Errorf("%s: %+v, %v", name, c, err)
			continue
		}
		f := c.Features[0]
		if got := Area(f.Shape); got < 1e8 || got > 1.1e8+1e7 {
			t.Errorf("%s: area %.0f", name, got)
		}
		if len(f.Given) == 0 || f.Properties == nil {
			t.Errorf("%s: what was given is lost", name)
		}
		if name == "collection" && (c.CRS != "EPSG:4490" || f.ID != "331125" || f.Properties["name"] != "x") {
			t.Errorf("collection: %+v", c)
		}
	}
}

// A text that cannot be read is refused with the reason.
func TestReadGeoJSONRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, code string }{
		"nothing":       {"", "geo.not_json"},
		"cut off":       {`{"type":"Polygon","coordinates":[[[119,28`, "geo.not_json"},
		"two":           {`{"type":"Polygon"}{}`, "geo.not_json"},
		"a list":        {`[]`, "geo.not_json"},
		"something":     {`{"type":"Topology"}`, "geo.not_geojson"},
		"a deep tower":  {`{"type":"Polygon","coordinates":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`, "geo.nested_too_deep"},
		"fifty million": {strings.Repeat(" ", 50<<20), "geo.too_large"},
	} {
		if _, err := ReadGeoJSON([]byte(c.text)); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// One bad feature says what is wrong with it and leaves its neighbours readable.
func TestBadFeatureStandsAlone(t *testing.T) {
	good := `{"type":"Feature","properties":null,"geometry":{"type":"Polygon","coordinates":` + square + `}}`
	for name, c := range map[string]struct{ feature, code string }{
		"a point":          {`{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}}`, "geo.not_a_polygon"},
		"no geometry":      {`{"type":"Feature","geometry":null}`, "geo.not_a_polygon"},
		"words":            {`{"type":"Feature","geometry":{"type":"Polygon","coordinates":[["a"]]}}`, "geo.bad_coordinates"},
		"half a point":     {`{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[119]]]}}`, "geo.bad_coordinates"},
		"null for numbers": {`{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[119,null]]]}}`, "geo.bad_coordinates"},
		"a bare number":    {`7`, "geo.not_geojson"},
		"another type":     {`{"type":"Polygon"}`, "geo.not_geojson"},
	} {
		got, err := ReadGeoJSON([]byte(`{"type":"FeatureCollection","features":[` + c.feature + `,` + good + `]}`))
		if err != nil || len(got.Features) != 2 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if fault.CodeOf(got.Features[0].Err) != c.code || got.Features[1].Err != nil || got.Features[1].Number != 2 {
			t.Errorf("%s: %v, %v", name, got.Features[0].Err, got.Features[1].Err)
		}
	}
}

// Whatever text arrives, reading does not panic, and what is sound can be written and read
// back to the same text.
func FuzzReadGeoJSON(f *testing.F) {
	f.Add([]byte(`{"type":"Polygon","coordinates":` + square + `}`))
	f.Add([]byte(`{"type":"FeatureCollection","features":[{"type":"Feature","id":1,"properties":{},"geometry":{"type":"MultiPolygon","coordinates":[` + square + `]}},7]}`))
	f.Add([]byte(`{"type":"Polygon","coordinates":[[[0,0],[2,2],[2,0],[0,2],[0,0]]]}`))
	f.Add([]byte(`{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[2,1],[2,2],[1,2],[1,1],[0,1],[0,0]]]}`))
	f.Add([]byte(`{"type":"Polygon","coordinates":[[[1e308,0],[1,0],[1,1],[1e-300,0]]]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ReadGeoJSON(text)
		if err != nil {
			return
		}
		for _, feature := range c.Features {
			m, _, err := Sound(feature.Shape)
			if err != nil {
				continue
			}
			if Area(m) < 0 {
				t.Fatalf("area %g", Area(m))
			}
			NewIndex([]Item{{ID: "a", Shape: m}}).Find(m[0][0][0])
			once := WriteShape(m)
			again, err := ReadShape(once)
			if err != nil || WriteShape(again) != once {
				t.Fatalf("%s read back as %v, %v", once, again, err)
			}
		}
	})
}
