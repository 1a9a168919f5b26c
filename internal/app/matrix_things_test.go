package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/fault"
	"gezhi/internal/feed"
	"gezhi/internal/id"
	"gezhi/internal/jobs"
	"gezhi/internal/notify"
	"gezhi/internal/points"
	"gezhi/internal/territory"
)

// kind is what an id is of.
type kind string

const (
	nothing         kind = ""
	aCase           kind = "case"
	aFile           kind = "file on a case"
	aRecord         kind = "record"
	aNote           kind = "note"
	aCall           kind = "call to make"
	aLetter         kind = "dead letter"
	aPerson         kind = "person"
	aPost           kind = "post"
	aPersonsSession kind = "person's session"
	aSession        kind = "session of somebody else"
	aCharge         kind = "person to invite"
	anInvitation    kind = "invited person"
	aDevice         kind = "telephone"
	aLoan           kind = "post to lend"
	aDelegation     kind = "delegation"
	aNumber         kind = "number of a case"
	aFeed           kind = "feed"
	aFeedRun        kind = "import of a feed"
	aUnit           kind = "unit"
	aPlace          kind = "place to divide"
	aSketch         kind = "sketch of divisions"
	aBudget         kind = "budget proposed"
)

// cells are those in which there is something of a kind.
func (k kind) cells() []cell {
	switch k {
	case nothing, aFeed:
		return []cell{own}
	case aPack, aVersion:
		return []cell{own, otherCounty}
	case aBoard:
		return []cell{own, otherArea, otherCounty}
	case aNotice, aStatement:
		return []cell{own, otherArea, otherCounty, kept}
	case aFeedRun, aSketch:
		return []cell{own, otherCounty}
	case aPlace:
		return []cell{own, otherArea, otherCounty}
	case aNumber:
		return []cell{own, otherUnit, otherArea, kept} // another county counts by itself
	case aCase, aFile, aCall, aLetter:
		return []cell{own, otherUnit, otherArea, otherCounty, kept}
	}
	return []cell{own, otherUnit, otherArea, otherCounty}
}

var (
	wholeCounty = []cell{own, otherUnit, otherArea}
	street      = []cell{own, otherUnit}
	ownOnly     = []cell{own}
)

// reaches are the cells in which the roles know of a thing of a kind, for those that do.
var reaches = map[kind]map[string][]cell{
	aPerson:         {"admin.system": wholeCounty, "admin.security": wholeCounty},
	aPost:           {"admin.security": wholeCounty},
	aUnit:           {"admin.system": wholeCounty},
	aPlace:          {"admin.system": wholeCounty},
	aSketch:         {"admin.system": ownOnly},
	aBudget:         {"party_committee": ownOnly},
	aPersonsSession: {"admin.security": wholeCounty},
	aLoan:           {"admin.security": wholeCounty},
	aDelegation:     {"admin.security": wholeCounty},
	aFeed:           {"county_chief": ownOnly},
	aFeedRun:        {"county_chief": ownOnly},
	aCharge:         {"village_cadre": ownOnly, "dispatcher": street, "leader": street, "unit_leader": {otherUnit}},
}

// seenBy are the cells in which somebody may know of a thing of a kind.
func (k kind) seenBy(s standpoint) []cell {
	switch k {
	case aCase, aFile, aNumber:
		return s.sees
	case aCall, aLetter:
		return s.sees // of those who may at all
	case aRecord:
		if s.role == "resident" || s.role == "handler" || s.role == "unit_leader" || s.role == "deputy" {
			return nil // a register is of a place
		}
		return s.sees
	case aNote:
		return ownOnly
	case anInvitation, aDevice:
		return reaches[aCharge][s.role]
	}
	if in, ok := k.inVillage(s); ok {
		return in
	}
	return reaches[k][s.role]
}

// where is where somebody of staff stands for each cell: their role, unit and place.
var where = map[cell][3]string{
	own:         {"grid_worker", "bridge", "99010100120101"},
	otherUnit:   {"handler", "sanitation", "990101001"},
	otherArea:   {"grid_worker", "ridge", "990101002201"},
	otherCounty: {"grid_worker", "hill", "990102001201"},
}

