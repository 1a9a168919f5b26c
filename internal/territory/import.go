package territory

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/geo"
)

// Import says whose territory a file describes and from when.
type Import struct {
	Jurisdiction string
	// Owners names other jurisdictions by the code of the area that they own; what lies below
	// follows. A city's file may so serve several counties.
	Owners map[string]string
	From   time.Time // the date from which it holds, at 00:00 local time
	Nature string    // Real or Sample
	By     string    // person id, for the audit
	DryRun bool      // check and count, change nothing
	// EndMissing ends what the file's parents had and the file no longer lists.
	EndMissing bool
	// Progress hears how far a large import has come. Its error gives the import up before the
	// commit, so that nothing is changed. It may hear the same twice. nil hears nothing.
	Progress func(stage string, done, total int) error
}

// The stages of an import, as Progress hears of them.
const (
	StageRead  = "read"  // shapes of the file read and checked
	StageWrite = "write" // rows written, not yet committed
)

// everySo is how many rows pass before Progress hears of them.
const everySo = 500

// report tells Progress, if anybody listens.
func (imp Import) report(stage string, done, total int) error {
	if imp.Progress == nil {
		return nil
	}
	return imp.Progress(stage, done, total)
}

// mostBad is how many bad rows a report lists; BadRows counts all.
const mostBad = 1000

// Report is what an import did, or in a dry run would do.
type Report struct {
	DryRun    bool          `json:"dry_run"`
	Rows      int           `json:"rows"`
	Begun     int           `json:"begun"`
	Changed   int           `json:"changed"`
	Redrawn   int           `json:"redrawn"` // boundaries of areas that stood already
	Ended     int           `json:"ended"`
	Unchanged int           `json:"unchanged"`
	BadRows   int           `json:"bad_rows"`
	Bad       []fault.Place `json:"bad,omitempty"`   // the first 1,000, by line
	Notes     []fault.Place `json:"notes,omitempty"` // what was put right or deserves a look
}

// Summary is the report in one line: code territory.report with its counts.
func (r Report) Summary() fault.Place {
	return fault.Place{Code: "territory.report", Args: map[string]any{"rows": r.Rows, "begun": r.Begun, "changed": r.Changed,
		"redrawn": r.Redrawn, "ended": r.Ended, "unchanged": r.Unchanged, "bad": r.BadRows}}
}

// Refused turns a report with bad rows into the fault territory.bad_rows; a dry run never is.
func (r *Report) Refused() error {
	slices.SortStableFunc(r.Bad, func(a, b fault.Place) int { return cmp.Compare(a.Line, b.Line) })
	r.BadRows = len(r.Bad)
	r.Bad = r.Bad[:min(len(r.Bad), mostBad)]
	if r.BadRows == 0 || r.DryRun {
		return nil
	}
	f := fault.New(fault.Invalid, "territory.bad_rows", "rows", r.BadRows)
	f.At = r.Bad
	return f
}

// Plant makes drafts stand: it begins what is new, changes what differs, leaves what is the
// same, and ends what is missing if asked. One bad draft refuses all: territory.bad_rows.
func (s *Service) Plant(ctx context.Context, drafts []Draft, imp Import) (Report, error) {
	return s.plant(ctx, drafts, imp, Report{}, "")
}

// plant is Plant for a file: so carries what reading it found, hash names it in the audit.
func (s *Service) plant(ctx context.Context, drafts []Draft, imp Import, so Report, hash string) (Report, error) {
	var rep Report
	err := s.change(ctx, imp.Jurisdiction, imp.By, "areas.imported", imp.From, func(ctx context.Context, tx *db.Tx, w *written) (any, error) {
		rep = so
		rep.DryRun, rep.Rows = imp.DryRun, len(drafts)+len(so.Bad)
		rep.Bad = slices.Clone(so.Bad)
		t, err := loadTree(ctx, tx, imp.From, false)
		if err != nil {
			return nil, err
		}
		p := &planner{tree: t, imp: imp, drafts: drafts}
		if p.later, err = codesAfter(ctx, tx, imp.From); err != nil {
			return nil, err
		}
		p.check()
		rep.Bad = append(rep.Bad, p.bad...)
		if err := rep.Refused(); err != nil || rep.BadRows > 0 {
			return nil, err
		}
		todo := p.plan(s.NewID)
		rep.Begun, rep.Changed, rep.Ended, rep.Unchanged = len(todo.begin), len(todo.change), len(todo.end), todo.same
		if imp.DryRun {
			rep.Redrawn = len(todo.redraw)
			return nil, nil
		}
		if err := s.carryOut(ctx, tx, todo, imp, &rep); err != nil || rep.Begun+rep.Changed+rep.Ended+rep.Redrawn == 0 {
			return nil, err
		}
		todo.tell(w)
		return importLeaf(rep, hash), nil
	})
	return rep, err
}

