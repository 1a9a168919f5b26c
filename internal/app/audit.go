package app

import (
	"context"
	"slices"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/fault"
)

// auditAdmin is the kernel's own role of those who read the audit, and nothing else.
const auditAdmin = "admin.audit"

// auditor tells who asks for the audit, if he may.
func (a *App) auditor(ctx context.Context) (audit.Asker, error) {
	who, err := account.From(ctx)
	if err != nil {
		return audit.Asker{}, err
	}
	if !slices.ContainsFunc(who.Posts, func(p account.Post) bool { return p.Role == auditAdmin }) {
		return audit.Asker{}, fault.New(fault.Forbidden, "audit.no_right")
	}
	return audit.Asker{Person: who.PersonID, Jurisdiction: who.Jurisdiction}, nil
}
