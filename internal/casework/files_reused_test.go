package casework

import (
	"context"
	"testing"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
)

// A file that was used before counts once for its case, however often it was used, until somebody
// has found it in order; for the case that had it first it does not count.
func TestFilesUsedBeforeCount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		count := func(c string) (n any) {
			if err := d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
				n = (&state{ctx: ctx, tx: tx, Case: &Case{ID: c}}).filesValue("reused")
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		change := func(sql string) {
			if err := d.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error { return tx.Queue(ctx, db.SQL(sql)) }); err != nil {
				t.Fatal(err)
			}
		}
		change(`INSERT INTO file_flag (id, jurisdiction, file_id, case_id, other_file, other_case, why, at) VALUES ('1', 'j', 'f', 'later', 'g', 'first', 'same', 1), ('2', 'j', 'f', 'later', 'h', 'first', 'alike', 1)`)
		if count("later") != int64(1) || count("first") != int64(0) {
			t.Errorf("%v of the later, %v of the first", count("later"), count("first"))
		}
		change(`UPDATE file_flag SET finding = 'fine' WHERE id = '1'`)
		if count("later") != int64(1) {
			t.Error("in order beside one use, not yet beside the other")
		}
		change(`UPDATE file_flag SET finding = 'fine' WHERE id = '2'`)
		if count("later") != int64(0) {
			t.Error("in order, and it counts")
		}
		change(`UPDATE file_flag SET finding = 'reused' WHERE id = '2'`)
		if count("later") != int64(1) {
			t.Error("found to be reused, and it does not count")
		}
	})
}
