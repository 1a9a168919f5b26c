package story

import (
	"fmt"
	"io"
	"sync"

	"gezhi/internal/pack"
)

// Proof keeps which conditions of a pack the acts of stories have made true, and which false.
type Proof struct {
	mu    sync.Mutex
	of    string                    // name of the pack
	known map[*pack.Pack]conditions // by version as read
	held  map[string]*[2]bool       // by place: false, true
}

type conditions map[any]string

// Prove is an empty proof about the pack of that name.
func Prove(name string) *Proof {
	return &Proof{of: name, known: map[*pack.Pack]conditions{}, held: map[string]*[2]bool{}}
}

// saw hears that an act found a condition to hold, or not to.
func (p *Proof) saw(of *pack.Pack, condition any, holds bool) {
	if of.Name != p.of {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known[of] == nil {
		p.known[of] = conditions{}
		for _, c := range of.Conditions() {
			p.known[of][c.Of] = c.Place
		}
	}
	place, ok := p.known[of][condition]
	if !ok {
		return
	}
	if p.held[place] == nil {
		p.held[place] = &[2]bool{}
	}
	i := 0
	if holds {
		i = 1
	}
	p.held[place][i] = true
}

// Unproven is a condition that no story has made both true and false.
type Unproven struct {
	pack.Condition
	Never []bool // what it never was
}

// Missing lists what is unproven of a version of the pack, in the order of its lives.
func (p *Proof) Missing(of *pack.Pack) []Unproven {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Unproven
	listed := map[string]bool{}
	for _, c := range of.Conditions() {
		if listed[c.Place] {
			continue
		}
		listed[c.Place] = true
		held := p.held[c.Place]
		if held == nil {
			held = &[2]bool{}
		}
		u := Unproven{Condition: c}
		for i, was := range held {
			if !was {
				u.Never = append(u.Never, i == 1)
			}
		}
		if len(u.Never) > 0 {
			out = append(out, u)
		}
	}
	return out
}

// tell prints what is unproven.
func (p *Proof) tell(of *pack.Pack, lang string, out io.Writer) {
	for _, u := range p.Missing(of) {
		code := "story.never_tried"
		if len(u.Never) == 1 {
			code = map[bool]string{true: "story.never_true", false: "story.never_false"}[u.Never[0]]
		}
		fmt.Fprintln(out, say(lang, code, map[string]any{"place": u.Place, "text": u.Text}))
	}
}
