package casework

import (
	"context"
	"strconv"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/db"
)

type figuresInput struct {
	Area  string `query:"area" maxLength:"64" doc:"this area and below; all that the asker may see when empty"`
	Level int    `query:"level" minimum:"0" maximum:"7" doc:"of the areas that are counted one by one; 6, grids, when 0"`
	Days  int    `query:"days" minimum:"0" maximum:"366" doc:"of closed cases: how many days back, today counted; 30 when 0"`
}

type figuresOutput struct {
	Body struct {
		At     int64             `json:"at"`
		Since  string            `json:"since" doc:"the first day of closed cases"`
		Counts []FigureJSON      `json:"counts"`
		Solved []FigureJSON      `json:"solved" doc:"closed cases by the level of the unit that solved them, which is the name; on the spot is 6"`
		Areas  []AreaFiguresJSON `json:"areas"`
	}
}

// FigureJSON is a count with what lists the very cases it counts.
type FigureJSON struct {
	Name  string            `json:"name"`
	N     int64             `json:"n"`
	Query map[string]string `json:"query" doc:"parameters of the list of cases"`
}

// AreaFiguresJSON are the counts of an area.
type AreaFiguresJSON struct {
	Area    string `json:"area" doc:"empty for cases that lie above the level asked for"`
	Name    string `json:"name,omitempty"`
	Open    int64  `json:"open"`
	Overdue int64  `json:"overdue"`
	Urgent  int64  `json:"urgent" doc:"open, of a grade that wakes people"`
	Opened  int64  `json:"opened" doc:"today"`
	Closed  int64  `json:"closed"`
	Late    int64  `json:"late" doc:"of those closed"`
}

func (s *Service) httpFigures(ctx context.Context, in *figuresInput) (*figuresOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	if in.Level == 0 {
		in.Level = int(account.Grid)
	}
	if in.Days == 0 {
		in.Days = 30
	}
	f, err := s.Figures(ctx, who, in.Area, in.Level, in.Days)
	if err != nil {
		return nil, err
	}
	out := &figuresOutput{}
	b := &out.Body
	b.At, b.Since = db.Ms(f.At), dayText(f.Since)
	b.Counts, b.Solved, b.Areas = figuresJSON(f.Counts), figuresJSON(f.Solved), []AreaFiguresJSON{}
	for _, a := range f.Areas {
		b.Areas = append(b.Areas, AreaFiguresJSON{a.Area, s.areaName(a.Area), a.Open, a.Overdue, a.Urgent, a.Opened, a.Closed, a.Late})
	}
	return out, nil
}

func figuresJSON(all []Figure) []FigureJSON {
	out := []FigureJSON{}
	for _, f := range all {
		out = append(out, FigureJSON{f.Name, f.N, f.Query.parameters()})
	}
	return out
}

// parameters are those of a list that has this query.
func (q Query) parameters() map[string]string {
	p := map[string]string{"queue": q.Queue, "area": q.AreaID, "opened_from": dayText(q.OpenedFrom), "closed_from": dayText(q.ClosedFrom), "kept": q.Kept}
	if q.Solved != 0 {
		p["solved"] = strconv.Itoa(q.Solved)
	}
	for k, v := range p {
		if v == "" {
			delete(p, k)
		}
	}
	return p
}

func dayText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.CST).Format(time.DateOnly)
}
