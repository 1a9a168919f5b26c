package territory

import (
	"context"
	"slices"
	"unicode/utf8"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// ImportUnits reads a CSV or XLSX with the columns code and name, and perhaps kind, parent (a
// unit's code) and area (an area's code), and makes its units stand. One bad row refuses the
// file: territory.bad_rows.
func (s *Service) ImportUnits(ctx context.Context, data []byte, imp Import) (Report, error) {
	rows, bad, err := readTable(data, "code", "name")
	if err != nil {
		return Report{}, err
	}
	t, err := s.At(ctx, imp.From)
	if err != nil {
		return Report{}, err
	}
	drafts := make([]UnitDraft, len(rows))
	for i, r := range rows {
		scheme := SchemeDivision
		if _, ok := t.ByCode(SchemeGrid, r.cells["area"]); ok {
			scheme = SchemeGrid
		}
		drafts[i] = UnitDraft{Line: r.line, Code: r.cells["code"], Name: r.cells["name"], Kind: r.cells["kind"], Parent: r.cells["parent"],
			AreaScheme: scheme, Area: r.cells["area"], Nature: imp.Nature}
	}
	return s.plantUnits(ctx, drafts, imp, Report{Bad: bad})
}

// PlantUnits makes units stand: it begins new ones, changes what differs, and with EndMissing
// ends the jurisdiction's units that are not named. One bad draft refuses all.
func (s *Service) PlantUnits(ctx context.Context, drafts []UnitDraft, imp Import) (Report, error) {
	return s.plantUnits(ctx, drafts, imp, Report{})
}

// plantUnits is PlantUnits for a file: so carries what reading it found.
func (s *Service) plantUnits(ctx context.Context, drafts []UnitDraft, imp Import, so Report) (Report, error) {
	var rep Report
	err := s.change(ctx, imp.Jurisdiction, imp.By, "units.imported", imp.From, func(ctx context.Context, tx *db.Tx, w *written) (any, error) {
		rep = Report{DryRun: imp.DryRun, Rows: len(drafts) + len(so.Bad)}
		t, err := loadTree(ctx, tx, imp.From, false)
		if err != nil {
			return nil, err
		}
		rep.Bad = append(slices.Clone(so.Bad), checkUnits(t, drafts, imp)...)
		if err := rep.Refused(); err != nil || rep.BadRows > 0 {
			return nil, err
		}
		begin, change, end := planUnits(t, drafts, imp, s.NewID)
		rep.Begun, rep.Changed, rep.Ended = len(begin), len(change), len(end)
		rep.Unchanged = len(drafts) - rep.Begun - rep.Changed
		if imp.DryRun || rep.Begun+rep.Changed+rep.Ended == 0 {
			return nil, nil
		}
		for _, u := range slices.Concat(begin, change, end) {
			w.add(audit.Units, u.ID)
		}
		return map[string]int{"begun": rep.Begun, "changed": rep.Changed, "ended": rep.Ended}, storeUnits(ctx, tx, begin, change, end, imp)
	})
	return rep, err
}

func checkUnits(t *Tree, drafts []UnitDraft, imp Import) (bad []fault.Place) {
	refuse := func(d UnitDraft, column string, why error) {
		bad = append(bad, placeOf(d.Line, column, why))
	}
	inFile := map[string]bool{}
	for _, d := range drafts {
		switch {
		case !codeShape.MatchString(d.Code):
			refuse(d, "code", fault.New(fault.Invalid, "territory.bad_code"))
		case inFile[d.Code]:
			refuse(d, "code", fault.New(fault.Invalid, "territory.duplicate_code"))
		case d.Name == "":
			refuse(d, "name", fault.New(fault.Invalid, "territory.no_name"))
		case utf8.RuneCountInString(d.Name) > longestName:
			refuse(d, "name", fault.New(fault.Invalid, "territory.name_too_long", "most", longestName))
		}
		inFile[d.Code] = true
	}
	above := map[string]string{}
	for _, d := range drafts {
		above[d.Code] = d.Parent
	}
	for _, d := range drafts {
		if _, ok := t.UnitByCode(imp.Jurisdiction, d.Parent); !ok && d.Parent != "" && !inFile[d.Parent] {
			refuse(d, "parent", fault.New(fault.Invalid, "territory.unknown_unit"))
		}
		up := d.Parent
		for n := 0; up != "" && n <= len(drafts); n++ {
			if up == d.Code {
				refuse(d, "parent", fault.New(fault.Invalid, "territory.circle"))
				break
			}
			up = above[up]
		}
		a, ok := t.ByCode(d.AreaScheme, d.Area)
		switch {
		case !ok && d.Area != "":
			refuse(d, "area", t.UnknownArea(d.Area, imp.Jurisdiction))
		case ok && a.Jurisdiction != imp.Jurisdiction:
			refuse(d, "area", fault.New(fault.Invalid, "territory.not_yours"))
		}
	}
	return bad
}

func planUnits(t *Tree, drafts []UnitDraft, imp Import, newID func() string) (begin, change, end []*Unit) {
	ids := map[string]string{}
	for _, d := range drafts {
		if u, ok := t.UnitByCode(imp.Jurisdiction, d.Code); ok {
			ids[d.Code] = u.ID
		} else {
			ids[d.Code] = newID()
		}
	}
	for _, d := range drafts {
		u := &Unit{ID: ids[d.Code], Jurisdiction: imp.Jurisdiction, Code: d.Code, Name: d.Name, Kind: d.Kind, Nature: d.Nature, From: imp.From}
		if u.Parent = ids[d.Parent]; u.Parent == "" && d.Parent != "" {
			p, _ := t.UnitByCode(imp.Jurisdiction, d.Parent)
			u.Parent = p.ID
		}
		if a, ok := t.ByCode(d.AreaScheme, d.Area); ok {
			u.Area = a.ID
		}
		before, stands := t.Unit(u.ID)
		switch {
		case !stands:
			begin = append(begin, u)
		case before.Name != u.Name || before.Kind != u.Kind || before.Parent != u.Parent || before.Area != u.Area:
			change = append(change, u)
		}
	}
	if imp.EndMissing {
		for _, u := range t.Units(imp.Jurisdiction) {
			if !slices.ContainsFunc(drafts, func(d UnitDraft) bool { return d.Code == u.Code }) {
				end = append(end, u)
			}
		}
	}
	return begin, change, end
}

func storeUnits(ctx context.Context, tx *db.Tx, begin, change, end []*Unit, imp Import) error {
	var rows []any
	for _, u := range begin {
		rows = append(rows, u.ID, u.Jurisdiction, u.Code, u.Name, u.Kind, u.Parent, u.Area, u.Nature, u.From, int64(0))
	}
	if err := insertUnits.insert(ctx, tx, rows); err != nil {
		return err
	}
	for _, u := range change {
		if err := tx.Queue(ctx, updateUnit, u.ID, u.Name, u.Kind, u.Parent, u.Area); err != nil {
			return err
		}
	}
	for _, u := range end {
		if err := tx.Queue(ctx, endUnit, u.ID, imp.From); err != nil {
			return err
		}
	}
	return nil
}
