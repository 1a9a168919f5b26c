package casework

import (
	"slices"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/workflow"
)

// saveSeats writes changed participants, and whom the case concerns.
func (st *state) saveSeats() error {
	involve := map[string]bool{}
	if st.fresh {
		involve[involvedAs(workflow.SeatPerson, st.ReporterID)] = true
		involve[involvedAs(workflow.SeatPerson, st.EnteredBy)] = true
	}
	var added, involved []any
	for _, p := range st.seats {
		switch {
		case p.added:
			added = append(added, st.seated(p)...)
			involve[involvedAs(p.Kind, p.Subject)] = true
		case p.changed:
			st.seated(p)
			if err := st.tx.Queue(st.ctx, updateParticipant, st.ID, p.ID, p.State, p.From, p.Until, p.DueAt); err != nil {
				return err
			}
		}
	}
	for _, p := range st.seats {
		if id := involvedAs(p.Kind, p.Subject); p.changed && p.State != Held && p.State != Offered && !st.concerns(id) {
			if err := st.tx.Queue(st.ctx, dropInvolved, st.ID, id); err != nil {
				return err
			}
		}
	}
	for id := range involve {
		if id != "" {
			involved = append(involved, id, st.ID, st.Jurisdiction, st.Open(), st.DueAt)
		}
	}
	if err := insertParticipants.queue(st.ctx, st.tx, added); err != nil {
		return err
	}
	return insertInvolved.queue(st.ctx, st.tx, involved)
}

// seated is the row of a participant, which the leaf then names.
func (st *state) seated(p *Participant) []any {
	row := []any{st.ID, p.ID, st.Jurisdiction, p.Seat, p.Kind, p.Subject, p.State, p.From, p.Until, p.DueAt, p.MoveID, p.Why}
	st.wrote = append(st.wrote, audit.Row{Table: audit.Participants, Values: row})
	return row
}

// involvedAs is the subject under which somebody finds the case, as scopes name it; "" for
// parties, who have no account.
func involvedAs(kind, id string) string {
	switch {
	case id == "":
		return ""
	case kind == workflow.SeatPost:
		return account.Branch{Kind: account.PostBranch, ID: id}.Involved()
	case kind == workflow.SeatUnit:
		return account.Branch{Kind: account.UnitBranch, ID: id}.Involved()
	case kind == workflow.SeatPerson:
		return account.Branch{Kind: account.PersonBranch, ID: id}.Involved()
	}
	return ""
}

// concerns tells whether a subject still sits, reported or entered the case.
func (st *state) concerns(id string) bool {
	return id == involvedAs(workflow.SeatPerson, st.ReporterID) || id == involvedAs(workflow.SeatPerson, st.EnteredBy) || slices.ContainsFunc(st.seats, func(p *Participant) bool {
		return involvedAs(p.Kind, p.Subject) == id && p.sits()
	})
}
