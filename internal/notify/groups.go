package notify

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/territory"
)

// Names of the channels whose messages go to groups.
const (
	WeComName    = "wecom"
	DingTalkName = "dingtalk"
	WebhookName  = "webhook"
)

// Group is a chat group with its robot, or another system, that hears of the notices of a
// jurisdiction, or of those that people of one unit are told.
type Group struct {
	ID           string
	Jurisdiction string
	Channel      string // WeComName, DingTalkName or WebhookName
	Name         string
	Unit         string // id; "" hears what anybody is told
	Address      string // URL; may hold a key
	Secret       string // signs; "" for none
}

// asGroup begins the person of a delivery that goes to a group.
const asGroup = "group/"

var (
	groupColumns = `id, jurisdiction, channel, name, unit_id, address, secret`
	groupsOf     = db.SQL(`SELECT ` + groupColumns + ` FROM notice_group WHERE jurisdiction = $1 AND channel = $2 AND ended_at = 0 ORDER BY id`)
	allGroups    = db.SQL(`SELECT ` + groupColumns + ` FROM notice_group WHERE jurisdiction = $1 AND ended_at = 0 ORDER BY id`)
	groupByID    = db.SQL(`SELECT ` + groupColumns + ` FROM notice_group WHERE id = $1 AND ended_at = 0`)
	groupNames   = db.SQL(`SELECT ` + groupColumns + ` FROM notice_group WHERE jurisdiction = $1 ORDER BY id`)
	insertGroup  = db.SQL(`INSERT INTO notice_group (` + groupColumns + `, begun_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
	changeGroup  = db.SQL(`UPDATE notice_group SET unit_id = $2, address = $3, secret = $4 WHERE id = $1`)
	endGroup     = db.SQL(`UPDATE notice_group SET ended_at = $2 WHERE id = $1`)
)

func scanGroup(r db.Rows) (g Group, err error) {
	err = r.Scan(&g.ID, &g.Jurisdiction, &g.Channel, &g.Name, &g.Unit, &g.Address, &g.Secret)
	return g, err
}

// hear returns the groups that hear of a notice that people are told, as deliveries name them;
// one without a name when there is none, so that its failure leads on to the next channel.
func (s *Service) hear(ctx context.Context, tx *db.Tx, jurisdiction, channel string, people []string) ([]string, error) {
	groups, err := db.Collect(ctx, tx, groupsOf, []any{jurisdiction, channel}, scanGroup)
	if err != nil {
		return nil, err
	}
	var units []string
	if s.Units != nil {
		units = s.Units(people)
	}
	var out []string
	for _, g := range groups {
		if g.Unit == "" || slices.Contains(units, g.Unit) {
			out = append(out, asGroup+g.ID)
		}
	}
	if len(out) == 0 {
		return []string{""}, nil
	}
	return out, nil
}

// group returns the group that a delivery names; one that has ended is notify.no_group.
func (s *Service) group(ctx context.Context, person string) (g Group, err error) {
	id, named := strings.CutPrefix(person, asGroup)
	if !named {
		return Group{}, refused(nil, "notify.no_group")
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := db.Collect(ctx, tx, groupByID, []any{id}, scanGroup)
		if err == nil && len(all) == 0 {
			err = refused(nil, "notify.no_group")
		}
		if err == nil {
			g = all[0]
		}
		return err
	})
	return g, err
}

// GroupNames are what the groups of a jurisdiction are called, by the name that deliveries have
// for them.
func (s *Service) GroupNames(ctx context.Context, jurisdiction string) (map[string]string, error) {
	out := map[string]string{}
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := db.Collect(ctx, tx, groupNames, []any{jurisdiction}, scanGroup)
		for _, g := range all {
			out[asGroup+g.ID] = g.Name
		}
		return err
	})
	return out, err
}

// GroupImport is how a list of groups is taken in.
type GroupImport struct {
	Jurisdiction string
	By           string
	DryRun       bool
	EndMissing   bool                          // end groups that the list no longer names
	Unit         func(code string) (id string) // "" for an unknown code
}

// ImportGroups reads a CSV or XLSX with the columns channel (wecom, dingtalk or webhook), name,
// address (a URL) and perhaps unit (a code) and secret. One bad row refuses the file:
// territory.bad_rows. The report names no address.
func (s *Service) ImportGroups(ctx context.Context, data []byte, imp GroupImport) (territory.Report, error) {
	rows, bad, err := territory.ReadTable(data, "channel", "name", "address")
	if err != nil {
		return territory.Report{}, err
	}
	read := territory.Report{DryRun: imp.DryRun, Rows: len(rows) + len(bad), Bad: bad}
	seen := map[string]int{}
	var want []Group
	for _, r := range rows {
		before := len(read.Bad)
		g := readGroup(r, imp, &read)
		if first, twice := seen[g.Channel+"/"+g.Name]; twice {
			read.Refuse(r.Line, "name", fault.New(fault.Invalid, "notify.group_twice", "first", first))
		}
		seen[g.Channel+"/"+g.Name] = r.Line
		if len(read.Bad) == before {
			want = append(want, g)
		}
	}
	if err := read.Refused(); err != nil || read.BadRows > 0 {
		return read, err
	}
	var rep territory.Report
	err = s.DB.Write(ctx, db.Keys{"groups/" + imp.Jurisdiction}, func(ctx context.Context, tx *db.Tx) error {
		rep = read
		return s.putGroups(ctx, tx, want, imp, &rep)
	})
	return rep, err
}

func readGroup(r territory.Row, imp GroupImport, rep *territory.Report) Group {
	g := Group{Jurisdiction: imp.Jurisdiction, Channel: territory.Word(r.Cells["channel"]), Name: r.Cells["name"], Address: r.Cells["address"], Secret: r.Cells["secret"]}
	refuse := func(column, code string) { rep.Refuse(r.Line, column, fault.New(fault.Invalid, code)) }
	if !slices.Contains([]string{WeComName, DingTalkName, WebhookName}, g.Channel) {
		refuse("channel", "notify.bad_group_channel")
	}
	if g.Name == "" {
		refuse("name", "territory.no_name")
	}
	if u, err := url.Parse(g.Address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		refuse("address", "notify.bad_group_address")
	}
	if c := r.Cells["unit"]; c != "" {
		if g.Unit = imp.Unit(c); g.Unit == "" {
			refuse("unit", "territory.unknown_unit")
		}
	}
	return g
}

func (s *Service) putGroups(ctx context.Context, tx *db.Tx, want []Group, imp GroupImport, rep *territory.Report) error {
	stand, err := db.Collect(ctx, tx, allGroups, []any{imp.Jurisdiction}, scanGroup)
	if err != nil {
		return err
	}
	now := s.Now()
	do := func(act string, g Group, stmt db.Stmt, args ...any) error {
		if imp.DryRun {
			return nil
		}
		if err := tx.Queue(ctx, stmt, args...); err != nil {
			return err
		}
		return audit.Append(ctx, tx, audit.Leaf{ID: s.ID(), Jurisdiction: g.Jurisdiction, Subject: asGroup + g.ID, Act: act, Person: imp.By, At: now,
			Rows: []audit.Ref{{Table: audit.Groups, Key: []any{g.ID}}}})
	}
	kept := map[string]bool{}
	for _, g := range want {
		i := slices.IndexFunc(stand, func(x Group) bool { return x.Channel == g.Channel && x.Name == g.Name })
		switch {
		case i < 0:
			rep.Begun++
			g.ID = s.ID()
			err = do("group.begun", g, insertGroup, g.ID, g.Jurisdiction, g.Channel, g.Name, g.Unit, g.Address, g.Secret, now)
		case g.Unit != stand[i].Unit || g.Address != stand[i].Address || g.Secret != stand[i].Secret:
			rep.Changed++
			g.ID = stand[i].ID
			err = do("group.changed", g, changeGroup, g.ID, g.Unit, g.Address, g.Secret)
		default:
			rep.Unchanged++
		}
		if err != nil {
			return err
		}
		kept[g.Channel+"/"+g.Name] = true
	}
	for _, g := range stand {
		if !imp.EndMissing || kept[g.Channel+"/"+g.Name] {
			continue
		}
		rep.Ended++
		if err := do("group.ended", g, endGroup, g.ID, now); err != nil {
			return err
		}
	}
	return nil
}
