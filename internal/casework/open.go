package casework

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
)

const actionOpen = "open"

// Opening is a case somebody wants to open.
type Opening struct {
	Class      string // "pack/scheme:code"
	Text       string // what happened, in the reporter's words
	Fields     map[string]any
	Seats      map[string]any
	AreaID     string // where, when there is no point
	LonE7      int64
	LatE7      int64
	HasPoint   bool
	Channel    string
	Reporter   string    // person; "" is the actor
	Anonymous  bool      // the reporter is nobody that the program knows: an identity of this case alone
	Title      string    // what lists call it; "" is the first line of the text
	HappenedAt time.Time // before now when an urgent case is filed afterwards; of staff alone
	About      *About
	Nature     string
	Key        string
	DeviceAt   time.Time
	Cause      string
	Follows    string // case that this one follows
	// Against are the people, units and posts that the report is about: it never reaches them,
	// and begins above them.
	Against []string
	// Form is the number of the form on paper that it is entered from; "" is none.
	Form string `json:",omitempty"`
	// OneKey says that the key alone counts: what comes again under it is the first, whatever
	// it says by now.
	OneKey bool `json:",omitempty"`
	Avoid  bool // not the reporter's own village: it begins one level up

	signal *Signal  // that opens it
	record *changed // that opens it
}

// Opened is what an opening came to.
type Opened struct {
	Case     *Case
	Attached bool // the fact went to a case that was open already
}

// Open begins a case: it is placed in its grid, graded, given to who is responsible, and
// its clocks start. An unknown class is refused with case.unknown_class.
func (s *Service) Open(ctx context.Context, who *Actor, o Opening) (*Opened, error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	class, err := s.Book.InForce(ctx, who.Jurisdiction, o.Class)
	if err != nil {
		return nil, err
	}
	if !o.HappenedAt.IsZero() && !who.System { // clocks begin with it: whoever reports would make others late
		if err := s.Staff(ctx, who); err != nil {
			return nil, err
		}
	}
	n, err := s.number(ctx, who.Jurisdiction, s.Now())
	if err != nil {
		return nil, err
	}
	var out *Opened
	for range 3 { // the holder of a key may close between the two looks
		err = s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) (err error) {
			out, err = s.open(ctx, tx, who, class, o, n)
			return err
		})
		at, ok := err.(errAttach)
		if !ok {
			return out, err
		}
		if out, err = s.attach(ctx, who, at.holder, o); err == nil || fault.CodeOf(err) != "case.closed" {
			return out, err
		}
	}
	return nil, err
}

func (s *Service) open(ctx context.Context, tx *db.Tx, who *Actor, class *Class, o Opening, n int64) (*Opened, error) {
	now := s.Now()
	c := &Case{ID: s.ID(), Jurisdiction: who.Jurisdiction, Kind: KindCase, Nature: o.Nature, Channel: o.Channel,
		Number: numbered(class, now, n), Fields: map[string]any{}}
	if c.Nature == "" {
		c.Nature = Real
	}
	body, err := s.openingBody(ctx, tx, o)
	if err != nil {
		return nil, err
	}
	done, err := s.claim(ctx, tx, who.PersonID, "open", o.Key, body, c.ID, now)
	if err != nil {
		return nil, err
	}
	if done != "" {
		holder, attached := strings.CutPrefix(done, attachedTo)
		old, err := s.read(ctx, tx, holder)
		return &Opened{Case: old, Attached: attached}, err
	}
	if o.Form != "" {
		if err := s.claimForm(ctx, tx, c, o.Form, now); err != nil {
			return nil, err
		}
	}
	c.RootID = c.ID
	c.ReporterID = o.Reporter
	if c.ReporterID == "" {
		c.ReporterID = who.PersonID
	} else if c.ReporterID != who.PersonID {
		if !o.Anonymous && !s.World.People().Known(c.ReporterID, c.Jurisdiction) {
			return nil, fault.New(fault.Invalid, "case.unknown_person", "seat", workflow.Reporter)
		}
		c.EnteredBy = who.PersonID
	}
	if who.Helper != "" {
		c.EnteredBy = who.Helper
	}
	if err := s.situate(ctx, tx, who, class, c, o); err != nil {
		return nil, err
	}
	st, err := s.born(ctx, tx, c, class, now)
	if err != nil {
		return nil, err
	}
	if !o.HappenedAt.IsZero() && o.HappenedAt.Before(now) {
		c.HappenedAt = o.HappenedAt
	}
	st.begin(who, Act{Action: actionOpen, DeviceAt: o.DeviceAt, Cause: o.Cause}, s.ID())
	st.under(st.postHere(who))
	if err := st.mayOpen(who, o); err != nil {
		return nil, err
	}
	if err := st.shieldAtOpening(o); err != nil {
		return nil, err
	}
	if o.signal != nil {
		if o.Fields, err = st.given(o.signal); err != nil {
			return nil, err
		}
	}
	if o.record != nil {
		if o.Fields, err = st.givenByRecord(o.record); err != nil {
			return nil, err
		}
	}
	o = st.seatsAmongFields(o)
	if err := st.firstValues(who, o); err != nil {
		return nil, err
	}
	if err := st.grade(); err != nil {
		return nil, err
	}
	if o.Follows != "" {
		st.links = append(st.links, Link{ID: s.ID(), Kind: Follows, From: c.ID, To: o.Follows, Since: now})
	}
	if err := st.seatsAsked(who, o); err != nil {
		return nil, err
	}
	return &Opened{Case: c}, st.firstSeats(o)
}

