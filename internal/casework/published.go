package casework

import (
	"context"
	"strconv"
	"strings"

	"gezhi/internal/db"
	"gezhi/internal/web"
)

// Published is an open offer, as those see it who may read the case.
type Published struct {
	PlaceOffer
	Taken bool // anybody ever took a place
}

// PublishedCursor is where a page of what is published ended.
type PublishedCursor struct {
	Taken int64  `json:"t"`
	Until int64  `json:"u"`
	Case  string `json:"c"`
	Part  string `json:"p"`
}

// noEnd sorts behind every end.
const noEnd = 1 << 62

// Published are a page of the open offers of cases that who asks may see: those of which nobody has
// taken a place first, and of these those that end soonest. next is nil on the last page.
func (s *Service) Published(ctx context.Context, who *Actor, after PublishedCursor) (page []Published, next *PublishedCursor, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, nil, err
	}
	text, args := publishedSQL(who, after)
	if text == "" {
		return nil, nil, nil
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		page, next = nil, nil
		found, err := db.Collect(ctx, tx, db.Stmt(text), args, func(r db.Rows) (c PublishedCursor, err error) { return c, r.Scan(&c.Taken, &c.Until, &c.Case, &c.Part) })
		if err != nil {
			return err
		}
		if len(found) > mostOffers {
			found = found[:mostOffers]
			next = &found[mostOffers-1]
		}
		for _, f := range found {
			o, err := s.publishedOffer(ctx, tx, f)
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

func (s *Service) publishedOffer(ctx context.Context, tx *db.Tx, f PublishedCursor) (*Published, error) {
	st, err := s.load(ctx, tx, f.Case, s.Now())
	if err != nil {
		return nil, err
	}
	d, set := st.life.Part(f.Part), st.set(f.Part)
	if d == nil || d.For.Offer == nil || set == nil || set.State != SetOffered || !set.Next.IsZero() && !set.Next.After(st.now) {
		return nil, nil
	}
	k := st.class.In.Class(d.Case)
	if k == nil {
		return nil, nil
	}
	n, err := st.takenOf(d, set, "")
	return &Published{PlaceOffer{Case: st.Case, Class: st.class, Set: d, Part: &Class{EffectiveClass: k, In: st.class.In}, Places: set.Expected, Left: max(0, set.Expected-n.all),
		Until: set.Next, Since: set.OpenedAt}, n.parts > 0}, err
}

// publishedSQL finds the offers in what the actor may see; "" where that is nothing.
func publishedSQL(who *Actor, after PublishedCursor) (string, []any) {
	if len(who.Scope.Branches) == 0 || who.Scope.Jurisdiction == "" {
		return "", nil
	}
	var args arguments
	jurisdiction, none := args.add(who.Jurisdiction), args.add(int64(noEnd))
	from := ""
	if after.Case != "" {
		t, u, c, p := args.add(after.Taken), args.add(after.Until), args.add(after.Case), args.add(after.Part)
		from = " WHERE taken > " + t + " OR taken = " + t + " AND (until_at > " + u + " OR until_at = " + u + " AND (case_id > " + c + " OR case_id = " + c + " AND part > " + p + "))"
	}
	scope := who.Scope.SQL(len(args.list) + 1)
	branches := make([]string, len(scope))
	for i, b := range scope {
		args.list = append(args.list, b.Args...)
		branches[i] = `SELECT CASE WHEN EXISTS (SELECT 1 FROM cases k WHERE k.parent_id = c.id AND k.parent_id <> '' AND k.part = s.name) THEN 1 ELSE 0 END AS taken,
			CASE WHEN s.next_at = 0 THEN ` + none + ` ELSE s.next_at END AS until_at, c.id AS case_id, s.name AS part
			FROM (SELECT DISTINCT case_id, part FROM part_offer WHERE jurisdiction = ` + jurisdiction + `) o JOIN cases c ON c.id = o.case_id ` + b.Join + `
			JOIN part_set s ON s.case_id = o.case_id AND s.name = o.part AND s.state = '` + SetOffered + `' WHERE ` + b.Where
	}
	return "SELECT taken, until_at, case_id, part FROM (" + strings.Join(branches, " UNION ") + ") x" + from + " ORDER BY taken, until_at, case_id, part LIMIT " + strconv.Itoa(mostOffers+1), args.list
}

// PublishedJSON is an open offer, as those see it who may read the case.
type PublishedJSON struct {
	Case       string      `json:"case"`
	Part       string      `json:"part"`
	PartTitle  string      `json:"part_title"`
	Number     string      `json:"number"`
	Title      string      `json:"title"`
	ClassTitle string      `json:"class_title"`
	AreaName   string      `json:"area_name"`
	Places     int64       `json:"places"`
	Left       int64       `json:"left" doc:"places that nobody has taken yet"`
	Unclaimed  bool        `json:"unclaimed" doc:"nobody ever took a place"`
	Until      int64       `json:"until,omitempty" doc:"ms UTC; after it nobody can take one"`
	Since      int64       `json:"since"`
	Shows      []FieldJSON `json:"shows"`
	Sample     bool        `json:"sample,omitempty"`
}

type publishedOutput struct {
	Body struct {
		Offers []PublishedJSON `json:"offers"`
		Next   string          `json:"next,omitempty"`
	}
}

func (s *Service) httpPublished(ctx context.Context, in *offersInput) (*publishedOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	var after PublishedCursor
	if in.Cursor != "" {
		if err := web.ReadCursor(in.Cursor, &after); err != nil {
			return nil, err
		}
	}
	page, next, err := s.Published(ctx, who, after)
	if err != nil {
		return nil, err
	}
	out := &publishedOutput{}
	out.Body.Offers = make([]PublishedJSON, len(page))
	for i := range page {
		o := s.placeOfferJSON(ctx, &page[i].PlaceOffer)
		out.Body.Offers[i] = PublishedJSON{Case: o.Case, Part: o.Part, PartTitle: o.PartTitle, Number: o.Number, Title: o.Title, ClassTitle: o.ClassTitle, AreaName: o.AreaName,
			Places: o.Places, Left: o.Left, Unclaimed: !page[i].Taken, Until: o.Until, Since: o.Since, Shows: o.Shows, Sample: o.Sample}
	}
	if next != nil {
		out.Body.Next, err = web.Cursor(next)
	}
	return out, err
}
