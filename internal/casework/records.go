package casework

import (
	"context"
	"maps"
	"slices"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/pack"
	"gezhi/internal/record"
	"gezhi/internal/workflow"
)

// About is the record or case that an opening is about.
type About struct {
	Kind string   `json:"kind"` // workflow.AboutRecord or workflow.AboutCase
	Of   string   `json:"of"`   // record: its kind, needed with a key only
	ID   string   `json:"id"`
	Key  []string `json:"key"` // record: the values of its key, instead of an id
}

// subjectOfCase is what an opening is about, found and seen.
type subjectOfCase struct {
	kind, id, revision, area string
}

// pin writes on a case what it is about.
func (a subjectOfCase) pin(c *Case) { c.AboutKind, c.AboutID, c.AboutRev = a.kind, a.id, a.revision }

// aboutOf finds what an opening is about. What the life does not allow is case.not_about,
// what is not there or not for the actor's eyes case.unknown_about, a record that does not
// hold today case.about_ended.
func (s *Service) aboutOf(ctx context.Context, tx *db.Tx, who *Actor, class *Class, about *About) (subjectOfCase, error) {
	switch {
	case about == nil:
		return subjectOfCase{}, nil
	case about.Kind == workflow.AboutCase:
		return s.aboutCase(ctx, tx, who, class, about.ID)
	case about.Kind == workflow.AboutRecord:
		return s.aboutRecord(ctx, tx, who, class, about)
	}
	return subjectOfCase{}, fault.New(fault.Invalid, "case.not_about")
}

func (s *Service) aboutCase(ctx context.Context, tx *db.Tx, who *Actor, class *Class, id string) (subjectOfCase, error) {
	unknown := fault.New(fault.Invalid, "case.unknown_about")
	st, err := s.load(ctx, tx, id, s.Now())
	if fault.CodeOf(err) == "case.not_found" {
		return subjectOfCase{}, unknown
	}
	if err != nil {
		return subjectOfCase{}, err
	}
	if !who.System && !st.sees(who) || st.Jurisdiction != who.Jurisdiction {
		return subjectOfCase{}, unknown
	}
	if !slices.ContainsFunc(class.Life.Life.About, func(a workflow.AboutKind) bool {
		return a.Kind == workflow.AboutCase && (a.Of == st.Case.Class || a.Of == st.Case.Life)
	}) {
		return subjectOfCase{}, fault.New(fault.Invalid, "case.not_about")
	}
	return subjectOfCase{workflow.AboutCase, st.ID, "", st.AreaID}, nil
}

func (s *Service) aboutRecord(ctx context.Context, tx *db.Tx, who *Actor, class *Class, about *About) (subjectOfCase, error) {
	rules, err := s.Book.rulesIn(ctx, tx, who.Jurisdiction)
	if err != nil {
		return subjectOfCase{}, err
	}
	r, err := findRecord(ctx, tx, who.Jurisdiction, class, rules, about)
	if fault.CodeOf(err) == "record.not_found" {
		return subjectOfCase{}, fault.New(fault.Invalid, "case.unknown_about")
	}
	if err != nil {
		return subjectOfCase{}, err
	}
	k := kindIn(class.In.Pack, rules, r.Kind)
	if r.Jurisdiction != who.Jurisdiction || k.Pack == nil || k.Pack.Name != r.Pack {
		return subjectOfCase{}, fault.New(fault.Invalid, "case.unknown_about")
	}
	if !who.System {
		if ok, err := record.Reaches(ctx, tx, who.Scope, r, k.Public); err != nil || !ok {
			return subjectOfCase{}, firstOf(err, fault.New(fault.Invalid, "case.unknown_about"))
		}
	}
	if !mayBeAbout(class.Life.Life.About, r.Kind) {
		return subjectOfCase{}, fault.New(fault.Invalid, "case.not_about")
	}
	span, ok, err := record.On(ctx, tx, r.ID, dayOf(s.Now()))
	if err != nil || !ok {
		return subjectOfCase{}, firstOf(err, fault.New(fault.Conflict, "case.about_ended"))
	}
	return subjectOfCase{workflow.AboutRecord, r.ID, span.ID, r.AreaID}, nil
}

// mayBeAbout tells whether cases of a life may be about a kind of record.
func mayBeAbout(about []workflow.AboutKind, kind string) bool {
	return slices.Contains(about, workflow.AboutKind{Kind: workflow.AboutRecord, Of: kind})
}

