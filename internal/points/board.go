package points

import (
	"cmp"
	"context"
	"maps"
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
// up a board. Who does not stand in the register of adults is on none, nor who does not want to be.
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

var (
	unlisted = db.SQL(`SELECT person_id FROM points_unlisted WHERE jurisdiction = $1`)
	unlist   = db.SQL(`INSERT INTO points_unlisted (jurisdiction, person_id, since_at) VALUES ($1, $2, $3) ON CONFLICT (jurisdiction, person_id) DO NOTHING`)
	list     = db.SQL(`DELETE FROM points_unlisted WHERE jurisdiction = $1 AND person_id = $2`)
	isHidden = db.SQL(`SELECT count(*) FROM points_unlisted WHERE jurisdiction = $1 AND person_id = $2`)
)

// ShowMe says whether somebody wants to stand on boards; until they say otherwise, people of age do.
func (s *Service) ShowMe(ctx context.Context, who account.Actor, shown bool) error {
	return s.write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if shown {
			return tx.Queue(ctx, list, who.Jurisdiction, who.PersonID)
		}
		return tx.Queue(ctx, unlist, who.Jurisdiction, who.PersonID, s.Now())
	})
}

// Ranks are those on a board in a month: of an area, or else of the one in which the asker works.
// Other areas are shown to who looks at the ledger above them, and groups lists those that have
// somebody on the board.
func (s *Service) Ranks(ctx context.Context, who account.Actor, name, board, month, area string) (out []Ranked, group string, groups []string, err error) {
	l, err := s.rules(ctx, who, name, "", nil)
	if err != nil {
		return nil, "", nil, err
	}
	i := slices.IndexFunc(l.Boards, func(b Board) bool { return b.Name == board })
	if _, bad := time.ParseInLocation("2006-01", month, clock.CST); i < 0 || bad != nil {
		return nil, "", nil, fault.New(fault.NotFound, "points.no_board")
	}
	b := l.Boards[i]
	granted, err := s.listed(ctx, who, l, b, month)
	if err != nil {
		return nil, "", nil, err
	}
	mine := s.group(ctx, b.Group, who.PersonID)
	over := func(area string) bool {
		return area != "" && s.Within != nil && slices.ContainsFunc(standsAs(who), func(p account.Post) bool {
			return slices.Contains(l.Roles.Look, p.Role) && p.AreaID != "" && s.Within(ctx, area, p.AreaID)
		})
	}
	in := map[string][]Ranked{}
	for person, n := range granted {
		g := s.group(ctx, b.Group, person)
		if b.Cap > 0 {
			n = min(n, b.Cap)
		}
		in[g] = append(in[g], Ranked{Person: person, Points: n})
	}
	for _, g := range slices.Sorted(maps.Keys(in)) {
		if over(g) {
			groups = append(groups, g)
		}
	}
	group = cmp.Or(area, mine)
	if group == "" && len(groups) > 0 {
		group = groups[0]
	}
	if group != mine && !over(group) {
		return nil, "", nil, fault.New(fault.Forbidden, "points.not_yours")
	}
	if group == "" {
		return []Ranked{}, "", nil, nil
	}
	return ranked(in[group], b.First), group, groups, nil
}

// listed is what people were granted in a month who may stand on a board and want to.
func (s *Service) listed(ctx context.Context, who account.Actor, l Ledger, b Board, month string) (map[string]int64, error) {
	adults := map[string]bool{}
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		one := func(r db.Rows) (id string, err error) { return id, r.Scan(&id) }
		hidden, err := db.Collect(ctx, tx, unlisted, []any{who.Jurisdiction}, one)
		if err != nil {
			return err
		}
		all, err := db.Collect(ctx, tx, adultsOf, []any{who.Jurisdiction, l.Pack, b.Adults, s.Now().In(clock.CST).Format(time.DateOnly)}, one)
		for _, x := range all {
			adults[x] = !slices.Contains(hidden, strings.TrimPrefix(x, "person/"))
		}
		return err
	}); err != nil {
		return nil, err
	}
	sums, err := s.Months(ctx, who.Jurisdiction, l.Name, month, month)
	if err != nil {
		return nil, err
	}
	granted := map[string]int64{}
	for _, m := range sums {
		switch person := strings.TrimPrefix(m.Account.Owner, "person/"); {
		case !adults[m.Account.Owner] || m.Account.Kind != Available && m.Account.Kind != Held:
		case m.Kind == Grant:
			granted[person] += m.Came
		case m.Kind == Reverse:
			granted[person] -= m.Went
		}
	}
	maps.DeleteFunc(granted, func(_ string, n int64) bool { return n <= 0 })
	return granted, nil
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
	Area  string `query:"area" maxLength:"64" doc:"one of groups; the asker's own when left out"`
}

// PointsRankJSON is one line of a board.
type PointsRankJSON struct {
	Place  int    `json:"place"`
	Name   string `json:"name"`
	Points int64  `json:"points" doc:"as far as they count"`
	Me     bool   `json:"me,omitempty"`
}

// PointsGroupJSON is a village, township or county that has a board.
type PointsGroupJSON struct {
	Area string `json:"area"`
	Name string `json:"name"`
}

// PointsBoardJSON is a board of the group that the asker works in.
type PointsBoardJSON struct {
	Name   string            `json:"name"`
	Group  string            `json:"group,omitempty" doc:"the village, township or county whose people stand on it; left out where the asker has none"`
	Area   string            `json:"area,omitempty" doc:"id of the group"`
	Others []PointsGroupJSON `json:"groups,omitempty" doc:"for who looks at the ledger: all groups below that have somebody on it"`
	Month  string            `json:"month"`
	Cap    int64             `json:"cap,omitempty" doc:"points of a month that count"`
	First  int               `json:"first" doc:"how many places there are"`
	Lines  []PointsRankJSON  `json:"lines"`
}

type pointsBoardsOutput struct {
	Body struct {
		Boards []PointsBoardJSON `json:"boards"`
		Shown  bool              `json:"shown" doc:"the asker wants to stand on boards"`
	}
}

type pointsShowMeInput struct {
	Body struct {
		Shown bool `json:"shown"`
	}
}

func (s *Service) httpShowMe(ctx context.Context, in *pointsShowMeInput) (*struct{}, error) {
	who, err := s.Actor(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.ShowMe(ctx, who, in.Body.Shown)
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
	hidden := 0
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.Row(ctx, isHidden, []any{who.Jurisdiction, who.PersonID}, &hidden)
	}); err != nil {
		return nil, err
	}
	out.Body.Shown = hidden == 0
	month := cmp.Or(in.Month, Month(s.Now()))
	for i, b := range l.Boards {
		lines, group, groups, err := s.Ranks(ctx, who, in.Ledger, b.Name, month, in.Area)
		if err != nil {
			return nil, err
		}
		title := b.Name
		if s.Word != nil {
			title = cmp.Or(s.Word(ctx, who.Jurisdiction, l.Pack, "boards", b.Name, web.Lang(ctx)), b.Name)
		}
		x := PointsBoardJSON{Name: title, Group: s.name(ctx, "area/"+group), Area: group, Month: month, Cap: b.Cap, First: b.First, Lines: make([]PointsRankJSON, len(lines))}
		for _, g := range groups {
			x.Others = append(x.Others, PointsGroupJSON{g, cmp.Or(s.name(ctx, "area/"+g), g)})
		}
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
