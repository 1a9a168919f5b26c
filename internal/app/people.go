package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/config"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/territory"
	"gezhi/internal/web"
)

// logIns settles how long sessions last, who needs a second factor, and the key that seals it.
func (a *App) logIns(cfg config.Config) (err error) {
	a.Accounts.Idle, a.Accounts.Longest = cmp.Or(cfg.SessionIdle, a.Accounts.Idle), cmp.Or(cfg.SessionLongest, a.Accounts.Longest)
	if a.Accounts.FactorRoles = cfg.Factor; cfg.Factor == nil && !cfg.Demo {
		a.Accounts.FactorRoles = account.KernelRoles()
	}
	a.Accounts.Key, err = factorKey(cfg.Data)
	return err
}

// roleTitle is what a role is called in the reader's language, by the first pack that names it.
func (a *App) roleTitle(ctx context.Context, jurisdiction, role string) string {
	if account.IsKernelRole(role) {
		return web.Say(web.Lang(ctx), kernelRoleWords+role, nil)
	}
	packs, err := a.Book.Packs(ctx, jurisdiction)
	if err != nil {
		return role
	}
	for _, name := range slices.Sorted(maps.Keys(packs)) {
		if r := packs[name].Pack.Role(role); r != nil && r.Title[web.Lang(ctx)] != "" {
			return r.Title[web.Lang(ctx)]
		}
	}
	return role
}

// kernelRoleWords begins the words of the kernel's own roles.
const kernelRoleWords = "role."

// roles are those that somebody of a jurisdiction may be given: the kernel's, and those of the
// packs in force.
func (a *App) roles(ctx context.Context, jurisdiction string) ([]account.RoleTitle, error) {
	packs, err := a.Book.Packs(ctx, jurisdiction)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, p := range packs {
		for _, r := range p.Pack.Roles {
			named[r.Name] = true
		}
	}
	var out []account.RoleTitle
	for _, r := range slices.Sorted(maps.Keys(named)) {
		out = append(out, account.RoleTitle{Role: r, Title: a.roleTitle(ctx, jurisdiction, r)})
	}
	for _, r := range account.KernelRoles() {
		out = append(out, account.RoleTitle{Role: r, Title: a.roleTitle(ctx, jurisdiction, r), Kernel: true})
	}
	return out, nil
}

// seat checks where a post is to stand. A unit's post stands over the unit's area where no
// other is named.
func (a *App) seat(ctx context.Context, jurisdiction string, n account.NewPost) (account.NewPost, error) {
	wrong := &fault.Error{Kind: fault.Invalid, Code: "post.invalid"}
	at := func(p fault.Place) { wrong.At = append(wrong.At, p) }
	roles, err := a.roles(ctx, jurisdiction)
	if err != nil {
		return n, err
	}
	packs, err := a.Book.Packs(ctx, jurisdiction)
	if err != nil {
		return n, err
	}
	t, err := a.Territory.Tree(ctx)
	if err != nil {
		return n, err
	}
	if !slices.ContainsFunc(roles, func(r account.RoleTitle) bool { return r.Role == n.Role }) {
		at(fault.Place{Path: "role", Code: "post.unknown_role"})
	}
	if n.UnitID != "" {
		u, ok := t.Unit(n.UnitID)
		switch {
		case !ok || u.Jurisdiction != jurisdiction:
			at(fault.Place{Path: "unit_id", Code: "post.unknown_unit"})
		case n.AreaID == "" && !account.IsKernelRole(n.Role):
			n.AreaID = u.Area
		}
	}
	if n.AreaID != "" {
		x, ok := t.Area(n.AreaID)
		if !ok || x.Jurisdiction != jurisdiction {
			at(fault.Place{Path: "area_id", Code: "post.unknown_area"})
		} else {
			n.AreaLevel = account.Level(x.Level)
			if wrong := mayStand(packs, web.Lang(ctx), n.Role, x.Level); wrong != nil {
				at(fault.Place{Path: "area_id", Code: wrong.Code, Args: wrong.Args})
			}
		}
	}
	if len(wrong.At) > 0 {
		return n, wrong
	}
	return n, nil
}

// mayStand refuses a post at a level of areas at which no pack in force lets its role stand:
// post.wrong_level. A role that one of them lets stand anywhere, and one that none names, may.
func mayStand(packs map[string]*pack.Effective, lang, role string, level territory.Level) *fault.Error {
	var levels []string
	for _, e := range packs {
		r := e.Pack.Role(role)
		switch {
		case r == nil:
		case len(r.Levels) == 0:
			return nil
		default:
			levels = append(levels, r.Levels...)
		}
	}
	var names []string
	for i, l := range pack.Levels {
		if slices.Contains(levels, l) {
			if territory.Level(i+1) == level {
				return nil
			}
			names = append(names, web.Say(lang, "level."+l, nil))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "post.wrong_level", "levels", strings.Join(names, web.Say(lang, "list.and", nil)))
}

// readerOf names who reads a live stream.
func readerOf(ctx context.Context) string {
	who, err := account.From(ctx)
	if err != nil {
		return ""
	}
	return who.PersonID
}

// factorKeyFile holds the key that seals second factors, in the data folder and outside the
// database: whoever has a copy of the database alone cannot make codes.
const factorKeyFile = "factor.key"

// factorKey reads the key of second factors, or makes it at the first start.
func factorKey(folder string) ([]byte, error) {
	path := filepath.Join(folder, factorKeyFile)
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeKey(path); err == nil {
			key, err = os.ReadFile(path)
		}
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "config.bad_key", "path", path)
	}
	if len(key) != account.KeyBytes {
		return nil, fault.New(fault.Invalid, "config.bad_key", "path", path)
	}
	return key, nil
}

// makeKey writes a new key. Another process that does the same wins or loses as a whole.
func makeKey(path string) error {
	key := make([]byte, account.KeyBytes)
	_, _ = rand.Read(key) // never fails (Go 1.24)
	if err := config.CreateKeyFile(path, key); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
