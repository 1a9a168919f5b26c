package casework

import (
	"encoding/json"
	"sync"

	"gezhi/internal/web"
	"gezhi/internal/worktime"
)

// explainedMost is how many explanations are remembered; beyond it all are forgotten.
const explainedMost = 4000

// explanations remembers, in words, why clocks are due when they are: what begins on one day under
// one limit is due for the same reasons, and a page of a case shows them all. The zero value is
// ready.
type explanations struct {
	mu    sync.RWMutex
	known map[explained][]string
}

// explained is a sum as it is stored, in the language that it is put into.
type explained struct{ lang, why string }

// why puts a stored sum into words, a sentence for each of its steps. Nobody may change what it
// returns.
func (e *explanations) why(w words, stored string) []string {
	key := explained{w.lang, stored}
	e.mu.RLock()
	lines, ok := e.known[key]
	e.mu.RUnlock()
	if ok {
		return lines
	}
	var steps []worktime.Step
	if json.Unmarshal([]byte(stored), &steps) != nil {
		return nil
	}
	for _, x := range steps {
		args := x.Args()
		if r, ok := args["reason"].(string); ok {
			args["reason"] = web.Say(w.lang, "day_off."+r, nil)
		}
		if span, ok := args["span"].(string); ok {
			args["span"] = spanText(w, span)
		}
		lines = append(lines, web.Say(w.lang, "why."+string(x.Code), args))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known == nil || len(e.known) >= explainedMost {
		e.known = map[explained][]string{}
	}
	e.known[key] = lines
	return lines
}
