package casework

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

// Point is a place on the map, WGS-84 degrees.
type Point struct {
	Lon float64 `json:"lon" minimum:"-180" maximum:"180"`
	Lat float64 `json:"lat" minimum:"-90" maximum:"90"`
}

// SetPoint says where it is.
func (o *Opening) SetPoint(p Point) {
	o.HasPoint, o.LonE7, o.LatE7 = true, e7(p.Lon), e7(p.Lat)
}

func e7(deg float64) int64 { return int64(math.Round(deg * 1e7)) }

type openInput struct {
	web.Idempotency
	Body struct {
		Class      string         `json:"class" doc:"pack/scheme:code" maxLength:"200"`
		Text       string         `json:"text,omitempty" maxLength:"10000"`
		AreaID     string         `json:"area_id,omitempty" maxLength:"64"`
		Point      *Point         `json:"point,omitempty"`
		Fields     map[string]any `json:"fields,omitempty"`
		Seats      map[string]any `json:"seats,omitempty"`
		About      *AboutInput    `json:"about,omitempty" doc:"the record or case that it is about"`
		Channel    string         `json:"channel,omitempty" maxLength:"40"`
		Reporter   string         `json:"reporter,omitempty" maxLength:"64" doc:"person on whose behalf it is entered"`
		HappenedAt int64          `json:"happened_at,omitempty" doc:"ms UTC; when an urgent matter is filed afterwards"`
		DeviceAt   int64          `json:"device_at,omitempty"`
		Against    []string       `json:"against,omitempty" maxItems:"20" doc:"people, units and posts that the report is about: it never reaches them, and begins above them"`
		Avoid      bool           `json:"avoid,omitempty" doc:"not the own village: it begins one level up"`
		Propose    bool           `json:"propose,omitempty" doc:"answer with open cases that may be the same matter"`
	}
}

// AboutInput names the record or case that a case is about.
type AboutInput struct {
	Kind string   `json:"kind" enum:"record,case"`
	Of   string   `json:"of,omitempty" maxLength:"100" doc:"kind of the record, or pack/kind; needed with a key only"`
	ID   string   `json:"id,omitempty" maxLength:"64"`
	Key  []string `json:"key,omitempty" maxItems:"8" doc:"instead of an id: the values of the record's key"`
}

type openOutput struct {
	Body struct {
		ID       string `json:"id"`
		Number   string `json:"number"`
		Attached bool   `json:"attached,omitempty" doc:"the report was added to a case that is open already"`

		Duplicates []LikelyJSON `json:"duplicates,omitempty"`
	}
}

type actInput struct {
	web.Idempotency
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Action   string            `json:"action" maxLength:"100"`
		Version  int64             `json:"version,omitempty" doc:"of the case as the actor saw it"`
		Step     string            `json:"step,omitempty" maxLength:"100"`
		Values   map[string]any    `json:"values,omitempty"`
		Why      map[string]string `json:"why,omitempty" doc:"reasons for open parts, by item"`
		Reason   string            `json:"reason,omitempty" maxLength:"2000"`
		Note     string            `json:"note,omitempty" maxLength:"2000"`
		Offline  bool              `json:"offline,omitempty"`
		DeviceAt int64             `json:"device_at,omitempty"`
	}
}

type actOutput struct {
	Body struct {
		Case RowJSON `json:"case"`
		Note bool    `json:"note,omitempty" doc:"the step had changed: kept as a note"`
	}
}

// Filter says which of the cases that the asker may see are wanted.
type Filter struct {
	Queue    string `query:"queue" json:"queue,omitempty" maxLength:"20" doc:"all, mine, unassigned, due_soon, overdue, returned, supervised, urgent, closed, sampled or, with opened_from, opened; all when empty"`
	Class    string `query:"class" json:"class,omitempty" maxLength:"200" doc:"pack/scheme:code"`
	Phase    string `query:"phase" json:"phase,omitempty" maxLength:"20"`
	Area     string `query:"area" json:"area,omitempty" maxLength:"64" doc:"this area and below"`
	Severity string `query:"severity" json:"severity,omitempty" maxLength:"20"`

	OpenedFrom string `query:"opened_from" json:"opened_from,omitempty" maxLength:"10" doc:"opened on this day or later: 2026-03-01"`
	ClosedFrom string `query:"closed_from" json:"closed_from,omitempty" maxLength:"10" doc:"closed on this day or later"`
	Kept       string `query:"kept" json:"kept,omitempty" enum:",on_time,late" doc:"of closed cases: whether all clocks were kept"`
	Solved     int    `query:"solved" json:"solved,omitempty" minimum:"0" maximum:"7" doc:"solved by a unit of an area of this level; on the spot is 6"`

	Sort string `query:"sort" json:"sort,omitempty" maxLength:"20" enum:",due,opened,closed,entered,severity" doc:"what comes first: soonest due (when empty), latest opened, latest closed, latest into its step, gravest"`
}

