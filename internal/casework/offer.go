package casework

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/record"
	"gezhi/internal/workflow"
)

// How an offer reaches a place: see the table part_offer.
const (
	offerAt    = "at"
	offerUnder = "under"
	offerIn    = "in"
	offerAll   = "all"
)

var (
	putOffer   = db.SQL(`INSERT INTO part_offer (jurisdiction, role, how, place, case_id, part) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`)
	dropOffers = db.SQL(`DELETE FROM part_offer WHERE case_id = $1 AND part = $2`)
	// Places that are taken, by the outcome of what took them, and how many of them by one person.
	takenOf = db.SQL(`SELECT outcome, count(*), sum(CASE WHEN reporter_id = $4 THEN 1 ELSE 0 END) FROM cases
		WHERE parent_id = ($1 || '') AND parent_id <> '' AND part = $2 AND part_round = $3 GROUP BY outcome`)
)

// openOffer opens a set whose parts open as people take its places.
func (st *state) openOffer(d *workflow.PartSet) error {
	o := d.For.Offer
	for _, w := range o.To {
		if !st.class.AdmittedTo(w.Name, st.day()) {
			return fault.New(fault.Forbidden, "case.not_admitted")
		}
	}
	v, err := o.Places.Eval(st.env())
	if err != nil {
		return err
	}
	n, _ := v.(formula.Num)
	if n.Int64() < 1 || n.Int64() > maxItems {
		return fault.New(fault.Invalid, "part.places", "most", maxItems)
	}
	for _, s := range st.sets { // a new round takes the place of the one before
		if s.Name == d.Name && s.State == SetOffered {
			if err := st.endOffer(s); err != nil {
				return err
			}
		}
	}
	set := &PartSet{Name: d.Name, Round: st.round(d.Name) + 1, Source: d.For.Kind, SnapshotDay: st.day(), Expected: n.Int64(), State: SetOffered,
		OpenedAt: st.now, added: true, changed: true}
	if set.Next, err = st.offeredUntil(o); err != nil {
		return err
	}
	if !set.Next.IsZero() && !set.Next.After(st.now) {
		return fault.New(fault.Conflict, "part.offer_ended", "part", d.Name)
	}
	st.sets = append(st.sets, set)
	st.event(workflow.OnPart, d.Name, "opened")
	return nil
}

// offeredUntil is the moment at which an offer ends by its day; zero where it names none.
func (st *state) offeredUntil(o *workflow.Offer) (time.Time, error) {
	if o.Until == nil {
		return zero, nil
	}
	v, err := o.Until.Eval(st.env())
	if err != nil {
		return zero, err
	}
	at, _ := moment(v, endOfDay)
	return at, nil
}

// endOffers ends the offers that what happened ends: their own event, the step that opened them,
// or the case; and of objections the view that they are made to.
func (st *state) endOffers() error {
	for _, set := range st.sets {
		if set.State != SetOffered || set.added {
			continue
		}
		d := st.life.Part(set.Name)
		if d == nil {
			continue
		}
		if v := st.life.PublicView(d.For.Public); v != nil {
			_, open, err := st.publicNow(v)
			if err == nil && !open {
				err = st.endOffer(set)
			}
			if err != nil {
				return err
			}
			continue
		}
		if d.For.Offer == nil {
			continue
		}
		until := d.For.Offer.Ends
		if until == nil && d.Upon != nil && d.Upon.Kind == workflow.OnEntered {
			until = &workflow.Trigger{Kind: workflow.OnLeft, Name: d.Upon.Name}
		}
		if st.Open() && (until == nil || !heard(*until, st.happened)) {
			continue
		}
		if err := st.endOffer(set); err != nil {
			return err
		}
	}
	return nil
}

