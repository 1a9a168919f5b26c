package account

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Jurisdiction is a county or city that owns overlay, calendar, numbering and retention.
// One installation holds many.
type Jurisdiction struct {
	ID       string
	Code     string // division code
	Name     string
	Nature   string // "real", or "sample" where all of it is made up
	Settings Settings
}

// Settings are what a jurisdiction decides besides its packs.
type Settings struct {
	// Runs lists the kinds of units that run an area, as opposed to those that sit in it.
	Runs []string `json:"runs"`
	// Notify is how its people are told, where it differs from the usual: a text of package notify.
	Notify json.RawMessage `json:"notify,omitempty"`
}

var (
	insertJurisdictionSQL = db.SQL(`INSERT INTO jurisdiction (id, code, name, nature, settings, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (code) DO NOTHING`)
	setSettingsSQL        = db.SQL(`UPDATE jurisdiction SET settings = $2 WHERE id = $1`)
	settingsSQL           = db.SQL(`SELECT settings FROM jurisdiction WHERE id = $1`)
	jurisdictionsSQL      = db.SQL(`SELECT id, code, name, nature, settings FROM jurisdiction ORDER BY code`)
)

// codeShape is a division code of GB/T 2260 or of its statistical continuation.
var codeShape = regexp.MustCompile(`^[0-9]{2,12}$`)

// SetUp makes a jurisdiction stand: it creates one that is new, and takes over its settings
// where one of that code, name and nature is there. Another name or nature is
// jurisdiction.taken; a code that is no division's is jurisdiction.bad_code.
func (s *Service) SetUp(ctx context.Context, j Jurisdiction) (out Jurisdiction, begun, changed bool, err error) {
	if !codeShape.MatchString(j.Code) || !isText(j.Name, maxName) || j.Name == "" {
		return Jurisdiction{}, false, false, fault.New(fault.Invalid, "jurisdiction.bad_code")
	}
	all, err := s.Jurisdictions(ctx)
	if err != nil {
		return Jurisdiction{}, false, false, err
	}
	i := slices.IndexFunc(all, func(x Jurisdiction) bool { return x.Code == j.Code })
	if i < 0 {
		out, err = s.CreateJurisdiction(ctx, j)
		return out, err == nil, false, err
	}
	out = all[i]
	if out.Name != j.Name || out.Nature != j.Nature {
		return Jurisdiction{}, false, false, fault.New(fault.Conflict, "jurisdiction.taken")
	}
	if slices.Equal(out.Settings.Runs, j.Settings.Runs) {
		return out, false, false, nil
	}
	changed, err = s.Settle(ctx, out, func(now *Settings) { now.Runs = j.Settings.Runs })
	out.Settings.Runs = j.Settings.Runs
	return out, false, changed, err
}

// Settle changes what a jurisdiction has decided, and reports whether that makes a difference.
func (s *Service) Settle(ctx context.Context, j Jurisdiction, change func(*Settings)) (changed bool, err error) {
	err = s.DB.Write(ctx, db.Keys{"jurisdiction/" + j.Code}, func(ctx context.Context, tx *db.Tx) error {
		var before string
		if err := tx.Row(ctx, settingsSQL, []any{j.ID}, &before); err != nil {
			return none(err, fault.New(fault.NotFound, "jurisdiction.none"))
		}
		var settings Settings
		if err := json.Unmarshal([]byte(before), &settings); err != nil {
			return err
		}
		change(&settings)
		after, err := json.Marshal(settings)
		if changed = string(after) != before; err != nil || !changed {
			return err
		}
		if err := tx.Queue(ctx, setSettingsSQL, j.ID, after); err != nil {
			return err
		}
		return s.noteJurisdiction(ctx, tx, j, "jurisdiction.changed")
	})
	return changed, err
}

func (s *Service) noteJurisdiction(ctx context.Context, tx *db.Tx, j Jurisdiction, act string) error {
	return audit.Append(ctx, tx, audit.Leaf{ID: s.NewID(), Jurisdiction: j.ID, Subject: "jurisdiction/" + j.ID, Act: act, At: s.Now(), Rows: []audit.Ref{{Table: audit.Jurisdictions, Key: []any{j.ID}}}})
}

// CreateJurisdiction adds a jurisdiction; a code that is taken is jurisdiction.taken.
func (s *Service) CreateJurisdiction(ctx context.Context, j Jurisdiction) (Jurisdiction, error) {
	j.ID = s.NewID()
	settings, err := json.Marshal(j.Settings)
	if err != nil {
		return j, err
	}
	err = s.DB.Write(ctx, db.Keys{"jurisdiction/" + j.Code}, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, insertJurisdictionSQL, j.ID, j.Code, j.Name, j.Nature, settings, s.Now())
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "jurisdiction.taken")
		}
		if err != nil {
			return err
		}
		return s.noteJurisdiction(ctx, tx, j, "jurisdiction.created")
	})
	return j, err
}

// Jurisdictions lists all jurisdictions by code.
func (s *Service) Jurisdictions(ctx context.Context) (all []Jurisdiction, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err = db.Collect(ctx, tx, jurisdictionsSQL, nil, func(r db.Rows) (j Jurisdiction, err error) {
			var settings string
			if err = r.Scan(&j.ID, &j.Code, &j.Name, &j.Nature, &settings); err != nil {
				return j, err
			}
			return j, json.Unmarshal([]byte(settings), &j.Settings)
		})
		return err
	})
	return all, err
}
