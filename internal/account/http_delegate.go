package account

import (
	"context"
	"net/http"
	"time"

	"gezhi/internal/web"
)

// DelegationJSON is somebody acting in the post of an absent colleague.
type DelegationJSON struct {
	ID     string `json:"id"`
	Post   MyPost `json:"post"`
	From   Named  `json:"from" doc:"who holds the post"`
	To     Named  `json:"to" doc:"who acts in it"`
	Since  int64  `json:"since"`
	Until  int64  `json:"until"`
	MayEnd bool   `json:"may_end"`
}

// LendableJSON is a post for which the asker may say who acts in it.
type LendableJSON struct {
	Post   MyPost `json:"post"`
	Holder Named  `json:"holder"`
}

type delegationsOutput struct {
	Body struct {
		Delegations []DelegationJSON `json:"delegations"`
	}
}

type lendableInput struct {
	Q string `query:"q" maxLength:"100" doc:"part of the holder's name"`
}

type lendableOutput struct {
	Body struct {
		Posts []LendableJSON `json:"posts"`
	}
}

type delegateInput struct {
	Body struct {
		PostID string `json:"post_id" maxLength:"64"`
		To     string `json:"to" maxLength:"64" doc:"person who acts"`
		Since  int64  `json:"since,omitempty" doc:"ms UTC; now when it is past or left out"`
		Until  int64  `json:"until" doc:"ms UTC"`
	}
}

type delegateOutput struct {
	Body struct {
		ID string `json:"id"`
	}
}

// mostLendable is how many posts a list shows.
const mostLendable = 50

func (d Door) registerDelegations(srv *web.Server) {
	tags := []string{"delegations"}
	web.Op(srv, web.Operation{Method: "GET", Path: "/delegations", ID: "delegations", Summary: "Who acts for whom, as far as it concerns the asker", Tags: tags}, d.delegations)
	web.Op(srv, web.Operation{Method: "GET", Path: "/delegations/posts", ID: "lendablePosts", Summary: "The posts for which the asker may say who acts in them", Tags: tags}, d.lendable)
	web.Op(srv, web.Operation{Method: "POST", Path: "/delegations", ID: "delegate", Summary: "Let somebody act in the post of an absent colleague", Tags: tags, Status: http.StatusCreated}, d.delegate)
	web.Op(srv, web.Operation{Method: "POST", Path: "/delegations/{id}/end", ID: "endDelegation", Summary: "The colleague is back: end it now", Tags: tags, Status: http.StatusNoContent}, d.endDelegation)
}

func (d Door) delegations(ctx context.Context, _ *struct{}) (*delegationsOutput, error) {
	who, err := From(ctx)
	if err != nil {
		return nil, err
	}
	all, err := d.Accounts.Absences(ctx, who)
	if err != nil {
		return nil, err
	}
	posts := make([]*MyPost, len(all))
	for i, a := range all {
		posts[i] = postOf(a.Post)
	}
	if err := d.Titles.name(ctx, who.Jurisdiction, posts); err != nil {
		return nil, err
	}
	out := &delegationsOutput{}
	out.Body.Delegations = make([]DelegationJSON, len(all))
	for i, a := range all {
		out.Body.Delegations[i] = DelegationJSON{a.ID, *posts[i], Named{a.From, a.FromName}, Named{a.To, a.ToName}, a.Start.UnixMilli(), a.Until.UnixMilli(), a.MayEnd}
	}
	return out, nil
}

func (d Door) lendable(ctx context.Context, in *lendableInput) (*lendableOutput, error) {
	who, err := From(ctx)
	if err != nil {
		return nil, err
	}
	all, err := d.Accounts.Lendable(ctx, who, in.Q, mostLendable)
	if err != nil {
		return nil, err
	}
	posts := make([]*MyPost, len(all))
	for i, c := range all {
		posts[i] = postOf(c.Post)
	}
	if err := d.Titles.name(ctx, who.Jurisdiction, posts); err != nil {
		return nil, err
	}
	out := &lendableOutput{}
	out.Body.Posts = make([]LendableJSON, len(all))
	for i, c := range all {
		out.Body.Posts[i] = LendableJSON{*posts[i], Named{c.PersonID, c.Name}}
	}
	return out, nil
}

func (d Door) delegate(ctx context.Context, in *delegateInput) (*delegateOutput, error) {
	who, err := From(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	made, err := d.Accounts.Lend(ctx, who, Delegation{PostID: b.PostID, To: b.To, Start: time.UnixMilli(b.Since), Until: time.UnixMilli(b.Until)})
	out := &delegateOutput{}
	out.Body.ID = made.ID
	return out, err
}

func (d Door) endDelegation(ctx context.Context, in *personInput) (*struct{}, error) {
	who, err := From(ctx)
	if err != nil {
		return nil, err
	}
	return nil, d.Accounts.TakeBack(ctx, who, in.ID)
}
