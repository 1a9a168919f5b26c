package story

import (
	"context"
	"os"
	"testing"

	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/pack"
)

// A process that dies after a signal did its work and before that was written down loses and
// doubles nothing: sent again, the signal answers the same, be it that it opened a case, was
// attached to one, or was heard by one that waited.
func TestASignalSentAgainAfterACrashIsOne(t *testing.T) {
	load := func(dir string) *pack.Pack {
		p, report := pack.Load(os.DirFS(dir))
		if p == nil {
			t.Fatal(report.Text("en"))
		}
		return p
	}
	core, water := load("../../packs/core"), load("testdata/water")
	packs := Packs{Main: water, Core: core, Others: map[string]*pack.Pack{"core": core}}
	s, problems := Parse("crash.yaml", []byte("story: crash\ngiven: { people: { hai: water_office } }\nwhen: [ { at: 2026-03-02T09:00 } ]\nthen: { count: { water_alert: 1 } }\n"))
	if s == nil {
		t.Fatal(problems)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		w, err := begin(ctx, d, s, packs)
		if err != nil {
			t.Fatal(err)
		}
		defer w.close()
		send := func(id, name string) *casework.Received {
			t.Helper()
			got, err := w.cases.Receive(ctx, casework.Signal{Jurisdiction: jurisdiction, Source: "station", ID: id, Name: name, Pack: "water",
				Values: measured(map[string]any{"station": "S1", "item": "NH3", "value": "2"}), At: w.hand.Now(), AreaID: w.ground.id["grid"]})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.rest(ctx); err != nil {
				t.Fatal(err)
			}
			return got
		}
		moves := func(id string) int {
			t.Helper()
			v, err := w.cases.View(ctx, system, id)
			if err != nil {
				t.Fatal(err)
			}
			return len(v.Moves)
		}
		for _, x := range []struct{ id, name, want string }{{"r1", "above", casework.SignalOpened}, {"r2", "above", casework.SignalAttached}, {"r3", "back", casework.SignalHeard}} {
			first := send(x.id, x.name)
			before := moves(first.CaseID)
			if err := d.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error { // as if the last write had not been
				return tx.Queue(ctx, `UPDATE signal_inbox SET case_id = '', result = '' WHERE id = $1`, x.id)
			}); err != nil {
				t.Fatal(err)
			}
			again := send(x.id, x.name)
			if first.Result != x.want || again.Result != x.want || again.CaseID != first.CaseID || moves(first.CaseID) != before {
				t.Errorf("%s: %+v, sent again %+v, %d moves after %d", x.id, first, again, moves(first.CaseID), before)
			}
		}
		if err := w.expect(ctx, s.Then); err != nil {
			t.Error(err)
		}
	})
}
