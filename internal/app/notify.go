package app

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/id"
	"gezhi/internal/jobs"
	"gezhi/internal/notify"
)

// homeLanguage is what a notice's class is called in where nobody's language is known.
const homeLanguage = "zh"

// notifies joins notices to cases: casework says whom to tell what, notify sees it through,
// and an act on the case ends the chase.
func (a *App) notifies() {
	n := notify.New(a.DB, clock.System, id.New)
	n.Policy = func(_ context.Context, jurisdiction string) (notify.Policy, error) {
		return notify.DefaultPolicy(calendar(jurisdiction)), nil
	}
	n.Address = func(context.Context, string, string) (string, error) { return "", nil } // none is kept yet
	n.Who = a.notifyAsker
	n.Letters = a.Jobs
	a.Notify = n
	a.Jobs.Topics[casework.TopicNotice] = a.notice
	a.Jobs.Timers[notify.NoticeTimer] = n.Advance
	a.Jobs.Timers[notify.DigestTimer] = n.Digest
	a.Cases.OnMove = append(a.Cases.OnMove, func(ctx context.Context, tx *db.Tx, m *casework.Move, c *casework.Case) error {
		if m.PersonID == "" || m.PersonID == c.ReporterID && m.From == "" {
			return nil // the system, or the report itself
		}
		return n.Acknowledge(ctx, tx, c.ID, m.PersonID)
	})
}

// notice hands a notice of casework to notify, in its words.
func (a *App) notice(ctx context.Context, m jobs.Message) error {
	var n casework.Notice
	if err := json.Unmarshal(m.Body, &n); err != nil {
		return err
	}
	title := n.Class
	if k, err := a.Book.InForce(ctx, n.Jurisdiction, n.Class); err == nil && k.Title[homeLanguage] != "" {
		title = k.Title[homeLanguage]
	}
	severity, err := strconv.ParseInt(n.Severity, 10, 64)
	if err != nil {
		severity = 0 // a pack whose grades are no numbers
	}
	body, err := json.Marshal(notify.Notice{ID: n.ID, Jurisdiction: n.Jurisdiction, Case: n.Case, Number: n.Number, Title: title, Event: n.Event,
		Severity: severity, Wakes: n.Wakes, Fallback: n.Fallback, Clock: n.Clock, Mark: n.Mark, DueAt: n.DueAt, People: n.People})
	if err != nil {
		return err
	}
	m.Body = body
	return a.Notify.Deliver(ctx, m)
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
	atCounty := slices.ContainsFunc(who.Posts, func(p account.Post) bool { return p.UnitID != "" && p.AreaLevel > 0 && p.AreaLevel <= operatorLevel })
	onDuty, err := a.Cases.IsOnDuty(ctx, who.PersonID, time.Now())
	return notify.Asker{Person: who.PersonID, Jurisdiction: who.Jurisdiction, Clerk: onDuty || atCounty, Operator: atCounty}, err
}
