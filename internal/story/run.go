package story

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/jobs"
)

// Result is what a story came to.
type Result struct {
	Story    *Story
	Diff     *Difference // nil: it passed
	Timeline string      // what happened, in words of English codes; only of a failed story
}

// Passed tells that everything was as the story says.
func (r Result) Passed() bool { return r.Diff == nil }

// Options of a run.
type Options struct {
	Timeline bool   // keep the timeline of a passed story too
	Proof    *Proof // of the conditions that stories make true and false; nil keeps none
}

// Run runs a story on a fresh, migrated database. It never touches the machine's clock: the
// story's hand goes to the time of each event through every due timer and message.
func Run(ctx context.Context, d *db.DB, s *Story, packs Packs, o Options) Result {
	r := Result{Story: s}
	if d := s.misnamed(&packs); d != nil {
		r.Diff = asDifference(d, s)
		return r
	}
	w, err := begin(ctx, d, s, packs)
	if err == nil {
		if o.Proof != nil {
			w.cases.Saw = o.Proof.saw
		}
		err = w.run(ctx)
	}
	if err != nil {
		r.Diff = asDifference(err, s)
	}
	if w != nil {
		defer w.close()
	}
	if w != nil && (err != nil || o.Timeline) {
		r.Timeline = w.timeline(ctx)
	}
	return r
}

func asDifference(err error, s *Story) *Difference {
	var d *Difference
	if !errors.As(err, &d) {
		d = broken(s.Line, err)
	}
	if d.File == "" {
		d.File = s.File
	}
	if d.Line == 0 {
		d.Line = s.Line
	}
	return d
}

func (w *world) run(ctx context.Context) error {
	for _, e := range w.story.events() {
		if err := w.advance(ctx, e.At); err != nil {
			return at(err, e.Line)
		}
		if err := w.happen(ctx, e); err != nil {
			return at(err, e.Line)
		}
		if err := w.rest(ctx); err != nil {
			return at(err, e.Line)
		}
	}
	if err := w.expect(ctx, w.story.Then); err != nil {
		return err
	}
	return w.prove(ctx)
}

// at gives an error without a line the one of its event.
func at(err error, line int) error {
	var d *Difference
	if errors.As(err, &d) {
		if d.Line == 0 {
			d.Line = line
		}
		return d
	}
	return broken(line, err)
}

// broken is an error that no story can foresee, unless it is one of this package's own.
func broken(line int, err error) *Difference {
	d := differ(line, "story.broken", "error", err.Error())
	var f *fault.Error
	if errors.As(err, &f) && strings.HasPrefix(f.Code, "story.") {
		d.Code, d.Args = f.Code, f.Args
	}
	d.Err = err
	return d
}

// verbSee notes the step that an offline actor sees.
const verbSee Verb = "see"

// events are the events of a story with repeats written out and acts without signal where
// they are sent, in order of time.
func (s *Story) events() []Event {
	var out []Event
	at := s.start()
	for i, e := range s.When {
		if !e.At.IsZero() {
			at = e.At
		}
		e.At = at
		switch {
		case e.Offline != nil:
			key := "offline-" + strconv.Itoa(i)
			out = append(out, Event{Line: e.Line, At: e.Offline.Made, Verb: verbSee, Name: key, Case: e.Case})
			e.At, e.ID = e.Offline.Sent, key
			out = append(out, e)
		case e.Repeat != nil:
			for t := at; !t.After(e.Repeat.Until); t = e.Repeat.next(t) {
				do := e.Repeat.Do
				do.At, do.Line = t, e.Line
				out = append(out, do)
			}
		default:
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b Event) int { return a.At.Compare(b.At) })
	return out
}

func (r *Repeat) next(t time.Time) time.Time {
	switch r.Every {
	case "week":
		return t.AddDate(0, 0, 7)
	case "month":
		return t.AddDate(0, 1, 0)
	}
	return t.AddDate(0, 0, 1)
}

