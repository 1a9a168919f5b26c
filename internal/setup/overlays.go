package setup

import (
	"context"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
)

// OverlayCheck is what a check of a county's own values for a pack found.
type OverlayCheck struct {
	Pack    *pack.Effective // in force, with the overlay in force
	Overlay *pack.Overlay   // nil where it cannot be read, and for none at all
	Report  pack.Report
	Changes []pack.Sentence // from the overlay in force
	Units   []string        // that duty lines name, and that do not stand
	Same    bool            // it is in force already
}

// before is the hash of the overlay in force; "" for none.
func (c *OverlayCheck) before() string {
	if c.Pack.Overlay == nil {
		return ""
	}
	return c.Pack.Overlay.Hash()
}

// inForce is a pack in force under its name; setup.no_pack where there is none.
func (s *Service) inForce(ctx context.Context, a account.Actor, name string) (*pack.Effective, error) {
	packs, err := s.Cases.Book.Packs(ctx, a.Jurisdiction)
	if err != nil {
		return nil, err
	}
	if packs[name] == nil {
		return nil, fault.New(fault.NotFound, "setup.no_pack")
	}
	return packs[name], nil
}

// CheckOverlay reads an overlay for the pack in force under a name and tells what is wrong with
// it and what it would change. A text without anything in it takes the county's values away.
// Nothing is kept. setup.no_pack where no such pack is in force.
func (s *Service) CheckOverlay(ctx context.Context, a account.Actor, name, text string) (*OverlayCheck, error) {
	e, err := s.inForce(ctx, a, name)
	if err != nil {
		return nil, err
	}
	c := &OverlayCheck{Pack: e}
	if strings.TrimSpace(text) != "" {
		if c.Overlay, c.Report = pack.LoadOverlay("overlay.yaml", []byte(text), e.Pack); c.Overlay == nil {
			return c, nil
		}
	}
	c.Changes = pack.DiffOverlays(e.Overlay, c.Overlay)
	c.Same = c.before() == hashOf(c.Overlay)
	_, c.Units, err = s.missing(ctx, a.Jurisdiction, &Checked{Pack: e.Pack, Before: &pack.Effective{Pack: e.Pack, Overlay: c.Overlay}})
	return c, err
}

func hashOf(o *pack.Overlay) string {
	if o == nil {
		return ""
	}
	return o.Hash()
}

// LoadOverlay puts an overlay in force for new cases, under the pack that is. of and before are
// the hashes of the pack and overlay that its check was told against: where others have come
// into force since it is setup.meanwhile. One that does not pass its check is setup.bad_overlay,
// one that is in force already setup.in_force.
func (s *Service) LoadOverlay(ctx context.Context, a account.Actor, name, text, of, before string) error {
	c, err := s.CheckOverlay(ctx, a, name, text)
	switch {
	case err != nil:
		return err
	case !c.Report.OK():
		return fault.New(fault.Invalid, "setup.bad_overlay")
	case c.Pack.Pack.Hash() != of || c.before() != before:
		return fault.New(fault.Conflict, "setup.meanwhile")
	case c.Same:
		return fault.New(fault.Conflict, "setup.in_force")
	}
	return s.Cases.Book.Load(ctx, a.PersonID, a.Jurisdiction, c.Pack.Pack, c.Overlay)
}
