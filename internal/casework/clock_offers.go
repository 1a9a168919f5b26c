package casework

import "gezhi/internal/workflow"

// clockOffers are the kernel actions on clocks that the actor may do now: granting an
// extension that is left, and ending a suspension.
func (st *state) clockOffers(who *Actor) []Offer {
	if who.System {
		return nil
	}
	var out []Offer
	extend := Offer{Action: actionExtend, Overlay: true}
	for i := range st.life.Clocks {
		d := &st.life.Clocks[i]
		c := st.clock(d.Name)
		if d.Extend == nil || c == nil || c.State == Stopped || d.Extend.Times > 0 && len(c.Extended) >= d.Extend.Times {
			continue
		}
		if _, ok, err := st.entitled(who, d.Extend.Who, nil); ok && err == nil {
			extend.Clocks = append(extend.Clocks, d.Name)
		}
	}
	if len(extend.Clocks) > 0 {
		out = append(out, extend)
	}
	if o := st.life.Overlay(workflow.Suspend); o != nil && !st.SuspendedUntil.IsZero() && st.mayOverlay(who, o) == nil {
		out = append(out, Offer{Action: actionResume, Overlay: true})
	}
	return out
}
