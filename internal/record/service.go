package record

import (
	"context"
	"slices"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/pack"
	"gezhi/internal/privacy"
	"gezhi/internal/territory"
)

// Service is the use cases of records. Its fields are the wiring; all but OnChange must be
// set, Scope and Name only where HTTP is served.
type Service struct {
	DB        *db.DB
	Now       clock.Now
	NewID     id.Source
	Territory *territory.Service
	Accounts  *account.Service
	// Vault seals the personal values of records.
	Vault *privacy.Vault
	// Kinds lists what the packs in force in a jurisdiction declare, tables left out.
	Kinds func(ctx context.Context, jurisdiction string) ([]Kind, error)
	// OnChange hears of every change inside its transaction. An error fails the import.
	OnChange func(ctx context.Context, tx *db.Tx, all []Change) error
	// Scope is where somebody who is logged in may look.
	Scope func(ctx context.Context, a account.Actor) (account.Scope, error)
	// Name is what people call a person, unit or area; "" for anything else.
	Name func(id string) string
}

// KindsOf lists the kinds of records that a pack declares, without its dated tables, as a
// county's overlay has them; nil for none.
func KindsOf(p *pack.Pack, o *pack.Overlay) []Kind {
	var out []Kind
	for i := range p.Records {
		if p.Records[i].Table {
			continue
		}
		k := Kind{Pack: p, Record: &p.Records[i]}
		if o != nil {
			k.Keep = o.Keep
		}
		out = append(out, k)
	}
	return out
}

// kind finds a kind by "kind" or "pack/kind"; record.unknown_kind without it, and
// record.ambiguous_kind where two packs have one of that name.
func (s *Service) kind(ctx context.Context, jurisdiction, ref string) (Kind, error) {
	all, err := s.Kinds(ctx, jurisdiction)
	if err != nil {
		return Kind{}, err
	}
	var found []Kind
	for _, k := range all {
		if ref == k.Ref() || ref == k.Name {
			found = append(found, k)
		}
	}
	switch len(found) {
	case 0:
		return Kind{}, fault.New(fault.Invalid, "record.unknown_kind")
	case 1:
		return found[0], nil
	}
	return Kind{}, fault.New(fault.Invalid, "record.ambiguous_kind")
}

// rowsAtOnce is how many drafts are taken in before Progress hears of them.
const rowsAtOnce = 500

// Plant makes drafts stand: it begins what is new, revises what differs, leaves what is the
// same, and ends what is missing if asked. One bad draft refuses all before anything is
// written: record.bad_rows. Doing it again changes nothing.
func (s *Service) Plant(ctx context.Context, drafts []Draft, imp Import) (Report, error) {
	return s.plant(ctx, drafts, imp, nil)
}

// plant is Plant for a file, of which reading found bad rows.
func (s *Service) plant(ctx context.Context, drafts []Draft, imp Import, bad []fault.Place) (Report, error) {
	k, err := s.kind(ctx, imp.Jurisdiction, imp.Kind)
	if err != nil {
		return Report{}, err
	}
	tree, err := s.Territory.Tree(ctx)
	if err != nil {
		return Report{}, err
	}
	c := &checking{kind: k, imp: imp, tree: tree, related: relationsOf(k), bad: bad}
	rows := c.all(drafts)
	rep := Report{DryRun: imp.DryRun, Rows: len(drafts) + len(bad)}
	var lost []string
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		p := &planner{s: s, checking: c, tx: tx, keys: keysOf(rows), dry: true}
		if err := imp.inParts(territory.StageRead, rows, func(part []checked) error { return p.all(ctx, part) }); err != nil {
			return err
		}
		if imp.EndMissing {
			lost, err = p.lost(ctx, rows)
			p.count.Ended += len(lost)
		}
		rep.count(p.count)
		return err
	}); err != nil {
		return Report{}, err
	}
	rep.Bad = c.bad
	if err := rep.refused(); err != nil || rep.BadRows > 0 || imp.DryRun {
		return rep, err
	}
	return s.carryOut(ctx, c, rows, lost, rep)
}

func (r *Report) count(of Report) {
	r.Begun, r.Changed, r.Ended, r.Unchanged = of.Begun, of.Changed, of.Ended, of.Unchanged
}

// carryOut writes what was found right in one transaction: first the records, then what joins
// them, so that those of one file may name each other. Nothing of it stays when it fails, or is
// given up.
func (s *Service) carryOut(ctx context.Context, c *checking, rows []checked, lost []string, rep Report) (Report, error) {
	related := slices.DeleteFunc(slices.Clone(rows), func(d checked) bool { return len(d.Related) == 0 })
	err := s.DB.Write(ctx, db.Keys{"records/" + c.imp.Jurisdiction + "/" + c.kind.Ref()}, func(ctx context.Context, tx *db.Tx) error {
		mine := *c
		mine.bad = nil
		p := &planner{s: s, checking: &mine, tx: tx, keys: keysOf(rows)}
		told := func(do func() error) error {
			if err := do(); err != nil || s.OnChange == nil || len(p.heard) == 0 {
				return err
			}
			heard := p.heard
			p.heard = nil
			return s.OnChange(ctx, tx, heard)
		}
		if err := c.imp.inParts(territory.StageWrite, rows, func(part []checked) error {
			return told(func() error { return p.all(ctx, part) })
		}); err != nil {
			return err
		}
		if err := told(func() error { return p.relate(ctx, related) }); err != nil {
			return err
		}
		if err := told(func() error { return p.end(ctx, lost) }); err != nil {
			return err
		}
		if len(mine.bad) > 0 { // somebody else changed what it hangs on meanwhile
			again := Report{Bad: mine.bad}
			return again.refused()
		}
		rep.count(p.count)
		return nil
	})
	return rep, err
}

// inParts does something with so many rows at a time, and says how far it has come.
func (imp Import) inParts(stage string, rows []checked, do func(part []checked) error) error {
	done := 0
	for part := range slices.Chunk(rows, rowsAtOnce) {
		if err := do(part); err != nil {
			return err
		}
		if done += len(part); imp.Progress != nil {
			if err := imp.Progress(stage, done, len(rows)); err != nil {
				return err
			}
		}
	}
	return nil
}

// keysOf are the identities of the rows of one file, which may name each other.
func keysOf(rows []checked) map[string]bool {
	out := map[string]bool{}
	for i := range rows {
		out[identityOf(rows[i].key)] = true
	}
	return out
}
