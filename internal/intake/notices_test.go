package intake

import (
	"context"
	"os"
	"testing"

	"github.com/google/uuid"

	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/pack"
)

// What is published is read by everybody at its village and township, and at no other village;
// somebody without an account objects to it once, follows the objection by its code, and cannot
// once it is withdrawn.
func TestAnybodyObjectsToWhatIsPublished(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		p, report := pack.Load(os.DirFS("../story/testdata/commons"))
		if p == nil {
			t.Fatal(report.Text("en"))
		}
		must(t, c.Cases.Book.Load(ctx, "", c.home.ID, p, nil))
		office := &casework.Actor{System: true, Jurisdiction: c.home.ID}
		opened, err := c.Cases.Open(ctx, office, casework.Opening{Class: "commons/sample-commons:notice", AreaID: c.village("桥头村"),
			Fields: map[string]any{"title": "样例公示", "body": "村道修缮", "phone": "13800000000"}})
		must(t, err)
		id := opened.Case.ID
		read := func(place string) int {
			page, _, err := c.Cases.PublicIn(ctx, c.home.ID, c.village(place), casework.PublicCursor{})
			must(t, err)
			return len(page)
		}
		if _, err := c.Cases.Public(ctx, c.home.ID, id, "board"); code(err) != "case.not_found" || read("桥头村") != 0 {
			t.Errorf("a draft is read: %v", err)
		}
		act := func(action string) {
			_, err := c.Cases.Act(ctx, office, casework.Act{Case: id, Action: action})
			must(t, err)
		}
		act("publish")
		if here, above, beside := read("桥头村"), read("北镇"), read("河东村"); here != 1 || above != 1 || beside != 0 {
			t.Errorf("read by %d, %d and %d", here, above, beside)
		}
		if _, err := c.Cases.Public(ctx, "another", id, "board"); code(err) != "case.not_found" {
			t.Errorf("in another county: %v", err)
		}
		o := casework.Objection{Case: id, View: "board", Fields: map[string]any{"why": "太窄"}, Key: uuid.NewString()}
		filed, err := c.Object(ctx, nil, phone, "", o, nil)
		must(t, err)
		again, err := c.Object(ctx, nil, phone, "", o, nil)
		if err != nil || again != filed {
			t.Errorf("sent again: %+v, %v", again, err)
		}
		f, err := c.Follow(ctx, other, Ticket{filed.Number, filed.Code})
		if err != nil || f.ID != filed.CaseID {
			t.Errorf("followed: %+v, %v", f, err)
		}
		wang := c.as("resident")
		_, err = c.Object(ctx, wang, phone, "", casework.Objection{Case: id, View: "board", Fields: map[string]any{"why": "样例"}, Key: uuid.NewString()}, nil)
		must(t, err)
		seen, err := c.Cases.View(ctx, office, id)
		must(t, err)
		for _, m := range seen.Moves {
			if m.PersonID != "" {
				t.Errorf("%s of what is objected to names somebody", m.Action)
			}
		}
		must(t, d.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
			return tx.Queue(ctx, "UPDATE part_set SET opened = 500 WHERE case_id = $1", id)
		}))
		o.Key = uuid.NewString()
		if _, err := c.Object(ctx, nil, phone, "", o, nil); code(err) != "case.too_many_parts" {
			t.Errorf("after hundreds of nobody in particular: %v", err)
		}
		if _, err := c.Object(ctx, wang, phone, "", casework.Objection{Case: id, View: "board", Fields: map[string]any{"why": "样例二"}, Key: uuid.NewString()}, nil); err != nil {
			t.Errorf("hundreds of nobody in particular keep out who has an account: %v", err)
		}
		act("withdraw")
		o.Key = uuid.NewString()
		if _, err := c.Object(ctx, nil, phone, "", o, nil); code(err) != "case.not_found" || read("桥头村") != 0 {
			t.Errorf("after it was withdrawn: %v", err)
		}
	})
}
