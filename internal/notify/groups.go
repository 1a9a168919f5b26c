package notify

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/privacy"
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
	groupColumns = `SELECT g.id, g.jurisdiction, g.channel, g.name, g.unit_id, g.address, g.secret, ` + privacy.Columns + ` FROM notice_group g LEFT JOIN data_key k ON k.id = g.key_id WHERE `
	groupsOf     = db.SQL(groupColumns + `g.jurisdiction = $1 AND g.channel = $2 AND g.ended_at = 0 ORDER BY g.id`)
	allGroups    = db.SQL(groupColumns + `g.jurisdiction = $1 AND g.ended_at = 0 ORDER BY g.id`)
	groupByID    = db.SQL(groupColumns + `g.id = $1 AND g.ended_at = 0`)
	groupNames   = db.SQL(groupColumns + `g.jurisdiction = $1 ORDER BY g.id`)
	insertGroup  = db.SQL(`INSERT INTO notice_group (id, jurisdiction, channel, name, unit_id, address, secret, key_id, begun_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	changeGroup  = db.SQL(`UPDATE notice_group SET unit_id = $2, address = $3, secret = $4, key_id = $5 WHERE id = $1`)
	endGroup     = db.SQL(`UPDATE notice_group SET ended_at = $2 WHERE id = $1`)
)

func (s *Service) scanGroup(r db.Rows) (g Group, err error) {
	var key privacy.Wrapped
	if err = r.Scan(append([]any{&g.ID, &g.Jurisdiction, &g.Channel, &g.Name, &g.Unit, &g.Address, &g.Secret}, key.Into()...)...); err != nil {
		return g, err
	}
	if g.Address, err = s.Vault.Read(key, g.Address, addressOf(g.ID)); err != nil {
		return g, err
	}
	g.Secret, err = s.Vault.Read(key, g.Secret, secretOf(g.ID))
	return g, err
}

// Where the sealed columns of a group belong.
func addressOf(group string) string { return asGroup + group + "/address" }
func secretOf(group string) string  { return asGroup + group + "/secret" }

// groupCompartment is where the address of a group belongs.
const groupCompartment = "address"

// sealGroup is the group as it is kept, and the key of its address.
func (s *Service) sealGroup(ctx context.Context, tx *db.Tx, g Group) (Group, string, error) {
	k, err := s.Vault.Key(ctx, tx, g.Jurisdiction, asGroup+g.ID, groupCompartment)
	if err != nil {
		return g, "", err
	}
	g.Address = k.Seal([]byte(g.Address), addressOf(g.ID))
	if g.Secret != "" {
		g.Secret = k.Seal([]byte(g.Secret), secretOf(g.ID))
	}
	return g, k.ID, nil
}

// hear returns the groups that hear of a notice that people are told, as deliveries name them;
// one without a name when there is none, so that its failure leads on to the next channel.
func (s *Service) hear(ctx context.Context, tx *db.Tx, jurisdiction, channel string, people []string) ([]string, error) {
	groups, err := db.Collect(ctx, tx, groupsOf, []any{jurisdiction, channel}, s.scanGroup)
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
		all, err := db.Collect(ctx, tx, groupByID, []any{id}, s.scanGroup)
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
		all, err := db.Collect(ctx, tx, groupNames, []any{jurisdiction}, s.scanGroup)
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
	stand, err := db.Collect(ctx, tx, allGroups, []any{imp.Jurisdiction}, s.scanGroup)
	if err != nil {
		return err
	}
	now := s.Now()
	do := func(act string, g Group, write func(kept Group, key string) error) error {
		if imp.DryRun {
			return nil
		}
		kept, key, err := s.sealGroup(ctx, tx, g)
		if err != nil {
			return err
		}
		if err := write(kept, key); err != nil {
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
			err = do("group.begun", g, func(g Group, key string) error {
				return tx.Queue(ctx, insertGroup, g.ID, g.Jurisdiction, g.Channel, g.Name, g.Unit, g.Address, g.Secret, key, now)
			})
		case g.Unit != stand[i].Unit || g.Address != stand[i].Address || g.Secret != stand[i].Secret:
			rep.Changed++
			g.ID = stand[i].ID
			err = do("group.changed", g, func(g Group, key string) error {
				return tx.Queue(ctx, changeGroup, g.ID, g.Unit, g.Address, g.Secret, key)
			})
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
		if err := do("group.ended", g, func(g Group, _ string) error { return tx.Queue(ctx, endGroup, g.ID, now) }); err != nil {
			return err
		}
	}
	return nil
}

var clearGroups = db.SQL(`SELECT id, jurisdiction, unit_id, address, secret FROM notice_group WHERE key_id = '' ORDER BY id`)

// SealOld seals the addresses that an older program kept in clear, and returns how many they were.
func (s *Service) SealOld(ctx context.Context) (done int, err error) {
	err = s.DB.Write(ctx, db.Keys{"groups/old"}, func(ctx context.Context, tx *db.Tx) error {
		rows, err := db.Collect(ctx, tx, clearGroups, nil, func(r db.Rows) (g Group, err error) {
			return g, r.Scan(&g.ID, &g.Jurisdiction, &g.Unit, &g.Address, &g.Secret)
		})
		if done = len(rows); err != nil {
			return err
		}
		for _, g := range rows {
			kept, key, err := s.sealGroup(ctx, tx, g)
			if err != nil {
				return err
			}
			if err := tx.Queue(ctx, changeGroup, g.ID, g.Unit, kept.Address, kept.Secret, key); err != nil {
				return err
			}
		}
		return nil
	})
	return done, err
}