// endOffer lets nobody take places any more; from now on the set waits for its parts.
func (st *state) endOffer(set *PartSet) error {
	set.State, set.Next, set.changed = SetOpen, zero, true
	d := st.life.Part(set.Name)
	if d == nil || d.Join == nil || !st.Open() {
		return nil
	}
	if d.Join.AtLatest {
		parts, err := st.partsIn(set.Name, true)
		if err != nil {
			return err
		}
		for _, c := range parts {
			if c.DueAt.Before(Never) && c.DueAt.After(set.Next) {
				set.Next = c.DueAt
			}
		}
	}
	st.joinSelf = append(st.joinSelf, set.Name)
	return nil
}

// saveOffers keeps the index of open offers in step with the sets and the place of the case.
func (st *state) saveOffers() error {
	moved := st.wasPlaced != st.placed()
	for _, set := range st.sets {
		if set.Source != workflow.ForOffer || !set.changed && !(moved && set.State == SetOffered) {
			continue
		}
		if !set.added {
			if err := st.tx.Queue(st.ctx, dropOffers, st.ID, set.Name); err != nil {
				return err
			}
		}
		if set.State != SetOffered {
			continue
		}
		for _, row := range st.offerRows(st.life.Part(set.Name)) {
			if err := st.tx.Queue(st.ctx, putOffer, st.Jurisdiction, row.role, row.how, row.place, st.ID, set.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// reach is where a role is offered places.
type reach struct{ role, how, place string }

// offerRows are all reaches of the offer of a set.
func (st *state) offerRows(d *workflow.PartSet) []reach {
	var out []reach
	for _, w := range d.For.Offer.To {
		switch w.Of {
		case workflow.OfJurisdiction:
			out = append(out, reach{w.Name, offerAll, ""})
		case workflow.OfUnit:
			for _, u := range st.unitsOf(w.Seat) {
				out = append(out, reach{w.Name, offerIn, u.ID})
			}
		default:
			for _, id := range st.Areas {
				if id != "" && id != st.AreaID {
					out = append(out, reach{w.Name, offerUnder, id})
				}
			}
			if w.Of == workflow.OfArea {
				out = append(out, reach{w.Name, offerAt, st.AreaID})
			}
		}
	}
	return out
}

// reachesOf are the reaches at which a post finds offers.
func (s *Service) reachesOf(p Post) []reach {
	out := []reach{{p.Role, offerAll, ""}}
	if p.UnitID != "" {
		out = append(out, reach{p.Role, offerIn, p.UnitID})
	}
	if a, ok := s.World.Area(p.AreaID); ok {
		out = append(out, reach{p.Role, offerUnder, a.ID})
		for _, id := range a.Path {
			if id != "" {
				out = append(out, reach{p.Role, offerAt, id})
			}
		}
	}
	return out
}

// offeredTo finds the actor's own post to which the places of a set are offered.
func (st *state) offeredTo(who *Actor, d *workflow.PartSet) (Post, bool) {
	if who.Jurisdiction != st.Jurisdiction || who.PersonID == "" || who.Scope.Kept(st.marks()) {
		return Post{}, false
	}
	rows := st.offerRows(d)
	for _, p := range who.Posts {
		if p.PersonID == who.PersonID && slices.ContainsFunc(st.s.reachesOf(p), func(r reach) bool { return slices.Contains(rows, r) }) {
			return p, true
		}
	}
	return Post{}, false
}

// takerValue is what formulas of an offer know of who would take a place.
type takerValue struct {
	st   *state
	id   string
	post Post
}

func (t takerValue) Member(name string) formula.Value {
	switch name {
	case "id":
		return t.id
	case "role":
		return t.post.Role
	case "unit":
		return text(t.post.UnitID)
	case "household":
		if ids, err := t.st.household(t.id); err == nil && len(ids) > 0 {
			return ids[0]
		}
		return nil
	}
	all, err := record.Naming(t.st.ctx, t.st.tx, t.st.Jurisdiction, "person/"+t.id, t.st.day())
	if err != nil {
		return nil
	}
	for i := range all {
		if all[i].Record.Kind == name {
			return t.st.reader(t.st.day()).Value(all[i].Record, all[i].Span)
		}
	}
	return nil
}

// mayTake tells whether the condition of an offer holds for a taker. Keys are those of the part
// that would open.
func (st *state) mayTake(o *workflow.Offer, child *state, who *Actor, post Post) (bool, error) {
	if o.If == nil {
		return true, nil
	}
	env := st.env().With(nil)
	env.Names[workflow.Taker] = takerValue{st, who.PersonID, post}
	env.Past = child.past
	return o.If.Holds(env)
}

// taken counts the places of a set that are taken and how many of them one person has, and the
// parts that were ever opened, places given back or not.
type taken struct{ all, mine, parts, everMine int64 }

func (st *state) takenOf(d *workflow.PartSet, set *PartSet, person string) (t taken, err error) {
	_, err = db.Collect(st.ctx, st.tx, takenOf, []any{st.ID, set.Name, set.Round, person}, func(r db.Rows) (struct{}, error) {
		var outcome string
		var all, mine int64
		if err := r.Scan(&outcome, &all, &mine); err != nil {
			return struct{}{}, err
		}
		t.parts, t.everMine = t.parts+all, t.everMine+mine
		if !slices.Contains(d.For.Offer.GivesBack, outcome) {
			t.all, t.mine = t.all+all, t.mine+mine
		}
		return struct{}{}, nil
	})
	return t, err
}

// Taking is a place that somebody wants to take.
type Taking struct {
	Case     string // whose set it is
	Part     string // the set
	Fields   map[string]any
	Seats    map[string]any
	Text     string
	Key      string // idempotency key, a UUID made by the client
	DeviceAt time.Time
}

// Take takes a place of an offer: the part opens, reported by who takes it, with what its class
// asks at an opening. It is settled as it is received: what comes first has the place, the others
// are told part.no_place. part.each_taken is one more than a person may take, part.offer_ended an
// offer that is over, case.not_offered one whose condition does not hold for the taker; to
// everybody to whom it is not offered, there is none (case.not_found).
func (s *Service) Take(ctx context.Context, who *Actor, t Taking) (*Case, error) {
	return s.under(ctx, who, adding{t.Case, "take", t.Key, t}, func(st *state) (func(partID string) (*state, error), error) {
		d, post, err := st.offerFor(who, t.Part)
		return func(partID string) (*state, error) {
			st.begin(&Actor{System: true, PersonID: who.PersonID}, Act{Action: movePart + moveAdded}, s.ID())
			return st.take(who, post, d, t, partID)
		}, err
	})
}

// adding is a part that somebody from outside opens: below which case, by which way, and what was
// said under which key.
type adding struct {
	below, way, key string
	said            any
}

// under opens a part under the key of the case above it, once for an idempotency key. may looks at
// the case before anything is written, and answers what opens the part.
func (s *Service) under(ctx context.Context, who *Actor, a adding, may func(st *state) (func(partID string) (*state, error), error)) (out *Case, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, db.Keys{"case/" + a.below}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, a.below, s.Now())
		if err != nil {
			return err
		}
		st.now = s.Now() // only now is the key held
		open, err := may(st)
		if err != nil {
			return err
		}
		body, err := s.bodyOf(ctx, tx, a.key, a.said)
		if err != nil {
			return err
		}
		partID := s.ID()
		done, err := s.claim(ctx, tx, who.PersonID, a.way+"/"+a.below, a.key, body, partID, st.now)
		if err != nil {
			return err
		}
		if done != "" {
			out, err = s.read(ctx, tx, done)
			return err
		}
		if st.before, err = st.hashes(); err != nil {
			return err
		}
		part, err := open(partID)
		if err != nil {
			return err
		}
		out = part.Case
		return st.save()
	})
	return out, err
}

// offerFor is the set whose places are offered to an actor, and under which post.
func (st *state) offerFor(who *Actor, part string) (*workflow.PartSet, Post, error) {
	d := st.life.Part(part)
	if d == nil || d.For.Offer == nil || st.Kind == KindTask {
		return nil, Post{}, fault.New(fault.NotFound, "case.not_found")
	}
	post, ok := st.offeredTo(who, d)
	if !ok && st.sees(who) {
		return nil, Post{}, fault.New(fault.Forbidden, "case.no_right")
	}
	if !ok {
		return nil, Post{}, fault.New(fault.NotFound, "case.not_found")
	}
	return d, post, nil
}

// take opens a part of an offer for who takes a place.
func (st *state) take(who *Actor, post Post, d *workflow.PartSet, t Taking, partID string) (*state, error) {
	set := st.set(d.Name)
	if set == nil || set.State != SetOffered || !set.Next.IsZero() && !set.Next.After(st.now) {
		return nil, fault.New(fault.Conflict, "part.offer_ended", "part", d.Name)
	}
	if !st.SuspendedUntil.IsZero() {
		return nil, fault.New(fault.Conflict, "case.suspended")
	}
	n, err := st.takenOf(d, set, who.PersonID)
	if err != nil {
		return nil, err
	}
	child, err := st.offeredPart(who, d, set, n)
	if err != nil {
		return nil, err
	}
	child.Case.ID = partID
	ok, err := st.mayTake(d.For.Offer, child, who, post)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, fault.New(fault.Conflict, "case.not_offered")
	case n.mine >= int64(d.For.Offer.Each):
		return nil, fault.New(fault.Conflict, "part.each_taken", "each", d.For.Offer.Each)
	case n.all >= set.Expected:
		return nil, fault.New(fault.Conflict, "part.no_place", "places", set.Expected)
	}
	if err := st.admitted(who.PersonID); err != nil {
		return nil, err
	}
	if err := child.admitted(who.PersonID); err != nil {
		return nil, err
	}
	if err := child.bring(who, post, d, t); err != nil {
		return nil, err
	}
	set.Opened, set.changed = n.parts+1, true
	return child, nil
}

