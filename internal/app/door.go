package app

import (
	"context"
	"os"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/signon"
)

// ground is what lies within what in today's tree.
func (a *App) ground(ctx context.Context) (account.Ground, error) {
	t, err := a.Territory.Tree(ctx)
	if err != nil {
		return account.Ground{}, err
	}
	return account.Ground{Area: t.Within, Unit: func(id, above string) bool {
		for range maxUnitDepth {
			if id == above {
				return true
			}
			u, ok := t.UnitAbove(id)
			if !ok {
				return false
			}
			id = u.ID
		}
		return false
	}}, nil
}

// maxUnitDepth ends a circle of units that report to each other.
const maxUnitDepth = 32

// signOn is the log-in at outside providers, of the file that describes them.
func (a *App) signOn() (*signon.Service, error) {
	s := &signon.Service{DB: a.DB, Accounts: a.Accounts, Now: clock.System, NewID: a.newID, Home: a.Jurisdictions.byCode}
	if a.Config.OIDC == "" {
		return s, nil
	}
	data, err := readFile(a.Config.OIDC)
	if err != nil {
		return nil, err
	}
	s.Providers, err = signon.Parse(data, os.Getenv)
	return s, err
}
