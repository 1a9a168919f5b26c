package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Device is a telephone that a person logs in on with a PIN.
type Device struct {
	ID       string
	PersonID string
	Name     string // what its browser calls itself
	BoundAt  time.Time
	SeenAt   time.Time
	Expires  time.Time
	Locked   bool // too many wrong PINs: whoever answers for the person must invite anew
	Ended    time.Time
}

// Entry is what a log-in with a telephone gives: a session, and the telephone's secret from now on.
type Entry struct {
	Actor  Actor
	Token  string
	Device string // of the cookie
}

const (
	// BoundFor is how long a telephone stays bound after the last log-in on it.
	BoundFor = 90 * 24 * time.Hour
	// wrongPINs is how many wrong PINs a person may give on all telephones together.
	wrongPINs = 5

	deviceLost     = "lost"
	deviceReplaced = "replaced"
	deviceCopied   = "copied"
)

// device is one as it is kept.
type device struct {
	Device
	secret, pin, next, nextPIN, spent string // hashes
	rotor                             string
	wrongOfPerson                     int    // on all telephones of the person, before this try
	given, givenPINHash               string // of the secret that was shown
}

// tie is what sessions of the device hang on.
func (d Device) tie() string { return "device/" + d.ID }

// Accept uses an invitation: it binds the telephone that asks, under a PIN of the person's choice,
// and logs in. Refusals: invitation.none, pin.unfit, pin.weak; a refused PIN uses nothing up.
func (s *Service) Accept(ctx context.Context, token, code, pin string, o Origin) (Entry, error) {
	i, err := s.invitation(ctx, token, code, o)
	if err != nil {
		return Entry{}, err
	}
	c, err := s.Contacts(ctx, i.personID)
	if err == nil {
		err = checkPIN(pin, c.Phone)
	}
	if err != nil {
		return Entry{}, err
	}
	secret, rotor := newToken(), newToken()
	hash, err := s.pinHash(ctx, pin, secret)
	if err != nil {
		return Entry{}, err
	}
	var d Device
	err = s.change(ctx, i.personID, func(ctx context.Context, tx *db.Tx, p Person) error {
		now := s.Now()
		d = Device{ID: s.NewID(), PersonID: p.ID, Name: deviceName(o.UserAgent), BoundAt: now, SeenAt: now, Expires: now.Add(BoundFor)}
		n, err := tx.Exec(ctx, useInvitationSQL, i.id, now)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "invitation.none")
		}
		if err != nil {
			return err
		}
		if err := s.endLocked(ctx, tx, p.ID, now); err != nil {
			return err
		}
		if err := tx.Queue(ctx, insertDeviceSQL, d.ID, p.Jurisdiction, p.ID, i.id, d.Name, hashToken(secret), hash, rotor, now, d.Expires); err != nil {
			return err
		}
		return s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "device.bound", p.ID, []any{d.ID, i.id, d.Name})
	})
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Device: d.ID + "." + secret}
	e.Token, e.Actor, err = s.enterBy(ctx, d, o)
	return e, err
}

// endLocked ends the telephones of a person on which the PIN was given wrong too often: the new
// one takes their place.
func (s *Service) endLocked(ctx context.Context, tx *db.Tx, personID string, now time.Time) error {
	var wrong int
	if err := tx.Row(ctx, wrongOfSQL, []any{personID, now}, &wrong); err != nil || wrong < wrongPINs {
		return err
	}
	locked, err := ids(ctx, tx, wrongDevicesSQL, personID)
	if err != nil {
		return err
	}
	for _, id := range locked {
		if err := s.endDevice(ctx, tx, personID, id, deviceReplaced); err != nil {
			return err
		}
	}
	return nil
}

