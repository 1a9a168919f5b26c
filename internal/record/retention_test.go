package record

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/id"
	"gezhi/internal/pack"
)

// What a register says of people is erased when its time after the record's last day is over,
// with its key; while the record stands it stays, and the log says what was erased.
func TestWhatARecordSaysOfPeopleIsErasedInItsTime(t *testing.T) {
	eachCounty(t, func(t *testing.T, c county) {
		ctx := t.Context()
		c.take(t, "household", "number,area,phone\n7,339901001001,13800000007\n8,339901001001,13800000008\n")
		c.take(t, "household", "number,area,phone\n8,339901001001,13800000009\n") // a second revision
		imp := c.of("household")
		imp.From, imp.EndMissing = "2026-05-01", true
		_, err := c.Import(ctx, []byte("number,area,phone\n7,339901001001,13800000007\n"), imp)
		if err != nil {
			t.Fatal(err)
		}
		key, err := audit.OpenKey(filepath.Join(t.TempDir(), "log.key"))
		if err != nil {
			t.Fatal(err)
		}
		log := &audit.Log{DB: c.d, Now: c.hand.Now, Key: key, Holder: id.New()}
		erased := func(dry bool) (names []string) {
			t.Helper()
			r, err := c.Retain(ctx, c.j, dry, func(x Retired) error {
				for i, n := range x.Names {
					names = append(names, x.Record.Key[0]+" "+n+" "+x.Rules[i]+" "+x.Until[i].In(clock.CST).Format(time.DateOnly))
				}
				return nil
			})
			if err != nil || r.Erased != len(names) {
				t.Fatalf("%+v %v", r, err)
			}
			return names
		}
		c.hand.Set(time.Date(2027, 4, 30, 12, 0, 0, 0, clock.CST))
		if got := erased(false); len(got) > 0 {
			t.Fatalf("before a year is over: %v", got)
		}
		c.hand.Set(time.Date(2027, 5, 1, 1, 0, 0, 0, clock.CST))
		want := []string{"8 phone 1 year after closed 2027-05-01"}
		if got := erased(true); !slices.Equal(got, want) {
			t.Fatalf("a dry run tells %v", got)
		}
		if n := c.count(t, "erasure"); n != 0 {
			t.Fatalf("a dry run erases: %d", n)
		}
		if got := erased(false); !slices.Equal(got, want) {
			t.Fatalf("after a year: %v", got)
		}
		if got := erased(false); len(got) > 0 {
			t.Errorf("twice: %v", got)
		}
		var rounds, values int64
		if err := c.d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			return tx.Row(ctx, `SELECT count(*), sum(erased) FROM retention_run WHERE kind = 'record'`, nil, &rounds, &values)
		}); err != nil || rounds != 2 || values != 1 {
			t.Errorf("%d rounds with something to look at, %d values: %v", rounds, values, err)
		}
		if s, ok := c.on(t, "household", "8", "2026-03-05"); !ok || s.Personal["phone"] != nil {
			t.Errorf("left: %v", s.Revision)
		}
		if s, ok := c.on(t, "household", "7", "2027-05-01"); !ok || s.Personal["phone"] != "13800000007" {
			t.Errorf("of one that stands: %v", s.Revision)
		}
		var keys int64
		if err := c.d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			return tx.Row(ctx, `SELECT count(*) FROM data_key WHERE subject LIKE 'record/%' AND wrapped <> ''`, nil, &keys)
		}); err != nil || keys != 1 {
			t.Errorf("%d keys are left: %v", keys, err)
		}
		if _, err := log.Round(ctx); err != nil {
			t.Fatal(err)
		}
		proof, err := (&audit.Verifier{DB: c.d, Public: key.Public}).Run(ctx)
		if err != nil || !proof.OK || proof.Erasures != 1 {
			t.Errorf("the log after it: %+v %v", proof, err)
		}
	})
}

// How long a county keeps what a register says of people comes before what the field and the
// pack say: its word on the field before its word on all that is personal.
func TestTheCountysWordOnKeepingReachesItsRegisters(t *testing.T) {
	eachCounty(t, func(t *testing.T, c county) {
		ctx := t.Context()
		c.take(t, "household", "number,area,phone\n7,339901001001,13800000007\n8,339901001001,13800000008\n")
		imp := c.of("household")
		imp.From, imp.EndMissing = "2026-05-01", true
		if _, err := c.Import(ctx, []byte("number,area,phone\n7,339901001001,13800000007\n"), imp); err != nil {
			t.Fatal(err)
		}
		c.hand.Set(time.Date(2026, 6, 15, 12, 0, 0, 0, clock.CST))
		for _, x := range []struct{ keep, want string }{
			{"{ case: 1 day }", ""}, {"{ personal: erase 60 days after closed }", ""}, {"{ personal: erase 1 day after closed, phone: erase 60 days after closed }", ""},
			{"{ personal: erase 60 days after closed, phone: erase 30 days after closed }", "phone erase 30 days after closed 2026-05-31"}, {"{ personal: erase 7 days after closed }", "phone erase 7 days after closed 2026-05-08"},
		} {
			o, report := pack.LoadOverlay("overlay.yaml", []byte("overlay: registers\nkeep: "+x.keep+"\n"), c.pack)
			if o == nil {
				t.Fatal(report.Text("en"))
			}
			*c.overlay = o
			got := ""
			if _, err := c.Retain(ctx, c.j, true, func(x Retired) error {
				got = x.Names[0] + " " + x.Rules[0] + " " + x.Until[0].In(clock.CST).Format(time.DateOnly)
				return nil
			}); err != nil || got != x.want {
				t.Errorf("%s: %q %v, want %q", x.keep, got, err, x.want)
			}
		}
	})
}
