package notify

import (
	_ "embed"
	"encoding/json"
	"slices"
	"time"

	"gezhi/internal/fault"
	"gezhi/internal/worktime"
)

// Names of the channels that need no gateway.
const (
	InAppName  = "in_app"
	CallName   = "call"
	DigestName = "digest"
)

// Policy is how a jurisdiction wants its people to be told: the notifying calendar.
type Policy struct {
	Calendar worktime.Calendar // its days off are quiet from midnight to midnight
	Quiet    Quiet
	Digest   *worktime.TimeOfDay // when the morning's message goes out; nil: when the quiet hours end
	Wait     time.Duration       // between two stages of a chain whose notice does not say
	DigestBy []string            // channels of the morning's message, in the order of trying
}

// Quiet is the part of every day in which only what wakes may make a sound. It may reach
// over midnight; where both ends are the same there is none.
type Quiet struct {
	From  worktime.TimeOfDay `json:"from"`
	Until worktime.TimeOfDay `json:"until"`
}

//go:embed default.json
var defaultPolicy []byte

// DefaultPolicy returns the quiet hours and waits of an ordinary office with that calendar.
func DefaultPolicy(c worktime.Calendar) Policy {
	p, err := ParsePolicy(defaultPolicy, c)
	if err != nil {
		panic(err) // embedded: a defect of the build
	}
	return p
}

// shortest is the least time between two stages: people must be able to reach their telephone.
const shortest = time.Minute

// ParsePolicy reads a policy written as {"quiet": {"from": "21:00", "until": "07:30"}, "digest":
// "08:00", "wait": "5m", "digest_by": ["in_app"]}, where digest may be left out. Anything else, a
// wait under a minute, and a digest within the quiet hours, is Invalid, notify.bad_policy.
func ParsePolicy(text []byte, c worktime.Calendar) (Policy, error) {
	return Policy{Calendar: c}.With(text)
}

// rules are a policy as it is written.
type rules struct {
	Quiet    *Quiet              `json:"quiet,omitempty"`
	Digest   *worktime.TimeOfDay `json:"digest,omitempty"`
	Wait     string              `json:"wait,omitempty"`
	DigestBy []string            `json:"digest_by,omitempty"`
}

// With returns the policy with what a text says in its place, as ParsePolicy reads it; what is
// left out stays.
func (p Policy) With(text []byte) (Policy, error) {
	var v rules
	if err := json.Unmarshal(text, &v); err != nil {
		return Policy{}, fault.Wrap(err, fault.Invalid, "notify.bad_policy")
	}
	if v.Wait != "" {
		wait, err := time.ParseDuration(v.Wait)
		if err != nil {
			return Policy{}, fault.Wrap(err, fault.Invalid, "notify.bad_policy")
		}
		p.Wait = wait
	}
	if v.Quiet != nil {
		p.Quiet = *v.Quiet
	}
	if v.Digest != nil {
		p.Digest = v.Digest
	}
	if len(v.DigestBy) > 0 {
		p.DigestBy = v.DigestBy
	}
	if p.Wait < shortest || len(p.DigestBy) == 0 || slices.Contains(p.DigestBy, DigestName) || p.Digest != nil && p.Quiet.covers(*p.Digest) {
		return Policy{}, fault.New(fault.Invalid, "notify.bad_policy")
	}
	return p, nil
}

// covers reports whether a time of day lies in the quiet hours.
func (q Quiet) covers(t worktime.TimeOfDay) bool {
	if q.From <= q.Until {
		return t >= q.From && t < q.Until
	}
	return t >= q.From || t < q.Until
}

// IsQuiet reports whether only what wakes may make a sound at t.
func (p Policy) IsQuiet(t time.Time) bool {
	d := worktime.DateOf(t)
	if !p.Calendar.Workday(d) {
		return true
	}
	q := p.Quiet
	begun, over := !t.Before(d.At(q.From)), !t.Before(d.At(q.Until))
	if q.From <= q.Until {
		return begun && !over
	}
	return begun || !over
}

// Morning returns the next moment after t at which a digest goes out: at its time of a working
// day, or when the quiet hours end. A calendar without a working day for a year has none; then it
// is a day.
func (p Policy) Morning(t time.Time) time.Time {
	today, goes := worktime.DateOf(t), p.Quiet.Until
	if p.Digest != nil {
		goes = *p.Digest
	}
	for d := today; d < today+366; d++ {
		if at := d.At(goes); p.Calendar.Workday(d) && at.After(t) {
			return at
		}
	}
	return t.Add(24 * time.Hour)
}

// pause returns the time between two stages of a chain with so many: until AckUntil all
// channels have had their turn.
func (p Policy) pause(n Notice, now time.Time, stages int) time.Duration {
	if n.AckUntil.IsZero() || stages == 0 {
		return max(p.Wait, shortest)
	}
	return max(n.AckUntil.Sub(now)/time.Duration(stages), shortest)
}

// kind says what a channel does to the person at the other end.
type kind int

const (
	missing kind = iota // the installation has no such channel
	silent              // lies there until somebody looks
	aloud               // makes a sound
	later               // is gathered for the morning
)

// stage returns the channels to try at once, beginning with the one at from, and where the
// next stage begins. Channels without a sound hold nobody up: the one after them goes along.
func stage(order []string, from int, of func(string) kind) (channels []string, next int) {
	for i := from; i < len(order); i++ {
		switch of(order[i]) {
		case missing:
		case silent:
			channels = append(channels, order[i])
		default:
			return append(channels, order[i]), i + 1
		}
	}
	return channels, len(order)
}

// stages counts the stages of an order of channels.
func stages(order []string, of func(string) kind) (n int) {
	for from := 0; from < len(order); n++ {
		var channels []string
		if channels, from = stage(order, from, of); len(channels) == 0 {
			break
		}
	}
	return n
}

// usable returns the channels of a notice that there are, without a digest for what cannot
// wait and for the digest itself; a notice for which none is left goes to the inbox.
func usable(n Notice, of func(string) kind) []string {
	var out []string
	for _, c := range n.Fallback {
		if k := of(c); k != missing && !(k == later && (n.sounds() || n.Event == eventDigest)) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return []string{InAppName}
	}
	return out
}

// plan returns the channels of a stage, with the quiet hours taken into account, and where
// the next stage begins. What may make no sound now is shown at once and gathered for later.
func plan(n Notice, from int, quiet bool, of func(string) kind) (channels []string, next int) {
	if n.sounds() || !quiet {
		return stage(n.Fallback, from, of)
	}
	for _, c := range n.Fallback {
		if of(c) == silent {
			channels = append(channels, c)
		}
	}
	return append(channels, DigestName), len(n.Fallback)
}
