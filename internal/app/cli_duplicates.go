package app

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"gezhi/internal/casework"
	"gezhi/internal/pack"
	"gezhi/internal/replay"
)

// evalDuplicates measures proposals of duplicates: on the marks of a history, or on a file of
// texts that repeat one another.
func evalDuplicates(_ context.Context, w *classifierWork) error {
	if w.mapping != "" {
		return w.duplicatesOfHistory()
	}
	examples, err := w.read(w.files[0], false)
	if err != nil {
		return err
	}
	var texts []string
	for _, e := range examples {
		texts = append(texts, e.Body)
	}
	proposed := casework.ProposedIn(casesOfTexts(texts), pack.Duplicate{Metres: w.metres, Days: len(texts)})
	for _, kind := range []struct {
		code  string
		pairs map[casework.Proposal]bool
	}{{"classifier.same_letters", repeated(texts, 0)}, {"classifier.same_passage", repeated(texts, passage)}} {
		right := 0
		for _, p := range proposed {
			if kind.pairs[p] {
				right++
			}
		}
		w.say(kind.code, map[string]any{"texts": len(texts), "proposed": len(proposed), "right": right, "pairs": len(kind.pairs), "letters": passage,
			"precision": share(right, len(proposed)), "recall": share(right, len(kind.pairs))})
	}
	return nil
}

// passage is how many letters in a row two texts must have in common to repeat one another.
const passage = 25

// casesOfTexts makes a history of texts alone: all of one place, each of a class of its own, so
// that only their words can speak.
func casesOfTexts(texts []string) (out []*casework.Case) {
	for i, t := range texts {
		out = append(out, &casework.Case{AreaID: "here", Class: strconv.Itoa(i), OpenedAt: time.Unix(int64(i), 0), Fields: map[string]any{casework.FieldText: t}})
	}
	return out
}

// repeated are the pairs of texts that have so many letters in a row in common; 0: all of them.
func repeated(texts []string, letters int) map[casework.Proposal]bool {
	holding := map[string][]int{}
	for i, t := range texts {
		r := []rune(strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, t))
		n := letters
		if n == 0 {
			n = len(r)
		}
		for k := 0; k+n <= len(r) && n > 0; k++ {
			part := string(r[k : k+n])
			if of := holding[part]; len(of) == 0 || of[len(of)-1] != i {
				holding[part] = append(of, i)
			}
		}
	}
	out := map[casework.Proposal]bool{}
	for part, of := range holding {
		for k, later := range of {
			for _, earlier := range of[:k] {
				if letters > 0 || len(part) > 0 {
					out[casework.Proposal{Earlier: earlier, Later: later}] = true
				}
			}
		}
	}
	return out
}

func share(n, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f", float64(n)/float64(of))
}

// duplicatesOfHistory measures on the marks that a history carries. A mark rarely says which
// request it repeats: a proposal is right when one of its two is marked.
func (w *classifierWork) duplicatesOfHistory() error {
	data, err := readMapping(w.mapping, w.out)
	if err != nil {
		return err
	}
	m, err := replay.ParseMapping(data)
	if err != nil {
		return err
	}
	file, err := readFile(w.files[0])
	if err != nil {
		return err
	}
	h, err := replay.ReadRows(m, file, 0)
	if err != nil {
		return err
	}
	history, marked, placed := casesOfRows(h.Rows)
	proposed := casework.ProposedIn(history, pack.Duplicate{Metres: w.metres, Days: w.withIn})
	right, found := touching(proposed, marked)
	originals := laterMarked(casework.ProposedIn(history, pack.Duplicate{Metres: farthest, Days: longestAfter}), marked)
	for _, c := range history {
		c.ClosedAt = time.Time{}
	}
	_, conceivable := touching(casework.ProposedIn(history, pack.Duplicate{Metres: farthest, Days: longestAfter}), marked)
	w.say("classifier.history", map[string]any{"rows": len(h.Rows), "placed": placed, "marked": len(marked), "metres": w.metres, "days": w.withIn, "proposed": len(proposed), "right": right,
		"precision": share(right, len(proposed)), "found": found, "recall": share(found, len(marked))})
	w.say("classifier.history_originals", map[string]any{"metres": farthest, "days": longestAfter, "originals": len(originals), "marked": len(marked),
		"later": len(laterMarked(proposed, marked)), "proposed": len(proposed), "chance": share(len(marked), placed)})
	w.say("classifier.history_ceiling", map[string]any{"metres": farthest, "days": longestAfter, "conceivable": conceivable, "marked": len(marked)})
	return nil
}

// Beyond these no request is conceivably another's duplicate.
const (
	farthest     = 200 // metres
	longestAfter = 30  // days
)

// casesOfRows makes cases of the rows that know their place; marked are those that the history
// calls duplicates.
func casesOfRows(rows []*replay.Row) (out []*casework.Case, marked map[int]bool, placed int) {
	marked = map[int]bool{}
	for _, r := range rows {
		if r.Located != replay.Exact {
			continue
		}
		if r.Repeats() {
			marked[len(out)] = true
		}
		out = append(out, &casework.Case{Class: r.Class, OpenedAt: r.Opened, ClosedAt: r.Closed, LonE7: r.LonE7, LatE7: r.LatE7, Fields: map[string]any{}})
	}
	return out, marked, len(out)
}

// laterMarked are the marked that are the later one of some proposal: whose original, for all one
// can know, is there.
func laterMarked(proposed []casework.Proposal, marked map[int]bool) map[int]bool {
	out := map[int]bool{}
	for _, p := range proposed {
		if marked[p.Later] {
			out[p.Later] = true
		}
	}
	return out
}

// touching counts the proposals one of whose two is marked, and the marked that some proposal holds.
func touching(proposed []casework.Proposal, marked map[int]bool) (right, found int) {
	seen := map[int]bool{}
	for _, p := range proposed {
		if marked[p.Earlier] || marked[p.Later] {
			right++
		}
		for _, i := range []int{p.Earlier, p.Later} {
			if marked[i] && !seen[i] {
				seen[i] = true
				found++
			}
		}
	}
	return right, found
}
