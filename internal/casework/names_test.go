package casework_test

import (
	"strings"
	"testing"

	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
)

// The name that a case keeps of somebody is lifted out of what is written with the case and
// about it later, and read again by who may; in another case nobody knows it for a name.
func TestNamesThatACaseKnowsAreLiftedOutOfItsTexts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		c := o.called("样例某家门口积水，电话13900000002", "13900000002")
		ben := o.who("ben")
		_, err := o.Act(t.Context(), ben, casework.Act{Case: c.ID, Action: "comment", Note: "已电话联系样例某本人"})
		o.must(err)
		v, err := o.View(t.Context(), ben, c.ID)
		o.must(err)
		if v.Fields["text"] != "[name ••样]家门口积水，电话[phone ••0002]" || strings.Contains(v.Title, "样例某") {
			t.Errorf("kept as %v under %s", v.Fields["text"], v.Title)
		}
		if note := v.Moves[len(v.Moves)-1].Data.Note; note != "已电话联系[name ••样]本人" {
			t.Errorf("noted as %s", note)
		}
		if left := o.rows(`SELECT id FROM cases WHERE title LIKE '%样例某%' OR fields LIKE '%样例某%' UNION ALL SELECT id FROM move WHERE data LIKE '%样例某%' OR reason LIKE '%样例某%'`); len(left) > 0 {
			t.Errorf("in clear: %v", left)
		}
		values, err := o.Unmask(t.Context(), o.who("ann"), c.ID, "contact", []string{"text", "note"})
		if err != nil || len(values) != 2 || values[0].Value != "已电话联系样例某本人" || values[1].Value != "样例某家门口积水，电话13900000002" {
			t.Errorf("read again: %v %v", values, err)
		}
		other, err := o.Open(t.Context(), ben, casework.Opening{Class: "incident/0102", AreaID: c.Areas[5], Channel: "hotline", Text: "样例某家门口积水", Fields: map[string]any{"caller_phone": "13900000003", "caller_name": "无名"}})
		o.must(err)
		if w, err := o.View(t.Context(), ben, other.Case.ID); err != nil || w.Fields["text"] != "样例某家门口积水" {
			t.Errorf("another case: %v %v", w.Fields["text"], err)
		}
	})
}
