package account

import (
	"context"
	"strings"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Found is a person as administrators see them: never what they work on.
type Found struct {
	Person
	Factor bool   // logs in with a second factor
	Posts  []Post // of any time, in the order in which they were given
}

// Search says which people are wanted.
type Search struct {
	Words string // part of a name or login; "" is everybody
	Role  string // holds a post of this role now; "" is any
	Sort  string // one of the keys of peopleOrders
	After Last
	Limit int
}

// Last is the last person of the page before.
type Last struct {
	ID   string `json:"i"`
	Name string `json:"n,omitempty"`
	Sort string `json:"s,omitempty"`
}

// peopleOrders are how people may be listed, those added first when nothing is said.
var peopleOrders = map[string]db.Stmt{
	"":       findPeople("p.id > $2 AND $7 = ''", "p.id"),
	"name":   findPeople("(p.name, p.id) > ($7, $2)", "p.name, p.id"),
	"latest": findPeople("($2 = '' OR p.id < $2) AND $7 = ''", "p.id DESC"),
}

func findPeople(page, order string) db.Stmt {
	return db.SQL(`SELECT p.id FROM person p
	WHERE p.jurisdiction = $1 AND ` + page + ` AND (p.login LIKE $3 ESCAPE '!' OR lower(p.name) LIKE $3 ESCAPE '!')
		AND (p.login <> '' OR EXISTS (SELECT 1 FROM post x WHERE x.person_id = p.id))
		AND ($4 = '' OR EXISTS (SELECT 1 FROM post y WHERE y.person_id = p.id AND y.role = $4 AND y.valid_from <= $5 AND (y.valid_until = 0 OR y.valid_until > $5)))
	ORDER BY ` + order + ` LIMIT $6`)
}

// containing is a LIKE pattern for texts that contain words, in lower case.
func containing(words string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(strings.TrimSpace(words))) + "%"
}

// Find lists people of a jurisdiction who can log in or held a post. Where the page before was of
// another order it is page.bad_cursor.
func (s *Service) Find(ctx context.Context, jurisdiction string, q Search) (all []Found, err error) {
	order, ok := peopleOrders[q.Sort]
	if !ok || q.After != (Last{}) && q.After.Sort != q.Sort {
		return nil, fault.New(fault.Invalid, "page.bad_cursor")
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all = nil
		found, err := ids(ctx, tx, order, jurisdiction, q.After.ID, containing(q.Words), q.Role, s.Now(), q.Limit, q.After.Name)
		if err != nil {
			return err
		}
		for _, id := range found {
			f, err := s.found(ctx, tx, id)
			if err != nil {
				return err
			}
			all = append(all, f)
		}
		return nil
	})
	return all, err
}

// FoundByID returns one person of a jurisdiction; anybody else's is person.none.
func (s *Service) FoundByID(ctx context.Context, jurisdiction, personID string) (f Found, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		if f, err = s.found(ctx, tx, personID); err == nil && f.Jurisdiction != jurisdiction {
			err = fault.New(fault.NotFound, "person.none")
		}
		return err
	})
	return f, err
}

func (s *Service) found(ctx context.Context, tx *db.Tx, id string) (Found, error) {
	p, err := s.person(ctx, tx, id)
	if err != nil {
		return Found{}, err
	}
	second, err := factorOf(ctx, tx, id)
	if err != nil {
		return Found{}, err
	}
	posts, err := postsOf(ctx, tx, id)
	return Found{Person: p, Factor: second.secret != "", Posts: posts}, err
}

// PostByID returns a post with its holder's jurisdiction; an unknown one is post.none.
func (s *Service) PostByID(ctx context.Context, postID string) (p Post, jurisdiction string, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if p, err = postByID(ctx, tx, postID); err != nil {
			return none(err, fault.New(fault.NotFound, "post.none"))
		}
		who, err := s.person(ctx, tx, p.PersonID)
		jurisdiction = who.Jurisdiction
		return err
	})
	return p, jurisdiction, err
}

// CreateAdministrator makes an account with one of the kernel's roles and a one-time password,
// which it returns: the way into an installation that has no account yet.
func (s *Service) CreateAdministrator(ctx context.Context, n NewPerson, role string) (Person, string, error) {
	return s.invited(ctx, "", n, func(ctx context.Context, tx *db.Tx, p Person) error {
		_, err := s.appoint(ctx, tx, "", NewPost{PersonID: p.ID, Role: role})
		return err
	})
}

// CreateAccount adds somebody who can log in, with a one-time password, which it returns, and
// without any right.
func (s *Service) CreateAccount(ctx context.Context, by string, n NewPerson) (Person, string, error) {
	return s.invited(ctx, by, n, func(context.Context, *db.Tx, Person) error { return nil })
}

// invited adds a person with a one-time password, which it returns, and does then what is to
// be done with them.
func (s *Service) invited(ctx context.Context, by string, n NewPerson, then func(context.Context, *db.Tx, Person) error) (p Person, password string, err error) {
	if err := n.check(); err != nil {
		return Person{}, "", err
	}
	if foldLogin(n.Login) == "" {
		return Person{}, "", &fault.Error{Kind: fault.Invalid, Code: "person.invalid", At: []fault.Place{{Path: "login", Code: "field.required"}}}
	}
	release, err := s.hashing.hold(ctx)
	if err != nil {
		return Person{}, "", err
	}
	password = newOneTimePassword()
	hash := newSecret(password).String()
	release()
	err = s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) (err error) {
		if p, err = s.invite(ctx, tx, by, n, hash); err != nil {
			return err
		}
		return then(ctx, tx, p)
	})
	if err != nil {
		return Person{}, "", err
	}
	return p, password, nil
}

// invite adds a person who is checked, with a one-time password.
func (s *Service) invite(ctx context.Context, tx *db.Tx, by string, n NewPerson, hash string) (Person, error) {
	p, free, err := s.enrol(ctx, tx, by, n, hash)
	if err != nil {
		return Person{}, err
	}
	if !free {
		return Person{}, fault.New(fault.Conflict, "person.login_taken")
	}
	p.OneTimeUntil = s.Now().Add(oneTimeFor)
	if err := tx.Queue(ctx, setSecretSQL, p.ID, hash, p.OneTimeUntil); err != nil {
		return Person{}, err
	}
	return p, s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "person.invited", by, nil)
}

// Standing reports whether a post counts at a moment.
func (p Post) Standing(at time.Time) bool { return covers(p.From, p.Until, at) }
