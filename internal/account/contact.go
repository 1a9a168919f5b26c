package account

import (
	"context"
	"net/mail"
	"strings"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Ways to reach a person outside the program.
const (
	Phone = "phone" // digits with a plus before them or not (ITU-T E.164)
	Mail  = "mail"  // an address of RFC 5322 without a name
)

// Contacts are how a person is reached, "" where no way is known.
type Contacts struct {
	Phone string
	Mail  string
}

var (
	contactsSQL    = db.SQL(`SELECT kind, value FROM contact WHERE person_id = $1 ORDER BY kind`)
	putContactSQL  = db.SQL(`INSERT INTO contact (person_id, kind, jurisdiction, value, changed_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (person_id, kind) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at`)
	dropContactSQL = db.SQL(`DELETE FROM contact WHERE person_id = $1 AND kind = $2`)
)

// Tidy returns contacts as they are kept: a telephone number without what people write between
// its digits. What is none is person.bad_contact, with the places phone and mail.
func (c Contacts) Tidy() (Contacts, error) {
	e := fault.New(fault.Invalid, "person.bad_contact")
	c.Phone = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "").Replace(c.Phone)
	if n := strings.TrimPrefix(c.Phone, "+"); c.Phone != "" && (len(n) < 3 || len(n) > 15 || strings.ContainsFunc(n, func(r rune) bool { return r < '0' || r > '9' })) {
		e.At = append(e.At, fault.Place{Path: "phone", Code: "person.bad_phone"})
	}
	c.Mail = strings.TrimSpace(c.Mail)
	if a, err := mail.ParseAddress(c.Mail); c.Mail != "" && (err != nil || a.Address != c.Mail || len(c.Mail) > 254) {
		e.At = append(e.At, fault.Place{Path: "mail", Code: "person.bad_mail"})
	}
	if len(e.At) > 0 {
		return Contacts{}, e
	}
	return c, nil
}

// Contacts returns how a person is reached.
func (s *Service) Contacts(ctx context.Context, personID string) (c Contacts, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err = contactsOf(ctx, tx, personID)
		return err
	})
	return c, err
}

// SetContacts says how a person is reached from now on; an empty way is taken away.
func (s *Service) SetContacts(ctx context.Context, by, personID string, c Contacts) error {
	c, err := c.Tidy()
	if err != nil {
		return err
	}
	return s.change(ctx, personID, func(ctx context.Context, tx *db.Tx, p Person) error {
		_, err := s.putContacts(ctx, tx, by, p, c)
		return err
	})
}

// putContacts writes what differs and reports whether something did. The audit keeps which
// ways changed, never to what.
func (s *Service) putContacts(ctx context.Context, tx *db.Tx, by string, p Person, c Contacts) (bool, error) {
	old, err := contactsOf(ctx, tx, p.ID)
	if err != nil || old == c {
		return false, err
	}
	var changed []string
	var dropped []audit.Ref
	for _, x := range []struct{ kind, old, new string }{{Phone, old.Phone, c.Phone}, {Mail, old.Mail, c.Mail}} {
		switch {
		case x.old == x.new:
			continue
		case x.new == "":
			dropped = append(dropped, audit.Ref{Table: audit.Contacts, Key: []any{p.ID, x.kind}})
			err = tx.Queue(ctx, dropContactSQL, p.ID, x.kind)
		default:
			err = tx.Queue(ctx, putContactSQL, p.ID, x.kind, p.Jurisdiction, x.new, s.Now())
		}
		if err != nil {
			return false, err
		}
		changed = append(changed, x.kind)
	}
	return true, s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "contacts.set", by, changed, dropped...)
}

func contactsOf(ctx context.Context, tx *db.Tx, personID string) (c Contacts, err error) {
	all, err := db.Collect(ctx, tx, contactsSQL, []any{personID}, func(r db.Rows) (x [2]string, err error) { return x, r.Scan(&x[0], &x[1]) })
	for _, x := range all {
		switch x[0] {
		case Phone:
			c.Phone = x[1]
		case Mail:
			c.Mail = x[1]
		}
	}
	return c, err
}
