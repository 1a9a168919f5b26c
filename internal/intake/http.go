package intake

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/fault"
	"gezhi/internal/territory"
	"gezhi/internal/web"
)

type inletInput struct {
	Jurisdiction string `query:"jurisdiction" maxLength:"20" doc:"division code; the only one there is when empty"`
}

type inletOutput struct{ Body InletJSON }

// InletJSON is what a page needs to know before anything is reported.
type InletJSON struct {
	Code      string           `json:"code" doc:"division code of the jurisdiction"`
	Name      string           `json:"name"`
	Sample    bool             `json:"sample" doc:"everything in it is made up"`
	Unsorted  bool             `json:"unsorted" doc:"a report needs no class"`
	Recording bool             `json:"recording" doc:"a recording alone is a report"`
	Challenge bool             `json:"challenge" doc:"a report without an account needs an answered challenge"`
	MaxText   int              `json:"max_text" doc:"characters"`
	MaxPhotos int              `json:"max_photos"`
	MaxFile   int64            `json:"max_file" doc:"bytes"`
	Classes   []InletClassJSON `json:"classes"`
	// Fields are what a report without a class may answer.
	Fields []casework.FormJSON `json:"fields"`
}

// InletClassJSON is a class that residents may choose, with what it asks of them.
type InletClassJSON struct {
	ID         string              `json:"id"`
	Title      string              `json:"title"`
	GroupTitle string              `json:"group_title,omitempty"`
	Fields     []casework.FormJSON `json:"fields" doc:"answers that a face may ask; files and contacts have places of their own"`
}

type inletAreasInput struct {
	Jurisdiction string `query:"jurisdiction" maxLength:"20"`
	Parent       string `query:"parent" maxLength:"64" doc:"the jurisdiction itself when empty"`
}

type inletAreasOutput struct {
	Body struct {
		Areas []InletAreaJSON `json:"areas"`
	}
}

// InletAreaJSON is a place that residents may choose.
type InletAreaJSON struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Level       int    `json:"level" minimum:"1" maximum:"7"`
	HasChildren bool   `json:"has_children"`
}

type proposeInput struct {
	Body struct {
		Jurisdiction string          `json:"jurisdiction,omitempty" maxLength:"20"`
		Text         string          `json:"text,omitempty" maxLength:"2000"`
		AreaID       string          `json:"area_id,omitempty" maxLength:"64"`
		Point        *casework.Point `json:"point,omitempty"`
		Class        string          `json:"class,omitempty" maxLength:"200"`
		Fields       map[string]any  `json:"fields,omitempty"`
	}
}

type proposeOutput struct {
	Body struct {
		Places   []ProposedPlaceJSON `json:"places"`
		Classes  []CandidateJSON     `json:"classes"`
		Severity *GuessJSON          `json:"severity,omitempty"`
		Unit     *GuessJSON          `json:"unit,omitempty" doc:"who would handle it; nobody is the dispatcher's queue"`
	}
}

// ProposedPlaceJSON is a proposed place.
type ProposedPlaceJSON struct {
	InletAreaJSON
	Why string `json:"why"`
}

// CandidateJSON is a proposed class.
type CandidateJSON struct {
	ID    string `json:"id" doc:"pack/scheme:code"`
	Title string `json:"title"`
	Share int    `json:"share" minimum:"0" maximum:"100" doc:"how likely, in hundredths"`
	Sure  bool   `json:"sure,omitempty" doc:"good enough to be chosen beforehand; the person confirms all the same"`
	Why   string `json:"why"`
}

// GuessJSON is something that follows from class, place and facts.
type GuessJSON struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Why   string `json:"why"`
}

type challengeInput struct {
	Body struct {
		Kind string `json:"kind" enum:"picture,words" doc:"a picture of digits, or a sum in words that a screen reader speaks; either will do"`
	}
}

type challengeOutput struct{ Body ChallengeJSON }

// ChallengeJSON is a question, to be answered once.
type ChallengeJSON struct {
	Token    string `json:"token"`
	Kind     string `json:"kind" enum:"picture,words"`
	Picture  []byte `json:"picture,omitempty" doc:"PNG"`
	Question string `json:"question,omitempty" doc:"in words"`
	Work     int    `json:"work,omitempty" doc:"find a text of at most 20 characters so that SHA-256(token + ':' + text) begins with so many zero bits"`
	Until    int64  `json:"until" doc:"ms UTC"`
}