// openingBody is by what a second opening under a key is compared with the first; "" is not.
func (s *Service) openingBody(ctx context.Context, tx *db.Tx, o Opening) (string, error) {
	if o.OneKey {
		return "", nil
	}
	return s.bodyOf(ctx, tx, o.Key, o)
}

// numbered is a number as the pack or its overlay writes it, else year and six digits.
func numbered(class *Class, now time.Time, n int64) string {
	form := class.In.Number()
	if form == "" {
		form = "{year}-{n}"
	}
	return strings.ReplaceAll(strings.ReplaceAll(form, "{year}", now.In(clock.CST).Format("2006")), "{n}", fmt.Sprintf("%06d", n))
}

// firstSeats seats those named at opening, and brings the case into the world.
func (st *state) firstSeats(o Opening) error {
	for seat, v := range o.Seats {
		if st.life.Seat(seat) == nil {
			return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: seat, Code: "form.unknown_field"}}}
		}
		list, ok := subjectsOf(v)
		if !ok {
			return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: seat, Code: "form.type"}}}
		}
		if err := st.enough(seat, list); err != nil {
			return err
		}
		if err := st.fill(seat, list, "given"); err != nil {
			return err
		}
	}
	return st.birth()
}

func subjectsOf(v any) (formula.Value, bool) {
	x := formula.From(v)
	_, ok := ids(x)
	return x, ok
}

// born is the state of a case that is about to be opened.
func (s *Service) born(ctx context.Context, tx *db.Tx, c *Case, class *Class, now time.Time) (*state, error) {
	c.Pack, c.PackHash, c.OverlayHash, c.Scheme, c.Class = class.In.Pack.Name, class.PackHash, class.OverlayHash, class.Scheme, class.Code
	c.OpenedAt, c.HappenedAt, c.EnteredAt, c.DueAt, c.Version = now, now, now, Never, 1
	life := &class.Life.Life
	if c.Kind == KindTask {
		life = s.TaskLife
	}
	if c.Severity == "" {
		c.Severity = class.Usual()
	}
	c.Life, c.Step = life.Name, life.Start()
	c.Phase = life.Phase(c.Step)
	return &state{s: s, ctx: ctx, tx: tx, class: class, life: life, now: now, Case: c, fresh: true}, nil
}

// birth seats those who are there from the beginning, and saves.
func (st *state) birth() error {
	st.move.From = ""
	st.move.To = st.Step
	if err := st.seatFirst(); err != nil {
		return err
	}
	st.seatAboveAll()
	st.event(workflow.OnOpened, "", "")
	st.event(workflow.OnEntered, st.Step, "")
	return st.save()
}

// situate says what the case is about and where it lies: where nobody says otherwise, where
// its subject does.
func (s *Service) situate(ctx context.Context, tx *db.Tx, who *Actor, class *Class, c *Case, o Opening) error {
	about, err := s.aboutOf(ctx, tx, who, class, o.About)
	if err != nil {
		return err
	}
	about.pin(c)
	if o.AreaID == "" {
		o.AreaID = s.nearer(who, class, about.area)
	}
	return s.place(c, o)
}

// nearer is where a case lies whose subject lies at an area: there; or, where none of those posts of
// who brings it that may bring such cases covers so large an area, at the smallest of theirs in it.
func (s *Service) nearer(who *Actor, class *Class, area string) string {
	tree := s.World.Tree()
	at, best := area, account.Level(0)
	for _, o := range class.Life.Opens {
		for _, w := range o.Who {
			for _, p := range who.Posts {
				switch {
				case p.Role != w.Name:
				case tree.Within(area, p.AreaID):
					return area
				case p.AreaLevel > best && tree.Within(p.AreaID, area):
					at, best = p.AreaID, p.AreaLevel
				}
			}
		}
	}
	return at
}

