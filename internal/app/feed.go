package app

import (
	"context"
	"time"

	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/feed"
	"gezhi/internal/notify"
)

// feeds joins what other systems bring to cases.
func (a *App) feeds() {
	a.Feeds = &feed.Service{DB: a.DB, Now: clock.System, ID: a.newID, Cases: a.Cases, Past: a.past, Dir: a.Config.Feeds.Dir, Key: a.Intake.Key,
		Nobody: a.Intake.Nobody, GiveCode: a.Intake.GiveCode, Jurisdiction: a.Jurisdictions.get, ByCode: a.Jurisdictions.byCode, Home: a.home,
		Secret: func(name string) string { return string(a.Config.Feeds.Keys[name]) }}
}

// past is casework for a history: it happens under a clock set by hand, and nobody is told.
func (a *App) past(now clock.Now) *casework.Service {
	s := a.cases(now)
	s.Past, s.OnMove, s.Erased = clock.System, a.Cases.OnMove, a.Cases.Erased
	return s
}

// mailbox is where reports come by mail; nil where none is configured. Answers go out by the mail
// server of notices, if there is one.
func (a *App) mailbox() *feed.Post {
	c, n := a.Config.Feeds, a.Config.Notify
	if c.Mailbox == "" {
		return nil
	}
	p := &feed.Post{Feeds: a.Feeds, Feed: c.MailboxFeed, Public: a.Config.Base(),
		Box: feed.Mailbox{Server: c.Mailbox, User: c.MailboxUser, Password: string(c.MailboxPassword), Plain: c.MailboxPlain}}
	if n.SMTP != "" {
		out := notify.Email{Server: n.SMTP, From: n.MailFrom, User: n.SMTPUser, Password: string(n.SMTPPassword), Plain: n.SMTPPlain}
		p.Send = func(ctx context.Context, x feed.Answer) error {
			ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
			defer cancel()
			_, err := out.Send(ctx, notify.Delivery{ID: x.ID, Address: x.To, At: clock.System(), Subject: x.Subject, Text: x.Text})
			return err
		}
	}
	return p
}