func (f Filter) query() (q Query, err error) {
	q = Query{Queue: f.Queue, Class: f.Class, Phase: workflow.Phase(f.Phase), AreaID: f.Area, Severity: f.Severity, Kept: f.Kept, Solved: f.Solved, Sort: f.Sort}
	if q.OpenedFrom, err = DayOf(f.OpenedFrom, 0); err == nil {
		q.ClosedFrom, err = DayOf(f.ClosedFrom, 0)
	}
	return q, err
}

// DayOf is the beginning of a day of China Standard Time, some days later; none for "".
func DayOf(s string, later int) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, s, clock.CST)
	if err != nil {
		return time.Time{}, fault.New(fault.Invalid, "case.bad_day")
	}
	return t.AddDate(0, 0, later), nil
}

type listInput struct {
	Filter
	Parent string `query:"parent" maxLength:"64" doc:"parts of this case"`
	Tasks  bool   `query:"tasks" doc:"parts that are answered rather than lived, besides cases"`
	Cursor string `query:"cursor" maxLength:"2048" doc:"next of the page before"`
	Limit  int    `query:"limit" minimum:"0" maximum:"200" doc:"50 when 0"`
}

func (in *listInput) query() (Query, error) {
	q, err := in.Filter.query()
	if err != nil {
		return q, err
	}
	q.Parent, q.Tasks, q.Limit = in.Parent, in.Tasks, in.Limit
	if in.Cursor != "" {
		return q, web.ReadCursor(in.Cursor, &q.After)
	}
	return q, nil
}

type listOutput struct{ Body listOutputBody }

type listOutputBody struct {
	Cases []RowJSON `json:"cases"`
	Next  string    `json:"next,omitempty"`
}

type viewInput struct {
	ID string `path:"id" maxLength:"64"`
}

type viewOutput struct{ Body ViewJSON }

// asker is who asks, with rights as of now.
func (s *Service) asker(ctx context.Context) (*Actor, error) {
	a, err := account.From(ctx)
	if err != nil {
		return nil, err
	}
	return s.By(ctx, a)
}

// Routes adds the operations of this package.
func (s *Service) Routes(srv *web.Server) {
	tags := []string{"cases"}
	web.Op(srv, web.Operation{Method: "POST", Path: "/cases", ID: "openCase", Summary: "Report something: open a case", Tags: tags, Status: http.StatusCreated}, s.httpOpen)
	web.Op(srv, web.Operation{Method: "GET", Path: "/cases", ID: "listCases", Summary: "A page of the cases the asker may see", Tags: tags}, s.httpList)
	web.Op(srv, web.Operation{Method: "GET", Path: "/figures", ID: "figures", Summary: "Counts of what the asker may see, each with the query that lists it", Tags: tags}, s.httpFigures)
	web.Op(srv, web.Operation{Method: "GET", Path: "/figures/news", ID: "news", Summary: "The latest steps of cases the asker may see, for a screen on a wall: nothing personal", Tags: tags}, s.httpNews)
	web.Op(srv, web.Operation{Method: "GET", Path: "/cases/{id}", ID: "viewCase", Summary: "One case with its history, clocks and what the asker may do", Tags: tags}, s.httpView)
	web.Op(srv, web.Operation{Method: "POST", Path: "/cases/{id}/moves", ID: "act", Summary: "Do an action on a case", Tags: tags}, s.httpAct)
	web.Op(srv, web.Operation{Method: "GET", Path: "/cases/{id}/duplicates", ID: "likelyDuplicates", Summary: "Open cases that may be the same matter, with reasons", Tags: tags}, s.httpLikely)
	web.Op(srv, web.Operation{Method: "POST", Path: "/cases/duplicates", ID: "previewDuplicates", Summary: "Open cases that may be the same matter as one about to be reported", Tags: tags}, s.httpPreview)
	web.Op(srv, web.Operation{Method: "GET", Path: "/accused", ID: "listAccused", Summary: "Units and people that a report may be about, those of its place first", Tags: tags}, s.httpAccused)
	web.Op(srv, web.Operation{Method: "GET", Path: "/classes", ID: "listClasses", Summary: "The classes that may be reported", Tags: tags}, s.httpClasses)
	web.Raw(srv, web.Operation{Method: "GET", Path: "/cases.csv", ID: "exportCasesCSV", Summary: "The cases of a queue as CSV", Tags: tags, Pace: web.ExportPace, Exchange: web.Exchange{Query: Filter{}, Media: "text/csv"}}, s.export(srv, web.CSV))
	web.Raw(srv, web.Operation{Method: "GET", Path: "/cases.xlsx", ID: "exportCasesXLSX", Summary: "The cases of a queue as a workbook", Tags: tags, Pace: web.ExportPace,
		Exchange: web.Exchange{Query: Filter{}, Media: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}}, s.export(srv, web.XLSX))
	s.fileRoutes(srv)
	s.receiptRoutes(srv)
	s.privacyRoutes(srv)
	s.savedRoutes(srv)
	s.calendarRoutes(srv)
	s.dutyRoutes(srv)
	s.offerRoutes(srv)
	s.batchRoutes(srv)
	s.attendanceRoutes(srv)
	s.gapRoutes(srv)
	web.Stream(srv, web.Operation{Method: "GET", Path: "/events", ID: "events", Summary: "Live: which cases changed where the asker may look", Tags: tags}, s.topics)
}

