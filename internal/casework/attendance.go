package casework

import (
	"context"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

// Attendance is a set of places that people took, and the act by which somebody says of each of them
// yes or no: who came, say.
type Attendance struct {
	Set    string
	Class  *Class           // of the parts
	Action *workflow.Action // with one question, a yes or no, that may be answered for many at once
	Field  *form.Field
	People []Attending
}

// Attending is one place of an attendance list.
type Attending struct {
	*Case
	May bool // the asker may do the act on it now
}

// AttendanceLists are those of a case whose places are marked by a yes or no; case.not_found for who may not
// see the case. A case without any has none.
func (s *Service) AttendanceLists(ctx context.Context, who *Actor, id string) (out []Attendance, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil {
			return err
		}
		if !st.sees(who) {
			return fault.New(fault.NotFound, "case.not_found")
		}
		for _, set := range st.sets {
			d := st.life.Part(set.Name)
			if d == nil || d.For.Offer == nil {
				continue
			}
			k := st.class.In.Class(d.Case)
			action, field := marking(k.Life.Actions, k.Field)
			if action == nil {
				continue
			}
			r := Attendance{Set: set.Name, Class: &Class{EffectiveClass: k, In: st.class.In}, Action: action, Field: field}
			if r.People, err = st.attending(who, set.Name, action); err != nil {
				return err
			}
			out = append(out, r)
		}
		return nil
	})
	return out, err
}

// marking finds the act that asks one yes or no, for many at once.
func marking(all []workflow.Action, field func(string) *form.Field) (*workflow.Action, *form.Field) {
	for i := range all {
		a := &all[i]
		if a.Batch == "" || len(a.Asks) != 1 {
			continue
		}
		if f := field(a.Asks[0]); f != nil && f.Type == "boolean" {
			return a, f
		}
	}
	return nil, nil
}

func (st *state) attending(who *Actor, set string, action *workflow.Action) (out []Attending, err error) {
	parts, err := st.partsIn(set, true)
	if err != nil {
		return nil, err
	}
	for _, c := range parts {
		child, err := st.s.load(st.ctx, st.tx, c.ID, st.now)
		if err != nil {
			return nil, err
		}
		child.begin(who, Act{}, "")
		a := Attending{Case: child.Case}
		if d := child.life.Action(action.Name); d != nil && child.inStep(d, Act{}) == nil {
			post, err := child.may(who, d)
			if err == nil {
				err = child.keptAway(who, post, child.apartOf(d))
			}
			if fault.KindOf(err) == fault.Internal && err != nil {
				return nil, err
			}
			a.May = err == nil
		}
		out = append(out, a)
	}
	return out, nil
}

// AttendanceJSON is a list of who took a place, to be marked with a yes or no.
type AttendanceJSON struct {
	Set      string          `json:"set"`
	SetTitle string          `json:"set_title"`
	Action   string          `json:"action"`
	Title    string          `json:"title" doc:"of the act"`
	Field    string          `json:"field" doc:"the one yes or no that it asks"`
	Asks     string          `json:"asks" doc:"the question in words"`
	People   []AttendingJSON `json:"people"`
}

// AttendingJSON is one place of an attendance list.
type AttendingJSON struct {
	Case      string         `json:"case"`
	Name      string         `json:"name"`
	Phase     workflow.Phase `json:"phase"`
	StepTitle string         `json:"step_title"`
	Said      *bool          `json:"said,omitempty" doc:"what was answered last"`
	May       bool           `json:"may" doc:"the asker may do the act on it now"`
}

type attendanceOutput struct {
	Body struct {
		Lists []AttendanceJSON `json:"lists"`
	}
}

type attendanceInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) attendanceRoutes(srv *web.Server) {
	web.Op(srv, web.Operation{Method: "GET", Path: "/cases/{id}/attendance", ID: "caseAttendance", Summary: "Who took the places of a case that are marked with a yes or no, and how each stands", Tags: []string{"cases"}}, s.httpAttendance)
}

func (s *Service) httpAttendance(ctx context.Context, in *attendanceInput) (*attendanceOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.AttendanceLists(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	out := &attendanceOutput{}
	out.Body.Lists = []AttendanceJSON{}
	for _, r := range all {
		w := words{r.Class.In.Pack, web.Lang(ctx)}
		life := r.Class.Life.Name
		j := AttendanceJSON{Set: r.Set, SetTitle: r.Class.In.Pack.Word(w.lang, "parts", r.Set), Action: r.Action.Name, Title: w.word("actions", life, r.Action.Name), Field: r.Field.Name,
			Asks: fieldTitle(w, life, r.Field), People: []AttendingJSON{}}
		for _, p := range r.People {
			a := AttendingJSON{Case: p.ID, Name: s.World.People().Name(p.ReporterID), Phase: p.Phase, StepTitle: w.word("steps", p.Life, p.Step), May: p.May}
			if said, ok := p.Fields[r.Field.Name].(bool); ok {
				a.Said = &said
			}
			if p.Phase == workflow.Closed {
				a.StepTitle = w.word("outcomes", p.Life, p.Outcome)
			}
			j.People = append(j.People, a)
		}
		out.Body.Lists = append(out.Body.Lists, j)
	}
	return out, nil
}
