package territory

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/geo"
)

// chunk is how many rows one insert carries, so that a province is some hundred statements.
const chunk = 64

// bulk is an insert of one row and of chunk rows.
type bulk struct {
	columns   int
	one, many db.Stmt
}

func newBulk(table, columns string) bulk {
	n := strings.Count(columns, ",") + 1
	text := func(rows int) db.Stmt {
		var b strings.Builder
		fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", table, columns)
		for i := range rows * n {
			switch {
			case i == 0:
				b.WriteString("(")
			case i%n == 0:
				b.WriteString("), (")
			default:
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "$%d", i+1)
		}
		return db.SQL(b.String() + ")")
	}
	return bulk{n, text(1), text(chunk)}
}

// insert writes rows laid end to end in args.
func (b bulk) insert(ctx context.Context, tx *db.Tx, args []any) error {
	return b.insertTelling(ctx, tx, args, func(int) error { return nil })
}

// insertTelling is insert that tells wrote, after each statement, how many rows it has written.
func (b bulk) insertTelling(ctx context.Context, tx *db.Tx, args []any, wrote func(rows int) error) error {
	for len(args) > 0 {
		s, n := b.one, b.columns
		if len(args) >= chunk*b.columns {
			s, n = b.many, chunk*b.columns
		}
		if err := tx.Queue(ctx, s, args[:n:n]...); err != nil {
			return err
		}
		args = args[n:]
		if err := wrote(n / b.columns); err != nil {
			return err
		}
	}
	return nil
}

const pathColumns = "province_id, city_id, county_id, township_id, village_id, grid_id, micro_id"

