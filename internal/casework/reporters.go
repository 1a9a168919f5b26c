package casework

import (
	"slices"

	"gezhi/internal/db"
	"gezhi/internal/workflow"
)

// codeOthers says of an act of one reporter that the case waits for the others.
const codeOthers = "case.other_reporters"

var saidSince = db.SQL(`SELECT DISTINCT person_id FROM move WHERE case_id = $1 AND action = $2 AND at >= $3 AND person_id <> ''`)

// heldForOthers keeps one of several reporters from closing a case for all: what a reporter may
// do to close it counts when each whose report it holds has done it, or when time has run out.
// Until then the act is written down and the case stays where it is. What sends the case
// back to work needs nobody else.
func (st *state) heldForOthers(who *Actor, d *workflow.Action, step string) (bool, error) {
	if who.System || !d.Moves() || st.life.Phase(step) != workflow.Closed ||
		!slices.ContainsFunc(d.Who, func(w workflow.Who) bool { return w.Kind == workflow.WhoSeat && w.Name == workflow.Reporter }) {
		return false, nil
	}
	merged, err := st.mergedReporters()
	if err != nil || len(merged) == 0 || who.PersonID != st.ReporterID && !slices.Contains(merged, who.PersonID) {
		return false, err
	}
	said, err := db.Collect(st.ctx, st.tx, saidSince, []any{st.ID, d.Name, st.EnteredAt}, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) })
	if err != nil {
		return false, err
	}
	said = append(said, who.PersonID)
	if !slices.ContainsFunc(append(merged, st.ReporterID), func(p string) bool { return !slices.Contains(said, p) }) {
		return false, nil
	}
	st.move.Done, st.move.Data.Code = false, codeOthers
	return true, nil
}

// saidAlready tells whether somebody has done, in the step in which the case stands, what waits
// for the other reporters.
func (st *state) saidAlready(who *Actor, action string) bool {
	return slices.ContainsFunc(st.moves, func(m Move) bool {
		return m.Action == action && !m.Done && m.Data.Code == codeOthers && m.PersonID == who.PersonID && !m.At.Before(st.EnteredAt)
	})
}

// privately tells whether a move was made by somebody whose name others do not read: who opened
// the case; who holds no office and no seat of it; and, where it is kept from somebody, whoever
// reported it.
func (s *Service) privately(v *View, m *Move) bool {
	reported := m.PersonID == v.ReporterID
	if reported && m.Action == actionOpen {
		return true
	}
	if slices.ContainsFunc(v.Seats, func(p *Participant) bool { return p.Subject == m.PersonID }) {
		return false
	}
	return reported && len(v.Kept) > 0 || m.UnitID == "" && !s.official(m.PersonID)
}

// official tells whether somebody has a post in an office now.
func (s *Service) official(person string) bool {
	return slices.ContainsFunc(s.World.People().Of(person, s.Now()), func(p Post) bool { return p.UnitID != "" })
}
