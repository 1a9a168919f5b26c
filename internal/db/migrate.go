package db

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"gezhi/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// schema is the migrations as one engine wants them. The texts are the same for both, but
// for one word, {clustered}, which keeps a table's rows in the order of its primary key on
// SQLite, where PostgreSQL has no such thing; and for the lines of full-text search, which
// begin with {sqlite} or {postgres}.
func schema(e Engine) (fs.FS, error) {
	clustered := ""
	other := "{sqlite}"
	if e == SQLite {
		clustered, other = "WITHOUT ROWID", "{postgres}"
	}
	words := strings.NewReplacer("{clustered}", clustered, "{"+string(e)+"}", "")
	out := fstest.MapFS{}
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		b, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		lines := strings.SplitAfter(string(b), "\n")
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, other) })
		out[name[len("migrations/"):]] = &fstest.MapFile{Data: []byte(words.Replace(strings.Join(lines, "")))}
	}
	return out, nil
}

func up(ctx context.Context, dialect goose.Dialect, d *sql.DB, e Engine, opts ...goose.ProviderOption) error {
	files, err := schema(e)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, d, files, opts...)
	if err != nil {
		return err
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	if all := p.ListSources(); len(all) > 0 && have > all[len(all)-1].Version {
		return fault.New(fault.Unavailable, "db.newer", "version", have)
	}
	_, err = p.Up(ctx)
	return err
}

func version(ctx context.Context, dialect goose.Dialect, d *sql.DB) (int64, error) {
	files, err := schema(SQLite)
	if err != nil {
		return 0, err
	}
	p, err := goose.NewProvider(dialect, d, files)
	if err != nil {
		return 0, err
	}
	return p.GetDBVersion(ctx)
}

func (l *lite) migrate(ctx context.Context) error {
	return up(ctx, goose.DialectSQLite3, l.pool, SQLite)
}

func (l *lite) version(ctx context.Context) (int64, error) {
	return version(ctx, goose.DialectSQLite3, l.pool)
}

func (p *pg) migrate(ctx context.Context) error {
	d := stdlib.OpenDBFromPool(p.pool)
	defer d.Close()
	one, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	return up(ctx, goose.DialectPostgres, d, Postgres, goose.WithSessionLocker(one))
}

func (p *pg) version(ctx context.Context) (int64, error) {
	d := stdlib.OpenDBFromPool(p.pool)
	defer d.Close()
	return version(ctx, goose.DialectPostgres, d)
}
