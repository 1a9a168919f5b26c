package db

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gezhi/internal/fault"
)

const (
	pgAnnounce Stmt = "SELECT pg_notify('gezhi', t) FROM unnest($1::text[]) WITH ORDINALITY AS x(t, n) ORDER BY n"
	pgListen   Stmt = "LISTEN gezhi"
)

// pgListener is what a listening connection calls itself in pg_stat_activity.
const pgListener = "gezhi listener"

func (p *pg) announce(ctx context.Context, texts []string) error {
	_, err := p.pool.Exec(ctx, string(pgAnnounce), texts)
	return err
}

func (p *pg) listen(ctx context.Context, ready func(), heard func(text string)) error {
	cfg := p.pool.Config().ConnConfig.Copy()
	cfg.RuntimeParams["application_name"] = pgListener
	c, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "db.cannot_open")
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = c.Close(ctx) // it is over either way
	}()
	if _, err := c.Exec(ctx, string(pgListen)); err != nil {
		return err
	}
	ready()
	for {
		n, err := c.WaitForNotification(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return errors.Join(errors.New("listening"), err)
		}
		heard(n.Payload)
	}
}
