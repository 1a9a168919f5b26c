package casework

import (
	"context"
	"slices"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/workflow"
)

// Nearby is what everybody may know of a matter in their village or township: what kind it is, in
// which village, how far it has come. It has no number, no words, no point and nobody's name.
type Nearby struct {
	Class              string // pack/scheme:code
	VillageID          string
	Phase              workflow.Phase
	Outcome            string
	OpenedAt, ClosedAt time.Time // ClosedAt is zero while it is open
}

// The span that is looked back over, and how many are shown at most.
const (
	nearDays = 60
	nearMost = 60
)

// Near lists the latest matters of classes that are public, in a township or below, without those
// that are kept from somebody: the latest opened first. An area above a township or below a
// village, or of another jurisdiction, is case.unknown_area.
func (s *Service) Near(ctx context.Context, jurisdiction, area string) ([]Nearby, error) {
	a, ok := s.World.Tree().Area(area)
	if !ok || a.Jurisdiction != jurisdiction || int(a.Level) < int(account.Township) || int(a.Level) > int(account.Village) {
		return nil, fault.New(fault.NotFound, "case.unknown_area")
	}
	refs, err := s.publicClasses(ctx, jurisdiction)
	if err != nil || len(refs) == 0 {
		return nil, err
	}
	var args arguments
	since := s.Now().AddDate(0, 0, -nearDays)
	column := "c." + levelColumns[a.Level]
	where := " FROM cases c WHERE c.jurisdiction = " + args.add(jurisdiction) + " AND " + column + " = " + args.add(area) + " AND " + column + " <> '' AND c.id >= " + args.add(id.Floor(since)) +
		" AND c.kind = 'case' AND c.parent_id = '' AND c.merged_into = '' AND c.nature <> 'exercise' AND c.lies_in = '' AND NOT EXISTS (SELECT 1 FROM shield h WHERE h.root_id = c.root_id)" +
		" AND c.pack || '/' || c.scheme || ':' || c.class IN (" + strings.Join(args.all(refs), ", ") + ")"
	text := "SELECT c.pack || '/' || c.scheme || ':' || c.class, c.village_id, c.phase, c.outcome, c.opened_at, c.closed_at" + where + " ORDER BY c.id DESC LIMIT " + args.add(nearMost)
	var out []Nearby
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = db.Collect(ctx, tx, db.Stmt(text), args.list, func(r db.Rows) (n Nearby, err error) {
			var phase string
			var opened, closed int64
			err = r.Scan(&n.Class, &n.VillageID, &phase, &n.Outcome, &opened, &closed)
			n.Phase, n.OpenedAt, n.ClosedAt = workflow.Phase(phase), db.Time(opened), db.Time(closed)
			return n, err
		})
		return err
	})
	return out, err
}

// publicClasses are the classes in force that everybody may hear of.
func (s *Service) publicClasses(ctx context.Context, jurisdiction string) (refs []string, err error) {
	packs, err := s.Book.Packs(ctx, jurisdiction)
	for name, e := range packs {
		for i := range e.Pack.Classes {
			if k := e.Class(e.Pack.Classes[i].Code); k.Public {
				refs = append(refs, name+"/"+k.Scheme+":"+k.Code)
			}
		}
	}
	slices.Sort(refs) // one text for the database
	return refs, err
}
