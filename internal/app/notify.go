package app

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/jobs"
	"gezhi/internal/notify"
)

// homeLanguage is what a class is called in where it has no words of the reader's.
const homeLanguage = "zh"

// notifies joins notices to cases: casework says whom to tell what, notify sees it through,
// and an act on the case ends the chase.
func (a *App) notifies() error {
	n := notify.New(a.DB, clock.System, a.newID)
	n.Vault = a.Vault
	n.Policy = func(_ context.Context, jurisdiction string) (notify.Policy, error) {
		usual := notify.DefaultPolicy(a.Calendars.Of(jurisdiction))
		if own := a.Jurisdictions.get(jurisdiction).Settings.Notify; len(own) > 0 {
			return usual.With(own)
		}
		return usual, nil
	}
	if err := a.wire(n); err != nil {
		return err
	}
	n.Address = a.address
	n.Units = a.unitsOf
	n.Further = a.further
	n.Lang = func(ctx context.Context, person string) (string, error) {
		if err := a.World.Renew(ctx); err != nil {
			return "", err
		}
		return a.World.People().Locale(person), nil
	}
	n.Names = func(_ context.Context, ids []string) (map[string]string, error) {
		out := map[string]string{}
		for _, id := range ids {
			out[id] = a.World.People().Name(id)
		}
		return out, nil
	}
	if a.Config.Public != nil {
		n.Link = func(caseID string) string {
			if caseID == "" {
				return a.Config.Public.JoinPath("desk", "notes").String()
			}
			return a.Config.Public.JoinPath("desk", "cases", caseID).String()
		}
	}
	n.Who = a.notifyAsker
	n.Letters = a.Jobs
	a.Notify = n
	n.Hidden = func(ctx context.Context, cases []string) (map[string]bool, error) {
		who, err := account.From(ctx)
		if err != nil {
			return nil, err
		}
		asker, err := a.Cases.By(ctx, who)
		if err != nil {
			return nil, err
		}
		return a.Cases.HiddenAmong(ctx, asker, cases)
	}
	a.Jobs.Writes[casework.TopicNotice] = a.notice
	a.Jobs.Topics[casework.TopicWithdraw] = a.withdraw
	a.Jobs.Timers[notify.NoticeTimer] = n.Advance
	a.Jobs.Timers[notify.DigestTimer] = n.Digest
	a.Cases.OnMove = append(a.Cases.OnMove, func(ctx context.Context, tx *db.Tx, m *casework.Move, c *casework.Case) error {
		if m.PersonID == "" || m.PersonID == c.ReporterID && m.From == "" {
			return nil // the system, or the report itself
		}
		return n.Acknowledge(ctx, tx, c.ID, m.PersonID)
	})
	a.Cases.AlsoHears = func(ctx context.Context) ([]string, error) {
		who, err := a.notifyAsker(ctx)
		topics := []string{"notes/" + who.Person}
		if who.Clerk {
			topics = append(topics, "calls/"+who.Jurisdiction)
		}
		return topics, err
	}
	return nil
}

// wire adds the channels to the outside that are configured.
func (a *App) wire(n *notify.Service) error {
	c := a.Config.Notify
	if c.SMS != "" {
		data, err := readFile(c.SMS)
		if err != nil {
			return err
		}
		gateway, err := notify.ParseSMS(data, string(c.SMSSecret))
		if err != nil {
			return err
		}
		n.Wires["sms"] = notify.Wire{Channel: gateway, Addressed: true}
	}
	if c.SMTP != "" {
		n.Wires["email"] = notify.Wire{Channel: notify.Email{Server: c.SMTP, From: c.MailFrom, User: c.SMTPUser, Password: string(c.SMTPPassword), Plain: c.SMTPPlain},
			Addressed: true, Timeout: 30 * time.Second}
	}
	if c.WeCom {
		n.Wires[notify.WeComName] = notify.Wire{Channel: notify.WeCom{}, Shared: true, Grouped: true, PerMinute: notify.RobotsPerMinute}
	}
	if c.DingTalk {
		n.Wires[notify.DingTalkName] = notify.Wire{Channel: notify.DingTalk{}, Shared: true, Grouped: true, PerMinute: notify.RobotsPerMinute}
	}
	if c.Webhook {
		n.Wires[notify.WebhookName] = notify.Wire{Channel: notify.Webhook{Secret: string(c.WebhookSecret)}, Shared: true, Grouped: true, Silent: true}
	}
	return nil
}