func findRecord(ctx context.Context, tx *db.Tx, jurisdiction string, class *Class, rules map[string]*rule, about *About) (*record.Record, error) {
	if about.ID != "" {
		return record.ByID(ctx, tx, about.ID)
	}
	k := kindIn(class.In.Pack, rules, about.Of)
	if k.Record == nil {
		return nil, fault.New(fault.NotFound, "record.not_found")
	}
	return record.ByKey(ctx, tx, jurisdiction, k.Pack.Name, k.Name, about.Key)
}

// kindIn finds a kind of record by name, or "pack/name": in the pack that speaks of it, else
// in another that is in force.
func kindIn(own *pack.Pack, rules map[string]*rule, name string) record.Kind {
	packs := map[string]*pack.Effective{}
	for n, r := range rules {
		packs[n] = r.effective
	}
	return kindOf(own, packs, name)
}

func kindOf(own *pack.Pack, others map[string]*pack.Effective, name string) record.Kind {
	packs := []*pack.Pack{own}
	for _, n := range slices.Sorted(maps.Keys(others)) {
		packs = append(packs, others[n].Pack)
	}
	for _, p := range packs {
		for _, k := range record.KindsOf(p, nil) {
			if k.Name == name || k.Ref() == name {
				return k
			}
		}
	}
	return record.Kind{}
}

// kind finds a kind of record as this case's pack speaks of it.
func (st *state) kind(name string) (record.Kind, error) {
	rules, err := st.s.Book.rulesIn(st.ctx, st.tx, st.Jurisdiction)
	if err != nil {
		return record.Kind{}, err
	}
	k := kindIn(st.class.In.Pack, rules, name)
	if k.Record == nil {
		return k, fault.New(fault.Internal, "case.unknown_record", "kind", name)
	}
	return k, nil
}

// reader is how formulas of this case read records.
func (st *state) reader(day string) record.Reader {
	return record.Reader{Ctx: st.ctx, Tx: st.tx, Day: day, Pack: func(name string) *pack.Pack {
		if st.class.In.Pack.Name == name {
			return st.class.In.Pack
		}
		rules, err := st.s.Book.rulesIn(st.ctx, st.tx, st.Jurisdiction)
		if err != nil || rules[name] == nil {
			return nil
		}
		return rules[name].effective.Pack
	}}
}

// aboutRecordValue is a member of the record that the case is about, at the revision seen at
// opening; under now, the record as it is today.
func (st *state) aboutRecordValue(name string) formula.Value {
	if st.about == nil {
		r, err := record.ByID(st.ctx, st.tx, st.AboutID)
		if err != nil {
			return nil
		}
		span, ok, err := record.Pinned(st.ctx, st.tx, st.AboutID, st.AboutRev)
		if err != nil || !ok {
			return nil
		}
		st.about, st.aboutIs = st.reader(dayOf(st.OpenedAt)).Value(r, span), r
	}
	if name != "now" {
		if v := st.about.Member(name); v != nil || name != st.aboutIs.Kind {
			return v
		}
		return st.about // about.firm is the firm itself
	}
	span, ok, err := record.On(st.ctx, st.tx, st.AboutID, st.day())
	if err != nil || !ok {
		return nil
	}
	return st.reader(st.day()).Value(st.aboutIs, span)
}