// maxRounds bounds the work at one moment: a story that never comes to rest is broken.
const maxRounds = 5000

// advance lets time pass until a moment: whatever is due before is done at its own time.
func (w *world) advance(ctx context.Context, to time.Time) error {
	if to.Before(w.down) { // an outage: nothing is done until it is over
		w.hand.Set(to)
		return nil
	}
	if w.hand.Now().Before(w.down) {
		w.hand.Set(w.down)
	}
	for {
		if err := w.rest(ctx); err != nil {
			return err
		}
		next, ok, err := w.runner.Next(ctx)
		if err != nil {
			return err
		}
		if !ok || next.After(to) {
			break
		}
		if next.After(w.hand.Now()) {
			w.hand.Set(next)
		}
	}
	if to.After(w.hand.Now()) {
		w.hand.Set(to)
		return w.fallDue(ctx)
	}
	return nil
}

// rest does what is due now, and what follows from it, until nothing is.
func (w *world) rest(ctx context.Context) error {
	if w.hand.Now().Before(w.down) {
		return nil
	}
	for range maxRounds {
		if err := w.fallDue(ctx); err != nil {
			return err
		}
		n, err := w.runner.Round(ctx)
		if err != nil {
			return err
		}
		if len(w.broken) > 0 {
			return differ(0, "story.job_failed", "error", w.broken[0])
		}
		if n == 0 {
			return nil
		}
	}
	return differ(0, "story.no_rest")
}

// listen collects notices, drains what a timer leads to before the next timer, and
// remembers what fails.
func (w *world) listen() {
	w.runner.Topics[casework.TopicNotice] = func(_ context.Context, m jobs.Message) error {
		if w.seen[m.ID] {
			return nil
		}
		w.seen[m.ID] = true
		var n casework.Notice
		if err := json.Unmarshal(m.Body, &n); err != nil {
			return err
		}
		w.notices = append(w.notices, n)
		w.noticed = append(w.noticed, w.hand.Now())
		return nil
	}
	w.runner.Topics[casework.TopicWithdraw] = w.withdraw
	for kind, fire := range w.runner.Timers {
		w.runner.Timers[kind] = func(ctx context.Context, t jobs.Timer) error {
			err := fire(ctx, t)
			w.note(err)
			for n := 1; n > 0 && err == nil && len(w.broken) == 0; {
				n, err = w.runner.Round(ctx)
			}
			return err
		}
	}
	for topic, deliver := range w.runner.Topics {
		w.runner.Topics[topic] = func(ctx context.Context, m jobs.Message) error {
			err := deliver(ctx, m)
			w.note(err)
			return err
		}
	}
}

func (w *world) note(err error) {
	if err != nil {
		w.broken = append(w.broken, err.Error())
	}
}

// refusal is the code of an expected kind of refusal, "" for success; what is no refusal
// but a defect is an error.
func refusal(err error) (code string, defect error) {
	if err == nil {
		return "", nil
	}
	var d *Difference
	if errors.As(err, &d) {
		return "", err
	}
	if k := fault.KindOf(err); k == fault.Internal || k == fault.Unavailable || fault.CodeOf(err) == "" {
		return "", err
	}
	return fault.CodeOf(err), nil
}

// withdraw takes back what people were told of a case that is now kept from them.
func (w *world) withdraw(ctx context.Context, m jobs.Message) error {
	var x casework.Withdrawal
	if err := json.Unmarshal(m.Body, &x); err != nil {
		return err
	}
	for i := range w.notices {
		n := &w.notices[i]
		if n.Case != x.Case {
			continue
		}
		kept, err := w.cases.KeptFrom(ctx, x.Case, n.People)
		if err != nil {
			return err
		}
		n.People = slices.DeleteFunc(slices.Clone(n.People), func(p string) bool { return slices.Contains(kept, p) })
	}
	return nil
}
