package account

import (
	"context"
	"encoding/json"

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
}

var (
	insertJurisdictionSQL = db.SQL(`INSERT INTO jurisdiction (id, code, name, nature, settings, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (code) DO NOTHING`)
	jurisdictionsSQL      = db.SQL(`SELECT id, code, name, nature, settings FROM jurisdiction ORDER BY code`)
)

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
		return err
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