// listed tells whether a subject may take a seat that is limited to a register: whether it
// stands there today.
func (st *state) listed(d *workflow.Seat, kind, subject string) (bool, error) {
	if d == nil || d.From == "" {
		return true, nil
	}
	k, err := st.kind(d.From)
	if err != nil {
		return false, err
	}
	var as []string
	switch kind {
	case workflow.SeatUnit:
		as = []string{"unit/" + subject}
	case workflow.SeatPost:
		if post, ok := st.s.World.People().Post(subject); ok {
			as = []string{"person/" + post.PersonID}
		}
	case workflow.SeatAny:
		as = []string{"person/" + subject, "unit/" + subject}
	default:
		as = []string{"person/" + subject}
	}
	for _, x := range as {
		if ok, err := record.Listed(st.ctx, st.tx, st.Jurisdiction, k.Pack.Name, k.Name, x, st.day()); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// oneHousehold tells whether two people are of one household today: the same person, or
// joined by a relation of records that makes one.
func (st *state) oneHousehold(a, b string) (bool, error) {
	if a == "" || b == "" || a == b {
		return a == b, nil
	}
	mine, err := st.household(a)
	if err != nil {
		return false, err
	}
	other, err := st.household(b)
	return slices.ContainsFunc(mine, func(id string) bool { return slices.Contains(other, id) }), err
}

func (st *state) household(person string) ([]string, error) {
	if ids, known := st.households[person]; known {
		return ids, nil
	}
	rules, err := st.s.Book.rulesIn(st.ctx, st.tx, st.Jurisdiction)
	if err != nil {
		return nil, err
	}
	var by []record.Joining
	for _, n := range slices.Sorted(maps.Keys(rules)) {
		for _, r := range rules[n].effective.Pack.Relations {
			if r.Joins == workflow.SameHousehold {
				by = append(by, record.Joining{Pack: n, Relation: r.Name, From: r.From, To: r.To})
			}
		}
	}
	ids, err := record.Household(st.ctx, st.tx, st.Jurisdiction, by, person, st.day())
	if err == nil {
		if st.households == nil {
			st.households = map[string][]string{}
		}
		st.households[person] = ids
	}
	return ids, err
}

// recordItems are the records of a kind that hold on the day of the set and that it wants.
func (st *state) recordItems(f workflow.Source) ([]item, error) {
	k, err := st.kind(f.Record)
	if err != nil {
		return nil, err
	}
	day, err := st.asOf(f)
	if err != nil {
		return nil, err
	}
	areas, narrow, err := st.areasOf(f, k)
	if err != nil {
		return nil, err
	}
	var all []record.Standing
	if narrow {
		all, err = record.AllWithin(st.ctx, st.tx, st.Jurisdiction, k.Pack.Name, k.Name, day, areas)
	} else {
		all, err = record.AllOn(st.ctx, st.tx, st.Jurisdiction, k.Pack.Name, k.Name, day)
	}
	if err != nil {
		return nil, err
	}
	var out []item
	for i := range all {
		it, wanted, err := st.recordItem(f, k, &all[i], day)
		if err != nil {
			return nil, err
		}
		if wanted {
			out = append(out, it)
		}
	}
	return out, nil
}

// areasOf are the areas in which the records of a set must lie for its condition to hold; false
// where it names none that can be told before the records are read.
func (st *state) areasOf(f workflow.Source, k record.Kind) (areas []string, narrow bool, err error) {
	where := f.Where.Confines("record", "area")
	if where == nil || slices.ContainsFunc(k.Fields, func(x form.Field) bool { return x.Name == "area" }) ||
		slices.ContainsFunc(where.Refs(), func(r formula.Ref) bool { return r.Func != "" || r.Path[0] == "record" || r.Path[0] == "item" }) {
		return nil, false, nil
	}
	v, err := where.Eval(st.env())
	id, _ := v.(string)
	if _, ok := st.s.World.Area(id); err != nil || !ok {
		return nil, false, err
	}
	for _, a := range st.s.World.Tree().Below(id) {
		areas = append(areas, a.ID)
	}
	return areas, true, nil
}

// asOf is the day of which a set reads its records.
func (st *state) asOf(f workflow.Source) (string, error) {
	if f.AsOf == nil {
		return st.day(), nil
	}
	v, err := f.AsOf.Eval(st.env())
	if err != nil {
		return "", err
	}
	at, ok := moment(v, 0)
	if !ok {
		return "", fault.New(fault.Invalid, "case.no_day")
	}
	return dayOf(at), nil
}

// recordItem is a record as an item of a set, and whether the set wants it. A task about it
// is for the first person, else the first unit, that it names.
func (st *state) recordItem(f workflow.Source, k record.Kind, x *record.Standing, day string) (item, bool, error) {
	it := item{Key: record.KeyText(x.Key), Values: maps.Clone(x.Values), Title: x.Title, About: subjectOfCase{workflow.AboutRecord, x.Record.ID, x.Span.ID, x.Record.AreaID}}
	it.Kind, it.Subject = firstNamed(k, x.Values)
	it.Values["id"], it.Values["key"] = x.Record.ID, it.Key
	if it.Subject != "" {
		it.Values["subject"] = it.Subject
	}
	env := st.env().With(formula.From(it.Values))
	env.Names["record"] = st.reader(day).Value(x.Record, x.Span)
	wanted, err := f.Where.Holds(env)
	return it, wanted, err
}

func firstNamed(k record.Kind, values map[string]any) (kind, subject string) {
	for _, kind := range []string{workflow.SeatPerson, workflow.SeatUnit} {
		if i := slices.IndexFunc(k.Fields, func(f form.Field) bool { s, _ := values[f.Name].(string); return f.Type == kind && s != "" }); i >= 0 {
			return kind, values[k.Fields[i].Name].(string)
		}
	}
	return "", ""
}
