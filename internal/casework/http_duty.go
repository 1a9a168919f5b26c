package casework

import (
	"context"
	"slices"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/pack"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

// How far the page of who is on duty looks back and ahead.
const (
	dutyBehind = 12 * time.Hour
	dutyAhead  = 48 * time.Hour
)

// ShiftJSON is a time on the duty roster.
type ShiftJSON struct {
	AreaID   string `json:"area_id"`
	AreaName string `json:"area_name"`
	Shift    string `json:"shift" doc:"day, night, holiday, or as the roster has it"`
	Seat     string `json:"seat" doc:"clerk, leader, or as the roster has it"`
	PersonID string `json:"person_id"`
	Name     string `json:"name"`
	From     int64  `json:"from" doc:"ms UTC"`
	Until    int64  `json:"until" doc:"ms UTC"`
	Now      bool   `json:"now,omitempty"`
	Mine     bool   `json:"mine,omitempty"`
}

type dutyOutput struct {
	Body struct {
		Shifts []ShiftJSON `json:"shifts" doc:"where the asker has posts or is on duty, from some hours back to two days ahead"`
	}
}

func (s *Service) dutyRoutes(srv *web.Server) {
	web.Op(srv, web.Operation{Method: "GET", Path: "/duty", ID: "whoIsOnDuty", Summary: "Who is on duty where the asker works, now and next", Tags: []string{"cases"}}, s.httpDuty)
}

var shiftsOf = db.SQL(`SELECT id, area_id, shift, seat, person_id, from_at, until_at FROM roster
	WHERE jurisdiction = $1 AND from_at < $3 AND until_at > $2 AND from_at < until_at ORDER BY from_at, area_id, id`)

// Shifts are those on the roster of the areas where somebody has posts, and their own, between two moments.
func (s *Service) Shifts(ctx context.Context, who *Actor, from, until time.Time) (out []Shift, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = db.Collect(ctx, tx, shiftsOf, []any{who.Jurisdiction, from, until}, scanShift)
		return err
	})
	areas := map[string]bool{}
	for _, p := range who.Posts {
		if p.UnitID != "" {
			areas[p.AreaID] = true
		}
	}
	return slices.DeleteFunc(out, func(x Shift) bool { return x.Person != who.PersonID && !areas[x.Area] }), err
}

func (s *Service) httpDuty(ctx context.Context, _ *struct{}) (*dutyOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	all, err := s.Shifts(ctx, who, now.Add(-dutyBehind), now.Add(dutyAhead))
	out := &dutyOutput{}
	out.Body.Shifts = []ShiftJSON{}
	for _, x := range all {
		out.Body.Shifts = append(out.Body.Shifts, ShiftJSON{AreaID: x.Area, AreaName: s.areaName(x.Area), Shift: x.Shift, Seat: x.Seat, PersonID: x.Person,
			Name: s.World.People().Name(x.Person), From: db.Ms(x.From), Until: db.Ms(x.Until), Now: !x.From.After(now) && x.Until.After(now), Mine: x.Person == who.PersonID})
	}
	return out, err
}

// onDutyAlone tells whether a class is brought by whoever is on duty and by nobody else.
func onDutyAlone(k *pack.EffectiveClass) bool {
	if k.Life == nil || len(k.Life.Opens) == 0 {
		return false
	}
	for _, o := range k.Life.Opens {
		if o.By != workflow.OpenByPerson || len(o.Who) == 0 || slices.ContainsFunc(o.Who, func(w workflow.Who) bool { return w.Of != workflow.OfDutyArea }) {
			return false
		}
	}
	return true
}
