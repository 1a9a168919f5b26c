package story

import (
	"context"

	"gezhi/internal/casework"
)

// expectGaps compares what rules on sets of records find wanting.
func (w *world) expectGaps(ctx context.Context, v *casework.View, x CaseExpect) error {
	for _, want := range x.Gaps {
		all, err := w.cases.Gaps(ctx, system, v.ID, want.Name)
		if err != nil {
			return err
		}
		var got []string
		for _, g := range all {
			got = append(got, g.Key)
		}
		if err := sameSet(want.Line, w.caseName(ctx, v.ID)+" gaps "+want.Name, want.List, got); err != nil {
			return err
		}
	}
	return nil
}
