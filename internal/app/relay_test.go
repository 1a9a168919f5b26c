package app

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gezhi/internal/db"
	"gezhi/internal/web"
)

// However much changed within a batch, no text is longer than the database carries, nothing is
// left out, and only what came from another process is passed on.
func TestBatchesFitAndLoseNothing(t *testing.T) {
	a, b := newRelay(&db.DB{Engine: db.Postgres}, web.NewHub()), newRelay(&db.DB{Engine: db.Postgres}, web.NewHub())
	const cases = 200
	feed := b.hub.Subscribe("area/last")
	for i := range cases {
		for level := range 9 {
			a.publish(fmt.Sprintf("area/%s-%d", strings.Repeat("x", 36), level), fmt.Sprintf("case-%036d", i))
		}
	}
	a.publish("area/last", "the-end")
	texts := a.batches(a.waiting, false)
	if len(texts) < 2 {
		t.Fatalf("%d texts for %d cases", len(texts), cases)
	}
	seen := map[string]int{}
	for _, text := range texts {
		if len(text) > db.MaxAnnouncement {
			t.Errorf("a text of %d bytes", len(text))
		}
		var x batch
		if err := json.Unmarshal([]byte(text), &x); err != nil {
			t.Fatal(err)
		}
		for _, e := range x.Events {
			seen[e.ID] += len(e.Topics)
		}
		b.heard(text)
		a.heard(text)
	}
	if len(seen) != cases+1 || seen[fmt.Sprintf("case-%036d", 7)] != 9 {
		t.Errorf("%d things told", len(seen))
	}
	select {
	case e := <-feed.C:
		if e.ID != "the-end" {
			t.Error(e)
		}
	default:
		t.Error("not passed on")
	}
}

// More than can be told in a batch, or a batch that another process lost, makes readers look at
// everything again.
func TestWhatIsLostMakesReadersLookAgain(t *testing.T) {
	a, b := newRelay(&db.DB{Engine: db.Postgres}, web.NewHub()), newRelay(&db.DB{Engine: db.Postgres}, web.NewHub())
	for i := range mostWaiting + 1 {
		a.publish("t", fmt.Sprint(i))
	}
	if !a.lost || len(a.waiting) != 1 {
		t.Fatalf("lost %v, %d waiting", a.lost, len(a.waiting))
	}
	feed := b.hub.Subscribe("t")
	for _, text := range a.batches(a.waiting, a.lost) {
		b.heard(text)
	}
	if _, more := <-feed.C; more {
		t.Error("the reader goes on as if nothing was lost")
	}
	b.heard("no batch at all")
}

// On SQLite nothing is gathered for others.
func TestAloneNothingIsGathered(t *testing.T) {
	r := newRelay(&db.DB{Engine: db.SQLite}, web.NewHub())
	feed := r.hub.Subscribe("t")
	r.publish("t", "1")
	if len(r.waiting) != 0 || (<-feed.C).ID != "1" {
		t.Error("gathered, or not told here")
	}
}