// LogInByPIN logs in on a bound telephone. The answer brings the telephone's next secret; the one
// before it stays good until the next one is seen, for answers get lost on the way. A secret that
// was followed by another and comes back was copied: the telephone is then ended. Refusals:
// device.none, device.wrong_pin with how many tries are left, device.locked.
func (s *Service) LogInByPIN(ctx context.Context, cookie, pin string, o Origin) (Entry, error) {
	from := sources("", o.Addr)[1:]
	if err := s.mayTry(ctx, from); err != nil {
		return Entry{}, err
	}
	release, err := s.hashing.hold(ctx)
	if err != nil {
		return Entry{}, err
	}
	defer release()
	d, err := s.charge(ctx, cookie)
	if fault.CodeOf(err) == "device.none" {
		err = errors.Join(s.countFailure(ctx, from), err)
	}
	if err != nil {
		return Entry{}, err
	}
	_, secret, _ := strings.Cut(cookie, ".")
	hash, err := parseSecret(d.givenPINHash)
	if err != nil {
		return Entry{}, fault.Wrap(err, fault.Internal, "internal")
	}
	if len(pin) != pinDigits || !hash.matches(pin+"/"+secret) {
		left := wrongPINs - d.wrongOfPerson - 1
		if left <= 0 {
			err = s.change(ctx, d.PersonID, func(ctx context.Context, tx *db.Tx, p Person) error {
				return s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "device.locked", "", d.ID)
			})
			return Entry{}, errors.Join(err, fault.New(fault.Forbidden, "device.locked"))
		}
		return Entry{}, fault.New(fault.Unauthenticated, "device.wrong_pin", "left", left)
	}
	next := nextSecret(d.rotor, secret)
	if err := s.turn(ctx, d, next, newSecret(pin+"/"+next).String()); err != nil {
		return Entry{}, err
	}
	e := Entry{Device: d.ID + "." + next}
	e.Token, e.Actor, err = s.enterBy(ctx, d.Device, o)
	return e, err
}

