package notify

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/jobs"
	"gezhi/internal/privacy"
)

// The kinds of the timers that this package sets.
const (
	NoticeTimer = "notice" // fired by Advance
	DigestTimer = "digest" // fired by Digest
)

// Service takes notices in and sees them through. Make it with New; the fields without a
// default must be set before the first notice.
type Service struct {
	DB  *db.DB
	Now clock.Now
	ID  id.Source
	// Wires are the channels of the installation by name, "sms", or by jurisdiction and name,
	// "JURISDICTION/sms"; the latter comes first. A group or a webhook belongs to one
	// jurisdiction: name it so, or others' notices go there too.
	Wires map[string]Wire
	// Policy returns how a jurisdiction wants its people to be told.
	Policy func(ctx context.Context, jurisdiction string) (Policy, error)
	// Address returns where a person is reached on a channel; "" for nowhere.
	Address func(ctx context.Context, person, channel string) (string, error)
	// Units returns the ids of the units in which people work; nil is none.
	Units func(people []string) []string
	// Names returns what people are called, by id; nil is nobody.
	Names func(ctx context.Context, ids []string) (map[string]string, error)
	// Lang returns the language a person reads; nil or "" is Chinese.
	Lang func(ctx context.Context, person string) (string, error)
	// Link returns the address of a case's page, or of the inbox for none; nil for no links.
	Link func(caseID string) string
	// Further returns who is to be told next when nobody among those already told has
	// acknowledged, after the notice's own list; nobody ends the chain. nil is nobody.
	Further func(ctx context.Context, n Notice, told []string) ([]string, error)
	// Hidden returns of which of some cases who asks may not know: nothing about them is listed,
	// and what is about them is answered as if it were not there. nil is none.
	Hidden func(ctx context.Context, cases []string) (map[string]bool, error)
	// Settled reports that somebody has acted on the case since the notice was made; asked
	// before every stage. nil is never.
	Settled func(ctx context.Context, n Notice, madeAt time.Time) (bool, error)
	// Who returns who asks over HTTP.
	Who func(ctx context.Context) (Asker, error)
	// Letters gives the dead messages of the outbox, listed beside dead deliveries; nil for none.
	Letters *jobs.Runner
	// Publish tells live readers that "notes/PERSON" or "calls/JURISDICTION" changed; nil for nobody.
	Publish func(topic, id string)
	// Vault seals the addresses of groups, which hold their keys.
	Vault *privacy.Vault

	wake chan struct{}
	mu   sync.Mutex
	busy map[string]bool // lines whose lane is at work in Run
}

// New returns a service with the channels that need no gateway: in_app and call.
func New(d *db.DB, now clock.Now, ids id.Source) *Service {
	s := &Service{DB: d, Now: now, ID: ids, wake: make(chan struct{}, 1), busy: map[string]bool{}}
	s.Wires = map[string]Wire{
		InAppName: {Channel: inApp{s}, Silent: true},
		CallName:  {Channel: call{s}},
	}
	return s
}

// wire returns the line that a channel has in a jurisdiction.
func (s *Service) wire(jurisdiction, channel string) (string, Wire, bool) {
	if w, ok := s.Wires[jurisdiction+"/"+channel]; ok {
		return jurisdiction + "/" + channel, w, true
	}
	w, ok := s.Wires[channel]
	return channel, w, ok
}

// ofGroup stands between the name of a wire and the group that has a line of its own on it.
const ofGroup = "#"

// wireOf returns the wire of a line.
func (s *Service) wireOf(line string) (Wire, bool) {
	name, _, _ := strings.Cut(line, ofGroup)
	w, ok := s.Wires[name]
	return w, ok
}

// kinds says what the channels of a jurisdiction do.
func (s *Service) kinds(jurisdiction string) func(string) kind {
	return func(channel string) kind {
		if channel == DigestName {
			return later
		}
		switch _, w, ok := s.wire(jurisdiction, channel); {
		case !ok:
			return missing
		case w.Silent:
			return silent
		}
		return aloud
	}
}

// Deliver takes in a notice out of the outbox, once however often it comes, and plans its
// first deliveries.
func (s *Service) Deliver(ctx context.Context, m jobs.Message) error {
	n, err := parseNotice(m.Body, m.ID, m.Jurisdiction)
	if err != nil {
		return err
	}
	w, err := s.Take(ctx, n, m)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, w.Keys, w.Do)
}