// target are the ids of a request about something in a cell. It is made anew where the request
// will do something to it.
func (c *counties) target(k kind, s standpoint, at cell, fresh bool) []string {
	c.Helper()
	switch k {
	case nothing:
		return []string{uuid.NewString()}
	case aCase:
		return []string{c.cases[s.caseIn(at)]}
	case aFile:
		return []string{c.files[s.caseIn(at)]}
	case aNumber:
		return []string{c.numbers[s.caseIn(at)]}
	case aRecord:
		return []string{c.records[at]}
	case aFeed:
		return []string{hotline}
	case aPlace:
		return []string{c.place(where[at][2])}
	case aNote:
		return []string{c.noteOf(map[cell]string{own: s.role, otherUnit: "neighbour", otherArea: "resident beyond", otherCounty: "resident elsewhere"}[at])}
	}
	if _, ok := k.inVillage(s); ok {
		return c.inVillages(k, s, at, fresh)
	}
	key := string(k) + string(at)
	if k == aCall || k == aLetter {
		key += s.caseIn(at)
	}
	if fresh || c.things[key] == nil {
		c.things[key] = c.make(k, s, at)
	}
	return c.things[key]
}

// make makes something of a kind.
func (c *counties) make(k kind, s standpoint, at cell) []string {
	c.Helper()
	ctx := c.Context()
	switch k {
	case aCall:
		return []string{c.undelivered(c.cases[s.caseIn(at)], at, notify.CallName)}
	case aLetter:
		return []string{c.undelivered(c.cases[s.caseIn(at)], at, "sms")}
	}
	j := c.home
	if at == otherCounty {
		j = c.other
	}
	if k == aFeedRun {
		return []string{hotline, c.imported(j)}
	}
	switch k {
	case aSketch:
		sk, err := c.app.Territory.SaveSketch(ctx, "", territory.Sketch{Jurisdiction: j.ID, Name: "样例"})
		c.must(err)
		return []string{sk.ID}
	case aBudget: // asked for by somebody of the street above
		unit := c.unit(j, where[at][1])
		by := account.Actor{PersonID: uuid.NewString(), Jurisdiction: j.ID, Posts: []account.Post{{Role: "street_office", UnitID: unit}}}
		id, err := c.app.Points.Propose(ctx, by, "points", points.Proposal{Kind: points.Allot, Unit: unit, Year: 2026, Amount: 1, Reason: "样例"})
		c.must(err)
		return []string{id}
	}
	if k == aUnit {
		u, err := c.app.Territory.SetUnit(ctx, "", territory.Unit{Jurisdiction: j.ID, Code: "u" + uuid.NewString()[:13], Name: "样例站", Nature: territory.Sample}, c.hand.Now())
		c.must(err)
		return []string{u.ID}
	}
	x := where[at]
	who := "somebody " + uuid.NewString()[:13]
	p := c.seat(j, who, x[0], x[1], x[2])
	posts, err := c.app.Accounts.Posts(ctx, p.ID)
	c.must(err)
	switch k {
	case aPost, aLoan:
		return []string{posts[0].ID}
	case aPersonsSession, aSession:
		c.token(who)
		all, err := c.app.Accounts.Sessions(ctx, p.ID)
		c.must(err)
		if k == aSession {
			return []string{all[0].ID}
		}
		return []string{p.ID, all[0].ID}
	case anInvitation, aDevice:
		inviter := map[cell]string{own: "leader", otherUnit: "leader", otherArea: "leader beyond", otherCounty: "leader elsewhere"}[at]
		made, err := c.app.Accounts.Invite(ctx, c.actor(inviter), []string{p.ID}, account.InvitedFor)
		c.must(err)
		if k == anInvitation {
			return []string{p.ID}
		}
		_, err = c.app.Accounts.Accept(ctx, made[0].Token, "", "935274", account.Origin{Addr: "192.0.2.1"})
		c.must(err)
		devices, err := c.app.Accounts.Devices(ctx, p.ID)
		c.must(err)
		return []string{devices[p.ID][0].ID}
	case aDelegation:
		d, err := c.app.Accounts.Lend(ctx, c.actor(who), account.Delegation{PostID: posts[0].ID, To: c.people[map[bool]string{true: "clerk elsewhere", false: "colleague"}[at == otherCounty]].ID, Until: c.hand.Now().AddDate(0, 0, 1)})
		c.must(err)
		return []string{d.ID}
	}
	return []string{p.ID}
}

// hotline is a feed that both counties have, and its first line.
const hotline = "city-hotline"

