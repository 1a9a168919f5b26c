package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gezhi/internal/casework"
	"gezhi/internal/classify"
	"gezhi/internal/pack"
)

// What is near in place and time, still open, and of one class or in the same words is
// proposed; what is late, far, closed or otherwise said is not.
func TestDuplicatesOfAHistory(t *testing.T) {
	day := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	at := func(hours int, class string, lon int64, text string) *casework.Case {
		return &casework.Case{Class: class, OpenedAt: day.Add(time.Duration(hours) * time.Hour), LonE7: 1_200_000_000 + lon, LatE7: 300_000_000, Fields: map[string]any{casework.FieldText: text}}
	}
	first := at(0, "lamp", 0, "桥头路灯不亮了")
	gone := at(1, "lamp", 0, "灯坏了")
	gone.ClosedAt = day.Add(2 * time.Hour)
	history := []*casework.Case{
		at(5, "lamp", 1000, "灯又坏了"), // 0: ten metres on
		first,                       // 1
		gone,                        // 2
		at(6, "road", 1000, "桥头的路灯不亮了"),     // 3: another class, the same words
		at(6, "hole", 1000, "路面塌陷"),         // 4: another class, other words
		at(7, "lamp", 1_000_000, "桥头路灯不亮了"), // 5: ten kilometres away
		at(100, "lamp", 0, "桥头路灯不亮了"),       // 6: four days later
	}
	got := casework.ProposedIn(history, pack.Duplicate{Metres: 50, Days: 3})
	want := []casework.Proposal{{Earlier: 1, Later: 0}, {Earlier: 1, Later: 2}, {Earlier: 1, Later: 3}}
	if !slices.Equal(got, want) {
		t.Errorf("proposed %v, wanted %v", got, want)
	}
}

// Texts repeat one another when so many letters in a row are the same, whatever stands between.
func TestRepeatedTexts(t *testing.T) {
	texts := []string{"一二三四五六", "前言，一二三、四五六。", "一二三", "一二三！"}
	if got := repeated(texts, 5); len(got) != 1 || !got[casework.Proposal{Earlier: 0, Later: 1}] {
		t.Errorf("%v", got)
	}
	if got := repeated(texts, 0); len(got) != 1 || !got[casework.Proposal{Earlier: 2, Later: 3}] {
		t.Errorf("%v", got)
	}
}

// Of real messages, four of five proposals made by their words alone repeat one another, and
// no message that stands there twice is missed.
func TestRealRepeatedTextsAreProposed(t *testing.T) {
	t.Parallel()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var data []byte
	for ; data == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		data, err = os.ReadFile(filepath.Join(dir, "shared", "data", "messages_cn", "votes.csv"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if data == nil {
		t.Skip("the real records messages_cn/votes.csv are not here")
	}
	examples, _, err := classify.ReadExamples(data, classify.Columns{}, false)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, e := range examples {
		texts = append(texts, e.Body)
	}
	proposed := casework.ProposedIn(casesOfTexts(texts), pack.Duplicate{Days: len(texts)})
	same, passages := repeated(texts, 0), repeated(texts, passage)
	twice, right := 0, 0
	for _, p := range proposed {
		if same[p] {
			twice++
		}
		if passages[p] {
			right++
		}
	}
	t.Logf("%d proposals, %d right; %d of %d equal, %d of %d with a passage in common", len(proposed), right, twice, len(same), right, len(passages))
	if twice != len(same) || 5*right < 4*len(proposed) || 2*right < len(passages) {
		t.Error("worse than it was")
	}
}
