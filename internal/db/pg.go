package db

import (
	"context"
	"errors"
	"hash/fnv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"gezhi/internal/fault"
)

// pg is PostgreSQL through pgx itself rather than database/sql: statements without a
// needed result travel with the next one in a pipeline.
type pg struct{ pool, glances *pgxpool.Pool }

// planOnce keeps the plan of a statement that was made for any arguments. Such a plan looks dearer
// to PostgreSQL than one for the arguments at hand, and it would then plan anew every time, which
// takes longer than to read the page that is asked for. So does calling further workers for it.
const planOnce = "SELECT set_config('plan_cache_mode', 'force_generic_plan', false), set_config('max_parallel_workers_per_gather', '0', false)"

func openPG(ctx context.Context, url string) (*pg, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fault.Wrap(errors.New("malformed address"), fault.Invalid, "db.bad_url")
	}
	if cfg.MaxConns < 16 && cfg.ConnConfig.RuntimeParams["pool_max_conns"] == "" {
		cfg.MaxConns = 16 // more add latency, not throughput
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err == nil {
		err = pool.Ping(ctx)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "db.cannot_open")
	}
	cfg = cfg.Copy()
	cfg.MaxConns, cfg.MinConns = max(1, cfg.MaxConns/2), 0
	cfg.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, planOnce)
		return err
	}
	glances, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		pool.Close()
		return nil, fault.Wrap(err, fault.Unavailable, "db.cannot_open")
	}
	return &pg{pool, glances}, nil
}

func (p *pg) close() error {
	p.glances.Close()
	p.pool.Close()
	return nil
}

func (p *pg) prepare(ctx context.Context, s Stmt) error {
	c, err := p.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	_, err = c.Conn().Prepare(ctx, "check", string(s.On(Postgres)))
	if err == nil {
		err = c.Conn().Deallocate(ctx, "check")
	}
	return err
}

const (
	pgBegin  Stmt = "BEGIN ISOLATION LEVEL READ COMMITTED"
	pgSteady Stmt = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	pgLock   Stmt = "SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k"
	pgCommit Stmt = "COMMIT"
)

// read answers as soon as fn has; its transaction ends behind its back.
func (p *pg) read(ctx context.Context, fn func(context.Context, *Tx) error) error {
	return p.view(ctx, p.pool, &pgConn{wait: []queued{{s: pgSteady}}}, fn)
}

// glance lets fn ask one question without a transaction: the answers to one statement agree. The
// question keeps its plan. Should fn ask again, or the connection turn out to be cut, it begins
// anew in a steady view.
func (p *pg) glance(ctx context.Context, fn func(context.Context, *Tx) error) error {
	pc := &pgConn{once: true}
	if err := p.view(ctx, p.glances, pc, fn); !pc.again && !pc.cut {
		return err
	}
	return p.read(ctx, fn)
}

func (p *pg) view(ctx context.Context, from *pgxpool.Pool, pc *pgConn, fn func(context.Context, *Tx) error) error {
	c, err := from.Acquire(ctx)
	if err != nil {
		return err
	}
	pc.c = c.Conn()
	ctx = within(ctx)
	tx := &Tx{conn: pc}
	defer func() {
		pc.cut = c.Conn().IsClosed()
		if c.Conn().PgConn().TxStatus() == 'I' {
			c.Release()
			return
		}
		go func() {
			defer c.Release()
			pc.drop(ctx)
		}()
	}()
	if err := fn(ctx, tx); err != nil {
		return err
	}
	return tx.failed
}

func (p *pg) write(ctx context.Context, d *DB, keys Keys, fn func(context.Context, *Tx) error) error {
	locks := make([]int64, 0, len(keys))
	for _, k := range keys {
		h := fnv.New64a()
		h.Write([]byte(k))
		locks = append(locks, int64(h.Sum64()))
	}
	limit := d.WriteLimit
	if limit == 0 {
		limit = 10 * time.Second
	}
	c, err := p.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	ctx = within(ctx)
	for range 5 {
		if d.Twice {
			if err = attempt(ctx, c.Conn(), pgBegin, locks, false, limit, fn); err != nil && !retry(err) {
				return err
			}
		}
		if err = attempt(ctx, c.Conn(), pgBegin, locks, true, limit, fn); !retry(err) {
			return err
		}
	}
	return err
}

