package points

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/web"
)

// Board says who stands on a list of those who were granted the most in a month. Nothing but what
// was granted counts, and of that no more than Cap: being online, or reporting much, gets nobody
// up a board. Who does not stand in the register of adults is on none.
type Board struct {
	Name   string `json:"name"`
	Group  int    `json:"group"` // level of the areas that boards are of
	First  int    `json:"first"`
	Cap    int64  `json:"cap,omitempty"`
	Adults string `json:"adults"`
}

var groupLevels = map[string]int{"county": 3, "township": 4, "village": 5}

func boardsOf(p *pack.Pack, ledger string) (out []Board) {
	for _, b := range p.Boards {
		if b.Ledger == ledger {
			out = append(out, Board{b.Name, groupLevels[b.Group], b.First, int64(b.Cap), b.Adults})
		}
	}
	return out
}

// Ranked is one line of a board. Whoever has as much stands in the same place.
type Ranked struct {
	Place  int
	Person string
	Points int64
}

var adultsOf = db.SQL(`SELECT s.subject FROM record_subject s JOIN record r ON r.id = s.record_id
	WHERE s.jurisdiction = $1 AND s.stands = 1 AND r.pack = $2 AND r.kind = $3 AND r.began <= $4 AND (r.ended = '' OR r.ended >= $4) ORDER BY s.subject`)

// Ranks are those on a board of the area in which the asker works, in a month.
func (s *Service) Ranks(ctx context.Context, who account.Actor, name, board, month string) (out []Ranked, err error) {
	l, err := s.rules(ctx, who, name, "", nil)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(l.Boards, func(b Board) bool { return b.Name == board })
	if _, bad := time.ParseInLocation("2006-01", month, clock.CST); i < 0 || bad != nil {
		return nil, fault.New(fault.NotFound, "points.no_board")
	}
	b := l.Boards[i]
	adults := map[string]bool{}
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := db.Collect(ctx, tx, adultsOf, []any{who.Jurisdiction, l.Pack, b.Adults, s.Now().In(clock.CST).Format(time.DateOnly)}, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) })
		for _, x := range all {
			adults[x] = true
		}
		return err
	}); err != nil {
		return nil, err
	}
	group := s.group(ctx, b.Group, who.PersonID)
	if group == "" {
		return []Ranked{}, nil
	}
	sums, err := s.Months(ctx, who.Jurisdiction, name, month, month)
	if err != nil {
		return nil, err
	}
	granted := map[string]int64{}
	for _, m := range sums {
		if m.Account.Kind == Available && m.Kind == Grant || m.Account.Kind == Held && m.Kind == Grant {
			granted[m.Account.Owner] += m.Came
		} else if m.Kind == Reverse && (m.Account.Kind == Available || m.Account.Kind == Held) {
			granted[m.Account.Owner] -= m.Went
		}
	}
	for owner, n := range granted {
		person, ok := strings.CutPrefix(owner, "person/")
		if !ok || n <= 0 || !adults[owner] || s.group(ctx, b.Group, person) != group {
			continue
		}
		if b.Cap > 0 {
			n = min(n, b.Cap)
		}
		out = append(out, Ranked{Person: person, Points: n})
	}
	return ranked(out, b.First), nil
}

// group is the area of a level that a person works in, "" for none.
func (s *Service) group(ctx context.Context, level int, person string) string {
	if s.AreaOf == nil {
		return ""
	}
	return s.AreaOf(ctx, person, level)
}

// ranked puts lines into their order and gives them their places; of those who have as much, all
// stand on the board or none.
func ranked(all []Ranked, first int) []Ranked {
	slices.SortFunc(all, func(a, b Ranked) int { return cmp.Or(cmp.Compare(b.Points, a.Points), cmp.Compare(a.Person, b.Person)) })
	for i := range all {
		all[i].Place = i + 1
		if i > 0 && all[i].Points == all[i-1].Points {
			all[i].Place = all[i-1].Place
		}
	}
	return slices.DeleteFunc(all, func(r Ranked) bool { return r.Place > first })
}

type pointsBoardsInput struct {
	LedgerQuery
	Month string `query:"month" maxLength:"7" doc:"2026-03; this one when left out"`
}

// PointsRankJSON is one line of a board.
type PointsRankJSON struct {
	Place  int    `json:"place"`
	Name   string `json:"name"`
	Points int64  `json:"points" doc:"as far as they count"`
	Me     bool   `json:"me,omitempty"`
}

// PointsBoardJSON is a board of the group that the asker works in.
type PointsBoardJSON struct {
	Name  string           `json:"name"`
	Cap   int64            `json:"cap,omitempty" doc:"points of a month that count"`
	Lines []PointsRankJSON `json:"lines"`
}

type pointsBoardsOutput struct {
	Body struct {
		Boards []PointsBoardJSON `json:"boards"`
	}
}

func (s *Service) httpBoards(ctx context.Context, in *pointsBoardsInput) (*pointsBoardsOutput, error) {
	who, err := s.Actor(ctx)
	if err != nil {
		return nil, err
	}
	l, err := s.rules(ctx, who, in.Ledger, "", nil)
	if err != nil {
		return nil, err
	}
	out := &pointsBoardsOutput{}
	out.Body.Boards = make([]PointsBoardJSON, len(l.Boards))
	for i, b := range l.Boards {
		lines, err := s.Ranks(ctx, who, in.Ledger, b.Name, cmp.Or(in.Month, Month(s.Now())))
		if err != nil {
			return nil, err
		}
		title := b.Name
		if s.Word != nil {
			title = cmp.Or(s.Word(ctx, who.Jurisdiction, l.Pack, "boards", b.Name, web.Lang(ctx)), b.Name)
		}
		x := PointsBoardJSON{Name: title, Cap: b.Cap, Lines: make([]PointsRankJSON, len(lines))}
		for j, r := range lines {
			x.Lines[j] = PointsRankJSON{r.Place, r.Person, r.Points, r.Person == who.PersonID}
			if s.Name != nil {
				x.Lines[j].Name = s.Name(ctx, "person/"+r.Person)
			}
		}
		out.Body.Boards[i] = x
	}
	return out, nil
}