// importLeaf is what the audit keeps of an import besides its rows.
func importLeaf(rep Report, hash string) any {
	return map[string]any{"file": hash, "begun": rep.Begun, "changed": rep.Changed, "ended": rep.Ended, "redrawn": rep.Redrawn}
}

// tell names every area that the plan touches.
func (p plan) tell(w *written) {
	for _, a := range slices.Concat(p.begin, p.change, p.moved, p.end) {
		w.area(a.ID)
	}
	for _, id := range sortedKeys(p.redraw) {
		w.area(id)
	}
}

func (s *Service) carryOut(ctx context.Context, tx *db.Tx, todo plan, imp Import, rep *Report) error {
	if err := endAreas(ctx, tx, todo.end, imp.From); err != nil {
		return err
	}
	for _, a := range slices.Concat(todo.change, todo.moved) {
		if err := storeArea(ctx, tx, a); err != nil {
			return err
		}
	}
	if err := s.begin(ctx, tx, todo.begin, todo.boundaries, imp); err != nil {
		return err
	}
	for _, id := range sortedKeys(todo.redraw) {
		a := &Area{ID: id}
		if err := tx.Row(ctx, selectOneArea, []any{id}, &a.Jurisdiction); err != nil {
			return err
		}
		drawn, err := storeBoundary(ctx, tx, s.NewID(), a, todo.redraw[id], imp.From)
		if err != nil {
			return err
		}
		if drawn {
			rep.Redrawn++
		} else {
			rep.Unchanged++
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// begin writes new areas with their codes and boundaries.
func (s *Service) begin(ctx context.Context, tx *db.Tx, areas []*Area, boundaries map[string]*Boundary, imp Import) error {
	var rows, codes, drawn []any
	for _, a := range areas {
		rows = areaArgs(rows, a)
		for scheme, c := range a.Codes {
			codes = append(codes, a.Jurisdiction, scheme, c, a.From, int64(0), a.ID)
		}
		if o := boundaries[a.ID]; o != nil {
			drawn = boundaryArgs(drawn, s.NewID(), a, o, geo.WriteShape(o.Shape), 1, a.From)
		}
	}
	done, total := 0, len(rows)/insertAreas.columns+len(codes)/insertCodes.columns+len(drawn)/insertBoundaries.columns
	wrote := func(n int) error {
		before := done
		if done += n; before/everySo == done/everySo && done < total {
			return nil
		}
		return imp.report(StageWrite, done, total)
	}
	for _, step := range []struct {
		into bulk
		args []any
	}{{insertAreas, rows}, {insertCodes, codes}, {insertBoundaries, drawn}} {
		if err := step.into.insertTelling(ctx, tx, step.args, wrote); err != nil {
			return err
		}
	}
	return nil
}

// fileHash names a file in the audit.
func fileHash(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

// Refuse notes what is wrong with a column of a line; "" is the line as a whole.
func (r *Report) Refuse(line int, column string, why error) {
	r.Bad = append(r.Bad, placeOf(line, column, why))
}

// placeOf turns an error about one row into its place in the report.
func placeOf(line int, column string, err error) fault.Place {
	var f *fault.Error
	if !errors.As(err, &f) {
		return fault.Place{Line: line, Path: column, Code: "territory.unreadable"}
	}
	return fault.Place{Line: line, Path: column, Code: f.Code, Args: f.Args}
}
