package account

import (
	"context"
	"slices"
	"strings"
	"time"

	"gezhi/internal/db"
)

// Roll is who holds which post: everybody's, for looking up by place and role. It is a
// picture of one moment; readers share it and must not change what it hands out.
type Roll struct {
	byID     map[string]Post
	byPerson map[string][]Post
	byUnit   map[string][]Post
	byArea   map[string][]Post
	byRole   map[string][]Post // jurisdiction/role
	people   map[string]string // jurisdiction of whoever has not ended
	names    map[string]string
	locales  map[string]string    // of those who chose one
	standIns map[string][]standIn // by post
}

// standIn is who acts in a post for its holder, and when.
type standIn struct {
	person      string
	from, until time.Time
}

var (
	allPostsSQL = db.SQL(`SELECT p.jurisdiction, p.id, p.person_id, p.role, p.unit_id, p.area_id, p.area_level, p.seat, p.valid_from, p.valid_until
		FROM post p JOIN person h ON h.id = p.person_id WHERE h.ended_at = 0 AND (p.valid_until = 0 OR p.valid_until > $1) ORDER BY p.id`)
	standInsSQL  = db.SQL(`SELECT d.post_id, d.to_person, d.valid_from, d.valid_until FROM delegation d JOIN person t ON t.id = d.to_person WHERE d.valid_until > $1 AND t.ended_at = 0 ORDER BY d.id`)
	allPeopleSQL = db.SQL(`SELECT id, jurisdiction, name, locale FROM person WHERE ended_at = 0`)
)

// Roll reads who holds which post, now or later.
func (s *Service) Roll(ctx context.Context) (*Roll, error) {
	r := &Roll{byID: map[string]Post{}, byPerson: map[string][]Post{}, byUnit: map[string][]Post{}, byArea: map[string][]Post{}, byRole: map[string][]Post{},
		people: map[string]string{}, names: map[string]string{}, locales: map[string]string{}, standIns: map[string][]standIn{}}
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows, err := tx.Query(ctx, allPostsSQL, s.Now())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p Post
			var jurisdiction, seat string
			var level, from, until int64
			if err := rows.Scan(&jurisdiction, &p.ID, &p.PersonID, &p.Role, &p.UnitID, &p.AreaID, &level, &seat, &from, &until); err != nil {
				return err
			}
			p.AreaLevel, p.Seat, p.From, p.Until = Level(level), Seat(seat), db.Time(from), db.Time(until)
			r.add(jurisdiction, p)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
		if err := r.readStandIns(ctx, tx, s.Now()); err != nil {
			return err
		}
		people, err := tx.Query(ctx, allPeopleSQL)
		if err != nil {
			return err
		}
		defer people.Close()
		for people.Next() {
			var id, home, name, locale string
			if err := people.Scan(&id, &home, &name, &locale); err != nil {
				return err
			}
			r.people[id], r.names[id] = home, name
			if locale != "" {
				r.locales[id] = locale
			}
		}
		return people.Err()
	})
	return r, err
}

func (r *Roll) readStandIns(ctx context.Context, tx *db.Tx, now time.Time) error {
	rows, err := tx.Query(ctx, standInsSQL, now)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var post string
		var x standIn
		var from, until int64
		if err := rows.Scan(&post, &x.person, &from, &until); err != nil {
			return err
		}
		x.from, x.until = db.Time(from), db.Time(until)
		r.standIns[post] = append(r.standIns[post], x)
	}
	return rows.Err()
}

func (r *Roll) add(jurisdiction string, p Post) {
	r.byID[p.ID] = p
	r.byPerson[p.PersonID] = append(r.byPerson[p.PersonID], p)
	r.byUnit[p.UnitID] = append(r.byUnit[p.UnitID], p)
	r.byArea[p.AreaID] = append(r.byArea[p.AreaID], p)
	key := jurisdiction + "/" + p.Role
	r.byRole[key] = append(r.byRole[key], p)
}

func standing(posts []Post, role string, at time.Time) []Post {
	var out []Post
	for _, p := range posts {
		if (role == "" || p.Role == role) && covers(p.From, p.Until, at) {
			out = append(out, p)
		}
	}
	return out
}

// InArea returns the holders of a role (any when "") over that very area.
func (r *Roll) InArea(role, area string, at time.Time) []Post {
	return standing(r.byArea[area], role, at)
}

// InUnit returns the holders of a role (any when "") in a unit.
func (r *Roll) InUnit(role, unit string, at time.Time) []Post {
	return standing(r.byUnit[unit], role, at)
}

// WithRole returns the holders of a role in a jurisdiction.
func (r *Roll) WithRole(jurisdiction, role string, at time.Time) []Post {
	return standing(r.byRole[jurisdiction+"/"+role], "", at)
}

// Standing returns every post of units of a jurisdiction: who can be asked for something.
// Posts outside any unit, such as residents', are not among them.
func (r *Roll) Standing(jurisdiction string, at time.Time) []Post {
	var out []Post
	for key, posts := range r.byRole {
		if j, _, _ := strings.Cut(key, "/"); j == jurisdiction {
			for _, p := range standing(posts, "", at) {
				if p.UnitID != "" {
					out = append(out, p)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b Post) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// Of returns the posts of a person.
func (r *Roll) Of(person string, at time.Time) []Post { return standing(r.byPerson[person], "", at) }

// ActsIn returns who acts in a post for its holder at a moment.
func (r *Roll) ActsIn(post string, at time.Time) []string {
	var out []string
	for _, x := range r.standIns[post] {
		if covers(x.from, x.until, at) {
			out = append(out, x.person)
		}
	}
	return out
}

// Post returns a post by id.
func (r *Roll) Post(id string) (Post, bool) { p, ok := r.byID[id]; return p, ok }

// Known tells whether a person is there and belongs to a jurisdiction.
func (r *Roll) Known(person, jurisdiction string) bool {
	home, ok := r.people[person]
	return ok && home == jurisdiction
}

// Name is a person's name, "" for nobody known.
func (r *Roll) Name(person string) string { return r.names[person] }

// Locale is the language that a person chose, "" for none.
func (r *Roll) Locale(person string) string { return r.locales[person] }

// Generation counts the changes that this process made to people, posts and delegations;
// a Roll read before the last one is out of date.
func (s *Service) Generation() int64 { return s.known.generation() }
