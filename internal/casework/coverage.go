package casework

import (
	"context"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/record"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

var casesThatCover = db.SQL(`SELECT count(*) FROM cases WHERE about_id = ($1 || '') AND about_id <> '' AND pack = $2 AND (life = $3 OR class = $3) AND outcome <> 'void'`)

// Gap is a record that a coverage finds wanting.
type Gap struct {
	Record, Key, Title, AreaID string
	Has                        int // how many it has
}

const mostGaps = 200

// gaps are the records that a coverage finds wanting as this case sees them, at most so many.
func (st *state) gaps(c *workflow.Coverage, most int) ([]Gap, error) {
	k, err := st.kind(c.Every)
	if err != nil {
		return nil, err
	}
	items, err := st.recordItems(workflow.Source{Kind: workflow.ForRecords, Record: c.Every, Where: c.Where})
	if err != nil {
		return nil, err
	}
	var out []Gap
	for _, it := range items {
		n, err := st.covered(c, k, it.About.id)
		if err != nil {
			return nil, err
		}
		if n >= c.Least && (c.Most == 0 || n <= c.Most) {
			continue
		}
		if out = append(out, Gap{it.About.id, it.Key, it.Title, it.About.area, n}); len(out) == most {
			break
		}
	}
	return out, nil
}

// covered counts what a record has of what a coverage wants.
func (st *state) covered(c *workflow.Coverage, k record.Kind, id string) (int, error) {
	if c.Has != "" {
		var n int64
		err := st.tx.Row(st.ctx, casesThatCover, []any{id, st.Pack, c.Has}, &n)
		return int(n), err
	}
	seen := map[string]bool{}
	for _, r := range k.Pack.Relations {
		if r.Name != c.Via {
			continue
		}
		for _, back := range []bool{false, true} {
			if back && r.To != c.Every || !back && r.From != c.Every {
				continue
			}
			ids, err := record.Related(st.ctx, st.tx, k.Pack.Name, r.Name, id, st.day(), back)
			if err != nil {
				return 0, err
			}
			for _, x := range ids {
				seen[x] = true
			}
		}
	}
	return len(seen), nil
}

// unmetGap tells whether a coverage has more gaps than a need lets pass.
func (st *state) unmetGap(n workflow.Need) (bool, error) {
	c := st.class.In.Pack.CoverageOf(n.Gap)
	if c == nil {
		return true, nil
	}
	found, err := st.gaps(c, n.AtMost+1)
	return len(found) > n.AtMost, err
}

// unmetRecord tells whether no record of the kind holds on the day for what the case is about, or
// for who holds the seat.
func (st *state) unmetRecord(n workflow.Need) (bool, error) {
	day := st.day()
	if n.Valid != nil {
		v, err := n.Valid.Eval(st.env())
		if err != nil {
			return true, err
		}
		at, ok := moment(v, 0)
		if !ok {
			return true, nil
		}
		day = dayOf(at)
	}
	k, err := st.kind(n.Record)
	if err != nil {
		return true, err
	}
	if n.Seat != "" {
		return st.unlisted(n.Seat, k, day)
	}
	if st.AboutKind != workflow.AboutRecord {
		return true, nil
	}
	r, err := record.ByID(st.ctx, st.tx, st.AboutID)
	if err != nil {
		return true, err
	}
	ids := []string{}
	if r.Kind == k.Name && r.Pack == k.Pack.Name {
		ids = append(ids, r.ID)
	}
	for _, rel := range k.Pack.Relations {
		for _, back := range []bool{false, true} {
			if !back && (rel.From != r.Kind || rel.To != k.Name) || back && (rel.To != r.Kind || rel.From != k.Name) {
				continue
			}
			more, err := record.Related(st.ctx, st.tx, k.Pack.Name, rel.Name, r.ID, day, back)
			if err != nil {
				return true, err
			}
			ids = append(ids, more...)
		}
	}
	for _, id := range ids {
		if _, ok, err := record.On(st.ctx, st.tx, id, day); err != nil || ok {
			return !ok, err
		}
	}
	return true, nil
}

// unlisted tells whether somebody who holds a seat, or nobody, stands in a register on a day.
func (st *state) unlisted(seat string, k record.Kind, day string) (bool, error) {
	held := st.held(seat)
	for _, p := range held {
		as := "person/" + p.Subject
		switch p.Kind {
		case workflow.SeatUnit:
			as = "unit/" + p.Subject
		case workflow.SeatPost:
			if post, ok := st.s.World.People().Post(p.Subject); ok {
				as = "person/" + post.PersonID
			}
		}
		ok, err := record.Listed(st.ctx, st.tx, st.Jurisdiction, k.Pack.Name, k.Name, as, day)
		if err != nil || !ok {
			return true, err
		}
	}
	return len(held) == 0, nil
}

// Gaps are the first records that a coverage finds wanting, as a case sees them: a list of work.
func (s *Service) Gaps(ctx context.Context, who *Actor, id, name string) (out []Gap, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil {
			return err
		}
		c := st.class.In.Pack.CoverageOf(name)
		if c == nil || !who.System && !st.sees(who) {
			return fault.New(fault.NotFound, "case.not_found")
		}
		k, err := st.kind(c.Every)
		if err != nil {
			return err
		}
		all, err := st.gaps(c, mostGaps)
		if err != nil {
			return err
		}
		out = nil
		for _, g := range all { // a gap shows no record that its reader could not look up
			r, err := record.ByID(ctx, tx, g.Record)
			if err != nil {
				return err
			}
			ok := who.System
			if !ok {
				if ok, err = record.Reaches(ctx, tx, who.Scope, r, k.Public); err != nil {
					return err
				}
			}
			if ok {
				out = append(out, g)
			}
		}
		return nil
	})
	return out, err
}

type gapsInput struct {
	ID   string `path:"id" maxLength:"64"`
	Name string `path:"name" maxLength:"100"`
}

// GapJSON is a record that a rule on a set finds wanting.
type GapJSON struct {
	Record   string `json:"record" doc:"id"`
	Key      string `json:"key"`
	Title    string `json:"title"`
	AreaName string `json:"area_name,omitempty"`
	Has      int    `json:"has" doc:"how many it has of what is wanted"`
}

type gapsOutput struct {
	Body struct {
		Gaps []GapJSON `json:"gaps"`
	}
}

func (s *Service) gapRoutes(srv *web.Server) {
	web.Op(srv, web.Operation{Method: "GET", Path: "/cases/{id}/gaps/{name}", ID: "listGaps", Summary: "Records that a rule on a set finds wanting, as a case sees them: the first 200", Tags: []string{"cases"}}, s.httpGaps)
}

func (s *Service) httpGaps(ctx context.Context, in *gapsInput) (*gapsOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.Gaps(ctx, who, in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	out := &gapsOutput{}
	out.Body.Gaps = []GapJSON{}
	for _, g := range all {
		out.Body.Gaps = append(out.Body.Gaps, GapJSON{g.Record, g.Key, g.Title, s.areaName(g.AreaID), g.Has})
	}
	return out, nil
}
