package casework

import "gezhi/internal/web"

// AppendJSON appends a page of cases.
func (l listOutputBody) AppendJSON(b []byte) []byte {
	o := web.Object{B: b}
	o.Open()
	web.List(&o, "cases", l.Cases, func(o *web.Object, r *RowJSON) {
		o.Open()
		r.members(o)
		o.Close()
	})
	o.TextIf("next", l.Next)
	o.Close()
	return o.B
}

func (r *RowJSON) members(o *web.Object) {
	o.Text("id", r.ID)
	o.Text("number", r.Number)
	o.Text("title", r.Title)
	o.Text("class", r.Class)
	o.Text("class_title", r.ClassTitle)
	o.Text("severity", r.Severity)
	o.Text("severity_title", r.SeverityTitle)
	o.Text("step", r.Step)
	o.Text("step_title", r.StepTitle)
	o.Text("phase", r.Phase)
	o.TextIf("outcome", r.Outcome)
	o.Text("area_id", r.AreaID)
	o.Text("area_name", r.AreaName)
	o.TextIf("unit_name", r.UnitName)
	o.TextIf("assignee_name", r.AssigneeName)
	o.Int("opened_at", r.OpenedAt)
	o.Int("due_at", r.DueAt)
	o.Bool("late", r.Late)
	o.BoolIf("supervised", r.Supervised)
	o.BoolIf("suspended", r.Suspended)
	o.IntIf("returns", r.Returns)
	o.Int("version", r.Version)
	o.Bool("sample", r.Sample)
	if r.Point != nil {
		o.Key("point")
		o.Open()
		o.Any("lon", r.Point.Lon)
		o.Any("lat", r.Point.Lat)
		o.Close()
	}
	o.BoolIf("coarse", r.Coarse)
}

// AppendJSON appends a case with everything a case page shows.
func (v ViewJSON) AppendJSON(b []byte) []byte {
	o := web.Object{B: b}
	o.Open()
	o.Key("case")
	o.Open()
	v.Case.RowJSON.members(&o)
	o.Text("text", v.Case.Text)
	web.List(&o, "fields", v.Case.Fields, appendField)
	o.TextIf("outcome_title", v.Case.OutcomeTitle)
	o.Text("channel", v.Case.Channel)
	o.Key("reporter")
	o.Open()
	o.Text("name_masked", v.Case.Reporter.Masked)
	o.Close()
	o.Close()
	web.List(&o, "clocks", v.Clocks, appendClock)
	web.List(&o, "seats", v.Seats, appendSeat)
	web.List(&o, "parts", v.Parts, appendPart)
	web.List(&o, "moves", v.Moves, appendMove)
	web.List(&o, "can", v.Can, func(o *web.Object, x *OfferJSON) { o.B = web.AppendAny(o.B, x) })
	o.TextIf("parent_id", v.ParentID)
	o.TextIf("merged_into", v.MergedInto)
	if v.About != nil {
		o.Any("about", v.About)
	}
	if len(v.Unmask) > 0 {
		o.Any("unmask", v.Unmask)
	}
	if v.Kept != nil {
		o.Any("kept", v.Kept)
	}
	o.Close()
	return o.B
}

func appendText(o *web.Object, s *string) { o.B = web.AppendText(o.B, *s) }

func appendField(o *web.Object, f *FieldJSON) {
	o.Open()
	o.Text("name", f.Name)
	o.Text("title", f.Title)
	o.Text("type", f.Type)
	if f.Value != nil {
		o.Any("value", f.Value)
	}
	o.TextIf("said", f.Said)
	o.BoolIf("masked", f.Masked)
	o.Close()
}

func appendClock(o *web.Object, c *ClockJSON) {
	o.Open()
	o.Text("name", c.Name)
	o.Text("title", c.Title)
	o.Text("state", c.State)
	o.Int("from", c.From)
	o.IntIf("due", c.Due)
	o.IntIf("until", c.Until)
	o.Bool("late", c.Late)
	o.Text("limit", c.Limit)
	o.TextIf("spent_text", c.Spent)
	o.BoolIf("provisional", c.Provisional)
	web.List(o, "why", c.Why, appendText)
	o.Close()
}

func appendSeat(o *web.Object, s *SeatJSON) {
	o.Open()
	o.Text("seat", s.Seat)
	o.Text("title", s.Title)
	web.List(o, "holders", s.Holders, func(o *web.Object, h *HolderJSON) {
		o.Open()
		o.Text("kind", h.Kind)
		o.Text("id", h.ID)
		o.Text("name", h.Name)
		o.Text("state", h.State)
		o.Int("from", h.From)
		o.IntIf("until", h.Until)
		o.TextIf("why", h.Why)
		o.Close()
	})
	o.Close()
}

func appendPart(o *web.Object, p *PartJSON) {
	o.Open()
	p.RowJSON.members(o)
	o.Text("set", p.Set)
	o.Text("set_title", p.SetTitle)
	o.Int("round", p.Round)
	o.Text("for", p.For)
	o.Close()
}

func appendMove(o *web.Object, m *MoveJSON) {
	o.Open()
	o.Text("id", m.ID)
	o.Text("action", m.Action)
	o.Text("action_title", m.ActionTitle)
	o.Text("from_step", m.From)
	o.Text("to_step", m.To)
	o.Text("step_title", m.StepTitle)
	o.Text("by_name", m.By)
	o.TextIf("by_post_title", m.Post)
	o.TextIf("for_name", m.For)
	o.Int("at", m.At)
	o.Bool("done", m.Done)
	o.TextIf("reason", m.Reason)
	o.TextIf("note", m.Note)
	o.TextIf("code", m.Code)
	if len(m.Marks) > 0 {
		web.List(o, "marks", m.Marks, appendText)
	}
	web.List(o, "values", m.Values, appendField)
	o.TextIf("cause", m.Cause)
	o.Close()
}
