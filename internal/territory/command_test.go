package territory

import (
	"context"
	"io"
	"testing"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
)

// What somebody types becomes an import; what cannot be meant is refused.
func TestParseCommand(t *testing.T) {
	c, err := ParseCommand([]string{"boundaries", "-jurisdiction", "331125", "-crs", "GCJ-02", "-mend", "-dry-run", "-from", "2026-02-01", "x.geojson"}, today, io.Discard)
	if err != nil || c.Kind != "boundaries" || c.File != "x.geojson" || c.How != (Drawing{CRS: "GCJ-02", Mend: true}) ||
		c.Import.Jurisdiction != "331125" || !c.Import.DryRun || !c.Import.From.Equal(day(2, 1)) || c.Import.Nature != Real {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err = ParseCommand([]string{"divisions", "-end-missing", "-sample", "x.csv"}, today, io.Discard); err != nil || !c.Import.EndMissing ||
		!c.Import.From.Equal(day(3, 2)) || c.Import.Nature != Sample {
		t.Errorf("%+v, %v", c, err)
	}
	for _, args := range [][]string{nil, {"weather", "x"}, {"divisions"}, {"divisions", "a", "b"}, {"divisions", "-crs", "WGS-84", "x"}, {"staff", "-end-missing", "x"}} {
		if _, err := ParseCommand(args, today, io.Discard); fault.CodeOf(err) != "territory.bad_command" {
			t.Errorf("%v: %v", args, err)
		}
	}
	if _, err := ParseCommand([]string{"grids", "-from", "tomorrow", "x"}, today, io.Discard); fault.CodeOf(err) != "territory.bad_date" {
		t.Errorf("%v", err)
	}
}

// A command runs the import that it names.
func TestRunCommand(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(d)
		for _, step := range []struct {
			args []string
			data []byte
		}{{[]string{"divisions", "x"}, []byte(small)}, {[]string{"grids", "-crs", "WGS-84", "x"}, gridFile()},
			{[]string{"units", "x"}, []byte("code,name,kind,area\nhall,Hall,office,331125\n")},
			{[]string{"boundaries", "-crs", "CGCS2000", "x"}, collection(feature("331125", "", square(119.5, 28, 0.1)...))}} {
			c, err := ParseCommand(step.args, today, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if rep, err := c.Run(ctx, s, step.data); err != nil || rep.Begun+rep.Redrawn == 0 || rep.Summary().Args["rows"] != rep.Rows {
				t.Errorf("%v: %+v, %v", step.args, rep, err)
			}
		}
		if _, err := (Command{Kind: "staff"}).Run(ctx, s, nil); fault.CodeOf(err) != "territory.bad_command" {
			t.Errorf("%v", err)
		}
	})
}