// place puts the case in its grid, with the ancestors as they are today.
func (s *Service) place(c *Case, o Opening) error {
	area, ok := Area{}, false
	if o.HasPoint {
		c.LonE7, c.LatE7 = o.LonE7, o.LatE7
		area, ok = s.World.Find(o.LonE7, o.LatE7)
	}
	if !ok && o.AreaID != "" {
		if area, ok = s.World.Area(o.AreaID); !ok {
			return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: "area_id", Code: "case.unknown_area"}}}
		}
	}
	if !ok {
		return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: "area_id", Code: "case.no_place"}}}
	}
	c.AreaID, c.Areas = area.ID, area.Path
	return nil
}

// mayOpen refuses who may not bring this class in this way.
func (st *state) mayOpen(who *Actor, o Opening) error {
	if who.System {
		return nil
	}
	if len(st.class.Channels) > 0 && !contains(st.class.Channels, o.Channel) {
		return fault.New(fault.Forbidden, "case.channel")
	}
	for _, op := range st.life.Opens {
		if op.By != workflow.OpenByPerson || len(op.Who) == 0 {
			continue
		}
		post, ok, err := st.entitled(who, op.Who, nil)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.Forbidden, "case.no_right")
		}
		st.under(post)
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// firstValues takes in the fields given at opening; required ones of the class must be there.
func (st *state) firstValues(who *Actor, o Opening) error {
	st.knowNames(o.Fields)
	text := st.liftText(FieldText, o.Text)
	st.Title = titleOf(orText(text, st.liftText("title", o.Title)))
	if text != "" {
		st.Fields[FieldText] = text
	}
	e := &fault.Error{Kind: fault.Invalid, Code: "case.bad_value"}
	refused := map[string]bool{} // given and wrong, which is said once
	for name, v := range o.Fields {
		f := st.class.Field(name)
		switch {
		case f == nil || f.Formula != nil:
			e.At = append(e.At, fault.Place{Path: name, Code: "form.unknown_field"})
		case form.Empty(v):
		default:
			x, wrong := f.Validate(v)
			if len(wrong) > 0 {
				e.At, refused[name] = append(e.At, wrong...), true
				continue
			}
			if err := st.store(f, name, x); err != nil {
				return err
			}
		}
	}
	if !who.System { // nobody is asked
		for _, name := range st.askedAtOpening(o) {
			if st.Fields[name] == nil && st.personal[name] == nil && !refused[name] && !st.excused(name) {
				e.At = append(e.At, fault.Place{Path: name, Code: "form.required"})
			}
		}
	}
	if len(e.At) > 0 {
		return e
	}
	return nil
}

// FieldText is the kernel's own field: what happened, in the reporter's words.
const FieldText = "text"

// titleOf is the first line of a text, at most 60 characters.
func titleOf(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	r := []rune(line)
	if len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return line
}

// grade gives the severity: the first rule that holds, else the class's own.
func (st *state) grade() error {
	grade, err := st.class.Grade(st.env())
	st.Severity = grade
	return err
}

// attachedTo begins what an opening came to that opened nothing.
const attachedTo = "attached/"

// attach hands a new fact to the case that is open already.
func (s *Service) attach(ctx context.Context, who *Actor, holder string, o Opening) (*Opened, error) {
	var out *Opened
	err := s.DB.Write(ctx, db.Keys{"case/" + holder}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, holder, s.Now())
		if err != nil {
			return err
		}
		if !st.Open() {
			return fault.New(fault.Conflict, "case.closed")
		}
		moveID := s.ID()
		body, err := s.openingBody(ctx, tx, o)
		if err != nil {
			return err
		}
		done, err := s.claim(ctx, tx, who.PersonID, "open", o.Key, body, attachedTo+holder, s.Now())
		if err != nil {
			return err
		}
		out = &Opened{Case: st.Case, Attached: true}
		if done != "" {
			return nil
		}
		if st.before, err = st.hashes(); err != nil {
			return err
		}
		st.knowNames(o.Fields)
		st.begin(who, st.liftAct(Act{Action: "attach", Note: o.Text, Cause: o.Cause}), moveID)
		if st.signal = o.signal; st.signal != nil {
			st.event(workflow.OnSignal, st.signal.Name, "")
		}
		st.under(st.postHere(who))
		return st.save()
	})
	return out, err
}
