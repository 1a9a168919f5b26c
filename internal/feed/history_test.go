package feed

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"time"

	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
)

// hotlineYAML is the shipped sample mapping of a platform above.
var hotlineYAML = func() string { b, _ := fs.ReadFile(Samples, "city-hotline.yaml"); return string(b) }()

// A history of closed matters keeps its times, says that it was imported, tells nobody, and
// leaves nothing that falls due but the end of what is kept of people.
func TestAHistoryKeepsItsTimesAndTellsNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := open(t, d)
		ctx := t.Context()
		rep := c.takes(History, head+
			"H-1,2024-05-06 09:00:00,垃圾清运,北镇,桥头村,旧件,旧垃圾,2024-05-09 18:00:00,样例甲,13800000001,已办结,2024-05-08 16:30:00,已清运完毕,当天清运\n"+
			"H-2,2024-06-01 09:00:00,占道经营,北镇,河东村,旧件二,旧摊,,,,不予受理,2024-06-02 10:00:00,不属本单位,不属\n"+
			"H-3,2024-06-01 09:00:00,占道经营,北镇,河东村,未办结,旧摊,,,,已办结,,,\n"+
			"H-4,2024-06-03 09:00:00,占道经营,北镇,河东村,倒置,旧摊,,,,已办结,2024-06-02 10:00:00,,\n"+
			"H-5,2024-06-01 09:00:00,占道经营,北镇,河东村,状态,旧摊,,,,处理中,2024-06-02 10:00:00,,\n")
		if rep.New != 2 || rep.Refused != 3 {
			t.Fatalf("%+v", rep)
		}
		at := func(day string, clockTime string) time.Time {
			x, err := time.ParseInLocation("2006-01-02 15:04", day+" "+clockTime, clock.CST)
			must(t, err)
			return x
		}
		v := c.seen(lineOf(rep, "H-1").Case)
		if !v.OpenedAt.Equal(at("2024-05-06", "09:00")) || !v.ClosedAt.Equal(at("2024-05-08", "16:30")) || v.Outcome != "solved" || !strings.HasPrefix(v.Number, "2024-") {
			t.Errorf("times: %+v", v.Case)
		}
		if r := v.Replies(); len(r) != 1 || r[0].Text != "已清运完毕" || !r[0].At.Equal(v.ClosedAt) {
			t.Errorf("answer: %+v", r)
		}
		for _, m := range v.Moves {
			if m.Cause != "feed city-hotline" {
				t.Errorf("%s does not say that it was imported", m.Action)
			}
		}
		for _, k := range v.Clocks {
			if k.Late(monday) || k.State != casework.Stopped || !k.Until.Equal(v.ClosedAt) {
				t.Errorf("clock %s: %+v", k.Name, k)
			}
		}
		if v := c.seen(lineOf(rep, "H-2").Case); v.Outcome != "refused" {
			t.Errorf("%+v", v.Case)
		}
		var timers, messages, sealed, early int
		must(t, d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			for sql, n := range map[db.Stmt]*int{`SELECT count(*) FROM timer`: &timers, `SELECT count(*) FROM outbox`: &messages, `SELECT count(DISTINCT case_id) FROM payload`: &sealed} {
				if err := tx.Row(ctx, sql, nil, n); err != nil {
					return err
				}
			}
			return tx.Row(ctx, `SELECT count(*) FROM audit_leaf WHERE at < $1`, []any{monday.AddDate(0, -2, 0)}, &early)
		}))
		if messages != 0 || timers != sealed || early != 0 {
			t.Errorf("%d messages, %d timers for %d cases with personal values, %d leaves dated back", messages, timers, sealed, early)
		}
		if rep := c.takes(History, head+"H-1,2024-05-06 09:00:00,垃圾清运,北镇,桥头村,旧件,另一说法,,,,已办结,2024-05-08 16:30:00,,\n"); rep.Unchanged != 1 {
			t.Errorf("what is history does not change: %+v", rep)
		}
	})
}

// An item whose process ended in the middle is taken in the next time, once.
func TestALineThatIsHalfDoneIsFinishedTheNextTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := open(t, d)
		must(t, d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error { // the process ended after this
			return tx.Queue(ctx, insertItem, c.home.ID, "city-hotline", "P-001", c.clock.Now())
		}))
		rep := c.takes(Import, head+lineA)
		if rep.New != 1 || lineOf(rep, "P-001").Case == "" {
			t.Errorf("%+v", rep)
		}
		if rep := c.takes(Import, head+lineA); rep.Unchanged != 1 {
			t.Errorf("%+v", rep)
		}
	})
}
