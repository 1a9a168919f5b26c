package territory

import (
	"context"
	"strconv"

	"gezhi/internal/fault"
)

// ImportDivisions reads a CSV or XLSX of divisions with the columns code, name, parent and
// level (1 province to 5 village) and makes them stand. Running it again updates names and
// parents; with EndMissing, what lay below a division of the file and is no longer listed ends.
func (s *Service) ImportDivisions(ctx context.Context, data []byte, imp Import) (Report, error) {
	rows, bad, err := readTable(data, "code", "name", "parent", "level")
	if err != nil {
		return Report{}, err
	}
	drafts := make([]Draft, 0, len(rows))
	for _, r := range rows {
		level, err := strconv.Atoi(r.cells["level"])
		if err != nil || level > int(Village) {
			bad = append(bad, fault.Place{Line: r.line, Path: "level", Code: "territory.bad_level"})
			continue
		}
		drafts = append(drafts, Draft{Line: r.line, Scheme: SchemeDivision, Code: r.cells["code"], Name: r.cells["name"],
			ParentScheme: SchemeDivision, Parent: r.cells["parent"], Level: Level(level),
			Kind: kindOfVillage(r.cells["code"]), Nature: imp.Nature})
	}
	return s.plant(ctx, drafts, imp, Report{Bad: bad}, fileHash(data))
}

// kindOfVillage reads the last three digits of a 12-digit statistical code: 001 to 199 are
// residents' committees, 200 to 399 villagers' committees (rules of the statistical division
// codes, National Bureau of Statistics, 2009). Other codes say nothing.
func kindOfVillage(code string) string {
	if len(code) != 12 {
		return ""
	}
	switch n, err := strconv.Atoi(code[9:]); {
	case err != nil || n == 0 || n >= 400:
		return ""
	case n < 200:
		return KindCommunity
	default:
		return KindVillage
	}
}
