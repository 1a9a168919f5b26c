package territory

import (
	"bytes"
	"context"

	"gezhi/internal/fault"
	"gezhi/internal/geo"
)

// ImportGrids reads grids and micro-grids: GeoJSON whose features have the properties code,
// name, parent and perhaps kind, or a CSV or XLSX with such columns and no boundaries. The parent
// of a grid is a village's division code, that of a micro-grid a grid's code. With EndMissing,
// each parent named in the file has exactly the grids that the file lists.
func (s *Service) ImportGrids(ctx context.Context, data []byte, how Drawing, imp Import) (Report, error) {
	var drafts []Draft
	var so Report
	var err error
	if looksLikeJSON(data) {
		drafts, so, err = gridFeatures(data, how, imp)
	} else {
		drafts, so, err = gridRows(data)
	}
	if err != nil {
		return Report{}, err
	}
	t, err := s.At(ctx, imp.From)
	if err != nil {
		return Report{}, err
	}
	inFile := map[string]bool{}
	for _, d := range drafts {
		inFile[d.Code] = true
	}
	for i := range drafts {
		d := &drafts[i]
		d.Scheme, d.Nature, d.Level, d.ParentScheme = SchemeGrid, imp.Nature, Grid, SchemeDivision
		if _, stands := t.ByCode(SchemeGrid, d.Parent); stands || inFile[d.Parent] {
			d.Level, d.ParentScheme = MicroGrid, SchemeGrid
		}
		if d.Kind == "" && d.Level == Grid {
			d.Kind = KindComprehensive
		}
		if d.Parent == "" {
			so.Bad = append(so.Bad, fault.Place{Line: d.Line, Path: "parent", Code: "territory.no_parent"})
		}
	}
	return s.plant(ctx, drafts, imp, so, fileHash(data))
}

func looksLikeJSON(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))), []byte("{"))
}

func gridRows(data []byte) ([]Draft, Report, error) {
	rows, bad, err := readTable(data, "code", "name", "parent")
	if err != nil {
		return nil, Report{}, err
	}
	drafts := make([]Draft, len(rows))
	for i, r := range rows {
		drafts[i] = Draft{Line: r.line, Code: r.cells["code"], Name: r.cells["name"], Parent: r.cells["parent"], Kind: r.cells["kind"]}
	}
	return drafts, Report{Bad: bad}, nil
}

func gridFeatures(data []byte, how Drawing, imp Import) ([]Draft, Report, error) {
	var so Report
	features, crs, err := readFeatures(data, how)
	if err != nil {
		return nil, so, err
	}
	var drafts []Draft
	for i, f := range features {
		if i%everySo == 0 {
			if err := imp.report(StageRead, i, len(features)); err != nil {
				return nil, so, err
			}
		}
		named := geo.Feature{Properties: map[string]any{}}
		for name, v := range f.Properties {
			if known := columnNames[name]; known != "" {
				named.Properties[known] = v
			}
		}
		d := Draft{Line: f.Number, Code: featureCode(f, how.Code), Name: propertyText(named, "name"),
			Parent: propertyText(named, "parent"), Kind: propertyText(named, "kind")}
		if c := propertyText(named, "code"); d.Code == "" {
			d.Code = c
		}
		if d.Boundary = boundaryOf(f, crs, how.Mend, &so); d.Boundary != nil {
			drafts = append(drafts, d)
		}
	}
	return drafts, so, nil
}