type reportInput struct {
	web.Idempotency
	Body struct {
		Jurisdiction string          `json:"jurisdiction,omitempty" maxLength:"20"`
		By           string          `json:"by,omitempty" enum:"self,caller,helper" doc:"caller: typed by a clerk for somebody; helper: typed for a person who sits beside; self when empty"`
		Channel      string          `json:"channel,omitempty" maxLength:"40" doc:"home when empty, field for a helper"`
		Class        string          `json:"class,omitempty" maxLength:"200" doc:"pack/scheme:code; to be sorted later when empty"`
		Text         string          `json:"text,omitempty" maxLength:"2000"`
		AreaID       string          `json:"area_id,omitempty" maxLength:"64"`
		Point        *casework.Point `json:"point,omitempty"`
		Fields       map[string]any  `json:"fields,omitempty"`
		Photos       []string        `json:"photos,omitempty" maxItems:"9" doc:"files that came before under the same key"`
		Recording    string          `json:"recording,omitempty" maxLength:"64" doc:"file that came before under the same key"`
		Contact      *ContactJSON    `json:"contact,omitempty"`
		HappenedAt   int64           `json:"happened_at,omitempty"`
		Against      []string        `json:"against,omitempty" maxItems:"20" doc:"people and units that it is about: it never reaches them, and begins above them"`
		Avoid        bool            `json:"avoid,omitempty" doc:"not the own village: it begins one level up"`
		Form         string          `json:"form,omitempty" maxLength:"60" doc:"number of the form on paper that it is entered from: the case takes it; for clerks and helpers"`
		Challenge    *AnswerJSON     `json:"challenge,omitempty"`
	}
}

// ContactJSON is how the reporter may be reached.
type ContactJSON struct {
	Name  string `json:"name,omitempty" maxLength:"40"`
	Phone string `json:"phone,omitempty" maxLength:"32"`
}

// AnswerJSON is the answer to a challenge.
type AnswerJSON struct {
	Token  string `json:"token" maxLength:"200"`
	Answer string `json:"answer" maxLength:"20"`
	Work   string `json:"work,omitempty" maxLength:"20"`
}

type reportOutput struct {
	Body struct {
		Number string `json:"number"`
		Code   string `json:"code" doc:"query code: with the number it stands for the reporter on this case; shown this once"`
		ID     string `json:"id,omitempty" doc:"of the case, for who is logged in"`
	}
}

// FileQuery says for whose report a file is.
type FileQuery struct {
	By           string `query:"by" enum:"self,caller,helper" doc:"as the report will say"`
	Jurisdiction string `query:"jurisdiction" maxLength:"20"`
}

// Routes adds the operations of this package.
func (s *Service) Routes(srv *web.Server) {
	op := func(method, path, id, summary string, status int) web.Operation {
		return web.Operation{Method: method, Path: path, ID: id, Summary: summary, Tags: []string{"intake"}, Public: true, Status: status}
	}
	web.Op(srv, op("GET", "/intake", "inlet", "What may be reported here, and how", 0), s.httpInlet)
	web.Op(srv, op("GET", "/intake/areas", "inletAreas", "Places to choose from, level by level", 0), s.httpAreas)
	web.Op(srv, op("GET", "/intake/near", "near", "What is being done in a township or village: kind, village, how far and since when, of public classes only", 0), s.httpNear)
	web.Op(srv, op("GET", "/intake/accused", "inletAccused", "Units and people at a place that a report may be about, names masked", 0), s.httpAccused)
	web.Op(srv, op("POST", "/intake/propose", "propose", "Guesses for a report that is being written, with reasons; nothing is applied", 0), s.httpPropose)
	s.noticeRoutes(srv)
	web.Op(srv, op("POST", "/intake/challenges", "challenge", "A question that people answer more easily than programs", http.StatusCreated), s.httpChallenge)
	web.Op(srv, op("POST", "/intake/reports", "report", "Report something, with an account or without", http.StatusCreated), s.httpReport)
	web.Op(srv, op("POST", "/intake/follow", "follow", "What became of a report, by its number and query code", 0), s.httpFollow)
	mine := op("GET", "/intake/mine", "myReports", "What the asker has reported, the newest first", 0)
	mine.Public = false
	web.Op(srv, mine, s.httpMine)
	web.Op(srv, op("POST", "/intake/moves", "actByCode", "Act as the reporter, by number and query code", 0), s.httpAct)
	web.Op(srv, op("POST", "/intake/receipts", "receiptByCode", "Receipt of a report, by number and query code: proof that its opening is in the audit log", 0), s.httpReceipt)
	web.Op(srv, op("POST", "/intake/readings", "readingsByCode", "Who read what is masked of a report, by number and query code, the latest first", 0), s.httpReadings)
	file := op("POST", "/intake/files", "intakeFile", "Upload a photo or a recording for a report that will have this Idempotency-Key", http.StatusCreated)
	file.MaxBody, file.Exchange = MaxFile+64<<10, web.Exchange{Query: FileQuery{}, Upload: "file", Answer: casework.FileJSON{}}
	web.Raw(srv, file, s.httpFile)
}