// offeredPart is the part that would open if the actor took a place. Its item is the person, and
// from the second on a number besides.
func (st *state) offeredPart(who *Actor, d *workflow.PartSet, set *PartSet, n taken) (*state, error) {
	it := item{Key: who.PersonID, Kind: workflow.SeatPerson, Subject: who.PersonID, Values: map[string]any{"subject": who.PersonID}}
	if n.everMine > 0 {
		it.Key = fmt.Sprintf("%s.%d", who.PersonID, n.everMine+1)
	}
	child, values, err := st.newPart(d, set, it, int(n.parts))
	if err != nil {
		return nil, err
	}
	child.ReporterID, child.EnteredBy = who.PersonID, who.Helper
	for k, v := range values {
		if child.class.Field(k) != nil {
			child.Fields[k] = v
		}
	}
	return child, nil
}

// bring brings a part into the world whose place somebody takes. What the set gives, the taker
// cannot say otherwise.
func (st *state) bring(who *Actor, post Post, d *workflow.PartSet, t Taking) error {
	st.begin(who, Act{Action: actionOpen, DeviceAt: t.DeviceAt, Cause: st.parent.move.ID}, st.s.ID())
	st.under(post)
	title := st.Title
	o := st.seatsAmongFields(Opening{Fields: t.Fields, Seats: t.Seats, Text: t.Text})
	for _, a := range d.Give {
		if _, said := o.Fields[a.Field]; said {
			return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: a.Field, Code: "form.locked"}}}
		}
	}
	if err := unasked(st.class.EffectiveClass, o.Fields, o.Seats); err != nil {
		return err
	}
	if err := st.firstValues(who, o); err != nil {
		return err
	}
	if t.Text == "" {
		st.Title = title
	}
	if err := st.seatsAsked(who, o); err != nil {
		return err
	}
	st.seat(seatItem, workflow.SeatPerson, who.PersonID, "took a place")
	return st.firstSeats(o)
}
