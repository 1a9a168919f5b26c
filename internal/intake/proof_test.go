package intake

import (
	"testing"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/id"
)

// By number and query code the reporter gets a receipt that holds without the program, as soon
// as the log has a number for it, and nobody gets one by a wrong code.
func TestAReceiptIsGivenByNumberAndCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		filed, err := c.Report(ctx, nil, phone, c.rubbish())
		must(t, err)
		ticket := Ticket{filed.Number, filed.Code}
		if _, err := c.Receipt(ctx, phone, ticket); code(err) != "audit.not_begun" && code(err) != "audit.not_numbered" {
			t.Errorf("before the log has it: %v", err)
		}
		key, err := audit.OpenKey(t.TempDir() + "/log.key")
		must(t, err)
		log := &audit.Log{DB: d, Now: c.clock.Now, Key: key, Holder: id.New()}
		_, err = log.Round(ctx)
		must(t, err)
		r, err := c.Receipt(ctx, other, ticket)
		must(t, err)
		head, err := r.Check(key.Public)
		if err != nil || head.Size < r.Seq || r.Number != filed.Number || !r.At().Equal(monday) {
			t.Errorf("receipt of %s at %s: %v", r.Number, r.At(), err)
		}
		second, err := c.Report(ctx, nil, other, c.rubbish())
		must(t, err)
		for _, wrong := range []Ticket{{filed.Number, second.Code}, {second.Number, filed.Code}, {filed.Number, ""}} {
			if _, err := c.Receipt(ctx, phone, wrong); code(err) != "intake.not_found" {
				t.Errorf("a receipt by %v: %v", wrong, err)
			}
			if _, err := c.Readings(ctx, phone, wrong, ""); code(err) != "intake.not_found" {
				t.Errorf("readings by %v: %v", wrong, err)
			}
		}
	})
}

// Who holds the query code reads who has read what was given with this report, with the office
// and the purpose, and nothing of other reports.
func TestWhoHoldsTheCodeReadsWhoHasReadTheData(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		r := c.rubbish()
		r.Contact = Contact{"王女士", "13800000000"}
		mine, err := c.Report(ctx, nil, phone, r)
		must(t, err)
		r = c.rubbish()
		r.Contact = Contact{"李先生", "13900000000"}
		theirs, err := c.Report(ctx, nil, other, r)
		must(t, err)
		if all, err := c.Readings(ctx, phone, Ticket{mine.Number, mine.Code}, ""); err != nil || len(all) != 0 {
			t.Fatalf("read by nobody: %v %v", all, err)
		}
		dispatcher, err := c.Cases.By(ctx, *c.as("dispatcher"))
		must(t, err)
		for _, f := range []Filed{mine, theirs} {
			_, err := c.Cases.Unmask(ctx, dispatcher, f.CaseID, "contact", nil)
			must(t, err)
		}
		all, err := c.Readings(ctx, phone, Ticket{mine.Number, mine.Code}, "")
		must(t, err)
		if len(all) != 1 || all[0].CaseID != mine.CaseID || all[0].PersonID != dispatcher.PersonID || all[0].Purpose != "contact" || len(all[0].What) == 0 {
			t.Errorf("readings: %+v", all)
		}
		shown := c.Cases.ShownReadings(ctx, all)
		if shown[0].Unit != "North Village Committee" || shown[0].Post == "" || shown[0].What[0] == "" {
			t.Errorf("shown as %+v", shown[0])
		}
	})
}