// asking is who is logged in, if anybody, and from where.
func asking(ctx context.Context) (*account.Actor, Origin) {
	c := web.ClientOf(ctx)
	o := Origin{c.Addr, c.UserAgent}
	if a, err := account.From(ctx); err == nil {
		return &a, o
	}
	return nil, o
}

func (s *Service) httpInlet(ctx context.Context, in *inletInput) (*inletOutput, error) {
	by, from := asking(ctx)
	j, err := s.Jurisdiction(in.Jurisdiction)
	if err != nil {
		return nil, err
	}
	w, err := s.reporter(ctx, by, j, BySelf, "inlet")
	if err != nil {
		return nil, err
	}
	all, err := s.Cases.Reportable(ctx, w.Actor, channelHome)
	if err != nil {
		return nil, err
	}
	out := &inletOutput{InletJSON{Code: j.Code, Name: j.Name, Sample: j.Nature == casework.Sample, MaxText: maxText, MaxPhotos: maxPhotos, MaxFile: MaxFile, Classes: []InletClassJSON{}, Fields: []casework.FormJSON{}}}
	for _, k := range all {
		x := InletClassJSON{ID: k.ID, Title: k.Title, GroupTitle: k.GroupTitle, Fields: []casework.FormJSON{}}
		for _, f := range k.Fields {
			switch {
			case f.Type == "audio":
				out.Body.Recording = out.Body.Recording || k.Unsorted
			case f.Type != "photo" && !f.Personal:
				x.Fields = append(x.Fields, f)
			}
		}
		if k.Unsorted {
			out.Body.Unsorted, out.Body.Fields = true, x.Fields
			continue
		}
		out.Body.Classes = append(out.Body.Classes, x)
	}
	if by == nil {
		out.Body.Challenge = s.Always || s.suspicious(ctx, from)
	}
	return out, nil
}

func (s *Service) httpAreas(ctx context.Context, in *inletAreasInput) (*inletAreasOutput, error) {
	j, err := s.Jurisdiction(in.Jurisdiction)
	if err != nil {
		return nil, err
	}
	parent := in.Parent
	if parent == "" {
		if parent, err = s.Home(ctx, j); err != nil {
			return nil, err
		}
	}
	if err := s.Cases.World.Renew(ctx); err != nil {
		return nil, err
	}
	t := s.Cases.World.Tree()
	out := &inletAreasOutput{}
	out.Body.Areas = []InletAreaJSON{}
	for _, a := range t.Children(parent) {
		if a.Jurisdiction == j.ID {
			out.Body.Areas = append(out.Body.Areas, areaJSON(t, a))
		}
	}
	return out, nil
}

func areaJSON(t *territory.Tree, a *territory.Area) InletAreaJSON {
	return InletAreaJSON{a.ID, a.Name, int(a.Level), len(t.Children(a.ID)) > 0}
}

func (s *Service) httpPropose(ctx context.Context, in *proposeInput) (*proposeOutput, error) {
	by, from := asking(ctx)
	b := in.Body
	p, err := s.Propose(ctx, by, from, Draft{b.Jurisdiction, b.Text, b.AreaID, b.Point, b.Class, b.Fields})
	if err != nil {
		return nil, err
	}
	lang, t := web.Lang(ctx), s.Cases.World.Tree()
	out := &proposeOutput{}
	out.Body.Places, out.Body.Classes = []ProposedPlaceJSON{}, []CandidateJSON{}
	for _, x := range p.Places {
		a, _ := t.Area(x.AreaID)
		place := ProposedPlaceJSON{areaJSON(t, a), web.Say(lang, "propose.by_point", nil)}
		switch place.Name = x.Name; {
		case x.Near != "":
			place.Why = web.Say(lang, "propose.near", map[string]any{"words": x.Near})
		case !x.ByPoint:
			place.Why = web.Say(lang, "propose.named", map[string]any{"words": x.Named})
		}
		out.Body.Places = append(out.Body.Places, place)
	}
	for _, c := range p.Classes {
		title, why := s.classTitle(ctx, p.jurisdiction, c.Class), web.Say(lang, "propose.text", nil)
		if len(c.Words) > 0 {
			why = web.Say(lang, "propose.words", map[string]any{"words": join(lang, c.Words)})
		}
		out.Body.Classes = append(out.Body.Classes, CandidateJSON{c.Class, title, int(c.Probability*100 + .5), c.Sure, why})
	}
	if f := p.Foreseen; f != nil {
		out.Body.Severity = &GuessJSON{f.Severity, f.SeverityTitle, f.SeverityWhy}
		if f.UnitID != "" {
			out.Body.Unit = &GuessJSON{f.UnitID, f.UnitName, f.UnitWhy}
		}
	}
	return out, nil
}

