package feed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/fault"
	"gezhi/internal/media"
	"gezhi/internal/web"
)

// Answer is a mail to somebody who reported by mail.
type Answer struct {
	ID      string // the same each time it is sent again
	To      string
	Subject string
	Text    string
}

// Post is the mailbox of a feed. What it holds becomes cases; each is answered with number and
// query code and then leaves the box, so that what was not answered is answered the next time.
type Post struct {
	Feeds *Service
	Box   Mailbox
	Feed  string // name of the mapping: of the cells subject, text, from_name, from_address, message_id
	// Send sends an answer; nil answers nobody.
	Send func(ctx context.Context, a Answer) error
	// Public is the address that people type; "" for none.
	Public string

	passed map[string]bool        // mails that cannot be taken in, by their name in the box
	told   map[string][]time.Time // when an address was answered, of the last hour
}

const (
	mailEvery   = time.Minute
	mostAnswers = 5 // to one address within an hour: a sender is easily forged
)

// Run visits the box every minute until ctx ends.
func (p *Post) Run(ctx context.Context) {
	tick := time.NewTicker(mailEvery)
	defer tick.Stop()
	for {
		if _, err := p.Visit(ctx); err != nil && ctx.Err() == nil {
			slog.Error("mailbox", "feed", p.Feed, "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Visit takes in what lies in the box and returns how many mails became or changed a case. One
// mail that cannot be taken in stays there and is named in the log; the others are taken.
func (p *Post) Visit(ctx context.Context) (taken int, err error) {
	m, err := p.Feeds.Mapping(p.Feed)
	if err != nil {
		return 0, err
	}
	j, err := p.Feeds.ByCode(m.County)
	if err != nil {
		return 0, err
	}
	b, err := p.Box.open(ctx)
	if err != nil {
		return 0, err
	}
	stop := context.AfterFunc(ctx, func() { _ = b.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	mails, err := b.list()
	if err != nil {
		_ = b.conn.Close() // the error counts that ended the visit
		return 0, err
	}
	for _, w := range mails {
		if p.passed[w.uid] {
			continue
		}
		ok, err := p.one(ctx, b, w, m, j)
		if err != nil {
			_ = b.leave() // what was taken in leaves the box all the same
			return taken, err
		}
		if ok {
			taken++
		}
	}
	return taken, b.leave()
}

// one takes in one mail, answers it, and drops it from the box.
func (p *Post) one(ctx context.Context, b *box, w waitingMail, m *Mapping, j account.Jurisdiction) (bool, error) {
	pass := func(why error) (bool, error) {
		if p.passed == nil {
			p.passed = map[string]bool{}
		}
		p.passed[w.uid] = true
		slog.Warn("mail not taken in", "feed", p.Feed, "mail", w.uid, "err", why)
		return false, nil
	}
	if w.size > longestMail {
		return pass(fault.New(fault.TooLarge, "feed.bad_mail"))
	}
	raw, err := b.fetch(w)
	if err != nil {
		return false, err
	}
	l, err := readLetter(raw)
	if err != nil {
		return pass(err)
	}
	if l.automatic {
		return false, b.drop(w)
	}
	got, err := p.Feeds.letter(ctx, m, j.ID, l)
	if k := fault.KindOf(err); err != nil && k != fault.Internal && k != fault.Unavailable {
		return pass(err)
	}
	if err != nil {
		return false, err
	}
	if err := p.answer(ctx, l, got); err != nil {
		return false, err
	}
	return true, b.drop(w)
}

// letter takes in a mail as if it were a line of a table, with its pictures.
func (s *Service) letter(ctx context.Context, m *Mapping, jurisdiction string, l *letter) (Receipt, error) {
	cells := map[string]string{"subject": l.subject, "text": l.text, "from_name": l.name, "from_address": l.from, "message_id": l.id}
	return s.message(ctx, m, jurisdiction, cells, l.files)
}

// upload keeps the files of a new item, each in the class's first field of its kind.
func (t *taker) upload(ctx context.Context, files []attached, class *casework.Class, o *casework.Opening) error {
	for _, f := range files {
		kind, takes := "photo", media.Picture
		if !isPicture(f.body) {
			kind, takes = "audio", media.Sound
		}
		name := ""
		for i := range class.Fields {
			if class.Fields[i].Type == kind && name == "" {
				name = class.Fields[i].Name
			}
		}
		if name == "" {
			continue
		}
		kept, err := t.s.Cases.Upload(ctx, account.Actor{Jurisdiction: t.j.ID}, f.name, bytes.NewReader(f.body), takes)
		if k := fault.KindOf(err); err != nil && k != fault.Internal && k != fault.Unavailable {
			continue // no picture, whatever it calls itself: the report counts without it
		}
		if err != nil {
			return err
		}
		list, _ := o.Fields[name].([]any)
		o.Fields[name] = append(list, kept.ID)
	}
	return nil
}

// answer tells the sender number and query code, unless the address has had its share.
func (p *Post) answer(ctx context.Context, l *letter, got Receipt) error {
	if p.Send == nil || got.Code == "" || !p.mayTell(l.from) {
		return nil
	}
	h := sha256.Sum256([]byte(p.Feed + "\n" + l.id))
	args := map[string]any{"number": got.Number, "code": got.Code, "subject": l.subject, "link": p.Public + "/home/"}
	code := "mail.answer"
	if p.Public == "" {
		code = "mail.answer_plain"
	}
	return p.Send(ctx, Answer{ID: hex.EncodeToString(h[:16]), To: l.from, Subject: web.Say("zh", "mail.answer_subject", args), Text: web.Say("zh", code, args)})
}

// mayTell counts the answers to an address within an hour.
func (p *Post) mayTell(address string) bool {
	now := p.Feeds.Now()
	if p.told == nil {
		p.told = map[string][]time.Time{}
	}
	for a, when := range p.told { // few: those of the last hour
		if now.Sub(when[len(when)-1]) > time.Hour {
			delete(p.told, a)
		}
	}
	if len(p.told[address]) >= mostAnswers {
		return false
	}
	p.told[address] = append(p.told[address], now)
	return true
}