var hotlineTable = []byte("工单编号,受理时间,办结时间,问题分类,镇街,村社,标题,诉求内容,办理时限,来电人,联系电话,工单状态,答复内容,办理情况\n" +
	"S-1,2026-03-02 09:00:00,,垃圾清运,,,样例,样例,,,,,,\n")

// imported is the id of a run of the feed in a county.
func (c *counties) imported(j account.Jurisdiction) string {
	c.Helper()
	m, err := c.app.Feeds.Mapping(hotline)
	c.must(err)
	_, err = c.app.Feeds.Import(c.Context(), feed.Job{Jurisdiction: j.ID, Mapping: m, Data: hotlineTable, Kind: feed.Check})
	c.must(err)
	runs, err := c.app.Feeds.Runs(c.Context(), j.ID, hotline, 1)
	c.must(err)
	return runs[0].ID
}

// actor is somebody with the rights of now.
func (c *counties) actor(who string) account.Actor {
	c.Helper()
	a, err := c.app.Accounts.Who(c.Context(), c.token(who))
	c.must(err)
	return a
}

// tells hands in a notice about a case.
func (c *counties) tells(j account.Jurisdiction, caseID string, channels []string, people ...string) {
	c.Helper()
	n := notify.Notice{ID: id.New(), Jurisdiction: j.ID, Case: caseID, Number: "样例", Title: "样例", Event: "told", Severity: 1, Wakes: true, Fallback: channels, People: people}
	body, err := json.Marshal(n)
	c.must(err)
	c.must(c.app.Notify.Deliver(c.Context(), jobs.Message{ID: n.ID, Jurisdiction: j.ID, Body: body}))
	for n := 1; n > 0; {
		c.work()
		n, err = c.app.Notify.Round(c.Context())
		c.must(err)
	}
}

// undelivered is the id of a delivery about a case that waits for somebody to telephone, or that
// was given up.
func (c *counties) undelivered(caseID string, at cell, channel string) string {
	c.Helper()
	j, person, operator := c.home, c.people["neighbour"].ID, "watcher"
	if at == otherCounty {
		j, person, operator = c.other, c.people["resident elsewhere"].ID, "chief elsewhere"
	}
	c.tells(j, caseID, []string{channel}, person)
	list := map[string]string{notify.CallName: "/calls?limit=200", "sms": "/dead-letters?limit=200"}[channel]
	for _, x := range c.got(operator, "GET", list, nil, http.StatusOK)["items"].([]any) {
		if d := x.(map[string]any); d["case"] == caseID || d["subject"] == "case/"+caseID {
			return d["id"].(string)
		}
	}
	c.Fatal("nothing was made of the notice about", caseID)
	return ""
}

// noteOf is the id of the newest note of somebody.
func (c *counties) noteOf(who string) string {
	c.Helper()
	if who == anonymous {
		who = "resident"
	}
	all, err := c.app.Notify.Notes(c.Context(), c.people[who].ID, false, "", 1)
	c.must(err)
	if len(all) == 0 {
		c.Fatal("nothing was told to", who)
	}
	return all[0].ID
}

// refusing is a gateway that takes nothing.
type refusing struct{}

// Send refuses for good.
func (refusing) Send(context.Context, notify.Delivery) (notify.Receipt, error) {
	return notify.Receipt{}, fault.New(fault.Invalid, "notify.bad_address")
}

// everybodyIsTold gives everybody a note, and the counties a gateway that takes nothing.
func (c *counties) everybodyIsTold() {
	c.Helper()
	c.app.Notify.Wires["sms"] = notify.Wire{Channel: refusing{}}
	var home, other []string
	for _, p := range c.people {
		if p.Jurisdiction == c.home.ID {
			home = append(home, p.ID)
		} else {
			other = append(other, p.ID)
		}
	}
	c.tells(c.home, "", []string{"in_app"}, home...)
	c.tells(c.other, "", []string{"in_app"}, other...)
}

// numbered lets the log take in all leaves.
func (c *counties) numbered() {
	c.Helper()
	key, err := audit.KeyOf(c.Context(), c.app.DB, c.app.Config.AuditKey)
	c.must(err)
	log := &audit.Log{DB: c.app.DB, Now: time.Now, Key: key, Keep: c.T.TempDir(), Holder: id.New()}
	for n := 1; n > 0; {
		n, err = log.Round(c.Context())
		c.must(err)
	}
}
