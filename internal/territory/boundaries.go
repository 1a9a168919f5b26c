package territory

import (
	"context"
	"strconv"
	"strings"

	"gezhi/internal/fault"
	"gezhi/internal/geo"
)

// Drawing says how the coordinates of a file of boundaries are to be read.
type Drawing struct {
	// CRS is the coordinate system, as geo.ParseCRS reads it. It must be declared, for a wrong
	// guess moves everything by half a kilometre.
	CRS string
	// Mend lets small self-crossings of boundaries drawn on a coarse raster be resolved.
	Mend bool
	// Code names the property that holds an area's code; "" tries code, adcode and the id.
	Code string
}

// ImportBoundaries reads GeoJSON polygons, each with the code of an area that stands, converts
// them to WGS-84 and makes them those areas' boundaries from imp.From. What was given is kept.
// The same boundary again changes nothing; another one is a new version.
func (s *Service) ImportBoundaries(ctx context.Context, data []byte, how Drawing, imp Import) (Report, error) {
	features, crs, err := readFeatures(data, how)
	if err != nil {
		return Report{}, err
	}
	t, err := s.At(ctx, imp.From)
	if err != nil {
		return Report{}, err
	}
	so := Report{}
	var drafts []Draft
	for i, f := range features {
		if i%everySo == 0 {
			if err := imp.report(StageRead, i, len(features)); err != nil {
				return Report{}, err
			}
		}
		c := featureCode(f, how.Code)
		a, ok := t.ByCode(SchemeDivision, c)
		scheme := SchemeDivision
		if !ok {
			a, ok = t.ByCode(SchemeGrid, c)
			scheme = SchemeGrid
		}
		if !ok {
			so.Bad = append(so.Bad, fault.Place{Line: f.Number, Path: "code", Code: "territory.unknown_area"})
			continue
		}
		d := Draft{Line: f.Number, Scheme: scheme, Code: c, Level: a.Level, Kind: a.Kind, Name: a.Name, Sort: a.Sort, Nature: a.Nature}
		if above, ok := t.Above(a.ID); ok {
			d.ParentScheme, d.Parent = anyCode(above)
		}
		if d.Boundary = boundaryOf(f, crs, how.Mend, &so); d.Boundary != nil {
			drafts = append(drafts, d)
		}
	}
	imp.EndMissing = false
	return s.plant(ctx, drafts, imp, so, fileHash(data))
}

// readFeatures reads a GeoJSON file whose coordinate system is declared.
func readFeatures(data []byte, how Drawing) ([]geo.Feature, geo.CRS, error) {
	crs, err := geo.ParseCRS(how.CRS)
	if err != nil {
		return nil, "", err
	}
	c, err := geo.ReadGeoJSON(data)
	if err != nil {
		return nil, "", err
	}
	if c.CRS != "" {
		if own, err := geo.ParseCRS(c.CRS); err != nil || own != crs {
			return nil, "", fault.New(fault.Invalid, "territory.crs_differs")
		}
	}
	if len(c.Features) == 0 {
		return nil, "", fault.New(fault.Invalid, "territory.no_rows")
	}
	return c.Features, crs, nil
}

// boundaryOf checks and converts a feature's shape. What is wrong, or was put right, goes into so.
func boundaryOf(f geo.Feature, crs geo.CRS, mend bool, so *Report) *Boundary {
	if f.Err != nil {
		so.Bad = append(so.Bad, placeOf(f.Number, "geometry", f.Err))
		return nil
	}
	shape, repairs, err := geo.Sound(f.Shape)
	if err != nil && mend {
		var changed float64
		if shape, changed, err = geo.Mend(f.Shape); err == nil {
			so.Notes = append(so.Notes, fault.Place{Line: f.Number, Path: "geometry", Code: "territory.mended",
				Args: map[string]any{"square_m": int(changed), "parts": len(shape)}})
		}
	}
	if err != nil {
		so.Bad = append(so.Bad, placeOf(f.Number, "geometry", err))
		return nil
	}
	if repairs.Any() {
		so.Notes = append(so.Notes, fault.Place{Line: f.Number, Path: "geometry", Code: "territory.tidied",
			Args: map[string]any{"repeated": repairs.RepeatedPoints, "spikes": repairs.Spikes, "touches": repairs.Touches}})
	}
	return &Boundary{CRS: crs, Given: string(f.Given), Shape: crs.ShapeToWGS84(shape)}
}

func featureCode(f geo.Feature, property string) string {
	names := []string{property}
	if property == "" {
		names = []string{"code", "adcode"}
	}
	for _, n := range names {
		if c := propertyText(f, n); c != "" {
			return c
		}
	}
	if property == "" {
		return f.ID
	}
	return ""
}

func propertyText(f geo.Feature, name string) string {
	switch v := f.Properties[name].(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return ""
	}
}

// anyCode returns one code of an area, the same each time.
func anyCode(a *Area) (scheme, c string) {
	for _, scheme := range sortedKeys(a.Codes) {
		return scheme, a.Codes[scheme]
	}
	return "", ""
}
