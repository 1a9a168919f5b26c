package account

import (
	"context"
	"net/mail"
	"strings"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/privacy"
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
	contactsSQL = db.SQL(`SELECT c.kind, c.value, ` + privacy.Columns + ` FROM contact c LEFT JOIN data_key k ON k.id = c.key_id
		WHERE c.person_id = $1 ORDER BY c.kind`)
	putContactSQL = db.SQL(`INSERT INTO contact (person_id, kind, jurisdiction, value, key_id, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (person_id, kind) DO UPDATE SET value = excluded.value, key_id = excluded.key_id, changed_at = excluded.changed_at`)
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
		c, err = s.contactsOf(ctx, tx, personID)
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
	old, err := s.contactsOf(ctx, tx, p.ID)
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
			err = s.sealContact(ctx, tx, p, x.kind, x.new)
		}
		if err != nil {
			return false, err
		}
		changed = append(changed, x.kind)
	}
	return true, s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "contacts.set", by, changed, dropped...)
}

// contactCompartment is where how a person is reached belongs.
const contactCompartment = "contact"

// sealContact keeps one way to reach a person, sealed under a key of the person's own.
func (s *Service) sealContact(ctx context.Context, tx *db.Tx, p Person, kind, value string) error {
	k, err := s.Vault.Key(ctx, tx, p.Jurisdiction, "person/"+p.ID, contactCompartment)
	if err != nil {
		return err
	}
	return tx.Queue(ctx, putContactSQL, p.ID, kind, p.Jurisdiction, k.Seal([]byte(value), contactPlace(p.ID, kind)), k.ID, s.Now())
}

func contactPlace(personID, kind string) string { return "contact/" + personID + "/" + kind }

func (s *Service) contactsOf(ctx context.Context, tx *db.Tx, personID string) (c Contacts, err error) {
	type kept struct {
		kind, value string
		key         privacy.Wrapped
	}
	all, err := db.Collect(ctx, tx, contactsSQL, []any{personID}, func(r db.Rows) (x kept, err error) {
		return x, r.Scan(append([]any{&x.kind, &x.value}, x.key.Into()...)...)
	})
	for _, x := range all {
		value, err := s.Vault.Read(x.key, x.value, contactPlace(personID, x.kind))
		if err != nil {
			return Contacts{}, err
		}
		switch x.kind {
		case Phone:
			c.Phone = value
		case Mail:
			c.Mail = value
		}
	}
	return c, err
}

var clearContacts = db.SQL(`SELECT person_id, kind, jurisdiction, value FROM contact WHERE key_id = '' ORDER BY person_id, kind`)

// SealOld seals the contacts that an older program kept in clear, and returns how many they were.
func (s *Service) SealOld(ctx context.Context) (done int, err error) {
	err = s.DB.Write(ctx, db.Keys{"contacts/old"}, func(ctx context.Context, tx *db.Tx) error {
		type row struct{ person, kind, jurisdiction, value string }
		rows, err := db.Collect(ctx, tx, clearContacts, nil, func(r db.Rows) (x row, err error) {
			return x, r.Scan(&x.person, &x.kind, &x.jurisdiction, &x.value)
		})
		if done = len(rows); err != nil {
			return err
		}
		for _, x := range rows {
			if err := s.sealContact(ctx, tx, Person{ID: x.person, Jurisdiction: x.jurisdiction}, x.kind, x.value); err != nil {
				return err
			}
		}
		return nil
	})
	return done, err
}