// retry reports a serialization failure, a deadlock, or that the closure asks for it.
func retry(err error) bool {
	var pe *pgconn.PgError
	return errors.Is(err, ErrAgain) || errors.As(err, &pe) && (pe.Code == "40001" || pe.Code == "40P01")
}

// attempt runs fn in one transaction, and keeps what it did if keep is set.
func attempt(ctx context.Context, c *pgx.Conn, begin Stmt, locks []int64, keep bool, limit time.Duration, fn func(context.Context, *Tx) error) error {
	pc := &pgConn{c: c}
	defer func() {
		if c.PgConn().TxStatus() != 'I' {
			pc.drop(ctx)
		}
	}()
	pc.queue(ctx, begin, nil)
	if len(locks) > 0 {
		pc.queue(ctx, pgLock, []any{locks})
	}
	tx := &Tx{conn: pc}
	if limit > 0 {
		tx.until = time.Now().Add(limit)
	}
	if err := fn(ctx, tx); err != nil {
		return err
	}
	if tx.failed != nil {
		return tx.failed
	}
	if !keep {
		return pc.flush(ctx)
	}
	pc.queue(ctx, pgCommit, nil)
	if err := pc.flush(ctx); err != nil {
		return err
	}
	for _, f := range tx.after {
		f()
	}
	return nil
}

// pgConn collects statements nobody waits for and sends them with the next one.
type pgConn struct {
	c     *pgx.Conn
	wait  []queued
	once  bool // outside a transaction: one question only
	asked bool
	again bool // a second question came
	cut   bool // the connection was closed meanwhile, or long ago
}

var errAskedAgain = errors.New("db: a second question at a glance")

type queued struct {
	s    Stmt
	args []any
}

func (c *pgConn) queue(_ context.Context, s Stmt, args []any) error {
	c.wait = append(c.wait, queued{s.On(Postgres), args})
	return nil
}

// send sends what waits; the results of all statements but the last are read and checked.
func (c *pgConn) send(ctx context.Context) (pgx.BatchResults, error) {
	if c.once && c.asked {
		c.again = true
		return nil, errAskedAgain
	}
	c.asked = true
	b := &pgx.Batch{}
	last := len(c.wait) - 1
	all := append(merge(c.wait[:last]), c.wait[last])
	for _, q := range all {
		b.Queue(string(q.s), q.args...)
	}
	n := len(all)
	c.wait = c.wait[:0]
	br := c.c.SendBatch(ctx, b)
	for range n - 1 {
		if _, err := br.Exec(); err != nil {
			br.Close()
			return nil, err
		}
	}
	return br, nil
}

func (c *pgConn) exec(ctx context.Context, s Stmt, args []any) (int64, error) {
	if c.once {
		return 0, errors.New("db: a change at a glance")
	}
	c.queue(ctx, s, args)
	br, err := c.send(ctx)
	if err != nil {
		return 0, err
	}
	tag, err := br.Exec()
	if e := br.Close(); err == nil {
		err = e
	}
	return tag.RowsAffected(), err
}

func (c *pgConn) flush(ctx context.Context) error {
	if len(c.wait) == 0 {
		return nil
	}
	br, err := c.send(ctx)
	if err != nil {
		return err
	}
	_, err = br.Exec()
	if e := br.Close(); err == nil {
		err = e
	}
	return err
}

func (c *pgConn) query(ctx context.Context, s Stmt, args []any) (Rows, error) {
	c.queue(ctx, s, args)
	br, err := c.send(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := br.Query()
	if err != nil {
		br.Close()
		return nil, err
	}
	return &pgRows{rows, br, nil}, nil
}

func (c *pgConn) drop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := c.c.Exec(ctx, "ROLLBACK"); err != nil {
		c.c.Close(ctx)
	}
}

type pgRows struct {
	pgx.Rows
	br  pgx.BatchResults
	err error
}

func (r *pgRows) Err() error {
	if r.err != nil {
		return r.err
	}
	return r.Rows.Err()
}

func (r *pgRows) Close() {
	r.Rows.Close()
	if r.br != nil {
		r.err = r.br.Close()
		r.br = nil
	}
}
