package casework

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/territory"
	"gezhi/internal/workflow"
)

// mostNews is how many steps a screen is told of at once, newsFor how far back.
const (
	mostNews = 30
	newsFor  = 72 * time.Hour
)

// News is the step that a case has come to, as a room full of people may read it: what kind of
// matter and about where. Of a class that is not public neither its name is told nor its grid.
type News struct {
	Case, AreaID, Pack, PackHash, OverlayHash, Class, Kind, Life, Step, Severity string
	Phase                                                                        workflow.Phase
	At                                                                           time.Time
}

// News are the latest steps of cases that somebody may see in an area and below, newest first.
func (s *Service) News(ctx context.Context, who *Actor, area string) ([]News, error) {
	if len(who.Scope.Branches) == 0 || who.Scope.Jurisdiction == "" {
		return nil, nil
	}
	args := arguments{[]any{db.Ms(s.Now().Add(-newsFor))}}
	narrow, err := s.Narrow(ctx, who, Query{AreaID: area}, args.add)
	if err != nil {
		return nil, err
	}
	scope := who.Scope.SQL(len(args.list) + 1)
	var parts []string
	for _, b := range scope {
		args.list = append(args.list, b.Args...)
		for _, half := range []struct {
			stand
			at string
		}{{stillOpen, "c.entered_at"}, {closed, "c.closed_at"}} {
			and := half.cases
			if b.Kind != account.AreaBranch {
				and += " AND " + half.involved
			}
			parts = append(parts, fmt.Sprintf("SELECT c.id, %s AS at FROM cases c %s WHERE %s AND %s AND c.kind = 'case' AND %s >= $1%s", half.at, b.Join, b.Where, and, half.at, narrow))
		}
	}
	text := `SELECT k.at, c.id, c.area_id, c.pack, c.pack_hash, c.overlay_hash, c.class, c.kind, c.life, c.step, c.severity, c.phase FROM (` + strings.Join(parts, " UNION ") +
		fmt.Sprintf(") k JOIN cases c ON c.id = k.id ORDER BY k.at DESC, c.id DESC LIMIT %d", mostNews)
	var out []News
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = db.Collect(ctx, tx, db.Stmt(text), args.list, func(r db.Rows) (n News, err error) {
			var at int64
			var phase string
			err = r.Scan(&at, &n.Case, &n.AreaID, &n.Pack, &n.PackHash, &n.OverlayHash, &n.Class, &n.Kind, &n.Life, &n.Step, &n.Severity, &phase)
			n.At, n.Phase = db.Time(at), workflow.Phase(phase)
			return n, err
		})
		return err
	})
	return out, err
}

type newsInput struct {
	Area string `query:"area" maxLength:"64" doc:"this area and below; all that the asker may see when empty"`
}

type newsOutput struct {
	Body struct {
		News []NewsJSON `json:"news"`
	}
}

// NewsJSON is a step that a case has come to, without anything personal.
type NewsJSON struct {
	Case       string `json:"case"`
	At         int64  `json:"at"`
	ClassTitle string `json:"class_title,omitempty" doc:"none for a class that is not public"`
	AreaName   string `json:"area_name" doc:"a grid at the finest, a township for a class that is not public"`
	StepTitle  string `json:"step_title"`
	Phase      string `json:"phase"`
	Urgent     bool   `json:"urgent,omitempty" doc:"of a grade that wakes people"`
}

func (s *Service) httpNews(ctx context.Context, in *newsInput) (*newsOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.News(ctx, who, in.Area)
	if err != nil {
		return nil, err
	}
	out := &newsOutput{}
	out.Body.News = []NewsJSON{}
	for _, n := range all {
		out.Body.News = append(out.Body.News, s.newsJSON(ctx, n))
	}
	return out, nil
}

func (s *Service) newsJSON(ctx context.Context, n News) NewsJSON {
	c := &Case{Pack: n.Pack, PackHash: n.PackHash, OverlayHash: n.OverlayHash, Class: n.Class}
	w := s.wordsOf(ctx, c)
	out := NewsJSON{Case: n.Case, At: db.Ms(n.At), StepTitle: s.stepWord(w, n.Kind, n.Life, n.Step), Phase: string(n.Phase)}
	finest := territory.Township
	if k := s.Book.cached(n.PackHash, n.OverlayHash, n.Class); k != nil {
		if out.Urgent = k.severity(n.Severity).Wakes; k.Public {
			out.ClassTitle, finest = w.title(k.Title, n.Class), territory.Grid
		}
	}
	a, ok := s.World.Area(n.AreaID)
	if ok && a.Level > int(finest) {
		n.AreaID = a.Path[finest]
	}
	out.AreaName = s.areaName(n.AreaID)
	return out
}
