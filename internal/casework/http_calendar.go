package casework

import (
	"context"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/web"
	"gezhi/internal/worktime"
)

// CalendarDayJSON is what the calendar says of a day that is not like every other of its weekday,
// or whose year is not announced.
type CalendarDayJSON struct {
	Day         string   `json:"day" doc:"2026-02-17"`
	Hours       []string `json:"hours" doc:"when the office is open, 08:30-12:00; none on a day off"`
	Reason      string   `json:"reason,omitempty" doc:"in words: which holiday, or a weekend"`
	MadeUp      bool     `json:"made_up,omitempty" doc:"a weekend day that is worked for a holiday"`
	Provisional bool     `json:"provisional,omitempty" doc:"the State Council has not announced it yet"`
}

// CalendarVersionJSON is a calendar file that somebody loaded.
type CalendarVersionJSON struct {
	Version  int64  `json:"version"`
	LoadedAt int64  `json:"loaded_at" doc:"ms UTC"`
	By       string `json:"by_name,omitempty" doc:"none: the command line"`
}

type calendarInput struct {
	Year int `query:"year" minimum:"2018" maximum:"2100" doc:"this year when 0"`
}

type calendarOutput struct {
	Body struct {
		Year      int                   `json:"year"`
		Announced bool                  `json:"announced" doc:"the holidays of the year are known"`
		Days      []CalendarDayJSON     `json:"days" doc:"every day of the year"`
		Versions  []CalendarVersionJSON `json:"versions" doc:"of the jurisdiction's own calendar, the newest first; none: the national one holds"`
	}
}

type tryInput struct {
	From  int64  `query:"from" required:"true" doc:"ms UTC"`
	Limit string `query:"limit" required:"true" maxLength:"40" doc:"3 working days, 4 working hours, 2 months"`
	Hours string `query:"hours" enum:",calendar,always" doc:"always: by the clock on the wall"`
}

type tryOutput struct {
	Body struct {
		Due         int64    `json:"due" doc:"ms UTC"`
		Limit       string   `json:"limit" doc:"in words"`
		Provisional bool     `json:"provisional,omitempty"`
		Why         []string `json:"why" doc:"the steps of the sum"`
	}
}

var calendarVersions = db.SQL(`SELECT version, loaded_at, person_id FROM calendar WHERE jurisdiction = $1 ORDER BY version DESC LIMIT 50`)

func (s *Service) calendarRoutes(srv *web.Server) {
	tags := []string{"calendar"}
	web.Op(srv, web.Operation{Method: "GET", Path: "/calendar", ID: "calendar", Summary: "The working days of a year, and the versions of the calendar", Tags: tags}, s.httpCalendar)
	web.Op(srv, web.Operation{Method: "GET", Path: "/calendar/due", ID: "tryDue", Summary: "When a limit would end, and why", Tags: tags}, s.httpTry)
}

func (s *Service) httpCalendar(ctx context.Context, in *calendarInput) (*calendarOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	out := &calendarOutput{}
	b := &out.Body
	if b.Year = in.Year; b.Year == 0 {
		b.Year = s.Now().In(clock.CST).Year()
	}
	cal := s.Calendar(who.Jurisdiction)
	b.Announced = cal.Announced(b.Year)
	lang := web.Lang(ctx)
	for d := worktime.NewDate(b.Year, time.January, 1); d.Year() == b.Year; d++ {
		x := cal.Day(d)
		day := CalendarDayJSON{Day: d.String(), Hours: []string{}, MadeUp: x.MadeUp, Provisional: x.Provisional}
		if x.Reason != "" {
			day.Reason = web.Say(lang, "day_off."+x.Reason, nil)
		}
		for _, h := range x.Hours {
			day.Hours = append(day.Hours, h.From.String()+"-"+h.To.String())
		}
		b.Days = append(b.Days, day)
	}
	b.Versions = []CalendarVersionJSON{}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := db.Collect(ctx, tx, calendarVersions, []any{who.Jurisdiction}, func(r db.Rows) (x CalendarVersionJSON, err error) {
			var person string
			err = r.Scan(&x.Version, &x.LoadedAt, &person)
			x.By = s.World.People().Name(person)
			return x, err
		})
		b.Versions = append(b.Versions, all...)
		return err
	})
	return out, err
}

func (s *Service) httpTry(ctx context.Context, in *tryInput) (*tryOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	span, err := worktime.ParseSpan(in.Limit)
	if err != nil {
		return nil, err
	}
	from := time.UnixMilli(in.From)
	if y := from.In(clock.CST).Year(); y < 2018 || y > 2100 {
		return nil, fault.New(fault.Invalid, "case.bad_day")
	}
	cal := s.Calendar(who.Jurisdiction)
	if in.Hours == "always" {
		cal = worktime.Always()
	}
	due := worktime.Add(from, span, cal, worktime.Options{})
	w := words{lang: web.Lang(ctx)}
	out := &tryOutput{}
	out.Body.Due, out.Body.Limit, out.Body.Provisional, out.Body.Why = db.Ms(due.At), spanText(w, in.Limit), due.Provisional, whySteps(w, due.Why)
	return out, nil
}

// whySteps are the steps of a sum in words.
func whySteps(w words, steps []worktime.Step) []string {
	out := []string{}
	for _, x := range steps {
		args := x.Args()
		if r, ok := args["reason"].(string); ok {
			args["reason"] = web.Say(w.lang, "day_off."+r, nil)
		}
		if span, ok := args["span"].(string); ok {
			args["span"] = spanText(w, span)
		}
		out = append(out, web.Say(w.lang, "why."+string(x.Code), args))
	}
	return out
}
