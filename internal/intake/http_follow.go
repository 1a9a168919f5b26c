package intake

import (
	"context"
	"slices"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/web"
)

// TicketJSON is what a case is followed with.
type TicketJSON struct {
	Number string `json:"number" maxLength:"60"`
	Code   string `json:"code" maxLength:"60" doc:"query code, as people write it"`
}

type followInput struct{ Body TicketJSON }

type actByCodeInput struct {
	web.Idempotency
	Body struct {
		TicketJSON
		Action  string         `json:"action" maxLength:"100"`
		Version int64          `json:"version,omitempty"`
		Values  map[string]any `json:"values,omitempty"`
		Reason  string         `json:"reason,omitempty" maxLength:"2000"`
		Note    string         `json:"note,omitempty" maxLength:"2000"`
	}
}

type followOutput struct{ Body FollowedJSON }

// FollowedJSON is a case as its reporter sees it. Times are ms UTC; 0 is none.
type FollowedJSON struct {
	Number       string               `json:"number"`
	ClassTitle   string               `json:"class_title"`
	Title        string               `json:"title"`
	AreaName     string               `json:"area_name"`
	Phase        string               `json:"phase" enum:"waiting,working,verifying,rating,closed"`
	StepTitle    string               `json:"step_title"`
	UnitName     string               `json:"unit_name,omitempty" doc:"who has it now"`
	OutcomeTitle string               `json:"outcome_title,omitempty"`
	OpenedAt     int64                `json:"opened_at"`
	DueAt        int64                `json:"due_at" doc:"until when it is to be settled"`
	RateUntil    int64                `json:"rate_until,omitempty"`
	ClosedAt     int64                `json:"closed_at"`
	MergedInto   string               `json:"merged_into,omitempty" doc:"number of the report about the same matter that goes on"`
	Version      int64                `json:"version"`
	Replies      []ReplyJSON          `json:"replies"`
	Phases       []PhaseJSON          `json:"phases"`
	Can          []casework.OfferJSON `json:"can" doc:"what the reporter may do now"`
}

// ReplyJSON is an answer to the reporter.
type ReplyJSON struct {
	At   int64  `json:"at"`
	By   string `json:"by,omitempty" doc:"the unit"`
	Text string `json:"text"`
}

// PhaseJSON is when a case came into a phase.
type PhaseJSON struct {
	Phase string `json:"phase" enum:"waiting,working,verifying,rating,closed"`
	At    int64  `json:"at"`
}

func (s *Service) httpFollow(ctx context.Context, in *followInput) (*followOutput, error) {
	_, from := asking(ctx)
	f, err := s.Follow(ctx, from, Ticket(in.Body))
	if err != nil {
		return nil, err
	}
	return s.followedJSON(ctx, f), nil
}

func (s *Service) httpAct(ctx context.Context, in *actByCodeInput) (*followOutput, error) {
	key, err := in.ReadKey()
	if err != nil {
		return nil, err
	}
	by, from := asking(ctx)
	b := in.Body
	f, err := s.Act(ctx, by, from, Ticket(b.TicketJSON), casework.Act{Action: b.Action, Version: b.Version, Values: b.Values, Reason: b.Reason, Note: b.Note, Key: key})
	if err != nil {
		return nil, err
	}
	return s.followedJSON(ctx, f), nil
}

// drawable are the types of answers that the pages of residents can ask.
var drawable = []string{"boolean", "choice", "date", "long_text", "number", "phone", "text"}

func (s *Service) followedJSON(ctx context.Context, f *Followed) *followOutput {
	shown := s.Cases.Shown(ctx, f.View)
	k := shown.Case
	out := FollowedJSON{Number: k.Number, ClassTitle: k.ClassTitle, Title: k.Title, AreaName: k.AreaName, Phase: k.Phase, StepTitle: k.StepTitle, UnitName: k.UnitName,
		OutcomeTitle: shown.Case.OutcomeTitle, OpenedAt: k.OpenedAt, DueAt: db.Ms(f.DueAt), RateUntil: db.Ms(f.RateUntil), ClosedAt: db.Ms(f.ClosedAt),
		MergedInto: f.Into, Version: f.Goes.Version, Replies: []ReplyJSON{}, Phases: []PhaseJSON{}, Can: []casework.OfferJSON{}}
	for _, r := range f.Replies {
		x := ReplyJSON{At: db.Ms(r.At), Text: r.Text}
		if u, ok := s.Cases.World.Tree().Unit(r.UnitID); ok {
			x.By = u.Name
		}
		out.Replies = append(out.Replies, x)
	}
	for _, p := range f.Phases {
		out.Phases = append(out.Phases, PhaseJSON{string(p.Phase), db.Ms(p.At)})
	}
	can := shown.Can
	if f.Goes != f.View {
		can = s.Cases.Shown(ctx, f.Goes).Can
	}
	for _, o := range can {
		if !slices.ContainsFunc(o.Asks, func(a casework.FormJSON) bool { return !slices.Contains(drawable, a.Type) }) {
			o.Also = slices.DeleteFunc(o.Also, func(a casework.FormJSON) bool { return !slices.Contains(drawable, a.Type) })
			out.Can = append(out.Can, o)
		}
	}
	return &followOutput{out}
}

type mineInput struct {
	After string `query:"after" maxLength:"1000" doc:"next of an answer before"`
}

type mineOutput struct {
	Body struct {
		Cases []casework.RowJSON `json:"cases"`
		Next  string             `json:"next,omitempty"`
	}
}

// httpMine lists what somebody with an account has reported, open or closed, the latest first:
// whatever posts they have besides show nothing here.
func (s *Service) httpMine(ctx context.Context, in *mineInput) (*mineOutput, error) {
	a, err := account.From(ctx)
	if err != nil {
		return nil, err
	}
	who, err := s.Cases.By(ctx, account.Actor{PersonID: a.PersonID, Jurisdiction: a.Jurisdiction})
	if err != nil {
		return nil, err
	}
	q := casework.Query{Queue: casework.QueueOpened, OpenedFrom: time.UnixMilli(1), Sort: casework.SortOpened, Reporter: a.PersonID, Limit: 50}
	if in.After != "" {
		if err := web.ReadCursor(in.After, &q.After); err != nil {
			return nil, err
		}
	}
	rows, next, err := s.Cases.List(ctx, who, q)
	if err != nil {
		return nil, err
	}
	out := &mineOutput{}
	out.Body.Cases = []casework.RowJSON{}
	for i := range rows {
		out.Body.Cases = append(out.Body.Cases, s.Cases.Listed(ctx, &rows[i]))
	}
	if next != nil {
		out.Body.Next, err = web.Cursor(next)
	}
	return out, err
}
