package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

// op is one thing somebody sent. Its key is also the text of the case, or the note of the
// move, so that it can be found in the database.
type op struct {
	key    string
	action string // "" opens a case
	caseID string // of the answer, or the one acted on
	body   map[string]any
	token  string
	acked  bool
	given  bool // up: nobody will ask again what became of it
}

// worker opens cases and carries them on, one thing at a time, and keeps a record of it.
type worker struct {
	t      *testing.T
	p      *program
	rnd    *rand.Rand
	tokens map[string]string // by action
	area   string
	open   map[string]string // cases to their step as acknowledged
	ops    []*op
	acks   *atomic.Int64
	again  int // requests sent twice or more
}

// next tells what may be done in a step, and where it leads.
var next = map[string]map[string]string{
	"reported": {"dispatch": "handling", "comment": "reported"},
	"handling": {"resolve": "checking", "comment": "handling"},
	"checking": {"verify": "closed", "redo": "handling", "comment": "checking"},
}

// run works until ctx ends. What was under way then stays unknown or is given up.
func (w *worker) run(ctx context.Context) {
	for ctx.Err() == nil {
		if !w.p.serving(ctx) {
			return
		}
		o := w.choose()
		for try := 0; !w.try(o, try > 0); try++ {
			if ctx.Err() != nil || w.rnd.IntN(4) == 0 {
				o.given = true // the phone broke: nobody asks again
				delete(w.open, o.caseID)
				break
			}
			if !w.p.serving(ctx) {
				break
			}
		}
	}
}

// choose takes the next thing to do: a new case, the next act on an open one, or, now and
// then, something done before, sent again.
func (w *worker) choose() *op {
	if len(w.ops) > 0 && w.rnd.IntN(10) == 0 {
		if o := w.ops[w.rnd.IntN(len(w.ops))]; o.acked {
			return o
		}
	}
	o := &op{key: uuid.Must(uuid.NewV7()).String()}
	w.ops = append(w.ops, o)
	for id, step := range w.open { // any
		if w.rnd.IntN(4) == 0 {
			break
		}
		for action := range next[step] { // any
			o.action, o.caseID, o.token = action, id, w.tokens[action]
			o.body = map[string]any{"action": action, "note": o.key}
			return o
		}
	}
	late := time.Hour - time.Duration(w.rnd.IntN(8000))*time.Millisecond
	o.token = w.tokens["open"]
	o.body = map[string]any{"class": "torture/sample:1", "text": o.key, "channel": "field", "area_id": w.area,
		"happened_at": time.Now().Add(-late).UnixMilli()}
	return o
}

// try sends an op; false when nobody knows whether it was done.
func (w *worker) try(o *op, again bool) bool {
	path := "/cases"
	if o.action != "" {
		path += "/" + o.caseID + "/moves"
	}
	status, answer, err := w.p.send("POST", path, o.token, o.key, o.body)
	if err != nil {
		return false
	}
	if status >= 500 {
		return false // refused for now, as when a database restarts
	}
	if again || o.acked {
		w.again++
	}
	if status >= 300 {
		w.t.Errorf("%s %v: %d %s", path, o.body, status, answer)
		o.given = true
		delete(w.open, o.caseID)
		return true
	}
	var got struct {
		ID   string
		Case struct{ ID string }
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		w.t.Errorf("%s: %v", answer, err)
	}
	id := got.ID + got.Case.ID
	if o.acked {
		if id != o.caseID {
			w.t.Errorf("key %s came to case %s, and sent again to %s", o.key, o.caseID, id)
		}
		return true
	}
	o.acked, o.caseID = true, id
	w.acks.Add(1)
	step := "reported"
	if o.action != "" {
		step = next[w.open[id]][o.action]
	}
	if w.open[id] = step; step == "closed" {
		delete(w.open, id)
	}
	return true
}

// crowd is the workers of a run.
type crowd struct {
	all  []*worker
	acks atomic.Int64
	stop context.CancelFunc
	done sync.WaitGroup
}

const workers = 12

func newCrowd(t *testing.T, p *program, seed uint64) *crowd {
	c := &crowd{}
	worker29 := p.logIn("wg029", "sample-worker")
	area := p.area(worker29)
	tokens := map[string]string{"open": worker29, "comment": worker29, "dispatch": p.logIn("street", "sample-street"),
		"resolve": p.logIn("crew", "sample-crew"), "verify": p.logIn("checker", "sample-checker")}
	tokens["redo"] = tokens["verify"]
	ctx, stop := context.WithCancel(t.Context())
	c.stop = stop
	for i := range workers {
		w := &worker{t: t, p: p, rnd: rand.New(rand.NewPCG(seed, uint64(i))), tokens: tokens, area: area, open: map[string]string{}, acks: &c.acks}
		c.all = append(c.all, w)
		c.done.Go(func() { w.run(ctx) })
	}
	return c
}

func (c *crowd) String() string {
	acked, unknown, again := 0, 0, 0
	for _, w := range c.all {
		again += w.again
		for _, o := range w.ops {
			if o.acked {
				acked++
			} else {
				unknown++
			}
		}
	}
	return fmt.Sprintf("%d writes acknowledged, %d sent again under their key, %d never answered", acked, again, unknown)
}
