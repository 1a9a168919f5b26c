package app

import (
	"context"
	"fmt"
	"io"

	"gezhi/internal/account"
	"gezhi/internal/config"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// adminRoles are the words of the command line for the kernel's roles.
var adminRoles = map[string]string{"system": account.SystemAdmin, "security": account.SecurityAdmin, "audit": account.AuditAdmin}

// adminCommand makes administrators: gezhi admin create system|security|audit LOGIN NAME, and
// lets one in again who has lost password or second factor: gezhi admin reset LOGIN. Whoever
// can run it on the server needs no other proof.
func adminCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	create := len(args) == 4 && args[0] == "create" && adminRoles[args[1]] != ""
	if !create && !(len(args) == 2 && args[0] == "reset") {
		return fault.New(fault.Invalid, "cli.usage_admin")
	}
	a, err := New(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.DB.Close()
	var password, login string
	if create {
		login = args[2]
		password, err = a.createAdministrator(ctx, args[1], login, args[3])
	} else {
		login = args[1]
		password, err = a.letIn(ctx, login)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, web.Say(language(), "cli.one_time_password", map[string]any{"login": login, "password": password}))
	return err
}

func (a *App) createAdministrator(ctx context.Context, kind, login, name string) (password string, err error) {
	j, err := a.Jurisdictions.byCode(a.Config.Jurisdiction)
	if err != nil {
		return "", err
	}
	_, password, err = a.Accounts.CreateAdministrator(ctx, account.NewPerson{Jurisdiction: j.ID, Name: name, Login: login, Nature: j.Nature}, adminRoles[kind])
	return password, err
}

// letIn unlocks an account, takes its second factor away and gives it a one-time password.
func (a *App) letIn(ctx context.Context, login string) (password string, err error) {
	who, err := a.Accounts.ByLogin(ctx, login)
	if err != nil {
		return "", err
	}
	if err := a.Accounts.Unlock(ctx, "", who.ID); err != nil {
		return "", err
	}
	if err := a.Accounts.RemoveFactor(ctx, "", who.ID); err != nil {
		return "", err
	}
	return a.Accounts.ResetPassword(ctx, "", who.ID)
}
