package app

import (
	"context"

	"gezhi/internal/account"
	"gezhi/internal/audit"
)

// auditor tells who asks for the audit, if he may.
func (a *App) auditor(ctx context.Context) (audit.Asker, error) {
	who, err := account.Administrator(ctx, account.AuditAdmin)
	if err != nil {
		return audit.Asker{}, err
	}
	return audit.Asker{Person: who.PersonID, Jurisdiction: who.Jurisdiction}, nil
}

// personName is what somebody is called; "" for an unknown id.
func (a *App) personName(ctx context.Context, id string) string {
	p, err := a.Accounts.Person(ctx, id)
	if err != nil {
		return ""
	}
	return p.Name
}
