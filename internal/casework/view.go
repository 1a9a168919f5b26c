package casework

import (
	"context"
	"slices"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/pack"
	"gezhi/internal/privacy"
	"gezhi/internal/record"
	"gezhi/internal/workflow"
)

// View is a case as one person may see it.
type View struct {
	*Case
	Class  *Class
	Life   *workflow.Life
	Seats  []*Participant
	Clocks []*Clock
	Sets   []*PartSet
	Parts  []*Case
	Links  []Link // of the engine's own views alone: no page shows them
	Moves  []Move
	Can    []Offer
	About  *AboutView // nil: nothing
	Kept   []Kept     // from whom it is kept
	// Masked are the personal fields, and texts with numbers lifted out, that are hidden from
	// the reader, with what may be shown of them; Personal those that the reader may read.
	Masked   map[string]string
	Personal map[string]any
	Unmasks  []string // purposes for which the reader may unmask
}

// Offer is an action the reader may do now, with what it asks and what is still in its way.
type Offer struct {
	Action     string
	Asks, Also []string
	Unmet      []fault.Place
	Excuse     map[string][]*Case // unmet part sets for which a reason will do: their open parts
	Overlay    bool
	Reasons    []string
	Clocks     []string // that may be extended
	Closes     bool
	Proposed   map[string][]Candidate // for the seats it asks
	Batch      bool                   // may be done on several cases at once
	ByPack     bool                   // because the pack says so, whatever it decides
	Looked     bool                   // and each is opened before
}

// View reads a case with its history, for somebody who may see it; case.not_found to
// everybody else.
func (s *Service) View(ctx context.Context, who *Actor, id string) (*View, error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	var v *View
	err := s.DB.Glance(ctx, func(ctx context.Context, tx *db.Tx) error {
		var read View
		var kept []payload
		of := []any{id}
		more := []func(*loading) db.Ask{
			func(l *loading) db.Ask { return db.Ask{Stmt: movesOf, Args: of, Scan: l.movesInto(&read.Moves)} },
			func(l *loading) db.Ask {
				return db.Ask{Stmt: allPartsOf, Args: of, Scan: db.Into(&read.Parts, scanCase), Unless: func() bool { return len(l.sets) == 0 }}
			},
			func(*loading) db.Ask {
				return db.Ask{Stmt: payloadsOf, Args: of, Scan: db.Into(&kept, scanPayload), Unless: func() bool { return !sealsAny(read.Moves) }}
			},
		}
		if who.System {
			more = append(more, func(*loading) db.Ask { return db.Ask{Stmt: linksOf, Args: of, Scan: db.Into(&read.Links, scanLink)} })
		}
		st, err := s.load(ctx, tx, id, s.Now(), more...)
		if err != nil {
			return err
		}
		st.moves = read.Moves
		if !who.System && !st.sees(who) {
			return fault.New(fault.NotFound, "case.not_found")
		}
		v = &read
		v.Case, v.Class, v.Life, v.Seats, v.Clocks, v.Sets = st.Case, st.class, st.life, st.seats, st.clocks, st.sets
		v.Kept = st.kept
		if v.About, err = st.aboutView(); err != nil {
			return err
		}
		if err := st.readPersonal(who, v, kept); err != nil {
			return err
		}
		st.hideUnseen(who, v)
		v.Unmasks = st.purposes(who)
		v.Can, err = st.offers(who)
		return err
	})
	return v, err
}

// sealsAny tells whether any move kept something of somebody.
func sealsAny(moves []Move) bool {
	return slices.ContainsFunc(moves, func(m Move) bool { return len(m.Data.Names) > 0 })
}

// AboutView is what a case is about, by the name that lists give it.
type AboutView struct {
	Kind, Of, ID, Title string

	register record.Kind // of a record: for its words
}

func (st *state) aboutView() (*AboutView, error) {
	switch st.AboutKind {
	case workflow.AboutRecord:
		r, err := record.ByID(st.ctx, st.tx, st.AboutID)
		if err != nil {
			return nil, err
		}
		k, err := st.kind(r.Kind)
		return &AboutView{st.AboutKind, r.Pack + "/" + r.Kind, r.ID, r.Title, k}, err
	case workflow.AboutCase:
		c, err := st.s.read(st.ctx, st.tx, st.AboutID)
		if err != nil {
			return nil, err
		}
		return &AboutView{Kind: st.AboutKind, Of: c.Pack + "/" + c.Class, ID: c.ID, Title: c.Number}, nil
	}
	return nil, nil
}

func scanLink(r db.Rows) (l Link, err error) {
	var since, until int64
	err = r.Scan(&l.ID, &l.Kind, &l.From, &l.To, &since, &until)
	l.Since, l.Until = db.Time(since), db.Time(until)
	return l, err
}

// readPersonal shows personal values to the reporter only; to everybody else they are
// masked until unmasking is asked for and logged. Later values win.
func (st *state) readPersonal(who *Actor, v *View, all []payload) error {
	v.Personal, v.Masked = map[string]any{}, map[string]string{}
	for _, x := range all {
		y, there, err := x.open(st.s.Vault)
		if err != nil {
			return err
		}
		switch {
		case !there:
			delete(v.Personal, x.name)
			delete(v.Masked, x.name)
		case who.PersonID == st.ReporterID && who.PersonID != "":
			v.Personal[x.name] = y
		default:
			v.Masked[x.name] = st.masked(x.name, y)
		}
	}
	return nil
}

