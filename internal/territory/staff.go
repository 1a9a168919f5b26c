package territory

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// StaffRow is a person's post as a staff list tells it.
type StaffRow struct {
	Line  int
	Name  string
	Login string
	Role  string
	Area  *Area
	Unit  *Unit  // nil where the list names none
	Seat  string // leader, deputy, member or ""
	Phone string
	Mail  string
	From  time.Time
	Until time.Time // zero while it lasts
}

// StaffImport is how a staff list is taken in.
type StaffImport struct {
	Jurisdiction string
	From         time.Time // for rows without a date
	By           string
	DryRun       bool
	// Role reports whether a role exists; packs name roles.
	Role func(role string) bool
	// Level says why no post of a role may stand in areas of a level; nil: any may.
	Level func(role string, level Level) error
	// Give writes people and posts in the import's transaction and returns what is wrong with
	// single rows. It runs in a dry run too, and is then undone.
	Give func(ctx context.Context, tx *db.Tx, rows []StaffRow) (Report, error)
}

var loginShape = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{1,63}$`)

var errDryRun = errors.New("territory: dry run")

// seats are the special places in a unit.
var seats = []string{"", "leader", "deputy", "member"}

// ReadStaff reads a CSV or XLSX with the columns name, login, role and perhaps area (an area's
// code; without one it is the unit's), unit (a unit's code), seat, phone, mail, from and until,
// and checks each row against the tree. A column with passwords refuses the file:
// territory.password_column.
func ReadStaff(data []byte, t *Tree, imp StaffImport) ([]StaffRow, Report, error) {
	rows, bad, err := readTable(data, "name", "login", "role")
	if err != nil {
		return nil, Report{}, err
	}
	for _, r := range rows {
		if _, there := r.cells["password"]; there {
			return nil, Report{}, fault.New(fault.Invalid, "territory.password_column")
		}
	}
	rep := Report{DryRun: imp.DryRun, Rows: len(rows) + len(bad), Bad: bad}
	type post struct{ login, role, area, unit string }
	names, posts := map[string]string{}, map[post]int{}
	out := make([]StaffRow, 0, len(rows))
	for _, r := range rows {
		before := len(rep.Bad)
		refuse := func(column string, why error) { rep.Bad = append(rep.Bad, placeOf(r.line, column, why)) }
		v := readStaffRow(r, t, imp, refuse)
		if other, ok := names[v.Login]; ok && other != v.Name {
			refuse("login", fault.New(fault.Invalid, "territory.login_twice"))
		}
		if v.Area != nil {
			key := post{v.Login, v.Role, v.Area.ID, r.cells["unit"]}
			if first, twice := posts[key]; twice {
				refuse("", fault.New(fault.Invalid, "territory.post_twice", "first", first))
			} else {
				posts[key] = r.line
			}
		}
		if _, ok := names[v.Login]; !ok {
			names[v.Login] = v.Name
		}
		if len(rep.Bad) == before {
			out = append(out, v)
		}
	}
	return out, rep, nil
}

func readStaffRow(r row, t *Tree, imp StaffImport, refuse func(column string, why error)) StaffRow {
	v := StaffRow{Line: r.line, Name: r.cells["name"], Login: r.cells["login"], Role: r.cells["role"], Seat: Word(r.cells["seat"]),
		Phone: r.cells["phone"], Mail: r.cells["mail"], From: imp.From}
	if v.Name == "" {
		refuse("name", fault.New(fault.Invalid, "territory.no_name"))
	} else if utf8.RuneCountInString(v.Name) > longestName {
		refuse("name", fault.New(fault.Invalid, "territory.name_too_long", "most", longestName))
	}
	if !loginShape.MatchString(v.Login) {
		refuse("login", fault.New(fault.Invalid, "territory.bad_login"))
	}
	if imp.Role != nil && !imp.Role(v.Role) {
		refuse("role", fault.New(fault.Invalid, "territory.unknown_role"))
	}
	if c := r.cells["unit"]; c != "" {
		if u, ok := t.UnitByCode(imp.Jurisdiction, c); ok {
			v.Unit = u
		} else {
			refuse("unit", fault.New(fault.Invalid, "territory.unknown_unit"))
		}
	}
	readStaffArea(&v, r, t, imp, refuse)
	if !slices.Contains(seats, v.Seat) || v.Seat != "" && v.Unit == nil {
		refuse("seat", fault.New(fault.Invalid, "territory.bad_seat"))
	}
	from, ok := parseDate(r.cells["from"])
	if !ok {
		refuse("from", fault.New(fault.Invalid, "territory.bad_date"))
	} else if !from.IsZero() {
		v.From = from
	}
	if v.Until, ok = parseDate(r.cells["until"]); !ok {
		refuse("until", fault.New(fault.Invalid, "territory.bad_date"))
	} else if !v.Until.IsZero() && !v.Until.After(v.From) {
		refuse("until", fault.New(fault.Invalid, "territory.ends_before_it_begins"))
	}
	if lasts := v.Until.IsZero() || v.Until.After(imp.From); lasts && v.Area != nil && imp.Level != nil { // a post given wrongly may be ended
		if err := imp.Level(v.Role, v.Area.Level); err != nil {
			refuse("area", err)
		}
	}
	return v
}

// readStaffArea finds the area of a post: as the row says, else where its unit is responsible.
func readStaffArea(v *StaffRow, r row, t *Tree, imp StaffImport, refuse func(column string, why error)) {
	c := r.cells["area"]
	if c == "" && v.Unit != nil {
		v.Area, _ = t.Area(v.Unit.Area)
	} else {
		v.Area = t.AreaByCode(c)
	}
	switch {
	case v.Area == nil:
		refuse("area", t.UnknownArea(c, imp.Jurisdiction))
	case v.Area.Jurisdiction != imp.Jurisdiction:
		refuse("area", fault.New(fault.Invalid, "territory.not_yours"))
	}
}

// AreaByCode finds an area by its code in any scheme that imports write; nil for none.
func (t *Tree) AreaByCode(c string) *Area {
	for _, scheme := range []string{SchemeGrid, SchemeDivision} {
		if a, ok := t.ByCode(scheme, c); ok {
			return a
		}
	}
	return nil
}

// ImportStaff reads a staff list and hands its rows to imp.Give. One bad row refuses the list:
// territory.bad_rows. A dry run reports and leaves nothing behind.
func (s *Service) ImportStaff(ctx context.Context, data []byte, imp StaffImport) (Report, error) {
	t, err := s.At(ctx, imp.From)
	if err != nil {
		return Report{}, err
	}
	rows, rep, err := ReadStaff(data, t, imp)
	if err != nil {
		return Report{}, err
	}
	read := rep
	err = s.DB.Write(ctx, db.Keys{"territory/" + imp.Jurisdiction}, func(ctx context.Context, tx *db.Tx) error {
		given, err := imp.Give(ctx, tx, rows)
		if err != nil {
			return err
		}
		rep = given
		rep.DryRun, rep.Rows = imp.DryRun, read.Rows
		rep.Bad = append(append([]fault.Place(nil), read.Bad...), given.Bad...)
		if err := rep.Refused(); err != nil {
			return err
		}
		if imp.DryRun {
			return errDryRun
		}
		return nil
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return rep, err
}
