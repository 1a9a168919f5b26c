package account

import (
	"context"
	"slices"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// The roles of administrators. They belong to the kernel: no pack can name one (names of packs
// have no dot), none of them shows the content of a case, nobody has two of them, and nobody
// acts in them for somebody else.
const (
	SystemAdmin   = "admin.system"   // sets up: accounts, without any right to content
	SecurityAdmin = "admin.security" // who has which post; locks, passwords, second factors, sessions
	AuditAdmin    = "admin.audit"    // reads the audit log and verifies it
)

// KernelRoles lists the roles that no pack names.
func KernelRoles() []string { return []string{SystemAdmin, SecurityAdmin, AuditAdmin} }

// IsKernelRole reports whether a role is an administrator's.
func IsKernelRole(role string) bool { return slices.Contains(KernelRoles(), role) }

// Administrator returns who asks when they hold one of the roles themselves; whoever acts for
// somebody else does not. Everybody else is admin.not_yours.
func Administrator(ctx context.Context, roles ...string) (Actor, error) {
	a, err := From(ctx)
	if err != nil {
		return Actor{}, err
	}
	if !slices.ContainsFunc(a.Posts, func(p Post) bool { return slices.Contains(roles, p.Role) }) {
		return Actor{}, fault.New(fault.Forbidden, "admin.not_yours")
	}
	return a, nil
}

// checkKernel refuses an administrator's post that has a place, or that would give one person
// two of these roles at one time. It is asked under the key of the person.
func (s *Service) checkKernel(ctx context.Context, tx *db.Tx, n NewPost) error {
	if !IsKernelRole(n.Role) {
		return nil
	}
	if n.UnitID != "" || n.AreaID != "" || n.Seat != NoSeat {
		return fault.New(fault.Invalid, "post.administrators_have_no_place")
	}
	held, err := postsOf(ctx, tx, n.PersonID)
	if err != nil {
		return err
	}
	for _, p := range held {
		if IsKernelRole(p.Role) && overlap(p.From, p.Until, n.From, n.Until) {
			return fault.New(fault.Conflict, "post.one_administration")
		}
	}
	return nil
}

// overlap reports whether two spans of time have a moment in common; an end of zero is never.
func overlap(from, until, from2, until2 time.Time) bool {
	return (until2.IsZero() || from.Before(until2)) && (until.IsZero() || from2.Before(until))
}