func (s *Service) httpOpen(ctx context.Context, in *openInput) (*openOutput, error) {
	key, err := in.ReadKey()
	if err != nil {
		return nil, err
	}
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.Paced(ctx, who, Reporting); err != nil {
		return nil, err
	}
	b := in.Body
	o := Opening{Class: b.Class, Text: b.Text, AreaID: b.AreaID, Fields: b.Fields, Seats: b.Seats, Channel: b.Channel, Reporter: b.Reporter,
		HappenedAt: ms(b.HappenedAt), DeviceAt: ms(b.DeviceAt), Key: key, Against: b.Against, Avoid: b.Avoid}
	if b.About != nil {
		o.About = &About{Kind: b.About.Kind, Of: b.About.Of, ID: b.About.ID, Key: b.About.Key}
	}
	if b.Point != nil {
		o.SetPoint(*b.Point)
	}
	if s.Nature != nil {
		o.Nature = s.Nature(who.Jurisdiction)
	}
	if class, none := s.Book.InForce(ctx, who.Jurisdiction, b.Class); none == nil {
		if err := unasked(class.EffectiveClass, b.Fields, b.Seats); err != nil {
			return nil, err
		}
	}
	opened, err := s.Open(ctx, who, o)
	if err != nil {
		if class, none := s.Book.InForce(ctx, who.Jurisdiction, b.Class); none == nil && speaks(err) {
			err = inWords(err, words{class.In.Pack, web.Lang(ctx)}, class.Life.Name)
		}
		return nil, err
	}
	out := &openOutput{}
	out.Body.ID, out.Body.Number, out.Body.Attached = opened.Case.ID, opened.Case.Number, opened.Attached
	if b.Propose && !opened.Attached {
		likely, err := s.LikelyOf(ctx, who, opened.Case.ID)
		if err != nil && fault.CodeOf(err) != "case.not_found" { // kept from who entered it
			return nil, err
		}
		out.Body.Duplicates = s.likelyJSON(ctx, likely)
	}
	return out, nil
}

func ms(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n)
}

func (s *Service) httpAct(ctx context.Context, in *actInput) (*actOutput, error) {
	key, err := in.ReadKey()
	if err != nil {
		return nil, err
	}
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.Paced(ctx, who, Moving); err != nil {
		return nil, err
	}
	b := in.Body
	res, err := s.Act(ctx, who, Act{Case: in.ID, Action: b.Action, Version: b.Version, Step: b.Step, Values: b.Values, Why: b.Why, Reason: b.Reason,
		Note: b.Note, Offline: b.Offline, DeviceAt: ms(b.DeviceAt), Key: key})
	if err != nil {
		if !speaks(err) {
			return nil, err
		}
		if v, gone := s.View(ctx, who, in.ID); gone == nil {
			err = inWords(err, s.wordsOf(ctx, v.Case), v.Case.Life)
		}
		return nil, err
	}
	out := &actOutput{}
	out.Body.Case, out.Body.Note = s.rowJSON(ctx, rowOf(res.Case)), res.Note
	return out, nil
}

