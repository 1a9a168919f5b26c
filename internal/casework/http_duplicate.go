package casework

import (
	"context"
	"math"

	"gezhi/internal/web"
)

// LikelyJSON is an open case that may be the same matter, with what speaks for it.
type LikelyJSON struct {
	RowJSON
	Reasons []string `json:"reasons"`
}

type previewInput struct {
	Body struct {
		Class  string `json:"class" doc:"pack/scheme:code" maxLength:"200"`
		Text   string `json:"text,omitempty" maxLength:"10000"`
		AreaID string `json:"area_id,omitempty" maxLength:"64"`
		Point  *Point `json:"point,omitempty"`
	}
}

type likelyOutput struct {
	Body struct {
		Duplicates []LikelyJSON `json:"duplicates"`
	}
}

func (s *Service) httpLikely(ctx context.Context, in *viewInput) (*likelyOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	likely, err := s.LikelyOf(ctx, who, in.ID)
	out := &likelyOutput{}
	out.Body.Duplicates = s.likelyJSON(ctx, likely)
	return out, err
}

func (s *Service) httpPreview(ctx context.Context, in *previewInput) (*likelyOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	o := Opening{Class: b.Class, Text: b.Text, AreaID: b.AreaID}
	if b.Point != nil {
		o.SetPoint(*b.Point)
	}
	likely, err := s.LikelyTo(ctx, who, o)
	out := &likelyOutput{}
	out.Body.Duplicates = s.likelyJSON(ctx, likely)
	return out, err
}

func (s *Service) likelyJSON(ctx context.Context, all []Likely) []LikelyJSON {
	lang := web.Lang(ctx)
	out := []LikelyJSON{}
	for _, l := range all {
		x := LikelyJSON{RowJSON: s.rowJSON(ctx, rowOf(l.Case)), Reasons: []string{}}
		say := func(code string, args map[string]any) { x.Reasons = append(x.Reasons, web.Say(lang, code, args)) }
		if l.Key {
			say("likely.key", nil)
		}
		if l.Same {
			say("likely.class", nil)
		}
		if l.Metres >= 0 {
			say("likely.near", map[string]any{"metres": l.Metres})
		} else {
			say("likely.area", nil)
		}
		say("likely.time", map[string]any{"hours": int(math.Ceil(float64(l.Minutes) / 60))})
		if l.Alike >= alikeSome {
			say("likely.words", map[string]any{"share": l.Alike})
		}
		out = append(out, x)
	}
	return out
}