// Take is what Deliver writes, for a notice whose message was read: a Writing, so that many
// notices share a transaction.
func (s *Service) Take(ctx context.Context, n Notice, m jobs.Message) (w jobs.Writing, err error) {
	if n, err = n.of(m.ID, m.Jurisdiction); err != nil {
		return w, err
	}
	p, err := s.Policy(ctx, n.Jurisdiction)
	if err != nil {
		return w, err
	}
	if n.asks() {
		settled, err := s.settled(ctx, n, m.MadeAt)
		if err != nil {
			return w, err
		}
		n.Wakes = !settled
	}
	now, of := s.Now(), s.kinds(n.Jurisdiction)
	n.Fallback = usable(n, of)
	channels, next := plan(n, 0, p.IsQuiet(now), of)
	st := stored{Notice: n, turn: n.People, stage: next, wait: p.pause(n, now, stages(n.Fallback, of)), madeAt: m.MadeAt, chain: n.asks()}
	if st.langs, err = s.languages(ctx, st.turn); err != nil {
		return w, err
	}
	w.Keys = keys(n.ID, n.People)
	w.Do = func(ctx context.Context, tx *db.Tx) error {
		fresh, err := putNotice(ctx, tx, st, now)
		if err != nil || !fresh {
			return err
		}
		return s.send(ctx, tx, st, st.turn, channels, p, now)
	}
	return w, nil
}

func (s *Service) settled(ctx context.Context, n Notice, madeAt time.Time) (bool, error) {
	if s.Settled == nil {
		return false, nil
	}
	return s.Settled(ctx, n, madeAt)
}

// keys name a notice and the digests that its deliveries may join.
func keys(notice string, people []string) db.Keys {
	k := db.Keys{"notice/" + notice}
	for _, p := range people {
		k = append(k, "digest/"+p)
	}
	return k
}

// send plans deliveries to people over channels, and sets the timer of the chain.
func (s *Service) send(ctx context.Context, tx *db.Tx, st stored, people, channels []string, p Policy, now time.Time) error {
	for _, c := range channels {
		if c == DigestName {
			if err := s.collect(ctx, tx, st.Notice, people, p.Morning(now), now); err != nil {
				return err
			}
			continue
		}
		line, w, _ := s.wire(st.Jurisdiction, c)
		to := people
		if w.Shared {
			to = []string{""}
		}
		if w.Grouped {
			var err error
			if to, err = s.hear(ctx, tx, st.Jurisdiction, c, people); err != nil {
				return err
			}
		}
		for _, person := range to {
			line := line
			if w.Grouped {
				line += ofGroup + person // a lane and a minute of its own
			}
			r := row{ID: s.ID(), Jurisdiction: st.Jurisdiction, Notice: st.ID, Case: st.Case,
				Person: person, Channel: c, Line: line, State: Waiting, DueAt: now, MadeAt: now, calm: !st.sounds()}
			if err := s.plan(ctx, tx, st, r, w); err != nil {
				return err
			}
		}
	}
	if !st.chain {
		return nil
	}
	return jobs.Set(ctx, tx, jobs.Timer{Kind: NoticeTimer, Ref: st.ID, Jurisdiction: st.Jurisdiction, DueAt: now.Add(st.wait)})
}

// plan writes down a delivery, which a channel of the program itself carries at once.
func (s *Service) plan(ctx context.Context, tx *db.Tx, st stored, r row, w Wire) error {
	here, ok := w.Channel.(local)
	if !ok {
		tx.AfterCommit(s.Wake)
		return putDelivery(ctx, tx, r)
	}
	r.State, r.Attempts = Delivered, 1
	if err := putDelivery(ctx, tx, r); err != nil {
		return err
	}
	return here.put(ctx, tx, s.letter(r, st, st.langs[r.Person]))
}

// languages returns what people read, where that is known.
func (s *Service) languages(ctx context.Context, people []string) (map[string]string, error) {
	if s.Lang == nil {
		return nil, nil
	}
	all := map[string]string{}
	for _, p := range people {
		if p == "" || strings.HasPrefix(p, asGroup) {
			continue
		}
		lang, err := s.Lang(ctx, p)
		if err != nil {
			return nil, err
		}
		all[p] = lang
	}
	return all, nil
}