// address is where a person is reached on a channel: by telephone, or by mail.
func (a *App) address(ctx context.Context, person, channel string) (string, error) {
	c, err := a.Accounts.Contacts(ctx, person)
	if channel == "email" {
		return c.Mail, err
	}
	return c.Phone, err
}

// unitsOf are the units in which people work now.
func (a *App) unitsOf(people []string) []string {
	var out []string
	for _, person := range people {
		for _, p := range a.World.People().Of(person, a.Cases.Now()) {
			if p.UnitID != "" {
				out = append(out, p.UnitID)
			}
		}
	}
	return out
}

// further are those who come next when nobody of those told has stirred: the first of those
// to whom the case would be escalated among whom somebody has not been told.
func (a *App) further(ctx context.Context, n notify.Notice, told []string) ([]string, error) {
	ladder, err := a.Cases.Further(ctx, n.Case)
	for _, who := range ladder {
		if slices.ContainsFunc(who, func(p string) bool { return !slices.Contains(told, p) }) {
			also, err := a.Cases.ActingFor(ctx, n.Case, who)
			return append(who, also...), err
		}
	}
	return nil, err
}

// notice hands a notice of casework to notify, in its words.
func (a *App) notice(ctx context.Context, m jobs.Message) (w jobs.Writing, err error) {
	var n casework.Notice
	if err := json.Unmarshal(m.Body, &n); err != nil {
		return w, err
	}
	also, err := a.Cases.ActingFor(ctx, n.Case, n.People)
	if err != nil {
		return w, err
	}
	title, titles, did := n.Class, notify.Titles(nil), notify.Titles(nil)
	if k, err := a.Book.InForce(ctx, n.Jurisdiction, n.Class); err == nil {
		titles = notify.Titles(k.Title)
		if n.Did != "" {
			did = casework.ActTitles(k, n.Did)
		}
		title = cmp.Or(k.Title[homeLanguage], n.Class)
	}
	severity, err := strconv.ParseInt(n.Severity, 10, 64)
	if err != nil {
		severity = 0 // a pack whose grades are no numbers
	}
	return a.Notify.Take(ctx, notify.Notice{ID: n.ID, Jurisdiction: n.Jurisdiction, Case: n.Case, Number: n.Number, Title: title, Titles: titles, Event: n.Event, Did: did,
		Severity: severity, Wakes: n.Wakes, Fallback: n.Fallback, Clock: n.Clock, Mark: n.Mark, DueAt: n.DueAt, People: append(n.People, also...)}, m)
}

// operatorLevel is how high a post must stand for its holder to see the deliveries of all.
const operatorLevel = account.County

// notifyAsker is who asks about notices. Whoever holds a post of the county itself sees its
// deliveries; whoever is on the roster now telephones.
func (a *App) notifyAsker(ctx context.Context) (notify.Asker, error) {
	who, err := account.From(ctx)
	if err != nil {
		return notify.Asker{}, err
	}
	if err := a.World.Renew(ctx); err != nil {
		return notify.Asker{}, err
	}
	atCounty := slices.ContainsFunc(who.Posts, func(p account.Post) bool { return p.UnitID != "" && p.AreaLevel > 0 && p.AreaLevel <= operatorLevel })
	onDuty, err := a.Cases.IsOnDuty(ctx, who.PersonID, a.Cases.Now())
	return notify.Asker{Person: who.PersonID, Jurisdiction: who.Jurisdiction, Clerk: onDuty || atCounty, Operator: atCounty}, err
}

// withdraw takes back what was told of a case that is now kept from those who were told.
func (a *App) withdraw(ctx context.Context, m jobs.Message) error {
	var w casework.Withdrawal
	if err := json.Unmarshal(m.Body, &w); err != nil {
		return err
	}
	return a.Notify.Withdraw(ctx, m.Jurisdiction, w.Case, func(ctx context.Context, people []string) ([]string, error) {
		return a.Cases.KeptFrom(ctx, w.Case, people)
	})
}
