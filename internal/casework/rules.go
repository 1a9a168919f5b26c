package casework

import (
	"slices"

	"gezhi/internal/formula"
	"gezhi/internal/pack"
	"gezhi/internal/workflow"
)

// Class is what counts for a case: its class in one version of a pack under one overlay.
type Class struct {
	*pack.EffectiveClass
	In                    *pack.Effective
	PackHash, OverlayHash string
}

// Ref is how a class is named everywhere: pack/scheme:code.
func (c *Class) Ref() string { return c.In.Pack.Name + "/" + c.Scheme + ":" + c.Code }

// value is the class as formulas read it.
func (c *Class) value() formula.Map {
	return formula.Map{"code": c.Code, "scheme": c.Scheme, "group": c.Group, "spot": c.Spot, "public": c.Public}
}

// reasons are the codes that an overlay's reasons allow; nil when none is asked for. Those
// of a task are lists of the pack that gives its life.
func (st *state) reasons(o *workflow.Overlay) []string {
	if o.Reasons == "" {
		return nil
	}
	from := st.class.In.Pack
	if st.task != nil && st.s.TaskPack != nil {
		from = st.s.TaskPack
	}
	if l := from.ReasonList(o.Reasons); l != nil {
		return l.Codes
	}
	return []string{o.Reasons}
}

// rule is how a kernel action may be used here; nil when it may not. A unit above may
// designate once a return has reached the cap that leads to it.
func (st *state) rule(name string) *workflow.Overlay {
	if o := st.life.Overlay(name); o != nil || name != workflow.Designate {
		return o
	}
	r := st.life.Overlay(workflow.Return)
	if r == nil || r.Then != name || r.Cap == 0 || st.Returns < int64(r.Cap) {
		return nil
	}
	o := &workflow.Overlay{Name: name}
	if len(r.In) == 1 {
		o.To = r.In[0]
	}
	return o
}

// NeverTrains tells that no classifier may learn from cases of the class.
func (c *Class) NeverTrains() bool {
	return c.Train == pack.TrainNever || c.Life.Train == pack.TrainNever
}

// severity is the grade of a case, with the county's changes.
func (c *Class) severity(code string) pack.Severity {
	s, _ := c.In.Severity(code)
	return s
}

// levelNames are the levels as duty lines and roles name them; the index is the level.
var levelNames = [8]string{"", "province", "city", "county", "township", "village", "grid", "micro_grid"}

// duties are the lines that fit a class at the levels of a case, in the order of the file.
func (c *Class) duties(areas [8]string, day string) []dutyAt {
	var out []dutyAt
	for l := 7; l >= 1; l-- {
		if areas[l] == "" {
			continue
		}
		if d, ok := c.In.DutyFor(c.Code, levelNames[l], day); ok {
			out = append(out, dutyAt{d, areas[l]})
		}
	}
	slices.SortStableFunc(out, func(a, b dutyAt) int { return a.Line - b.Line })
	return out
}

type dutyAt struct {
	pack.Duty
	area string
}
