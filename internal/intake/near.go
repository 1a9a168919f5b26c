package intake

import (
	"context"
	"sync"
	"time"

	"gezhi/internal/casework"
	"gezhi/internal/clock"
)

// nearFor is how long an answer about a place serves everybody who asks.
const nearFor = time.Minute

// nearby keeps what was last answered about places. There are as many as villages and townships.
type nearby struct {
	mu sync.Mutex
	of map[string]looked
}

type looked struct {
	at   time.Time
	list []casework.Nearby
}

// Near is what is being done in a township or village: casework.Service.Near, at most a minute old.
func (s *Service) Near(ctx context.Context, jurisdiction, area string) ([]casework.Nearby, time.Time, error) {
	now := s.Now()
	s.near.mu.Lock()
	defer s.near.mu.Unlock()
	if l, ok := s.near.of[jurisdiction+"/"+area]; ok && now.Sub(l.at) < nearFor && !now.Before(l.at) {
		return l.list, l.at, nil
	}
	list, err := s.Cases.Near(ctx, jurisdiction, area)
	if err != nil {
		return nil, now, err
	}
	if s.near.of == nil {
		s.near.of = map[string]looked{}
	}
	s.near.of[jurisdiction+"/"+area] = looked{now, list}
	return list, now, nil
}

type nearInput struct {
	Jurisdiction string `query:"jurisdiction" maxLength:"20"`
	Area         string `query:"area" maxLength:"64" doc:"a township or a village"`
}

type nearOutput struct{ Body NearJSON }

// NearJSON is what is being done near somebody.
type NearJSON struct {
	At    int64        `json:"at" doc:"when it was looked up, ms"`
	Items []NearbyJSON `json:"items"`
}

// NearbyJSON is a matter as everybody may hear of it.
type NearbyJSON struct {
	Class   string `json:"class_title"`
	Place   string `json:"place" doc:"its village"`
	Phase   string `json:"phase" enum:"waiting,working,verifying,rating,closed"`
	Outcome string `json:"outcome,omitempty"`
	Opened  string `json:"opened" doc:"day, YYYY-MM-DD"`
	Closed  string `json:"closed,omitempty" doc:"day, YYYY-MM-DD"`
}

func (s *Service) httpNear(ctx context.Context, in *nearInput) (*nearOutput, error) {
	_, from := asking(ctx)
	if _, err := s.count(ctx, looks, network(from.Addr)); err != nil {
		return nil, err
	}
	j, err := s.Jurisdiction(in.Jurisdiction)
	if err != nil {
		return nil, err
	}
	list, at, err := s.Near(ctx, j.ID, in.Area)
	if err != nil {
		return nil, err
	}
	day := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(clock.CST).Format(time.DateOnly)
	}
	out := &nearOutput{NearJSON{At: at.UnixMilli(), Items: []NearbyJSON{}}}
	for _, n := range list {
		x := NearbyJSON{Class: s.classTitle(ctx, j.ID, n.Class), Phase: string(n.Phase), Outcome: n.Outcome, Opened: day(n.OpenedAt), Closed: day(n.ClosedAt)}
		if a, ok := s.Cases.World.Tree().Area(n.VillageID); ok {
			x.Place = a.Name
		}
		out.Body.Items = append(out.Body.Items, x)
	}
	return out, nil
}