func (s *Service) httpList(ctx context.Context, in *listInput) (*listOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	rows, next, err := s.List(ctx, who, q)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Cases = make([]RowJSON, len(rows))
	for i := range rows {
		out.Body.Cases[i] = s.rowJSON(ctx, &rows[i])
	}
	if next != nil {
		out.Body.Next, err = web.Cursor(next)
	}
	return out, err
}

func (s *Service) httpView(ctx context.Context, in *viewInput) (*viewOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	v, err := s.View(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return &viewOutput{s.viewJSON(ctx, v)}, nil
}

// topics are the live events somebody may hear: one for each branch of the scope.
func (s *Service) topics(ctx context.Context, _ *http.Request) ([]string, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, b := range who.Scope.Branches {
		if b.Kind == account.AreaBranch {
			out = append(out, "area/"+b.ID)
		} else {
			out = append(out, b.Involved())
		}
	}
	if s.AlsoHears != nil {
		also, err := s.AlsoHears(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, also...)
	}
	return out, nil
}

// Topics are the live events that a change of a case is told under; of one that is kept from
// somebody, person by person.
func (c *Case) Topics() []string {
	if c.LiesIn != "" {
		return c.hears
	}
	out := slices.Clone(c.hears)
	add := func(b account.Branch) {
		if t := b.Involved(); b.ID != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	for _, id := range c.Areas[1:] {
		if id != "" {
			out = append(out, "area/"+id)
		}
	}
	add(account.Branch{Kind: account.PersonBranch, ID: c.ReporterID})
	add(account.Branch{Kind: account.PersonBranch, ID: c.AssigneeID})
	add(account.Branch{Kind: account.UnitBranch, ID: c.UnitID})
	return out
}

// noteExport keeps that somebody took cases away in a file, before they get it.
func (s *Service) noteExport(ctx context.Context, who *Actor) error {
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return audit.Append(ctx, tx, audit.Leaf{ID: s.ID(), Jurisdiction: who.Jurisdiction, Subject: "person/" + who.PersonID, Act: "cases.exported", Person: who.PersonID, At: s.Now()})
	})
}

// export sends a whole queue in short views, page by page. Whoever loses or gains rights between two
// pages gets no half of either: case.rights_changed.
func (s *Service) export(srv *web.Server, send func(http.ResponseWriter, string, []string, web.Rows) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx := r.Context()
		who, err := s.asker(ctx)
		if err != nil {
			return err
		}
		v := r.URL.Query()
		solved, _ := strconv.Atoi(v.Get("solved"))
		q, err := Filter{Queue: v.Get("queue"), Class: v.Get("class"), Phase: v.Get("phase"), Area: v.Get("area"), Severity: v.Get("severity"),
			OpenedFrom: v.Get("opened_from"), ClosedFrom: v.Get("closed_from"), Kept: v.Get("kept"), Solved: solved, Sort: v.Get("sort")}.query()
		if err != nil {
			return err
		}
		q.Limit = cmp.Or(s.Page, 200)
		if err := s.noteExport(ctx, who); err != nil {
			return err
		}
		lang := web.Lang(ctx)
		head := make([]string, len(exportColumns))
		for i, c := range exportColumns {
			head[i] = web.Say(lang, "column."+c, nil)
		}
		return send(w, "cases", head, func(yield func([]string, error) bool) {
			for {
				rows, next, err := s.List(ctx, who, q)
				if err != nil {
					yield(nil, err)
					return
				}
				for i := range rows {
					if !yield(s.exportRow(ctx, &rows[i]), nil) {
						return
					}
				}
				if next == nil {
					return
				}
				q.After = *next
				if err := s.same(srv, r, who); err != nil {
					yield(nil, err)
					return
				}
			}
		})
	}
}

// same refuses to go on for a reader whose rights have changed.
func (s *Service) same(srv *web.Server, r *http.Request, who *Actor) error {
	ctx, err := srv.Again(r)
	if err != nil {
		return err
	}
	now, err := s.asker(ctx)
	if err == nil && !reflect.DeepEqual(now.Scope, who.Scope) {
		err = fault.New(fault.Conflict, "case.rights_changed")
	}
	return err
}