// Advance fires the timer of a notice that nobody has acknowledged: it goes to the next
// channels, then to the next people, and ends when there is nobody left.
func (s *Service) Advance(ctx context.Context, t jobs.Timer) error {
	st, err := s.notice(ctx, t.Ref)
	if err != nil {
		return err
	}
	settled := st.ended
	if !settled {
		if settled, err = s.settled(ctx, st.Notice, st.madeAt); err != nil {
			return err
		}
	}
	if settled {
		return s.DB.Write(ctx, keys(st.ID, nil), func(ctx context.Context, tx *db.Tx) error {
			return s.end(ctx, tx, st.ID, endAcknowledged, "")
		})
	}
	p, err := s.Policy(ctx, st.Jurisdiction)
	if err != nil {
		return err
	}
	next, channels, err := s.next(ctx, st)
	if err != nil {
		return err
	}
	if next.langs, err = s.languages(ctx, next.turn); err != nil {
		return err
	}
	now := s.Now()
	if len(channels) == 0 {
		slog.Warn("notice: nobody acknowledged", "notice", st.ID, "case", st.Case)
		return s.DB.Write(ctx, keys(st.ID, nil), func(ctx context.Context, tx *db.Tx) error {
			return s.end(ctx, tx, st.ID, endExhausted, "")
		})
	}
	return s.DB.Write(ctx, keys(st.ID, next.turn), func(ctx context.Context, tx *db.Tx) error {
		moved, err := moveNotice(ctx, tx, st, next)
		if err != nil || !moved {
			return err
		}
		return s.send(ctx, tx, next, next.turn, channels, p, now)
	})
}

// next returns where the chain goes from st, and the channels to try there; none when it
// has come to its end.
func (s *Service) next(ctx context.Context, st stored) (stored, []string, error) {
	of := s.kinds(st.Jurisdiction)
	channels, stageAt := stage(st.Fallback, st.stage, of)
	if len(channels) > 0 {
		st.stage = stageAt
		return st, channels, nil
	}
	people, err := s.further(ctx, st)
	if err != nil || len(people) == 0 {
		return st, nil, err
	}
	channels, st.stage = stage(st.Fallback, 0, of)
	st.round++
	st.turn = people
	return st, channels, nil
}

// further returns the people who come after those already told.
func (s *Service) further(ctx context.Context, st stored) ([]string, error) {
	told := slices.Concat(st.People, st.turn)
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		more, err := db.Collect(ctx, tx, toldPeople, []any{st.ID}, scanText)
		told = distinct(append(told, more...))
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, p := range st.Further {
		if !slices.Contains(told, p) {
			return []string{p}, nil
		}
	}
	if s.Further == nil {
		return nil, nil
	}
	people, err := s.Further(ctx, st.Notice, told)
	people = slices.DeleteFunc(distinct(people), func(p string) bool { return p == "" || slices.Contains(told, p) })
	return people, err
}

func (s *Service) notice(ctx context.Context, noticeID string) (st stored, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		st, err = noticeByID(ctx, tx, noticeID)
		return err
	})
	if errors.Is(err, db.ErrNoRows) {
		return st, fault.Wrap(err, fault.Internal, "notify.no_notice")
	}
	return st, err
}

// Acknowledge stops every chain of a case, because person has acted on it; call it in the
// transaction of the act. What was not sent yet is not sent, and the person's own lines
// about the case leave the morning's digest. A case without chains is left as it is.
func (s *Service) Acknowledge(ctx context.Context, tx *db.Tx, caseID, person string) error {
	now := s.Now()
	hanging, err := db.Collect(ctx, tx, hangingOn, []any{caseID, person}, scanText)
	if err != nil {
		return err
	}
	for i, notice := range hanging {
		if i > 0 && hanging[i-1] == notice {
			continue
		}
		if notice == "" {
			err = tx.Queue(ctx, voidMine, caseID, person, now)
		} else {
			err = s.end(ctx, tx, notice, endAcknowledged, person)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// end ends the chain of one notice.
func (s *Service) end(ctx context.Context, tx *db.Tx, notice, ending, by string) error {
	now := s.Now()
	if err := tx.Queue(ctx, endNotice, notice, now, ending, by); err != nil {
		return err
	}
	if ending == endAcknowledged {
		return s.silence(ctx, tx, notice, now)
	}
	return jobs.Set(ctx, tx, jobs.Timer{Kind: NoticeTimer, Ref: notice})
}

// silence takes back what a notice has not done yet.
func (s *Service) silence(ctx context.Context, tx *db.Tx, notice string, now time.Time) error {
	if err := tx.Queue(ctx, voidNotice, notice, now); err != nil {
		return err
	}
	if err := tx.Queue(ctx, voidCalls, notice, now); err != nil {
		return err
	}
	return jobs.Set(ctx, tx, jobs.Timer{Kind: NoticeTimer, Ref: notice})
}