var (
	insertAreas      = newBulk("area", "id, jurisdiction, parent_id, level, kind, name, sort, nature, valid_from, valid_until, "+pathColumns)
	insertCodes      = newBulk("area_code", "jurisdiction, scheme, code, valid_from, valid_until, area_id")
	insertBoundaries = newBulk("boundary", "id, jurisdiction, area_id, version, valid_from, valid_until, crs_given, given, shape, min_lon, min_lat, max_lon, max_lat, square_m")
	insertUnits      = newBulk("unit", "id, jurisdiction, code, name, kind, parent_id, area_id, nature, valid_from, valid_until")
	insertHeirs      = newBulk("area_successor", "area_id, successor_id, jurisdiction, at")

	selectAreas = db.SQL(`SELECT id, jurisdiction, parent_id, level, kind, name, sort, nature, valid_from, valid_until, ` + pathColumns + `
		FROM area WHERE valid_from <= $1 AND (valid_until = 0 OR valid_until > $1)`)
	selectCodes      = db.SQL(`SELECT scheme, code, area_id FROM area_code WHERE valid_from <= $1 AND (valid_until = 0 OR valid_until > $1)`)
	selectBoundaries = db.SQL(`SELECT area_id, shape FROM boundary WHERE valid_from <= $1 AND (valid_until = 0 OR valid_until > $1)`)
	selectUnits      = db.SQL(`SELECT id, jurisdiction, code, name, kind, parent_id, area_id, nature, valid_from, valid_until
		FROM unit WHERE valid_from <= $1 AND (valid_until = 0 OR valid_until > $1)`)
	selectEdition = db.SQL(`SELECT COALESCE(SUM(edition), 0) FROM territory_edition`)
	// The next moment at which anything begins or ends.
	selectNext = db.SQL(`SELECT COALESCE(MIN(at), 0) FROM (
		SELECT MIN(valid_from) AS at FROM area WHERE valid_from > $1 UNION ALL SELECT MIN(valid_until) FROM area WHERE valid_until > $1
		UNION ALL SELECT MIN(valid_from) FROM area_code WHERE valid_from > $1 UNION ALL SELECT MIN(valid_until) FROM area_code WHERE valid_until > $1
		UNION ALL SELECT MIN(valid_from) FROM boundary WHERE valid_from > $1 UNION ALL SELECT MIN(valid_until) FROM boundary WHERE valid_until > $1
		UNION ALL SELECT MIN(valid_from) FROM unit WHERE valid_from > $1 UNION ALL SELECT MIN(valid_until) FROM unit WHERE valid_until > $1) AS change`)

	selectLater = db.SQL(`SELECT scheme, code, area_id FROM area_code WHERE valid_from > $1 AND (valid_until = 0 OR valid_until > valid_from)`)

	bumpEdition = db.SQL(`INSERT INTO territory_edition (jurisdiction, edition) VALUES ($1, 1)
		ON CONFLICT (jurisdiction) DO UPDATE SET edition = territory_edition.edition + 1`)
	updateArea = db.SQL(`UPDATE area SET parent_id = $2, kind = $3, name = $4, sort = $5,
		province_id = $6, city_id = $7, county_id = $8, township_id = $9, village_id = $10, grid_id = $11, micro_id = $12 WHERE id = $1`)
	endArea         = db.SQL(`UPDATE area SET valid_until = $2 WHERE id = $1 AND valid_until = 0`)
	endCodes        = db.SQL(`UPDATE area_code SET valid_until = $2 WHERE area_id = $1 AND valid_until = 0`)
	endBoundary     = db.SQL(`UPDATE boundary SET valid_until = $2 WHERE area_id = $1 AND valid_until = 0`)
	lastVersion     = db.SQL(`SELECT version, crs_given, shape, valid_until FROM boundary WHERE jurisdiction = $1 AND area_id = $2 ORDER BY version DESC LIMIT 1`)
	laterBoundaries = db.SQL(`SELECT count(*) FROM boundary WHERE area_id = $1 AND valid_from > $2 AND valid_until = 0`)
	updateUnit      = db.SQL(`UPDATE unit SET name = $2, kind = $3, parent_id = $4, area_id = $5 WHERE id = $1`)
	endUnit         = db.SQL(`UPDATE unit SET valid_until = $2 WHERE id = $1 AND valid_until = 0`)
	selectHeirs     = db.SQL(`SELECT successor_id FROM area_successor WHERE area_id = $1 ORDER BY successor_id`)
	selectGiven     = db.SQL(`SELECT version, valid_from, valid_until, crs_given, given, shape, square_m FROM boundary WHERE jurisdiction = $1 AND area_id = $2 ORDER BY version`)
	selectOneArea   = db.SQL(`SELECT jurisdiction FROM area WHERE id = $1`)
)

type codeRow struct{ scheme, code, area string }

// loadTree reads everything that stands at a moment. Without boundaries it is for planning.
func loadTree(ctx context.Context, tx *db.Tx, at time.Time, boundaries bool) (*Tree, error) {
	areas, err := db.Collect(ctx, tx, selectAreas, []any{at}, scanArea)
	if err != nil {
		return nil, err
	}
	codes, err := db.Collect(ctx, tx, selectCodes, []any{at}, scanCode)
	if err != nil {
		return nil, err
	}
	shapes := map[string]orb.MultiPolygon{}
	if boundaries {
		if shapes, err = loadShapes(ctx, tx, at); err != nil {
			return nil, err
		}
	}
	units, err := db.Collect(ctx, tx, selectUnits, []any{at}, scanUnit)
	if err != nil {
		return nil, err
	}
	t := newTree(at, areas, codes, shapes, units)
	var next int64
	if err := tx.Row(ctx, selectNext, []any{at}, &next); err != nil {
		return nil, err
	}
	t.from, t.until = at, db.Time(next)
	return t, tx.Row(ctx, selectEdition, nil, &t.edition)
}

// codesAfter returns the codes of areas that begin after a moment.
func codesAfter(ctx context.Context, tx *db.Tx, at time.Time) (map[code]bool, error) {
	rows, err := db.Collect(ctx, tx, selectLater, []any{at}, scanCode)
	later := map[code]bool{}
	for _, r := range rows {
		later[code{r.scheme, r.code}] = true
	}
	return later, err
}