// classTitle is what a class is called in the reader's language.
func (s *Service) classTitle(ctx context.Context, jurisdiction, ref string) string {
	if k, err := s.Cases.Book.InForce(ctx, jurisdiction, ref); err == nil && k.Title[web.Lang(ctx)] != "" {
		return k.Title[web.Lang(ctx)]
	}
	return ref
}

func join(lang string, words []string) string {
	out := ""
	for i, w := range words {
		if i > 0 {
			out += web.Say(lang, "list.and", nil)
		}
		out += w
	}
	return out
}

func (s *Service) httpChallenge(ctx context.Context, in *challengeInput) (*challengeOutput, error) {
	_, from := asking(ctx)
	token, c, err := s.Challenge(ctx, from, in.Body.Kind)
	if err != nil {
		return nil, err
	}
	out := &challengeOutput{ChallengeJSON{Token: token, Kind: c.kind, Until: c.expires.UnixMilli()}}
	if c.kind == ByPicture {
		out.Body.Picture, err = draw(c.digits(s.Key), mac(s.Key, "drawing", c.nonce))
		return out, err
	}
	lang := web.Lang(ctx)
	a, b, minus := c.sum(s.Key)
	code := "challenge.plus"
	if minus {
		code = "challenge.minus"
	}
	out.Body.Work = workBits
	out.Body.Question = web.Say(lang, code, map[string]any{"first": web.Say(lang, "number_word."+strconv.Itoa(a), nil), "second": web.Say(lang, "number_word."+strconv.Itoa(b), nil)})
	return out, nil
}

func (s *Service) httpReport(ctx context.Context, in *reportInput) (*reportOutput, error) {
	key, err := in.ReadKey()
	if err != nil {
		return nil, err
	}
	by, from := asking(ctx)
	b := in.Body
	r := Report{Jurisdiction: b.Jurisdiction, By: b.By, Channel: b.Channel, Class: b.Class, Text: b.Text, AreaID: b.AreaID, Point: b.Point, Fields: b.Fields,
		Photos: b.Photos, Recording: b.Recording, Key: key, Against: b.Against, Avoid: b.Avoid, Form: b.Form}
	if b.Contact != nil {
		r.Contact = Contact{b.Contact.Name, b.Contact.Phone}
	}
	if b.HappenedAt > 0 {
		r.HappenedAt = time.UnixMilli(b.HappenedAt)
	}
	if b.Challenge != nil {
		r.Challenge = &Answer{b.Challenge.Token, b.Challenge.Answer, b.Challenge.Work}
	}
	filed, err := s.Report(ctx, by, from, r)
	if err != nil {
		return nil, err
	}
	out := &reportOutput{}
	out.Body.Number, out.Body.Code = filed.Number, filed.Code
	if by != nil {
		out.Body.ID = filed.CaseID
	}
	return out, nil
}

func (s *Service) httpFile(w http.ResponseWriter, r *http.Request) error {
	key, err := web.ReadKey(r.Header.Get("Idempotency-Key"))
	if err != nil {
		return err
	}
	part, err := web.FilePart(r, "file")
	if err != nil {
		return err
	}
	q := r.URL.Query()
	by, from := asking(r.Context())
	f, err := s.Upload(r.Context(), by, from, Upload{Jurisdiction: q.Get("jurisdiction"), By: q.Get("by"), Key: key, Name: part.FileName()}, part)
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusCreated, f.JSON())
}

// suspicious tells whether the next report from there would need a challenge.
func (s *Service) suspicious(ctx context.Context, from Origin) bool {
	free := reports
	free.most = reports.free
	return fault.KindOf(s.mayAsk(ctx, free, network(from.Addr))) == fault.TooMany
}
