package casework

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/workflow"
)

// PlaceOffer is an open offer as somebody sees it who may take a place.
type PlaceOffer struct {
	*Case
	Class  *Class
	Set    *workflow.PartSet
	Part   *Class // of the part that opens
	Places int64
	Left   int64
	Mine   int64 // that the asker has
	Until  time.Time
	Since  time.Time
}

// OfferCursor is where a page of offers ended.
type OfferCursor struct {
	Case string `json:"c"`
	Part string `json:"p"`
}

const mostOffers = 50

// Offers are a page of the offers of which who asks may take a place, the newest first. next is
// nil on the last page; a page may be shorter where conditions leave some out.
func (s *Service) Offers(ctx context.Context, who *Actor, after OfferCursor) (page []PlaceOffer, next *OfferCursor, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, nil, err
	}
	text, args := s.offersSQL(who, after)
	if text == "" {
		return nil, nil, nil
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		page, next = nil, nil
		found, err := db.Collect(ctx, tx, db.Stmt(text), args, func(r db.Rows) (c OfferCursor, err error) { return c, r.Scan(&c.Case, &c.Part) })
		if err != nil {
			return err
		}
		if len(found) > mostOffers {
			found = found[:mostOffers]
			next = &found[mostOffers-1]
		}
		for _, f := range found {
			o, err := s.placeOffer(ctx, tx, who, f.Case, f.Part)
			if err != nil {
				return err
			}
			if o != nil {
				page = append(page, *o)
			}
		}
		return nil
	})
	return page, next, err
}

// Offer is one offer of which who asks may take a place; case.not_found to everybody else.
func (s *Service) Offer(ctx context.Context, who *Actor, id, part string) (o *PlaceOffer, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, err = s.placeOffer(ctx, tx, who, id, part)
		return err
	})
	if err == nil && o == nil {
		err = fault.New(fault.NotFound, "case.not_found")
	}
	return o, err
}

// placeOffer is nil where nothing is offered to the actor.
func (s *Service) placeOffer(ctx context.Context, tx *db.Tx, who *Actor, id, part string) (*PlaceOffer, error) {
	st, err := s.load(ctx, tx, id, s.Now())
	if err != nil {
		return nil, err
	}
	d := st.life.Part(part)
	set := st.set(part)
	if d == nil || d.For.Offer == nil || set == nil || set.State != SetOffered || !st.SuspendedUntil.IsZero() || !set.Next.IsZero() && !set.Next.After(st.now) {
		return nil, nil
	}
	post, ok := st.offeredTo(who, d)
	if !ok {
		return nil, nil
	}
	n, err := st.takenOf(d, set, who.PersonID)
	if err != nil {
		return nil, err
	}
	child, err := st.offeredPart(who, d, set, n)
	if err != nil {
		return nil, err
	}
	if ok, err := st.mayTake(d.For.Offer, child, who, post); err != nil || !ok && n.mine == 0 {
		return nil, err
	}
	return &PlaceOffer{Case: st.Case, Class: st.class, Set: d, Part: child.class, Places: set.Expected, Left: max(0, set.Expected-n.all), Mine: n.mine,
		Until: set.Next, Since: set.OpenedAt}, nil
}

// PlacesLeft are the places of the latest round of an offer that nobody has; the engine's own view.
func (s *Service) PlacesLeft(ctx context.Context, id, part string) (left int64, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil {
			return err
		}
		set, d := st.set(part), st.life.Part(part)
		if set == nil || d == nil || d.For.Offer == nil || set.State != SetOffered {
			return nil
		}
		n, err := st.takenOf(d, set, "")
		left = max(0, set.Expected-n.all)
		return err
	})
	return left, err
}

// offersSQL asks for the offers that any post of the actor reaches; "" reaches none.
func (s *Service) offersSQL(who *Actor, after OfferCursor) (string, []any) {
	var args arguments
	jurisdiction := args.add(who.Jurisdiction)
	limit := ""
	if after.Case != "" {
		c, p := args.add(after.Case), args.add(after.Part)
		limit = " AND (case_id < " + c + " OR case_id = " + c + " AND part > " + p + ")"
	}
	var reaches []reach
	for _, p := range who.Posts {
		if p.PersonID == who.PersonID && !account.IsKernelRole(p.Role) {
			reaches = append(reaches, s.reachesOf(p)...)
		}
	}
	text := ""
	for i, r := range reaches {
		if slices.Contains(reaches[:i], r) {
			continue
		}
		if text != "" {
			text += " UNION "
		}
		text += "SELECT case_id, part FROM part_offer WHERE jurisdiction = " + jurisdiction + " AND role = " + args.add(r.role) + " AND how = " + args.add(r.how) +
			" AND place = " + args.add(r.place) + limit
	}
	if text == "" {
		return "", nil
	}
	return text + fmt.Sprintf(" ORDER BY 1 DESC, 2 LIMIT %d", mostOffers+1), args.list
}
