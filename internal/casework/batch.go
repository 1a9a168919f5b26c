package casework

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"

	"github.com/google/uuid"

	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// BatchItem is one case of a batch.
type BatchItem struct {
	Act
	Done bool
	Err  error // why it was not done
}

const (
	batchAtATime = 4
)

// Batch does one action on many cases: each is an act of its own, with its own transaction, its
// own key and its own result; what is refused stops none of the others. key is of the whole: sent
// again, it does nothing twice. An action that is not for batches is refused for each case with
// case.not_batch.
func (s *Service) Batch(ctx context.Context, who *Actor, key string, acts []Act) []BatchItem {
	out := make([]BatchItem, len(acts))
	base, _ := uuid.Parse(key)
	turn := make(chan struct{}, batchAtATime)
	var all sync.WaitGroup
	for i, a := range acts {
		a.many = true
		if key != "" {
			a.Key = uuid.NewSHA1(base, []byte(a.Case)).String()
		}
		turn <- struct{}{}
		all.Go(func() {
			_, err := s.Act(ctx, who, a)
			out[i] = BatchItem{Act: a, Done: err == nil, Err: err}
			<-turn
		})
	}
	all.Wait()
	return out
}

type batchInput struct {
	web.Idempotency
	Body struct {
		Action string `json:"action" maxLength:"100"`
		Items  []struct {
			Case    string            `json:"case" maxLength:"64"`
			Version int64             `json:"version,omitempty" doc:"of the case as the actor saw it"`
			Values  map[string]any    `json:"values,omitempty"`
			Why     map[string]string `json:"why,omitempty"`
			Reason  string            `json:"reason,omitempty" maxLength:"2000"`
			Note    string            `json:"note,omitempty" maxLength:"2000"`
		} `json:"items" minItems:"1" maxItems:"1000"`
	}
}

// BatchResultJSON is what became of one case of a batch.
type BatchResultJSON struct {
	Case string `json:"case"`
	Done bool   `json:"done"`
	Code string `json:"code,omitempty"`
	Text string `json:"text,omitempty" doc:"why it was not done, in words"`
}

type batchOutput struct {
	Body struct {
		Results []BatchResultJSON `json:"results"`
	}
}

func (s *Service) batchRoutes(srv *web.Server) {
	web.Op(srv, web.Operation{Method: "POST", Path: "/batches", ID: "batch", Summary: "Do one action on many cases: each with a result of its own", Tags: []string{"cases"}, Status: http.StatusOK}, s.httpBatch)
}

func (s *Service) httpBatch(ctx context.Context, in *batchInput) (*batchOutput, error) {
	key, err := in.ReadKey()
	if err != nil {
		return nil, err
	}
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	var acts []Act
	for _, x := range in.Body.Items {
		if slices.ContainsFunc(acts, func(a Act) bool { return a.Case == x.Case }) {
			return nil, fault.New(fault.Invalid, "case.batch_twice")
		}
		if err := s.Paced(ctx, who, Moving); err != nil {
			return nil, err
		}
		acts = append(acts, Act{Case: x.Case, Action: in.Body.Action, Version: x.Version, Values: x.Values, Why: x.Why, Reason: x.Reason, Note: x.Note})
	}
	out := &batchOutput{}
	for _, r := range s.Batch(ctx, who, key, acts) {
		j := BatchResultJSON{Case: r.Case, Done: r.Done}
		var f *fault.Error
		if errors.As(r.Err, &f) && f.Kind != fault.Internal {
			if v, gone := s.View(ctx, who, r.Case); gone == nil {
				_ = errors.As(inWords(f, s.wordsOf(ctx, v.Case), v.Case.Life), &f)
			}
			j.Code, j.Text = f.Code, web.Say(web.Lang(ctx), f.Code, f.Args)
		} else if r.Err != nil {
			return nil, r.Err // what was done before is done, and is not done again under the same key
		}
		out.Body.Results = append(out.Body.Results, j)
	}
	return out, nil
}