// nextSecret is made of the secret before it, so that two log-ins at once give the same one.
func nextSecret(rotor, secret string) string {
	m := hmac.New(sha256.New, []byte(rotor))
	m.Write([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// charge counts a try before it is looked at, so that a crowd of tries cannot overtake the count,
// and returns the device that the cookie names.
func (s *Service) charge(ctx context.Context, cookie string) (d device, err error) {
	id, secret, _ := strings.Cut(cookie, ".")
	absent := fault.New(fault.Unauthenticated, "device.none")
	if d, err = s.deviceByID(ctx, id); err != nil || d.ID == "" || secret == "" {
		return d, or(err, absent)
	}
	copied := false
	err = s.DB.Write(ctx, db.Keys{personKey(d.PersonID)}, func(ctx context.Context, tx *db.Tx) error {
		copied = false
		if _, err := s.present(ctx, tx, d.PersonID); err != nil {
			return absent
		}
		if d, err = deviceBy(ctx, tx, id, s.Now()); err != nil {
			return err
		}
		switch d.given = hashToken(secret); {
		case !d.Ended.IsZero() || !s.Now().Before(d.Expires):
			return absent
		case d.given == d.secret:
			d.givenPINHash = d.pin
		case d.given == d.next && d.next != "":
			d.givenPINHash = d.nextPIN
		case d.given == d.spent && d.spent != "":
			copied = true
			return s.endDevice(ctx, tx, d.PersonID, d.ID, deviceCopied)
		default:
			return absent
		}
		if d.wrongOfPerson >= wrongPINs {
			return fault.New(fault.Forbidden, "device.locked")
		}
		return tx.Queue(ctx, wrongPINSQL, d.ID)
	})
	if err == nil && copied {
		err = absent
	}
	return d, err
}

// turn notes a right PIN: the count starts anew, the telephone is bound from now on, and it gets
// its next secret. The one before the secret that was given is spent.
func (s *Service) turn(ctx context.Context, d device, next, nextPIN string) error {
	return s.DB.Write(ctx, db.Keys{personKey(d.PersonID)}, func(ctx context.Context, tx *db.Tx) error {
		now := s.Now()
		until := now.Add(BoundFor)
		n, err := tx.Exec(ctx, promoteSQL, d.ID, now, until, hashToken(next), nextPIN, d.given, d.givenPINHash)
		if err == nil && n == 0 { // seen before
			n, err = tx.Exec(ctx, turnSQL, d.ID, now, until, hashToken(next), nextPIN, d.given)
		}
		if err == nil && n == 0 {
			err = fault.New(fault.Unauthenticated, "device.none")
		}
		return err
	})
}

// enterBy begins a session that ends with the device.
func (s *Service) enterBy(ctx context.Context, d Device, o Origin) (string, Actor, error) {
	o.Strong = true // the telephone is one factor, the PIN another
	token, a, err := s.Enter(ctx, d.PersonID, o, d.tie())
	if err != nil {
		return "", Actor{}, err
	}
	now, err := s.deviceByID(ctx, d.ID)
	if err == nil && !now.Ended.IsZero() { // ended between two steps
		_, err = s.EndTied(ctx, "", d.tie())
		err = or(err, fault.New(fault.Unauthenticated, "device.none"))
	}
	return token, a, err
}

// DeviceOf returns the telephone that a cookie names and its person's name, before any PIN is
// given. One that is unknown or ended is device.none.
func (s *Service) DeviceOf(ctx context.Context, cookie string) (Device, Person, error) {
	id, secret, _ := strings.Cut(cookie, ".")
	d, err := s.deviceByID(ctx, id)
	if err != nil {
		return Device{}, Person{}, err
	}
	given := hashToken(secret)
	if d.ID == "" || secret == "" || given != d.secret && given != d.next || !d.Ended.IsZero() || !s.Now().Before(d.Expires) {
		return Device{}, Person{}, fault.New(fault.Unauthenticated, "device.none")
	}
	p, err := s.Person(ctx, d.PersonID)
	if err == nil && !p.EndedAt.IsZero() {
		err = fault.New(fault.Unauthenticated, "device.none")
	}
	return d.Device, p, err
}

// Devices returns the bound telephones of people, by person, oldest first.
func (s *Service) Devices(ctx context.Context, people ...string) (map[string][]Device, error) {
	out := map[string][]Device{}
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		clear(out)
		for _, p := range people {
			all, err := db.Collect(ctx, tx, devicesOfSQL, []any{p, s.Now()}, scanDevice)
			if err != nil {
				return err
			}
			for _, d := range all {
				d.Locked = d.wrongOfPerson >= wrongPINs
				out[p] = append(out[p], d.Device)
			}
		}
		return nil
	})
	return out, err
}

// EndDevice ends a telephone that was lost, with every session on it: the person's own, or that of
// somebody for whom the asker answers; any other is device.unknown.
func (s *Service) EndDevice(ctx context.Context, who Actor, deviceID string) error {
	d, err := s.deviceByID(ctx, deviceID)
	unknown := fault.New(fault.NotFound, "device.unknown")
	if err != nil || d.ID == "" || !d.Ended.IsZero() {
		return or(err, unknown)
	}
	if d.PersonID != who.PersonID {
		if _, err := s.answersFor(ctx, who, d.PersonID); err != nil {
			if fault.CodeOf(err) == "person.none" {
				err = unknown
			}
			return err
		}
	}
	return s.change(ctx, d.PersonID, func(ctx context.Context, tx *db.Tx, p Person) error {
		return s.endDevice(ctx, tx, p.ID, d.ID, deviceLost)
	})
}

func (s *Service) endDevice(ctx context.Context, tx *db.Tx, personID, deviceID, why string) error {
	p, err := personByID(ctx, tx, personID)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, endDeviceSQL, deviceID, s.Now(), why)
	if err != nil || n == 0 {
		return err
	}
	if _, err := s.endTied(ctx, tx, "", Device{ID: deviceID}.tie()); err != nil {
		return err
	}
	return s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "device.ended", "", []any{deviceID, why})
}

func (s *Service) pinHash(ctx context.Context, pin, secret string) (string, error) {
	release, err := s.hashing.hold(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return newSecret(pin + "/" + secret).String(), nil
}

// deviceName is what a telephone is called in lists: the make that its browser tells, cut short.
func deviceName(agent string) string {
	name := agent
	if _, rest, ok := strings.Cut(agent, "("); ok {
		name, _, _ = strings.Cut(rest, ")")
	}
	if strings.Contains(agent, "MicroMessenger") {
		name = "WeChat · " + name
	}
	r := []rune(strings.TrimSpace(name))
	return string(r[:min(len(r), 60)])
}

func (s *Service) deviceByID(ctx context.Context, id string) (d device, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		d, err = deviceBy(ctx, tx, id, s.Now())
		return err
	})
	if errors.Is(err, db.ErrNoRows) {
		return device{}, nil
	}
	return d, err
}