func scanCode(r db.Rows) (c codeRow, err error) { return c, r.Scan(&c.scheme, &c.code, &c.area) }

func scanArea(r db.Rows) (*Area, error) {
	a := &Area{Codes: map[string]string{}}
	var from, until int64
	err := r.Scan(&a.ID, &a.Jurisdiction, &a.Parent, &a.Level, &a.Kind, &a.Name, &a.Sort, &a.Nature, &from, &until,
		&a.Path[1], &a.Path[2], &a.Path[3], &a.Path[4], &a.Path[5], &a.Path[6], &a.Path[7])
	a.From, a.Until = db.Time(from), db.Time(until)
	return a, err
}

func scanUnit(r db.Rows) (*Unit, error) {
	u := &Unit{}
	var from, until int64
	err := r.Scan(&u.ID, &u.Jurisdiction, &u.Code, &u.Name, &u.Kind, &u.Parent, &u.Area, &u.Nature, &from, &until)
	u.From, u.Until = db.Time(from), db.Time(until)
	return u, err
}

func loadShapes(ctx context.Context, tx *db.Tx, at time.Time) (map[string]orb.MultiPolygon, error) {
	shapes := map[string]orb.MultiPolygon{}
	rows, err := tx.Query(ctx, selectBoundaries, at)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, err
		}
		if shapes[id], err = geo.ReadShape(text); err != nil {
			return nil, fault.Wrap(err, fault.Internal, "territory.stored_boundary_unreadable")
		}
	}
	return shapes, rows.Err()
}

func areaArgs(args []any, a *Area) []any {
	args = append(args, a.ID, a.Jurisdiction, a.Parent, int64(a.Level), a.Kind, a.Name, a.Sort, a.Nature, a.From, a.Until)
	return append(args, pathArgs(a)...)
}

func pathArgs(a *Area) []any {
	var args []any
	for _, id := range a.Path[1:] {
		args = append(args, id)
	}
	return args
}

func storeArea(ctx context.Context, tx *db.Tx, a *Area) error {
	return tx.Queue(ctx, updateArea, append([]any{a.ID, a.Parent, a.Kind, a.Name, a.Sort}, pathArgs(a)...)...)
}

// endAreas ends areas with their codes and boundaries.
func endAreas(ctx context.Context, tx *db.Tx, areas []*Area, at time.Time) error {
	for _, a := range areas {
		for _, s := range []db.Stmt{endArea, endCodes, endBoundary} {
			if err := tx.Queue(ctx, s, a.ID, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// storeBoundary writes o as the next version of an area's border and ends the one before. It
// reports false when the border in force is the same.
func storeBoundary(ctx context.Context, tx *db.Tx, id string, a *Area, o *Boundary, at time.Time) (bool, error) {
	var version, until int64
	var crs, before string
	shape := geo.WriteShape(o.Shape)
	err := tx.Row(ctx, lastVersion, []any{a.Jurisdiction, a.ID}, &version, &crs, &before, &until)
	if err != nil && err != db.ErrNoRows {
		return false, err
	}
	if version > 0 && until == 0 {
		if before == shape && crs == string(o.CRS) {
			return false, nil
		}
		if err := tx.Queue(ctx, endBoundary, a.ID, at); err != nil {
			return false, err
		}
	}
	return true, insertBoundaries.insert(ctx, tx, boundaryArgs(nil, id, a, o, shape, version+1, at))
}

func boundaryArgs(args []any, id string, a *Area, o *Boundary, shape string, version int64, at time.Time) []any {
	b := o.Shape.Bound()
	return append(args, id, a.Jurisdiction, a.ID, version, at, int64(0), string(o.CRS), o.Given, shape,
		b.Min[0], b.Min[1], b.Max[0], b.Max[1], geo.Area(o.Shape))
}
