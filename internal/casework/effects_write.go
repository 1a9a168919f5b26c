package casework

import (
	"strings"

	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/record"
	"gezhi/internal/workflow"
)

// writeRecord carries out an effect that changes a record of the pack, in the transaction of the
// act. Who else is to hear of it does so after the commit.
func (st *state) writeRecord(w *workflow.Write) error {
	env := st.env()
	imp := record.Import{Jurisdiction: st.Jurisdiction, From: st.day(), By: st.move.PersonID, Nature: st.Nature, Home: st.AreaID, Cause: "case/" + st.ID}
	if st.Nature == Exercise { // nothing real comes of an exercise
		imp.Nature = Sample
	}
	if from, err := st.dayIn(w.From, env); err != nil {
		return err
	} else if from != "" {
		imp.From = from
	}
	if w.Create != "" {
		k, err := st.kind(w.Create)
		if err == nil {
			err = st.mayChange(k)
		}
		if err != nil {
			return err
		}
		d, err := st.draftOf(w, env)
		if err != nil {
			return err
		}
		return st.s.Records.Put(st.ctx, st.tx, k, nil, d, imp, st.s.World.Tree())
	}
	subject := w.Revise
	switch {
	case w.End != nil:
		subject = w.End
	case w.Relate != "":
		subject = w.Of
	}
	r, k, err := st.recordIn(subject, env)
	if err == nil {
		err = st.mayChange(k)
	}
	if err != nil {
		return err
	}
	switch {
	case w.End != nil:
		return st.s.Records.EndOne(st.ctx, st.tx, k, r, imp, st.s.World.Tree())
	case w.Relate != "":
		to, err := st.relatedIn(k, w, env)
		if err != nil {
			return err
		}
		return st.s.Records.Relate(st.ctx, st.tx, k, w.Relate, r, to, imp, st.s.World.Tree())
	}
	d, err := st.draftOf(w, env)
	if err != nil {
		return err
	}
	return st.s.Records.Put(st.ctx, st.tx, k, r, d, imp, st.s.World.Tree())
}

// draftOf is what an effect says of a record.
func (st *state) draftOf(w *workflow.Write, env formula.Env) (d record.Draft, err error) {
	d.Values = map[string]any{}
	for _, a := range w.With {
		v, err := a.Value.Eval(env)
		if err != nil {
			return d, err
		}
		d.Values[a.Field] = plain(v)
	}
	d.Until, err = st.dayIn(w.Until, env)
	return d, err
}

// dayIn is a day that a formula gives; "" for none.
func (st *state) dayIn(e *formula.Expr, env formula.Env) (string, error) {
	if e == nil {
		return "", nil
	}
	v, err := e.Eval(env)
	if err != nil || v == nil {
		return "", err
	}
	at, ok := moment(v, 0)
	if !ok {
		return "", fault.New(fault.Conflict, "case.bad_day", "formula", e.String())
	}
	return dayOf(at), nil
}

// recordIn is the record that a formula names, with its kind.
func (st *state) recordIn(e *formula.Expr, env formula.Env) (*record.Record, record.Kind, error) {
	none := fault.New(fault.Conflict, "case.no_record", "formula", e.String())
	v, err := e.Eval(env)
	if err != nil {
		return nil, record.Kind{}, err
	}
	id, _ := plain(v).(string)
	if id == "" {
		return nil, record.Kind{}, none
	}
	r, err := record.ByID(st.ctx, st.tx, id)
	if fault.KindOf(err) == fault.NotFound {
		return nil, record.Kind{}, none
	}
	if err != nil {
		return nil, record.Kind{}, err
	}
	if r.Jurisdiction != st.Jurisdiction || r.Pack != st.Pack {
		return nil, record.Kind{}, none
	}
	k, err := st.kind(r.Kind)
	return r, k, err
}

// relatedIn is the record that another is joined to: itself, or the key by which people know it,
// with slashes between several values.
func (st *state) relatedIn(k record.Kind, w *workflow.Write, env formula.Env) (*record.Record, error) {
	v, err := w.To.Eval(env)
	if err != nil {
		return nil, err
	}
	for _, rel := range k.Pack.Relations {
		key, ok := v.(string)
		if rel.Name != w.Relate || !ok {
			continue
		}
		r, err := record.ByKey(st.ctx, st.tx, st.Jurisdiction, k.Pack.Name, rel.To, strings.Split(key, "/"))
		if fault.KindOf(err) != fault.NotFound {
			return r, err
		}
	}
	r, _, err := st.recordIn(w.To, env)
	return r, err
}

// mayChange refuses to change a kind of records that neither the class nor the life changes.
func (st *state) mayChange(k record.Kind) error {
	if k.Table || k.Pack.Name != st.Pack || !k.MayBeChangedBy(st.Class, st.Life) {
		return fault.New(fault.Conflict, "case.not_its_record", "kind", k.Name)
	}
	return nil
}
