package paste

import (
	"context"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/web"
)

type chatInput struct {
	Body struct {
		Text string `json:"text" maxLength:"100000" doc:"what was copied out of a chat"`
	}
}

type chatOutput struct {
	Body struct {
		Proposals []ChatProposalJSON `json:"proposals"`
	}
}

// ChatProposalJSON is what one person said in one go, and what it may be.
type ChatProposalJSON struct {
	Speaker  string              `json:"speaker" doc:"as the chat calls them; personal"`
	At       int64               `json:"at,omitempty" doc:"ms UTC; 0 when the chat does not say"`
	Text     string              `json:"text" doc:"without numbers of people"`
	Phone    string              `json:"phone,omitempty" doc:"the first telephone number in it; personal"`
	Numbers  int                 `json:"numbers" doc:"of people, taken out of the text"`
	Pictures int                 `json:"pictures" doc:"that stood in the chat and were not copied"`
	Voices   int                 `json:"voices"`
	Idle     bool                `json:"idle" doc:"hardly a case"`
	Areas    []ChatCandidateJSON `json:"areas"`
	Classes  []ChatCandidateJSON `json:"classes"`
}

// ChatCandidateJSON is a place or class that a text may mean.
type ChatCandidateJSON struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Why   string `json:"why" doc:"the words that speak for it"`
}

type chatAnswerInput struct {
	ID string `path:"id" maxLength:"64"`
}

type chatAnswerOutput struct {
	Body struct {
		Text string `json:"text" doc:"ready to paste back: without names, numbers and addresses"`
	}
}

// Routes adds the operations of this package.
func (s *Service) Routes(srv *web.Server) {
	tags := []string{"paste"}
	web.Op(srv, web.Operation{Method: "POST", Path: "/paste", ID: "proposeFromChat", Summary: "Proposals of cases from text copied out of a chat; nothing is opened or kept", Tags: tags}, s.httpPropose)
	web.Op(srv, web.Operation{Method: "GET", Path: "/cases/{id}/answer", ID: "answerForChat", Summary: "What may be pasted back into a chat about a case, masked", Tags: tags}, s.httpAnswer)
}

func (s *Service) httpPropose(ctx context.Context, in *chatInput) (*chatOutput, error) {
	who, err := account.From(ctx)
	if err != nil {
		return nil, err
	}
	proposed, err := s.Propose(ctx, who, in.Body.Text)
	if err != nil {
		return nil, err
	}
	out := &chatOutput{}
	out.Body.Proposals = []ChatProposalJSON{}
	for _, p := range proposed {
		x := ChatProposalJSON{Speaker: p.Speaker, Text: p.Text, Phone: p.Phone, Numbers: p.Numbers, Pictures: p.Pictures, Voices: p.Voices, Idle: p.Idle,
			Areas: []ChatCandidateJSON{}, Classes: []ChatCandidateJSON{}}
		if !p.At.IsZero() {
			x.At = db.Ms(p.At)
		}
		for _, a := range p.Areas {
			x.Areas = append(x.Areas, ChatCandidateJSON{a.ID, a.Name, a.Why})
		}
		for _, c := range p.Classes {
			x.Classes = append(x.Classes, ChatCandidateJSON(c))
		}
		out.Body.Proposals = append(out.Body.Proposals, x)
	}
	return out, nil
}

func (s *Service) httpAnswer(ctx context.Context, in *chatAnswerInput) (*chatAnswerOutput, error) {
	who, err := account.From(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.AnswerOf(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	code := "answer.so_far"
	if a.Text != "" {
		code = "answer.told"
	}
	out := &chatAnswerOutput{}
	out.Body.Text = web.Say(web.Lang(ctx), code, map[string]any{"number": a.Number, "title": a.Title, "state": a.State, "text": a.Text})
	return out, nil
}
