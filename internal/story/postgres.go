package story

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"github.com/jackc/pgx/v5"

	"gezhi/internal/db"
)

// Postgres makes databases on a server, copies of one that was migrated once. address names
// a database of it whose user may create others. done removes what was made.
func Postgres(ctx context.Context, address string) (fresh Fresh, done func(), err error) {
	admin := func(sql string) error {
		c, err := pgx.Connect(ctx, address)
		if err != nil {
			return err
		}
		defer c.Close(ctx)
		_, err = c.Exec(ctx, sql)
		return err
	}
	named := func(name string) (string, error) {
		u, err := url.Parse(address)
		if err != nil {
			return "", err
		}
		u.Path = "/" + name
		return u.String(), nil
	}
	first := fmt.Sprintf("gezhi_stories_%d", os.Getpid())
	if err = admin("CREATE DATABASE " + first); err != nil {
		return nil, nil, err
	}
	done = func() { _ = admin("DROP DATABASE IF EXISTS " + first + " WITH (FORCE)") }
	at, err := named(first)
	if err != nil {
		return nil, done, err
	}
	d, err := db.Open(ctx, at)
	if err != nil {
		return nil, done, err
	}
	err = d.Migrate(ctx)
	d.Close()
	n := 0
	return func(ctx context.Context) (*db.DB, func(), error) {
		n++
		name := fmt.Sprintf("%s_%d", first, n)
		if err := admin("CREATE DATABASE " + name + " TEMPLATE " + first); err != nil {
			return nil, nil, err
		}
		at, err := named(name)
		if err != nil {
			return nil, nil, err
		}
		d, err := db.Open(ctx, at)
		if err != nil {
			return nil, nil, err
		}
		return d, func() { d.Close(); _ = admin("DROP DATABASE " + name + " WITH (FORCE)") }, nil
	}, done, err
}