// masked is what may be shown of a value: of a text that numbers were lifted out of nothing,
// for the text itself is shown.
func (st *state) masked(name string, v any) string {
	if f := st.class.Field(name); f != nil && f.Personal != nil {
		return privacy.Mask(f.Type, v)
	}
	return ""
}

// offers are the actions that the actor may do now, in the order of the life.
func (st *state) offers(who *Actor) ([]Offer, error) {
	var out []Offer
	st.begin(who, Act{}, "")
	for i := range st.life.Actions {
		d := &st.life.Actions[i]
		if d.IsAutomatic() || st.inStep(d, Act{}) != nil || st.saidAlready(who, d.Name) {
			continue
		}
		post, err := st.may(who, d)
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				return nil, err
			}
			continue
		}
		if err := st.keptAway(who, post, st.apartOf(d)); err != nil {
			if fault.KindOf(err) == fault.Internal {
				return nil, err
			}
			continue
		}
		un, err := st.unmetNeeds(d.Needs, nil, false)
		if err != nil {
			return nil, err
		}
		o := Offer{Action: d.Name}
		o.Asks, o.Also = st.askedNow(st.asksOf(d), st.alsoOf(d))
		un = o.ask(un)
		if len(un) > 0 {
			o.Unmet = refusal(un).(*fault.Error).At
			for _, u := range un {
				if u.Need.OrSayWhy {
					if o.Excuse == nil {
						o.Excuse = map[string][]*Case{}
					}
					o.Excuse[u.Need.Part] = u.Open
				}
			}
		}
		o.Closes = st.mayClose(d)
		o.Batch, o.ByPack, o.Looked = st.inOneGo(d, o.Closes), d.Batch != "", d.Batch == workflow.BatchLooked
		if o.Proposed, err = st.proposals(slices.Concat(o.Asks, o.Also)...); err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	overlays := st.overlayOffers(who)
	for i := range overlays {
		o := &overlays[i]
		o.Batch = slices.Contains(inOneGo, o.Action) && !st.aboutSomebody()
		if o.Action == workflow.Transfer || o.Action == workflow.Designate {
			found, err := st.candidates(st.life.Seat(byDuty(st.life)))
			if err != nil {
				return nil, err
			}
			o.Proposed = map[string][]Candidate{"unit": slices.DeleteFunc(found, func(c Candidate) bool { return c.Holds })}
		}
	}
	return append(out, overlays...), nil
}

// ask makes questions of the needs that the form itself can answer: who takes a seat that is
// empty, what a field says. Those that are left are in the way. A condition about what is asked
// is tested when it has been answered.
func (o *Offer) ask(un []unmet) []unmet {
	asked := func(name string) bool { return slices.Contains(o.Asks, name) || slices.Contains(o.Also, name) }
	return slices.DeleteFunc(un, func(u unmet) bool {
		if u.Need.That != nil {
			return slices.ContainsFunc(u.Need.That.Refs(), func(r formula.Ref) bool { return len(r.Path) > 1 && r.Path[0] == "field" && asked(r.Path[1]) })
		}
		name := u.Need.Seat + u.Need.Field
		if i := slices.Index(o.Also, name); i >= 0 && max(u.Need.AtLeast, 1) == 1 {
			o.Also, o.Asks = slices.Delete(o.Also, i, i+1), append(o.Asks, name)
		}
		return slices.Contains(o.Asks, name)
	})
}

func (st *state) overlayOffers(who *Actor) []Offer {
	var out []Offer
	rules := make([]*workflow.Overlay, 0, len(st.life.Allow)+1)
	for i := range st.life.Allow {
		rules = append(rules, &st.life.Allow[i])
	}
	if o := st.rule(workflow.Designate); o != nil && st.life.Overlay(o.Name) == nil {
		rules = append(rules, o)
	}
	for _, o := range rules {
		if !o.Allowed(st.life, st.Step) || st.mayOverlay(who, o) != nil || o.Name == workflow.Suspend && !st.SuspendedUntil.IsZero() {
			continue
		}
		if o.Name == workflow.HandDown && !slices.ContainsFunc(st.kept, func(k Kept) bool { return k.Why == Avoided }) || o.Name == workflow.Shield && (st.ParentID != "" || st.class.Against == pack.AgainstNever) {
			continue
		}
		if o.Name == workflow.Return && (st.Designated || o.Cap > 0 && st.Returns >= int64(o.Cap)) {
			continue
		}
		out = append(out, Offer{Action: o.Name, Overlay: true, Reasons: st.reasons(o)})
	}
	out = append(out, st.clockOffers(who)...)
	if st.mayVoid(who) {
		out = append(out, Offer{Action: actionVoid, Overlay: true})
	}
	for _, p := range st.seats {
		if p.State == Offered {
			if _, ok := st.matches(who, p); ok {
				out = append(out, Offer{Action: actionAcceptSeat, Overlay: true}, Offer{Action: actionRefuseSeat, Overlay: true})
				break
			}
		}
	}
	return out
}

// askedNow leaves out of a form what is asked on a condition that does not hold; where another
// answer of the same form may change that, it may be answered and need not be.
func (st *state) askedNow(asks, also []string) (must, may []string) {
	may = slices.Clone(also)
	for _, name := range asks {
		f := st.class.Field(name)
		switch {
		case f == nil || f.AskedIf == nil || !st.excused(name):
			must = append(must, name)
		case slices.ContainsFunc(f.AskedIf.Refs(), func(r formula.Ref) bool {
			return len(r.Path) > 1 && r.Path[0] == "field" && slices.Contains(asks, r.Path[1])
		}):
			may = append(may, name)
		}
	}
	return must, may
}
