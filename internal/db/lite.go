package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // the engine, in pure Go

	"gezhi/internal/fault"
)

const (
	groupMax    = 128 // closures that share one flush
	busyTimeout = 5 * time.Second
)

// pragmas hold for every connection.
var pragmas = []string{"synchronous = FULL", "temp_store = MEMORY", "cache_size = -65536", "wal_autocheckpoint = 10000",
	"secure_delete = ON"} // what is erased is gone from the file, too

// lite is SQLite: one writing connection that commits groups, and some reading ones.
type lite struct {
	pool   *sql.DB // for migrations alone
	path   string
	writer *liteConn
	reader chan *liteConn
	queue  chan *job
	asking atomic.Int64 // jobs in the queue that somebody waits for
	closed chan struct{}
	once   sync.Once
	done   sync.WaitGroup
	lock   *os.File
}

func openLite(path string) (*lite, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "db.cannot_open", "path", path)
	}
	lock, err := lockFile(path)
	if err != nil {
		return nil, err
	}
	p := url.Values{"_pragma": {fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "synchronous(FULL)"}}
	pool, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+p.Encode())
	if err != nil {
		lock.Close()
		return nil, err
	}
	readers := max(4, runtime.NumCPU())
	l := &lite{pool: pool, path: path, reader: make(chan *liteConn, readers), queue: make(chan *job, 1024), closed: make(chan struct{}), lock: lock}
	if l.writer, err = l.connect(); err == nil {
		err = l.writer.begin()
	}
	if err != nil {
		pool.Close()
		lock.Close()
		return nil, fault.Wrap(err, fault.Unavailable, "db.cannot_open", "path", path)
	}
	if err := l.writer.writable(); err != nil {
		l.writer.close()
		pool.Close()
		lock.Close()
		return nil, translate(err)
	}
	for range readers {
		c, err := l.connect()
		if err != nil {
			pool.Close()
			lock.Close()
			return nil, fault.Wrap(err, fault.Unavailable, "db.cannot_open", "path", path)
		}
		l.reader <- c
	}
	l.done.Add(1)
	go l.loop()
	return l, nil
}

// lockFile keeps a second process away from the same file: its writes would be safe, but
// its timers, cache and live events would not be ours.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "db.cannot_open", "path", path)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fault.Wrap(err, fault.Unavailable, "db.in_use", "path", path)
	}
	return f, nil
}

func (l *lite) close() error {
	first := false
	l.once.Do(func() { close(l.closed); first = true })
	if !first {
		return nil
	}
	l.done.Wait()
	l.writer.close()
	for range cap(l.reader) {
		(<-l.reader).close()
	}
	err := l.pool.Close()
	l.lock.Close()
	return err
}

func (l *lite) prepare(_ context.Context, s Stmt) error {
	c := <-l.reader
	defer func() { l.reader <- c }()
	st, err := c.prepare(s)
	if err != nil {
		return err
	}
	return st.Finalize()
}

func (l *lite) read(ctx context.Context, fn func(context.Context, *Tx) error) error {
	var c *liteConn
	select {
	case c = <-l.reader:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.closed:
		return fault.New(fault.Unavailable, "db.closed")
	}
	defer func() { l.reader <- c }()
	ctx = within(ctx)
	if _, err := c.exec(ctx, "BEGIN", nil); err != nil {
		return err
	}
	defer c.exec(ctx, "ROLLBACK", nil)
	return fn(ctx, &Tx{conn: c})
}

func (l *lite) glance(ctx context.Context, fn func(context.Context, *Tx) error) error {
	return l.read(ctx, fn)
}

// job is one closure of Write on its way through the group.
type job struct {
	run    chan *Tx // the loop lends the transaction; the caller's goroutine runs the closure
	ran    chan error
	result chan error
	state  atomic.Int32 // 0 queued, 1 taken by the loop, 2 given up by its caller
	limit  time.Duration
	aside  bool // nobody waits for it
	after  []func()
	err    error
	gone   bool // its closure panicked or left its goroutine
}

var (
	errGone  = errors.New("db: closure did not return")
	errAgain = errors.New("db: run once for nothing") // see DB.Twice
)

func (l *lite) write(ctx context.Context, d *DB, _ Keys, fn func(context.Context, *Tx) error) error {
	limit := d.WriteLimit
	if limit == 0 {
		limit = 10 * time.Second
	}
	if d.Twice {
		err := l.submit(ctx, limit, func(ctx context.Context, tx *Tx) error {
			if err := fn(ctx, tx); err != nil {
				return err
			}
			return errAgain
		})
		if !errors.Is(err, errAgain) {
			return err
		}
		ctx = context.WithoutCancel(ctx)
	}
	return l.submit(ctx, limit, fn)
}

func (l *lite) submit(ctx context.Context, limit time.Duration, fn func(context.Context, *Tx) error) error {
	j := jobOf(ctx, limit)
	if err := l.ask(ctx, j); err != nil {
		return err
	}
	inside, gaveUp, closed := within(ctx), ctx.Done(), l.closed
	for {
		select {
		case tx := <-j.run:
			j.call(inside, tx, fn)
		case err := <-j.result:
			if err == nil {
				for _, f := range j.after {
					f()
				}
			}
			return err
		case <-gaveUp:
			if j.state.CompareAndSwap(0, 2) {
				return ctx.Err()
			}
			gaveUp = nil // taken: see it through
		case <-closed:
			if j.state.CompareAndSwap(0, 2) {
				return fault.New(fault.Unavailable, "db.closed")
			}
			closed = nil
		}
	}
}

func jobOf(ctx context.Context, limit time.Duration) *job {
	return &job{run: make(chan *Tx), ran: make(chan error), result: make(chan error, 1), limit: limit, aside: ctx.Value(aside{}) != nil}
}

// ask puts a job into the queue.
func (l *lite) ask(ctx context.Context, j *job) error {
	many := int64(asked([]*job{j}))
	l.asking.Add(many)
	select {
	case l.queue <- j:
		return nil
	case <-ctx.Done():
		l.asking.Add(-many)
		return ctx.Err()
	case <-l.closed:
		l.asking.Add(-many)
		return fault.New(fault.Unavailable, "db.closed")
	}
}

// call runs the closure on its caller's goroutine, so that a panic and t.Fatal end there.
func (j *job) call(ctx context.Context, tx *Tx, fn func(context.Context, *Tx) error) {
	err := errGone
	defer func() { j.ran <- err }()
	e := fn(ctx, tx)
	if e == nil {
		e = tx.failed // swallowed by the closure, but the transaction is spoilt
	}
	err = e
}

func (l *lite) loop() {
	defer l.done.Done()
	group := make([]*job, 0, groupMax)
	var writers int
	var took time.Duration
	for {
		var first *job
		select {
		case first = <-l.queue:
		case <-l.closed:
			return
		}
		group = l.fill(append(group[:0], first), writers, min(gather, took/2))
		began := time.Now()
		l.asking.Add(int64(-asked(group)))
		l.commit(group)
		took, writers = time.Since(began), asked(group)+int(l.asking.Load())
	}
}

// gather is how long a group waits for more at the most.
const gather = 6 * time.Millisecond

// asked is how many of a group somebody waits for.
func asked(group []*job) (n int) {
	for _, j := range group {
		if !j.aside {
			n++
		}
	}
	return n
}

// fill takes what waits into the group, until it has enough of those that somebody waits for.
// Those of the group before come again when they have heard how it ended, and each on its own
// would cost a flush to the disk and write pages again that all of them share: so the group waits
// for all that were at work, for half of what a group takes at the most. Work that is done aside
// goes with a group, and is neither counted nor waited for; nor does it wait for one who writes
// alone, who would then wait for it.
func (l *lite) fill(group []*job, enough int, most time.Duration) []*job {
	have := asked(group)
	var late <-chan time.Time
	for len(group) < groupMax {
		select {
		case j := <-l.queue:
			group = append(group, j)
			have += asked(group[len(group)-1:])
			continue
		default:
		}
		if have >= enough || enough == 1 {
			return group
		}
		if late == nil {
			t := time.NewTimer(most)
			defer t.Stop()
			late = t.C
		}
		select {
		case j := <-l.queue:
			group = append(group, j)
			have += asked(group[len(group)-1:])
		case <-late:
			return group
		}
	}
	return group
}

// commit runs a group without savepoints; if one closure fails, it rolls back and runs the
// group again with them, so that a bad one fails alone.
func (l *lite) commit(group []*job) {
	live := group[:0]
	for _, j := range group {
		if j.state.CompareAndSwap(0, 1) {
			live = append(live, j)
		}
	}
	if len(live) == 0 {
		return
	}
	err := l.attempt(live, false)
	for tries := 0; err != nil && tries < 3; tries++ {
		if len(live) == 1 && live[0].err != nil {
			break // alone and refused: nothing to save
		}
		if errors.As(err, new(notBegun)) {
			break // the file is locked or cannot be written: no closure has run
		}
		err = l.attempt(live, true)
	}
	for _, j := range live {
		if j.gone {
			continue // its caller is unwinding
		}
		if j.err == nil {
			j.err = err
		}
		j.result <- j.err
	}
}

// notBegun is the failure of a transaction to begin; it has waited for the lock already.
type notBegun struct{ error }

// Unwrap gives the engine's own error.
func (e notBegun) Unwrap() error { return e.error }

// attempt runs the group once. Its error means that nothing was kept.
func (l *lite) attempt(group []*job, savepoints bool) error {
	ctx, c := context.Background(), l.writer
	if _, err := c.exec(ctx, "BEGIN IMMEDIATE", nil); err != nil {
		return notBegun{err}
	}
	for _, j := range group {
		if j.gone {
			continue
		}
		if savepoints {
			if _, err := c.exec(ctx, "SAVEPOINT one", nil); err != nil {
				c.exec(ctx, "ROLLBACK", nil)
				return err
			}
		}
		tx := &Tx{conn: c, until: time.Now().Add(j.limit)}
		j.run <- tx
		j.err, j.after = <-j.ran, tx.after
		j.gone = j.err == errGone
		if j.err == nil {
			if savepoints {
				c.exec(ctx, "RELEASE one", nil)
			}
			continue
		}
		if !savepoints {
			c.exec(ctx, "ROLLBACK", nil)
			return j.err
		}
		// Some errors, such as a full disk, end the whole transaction: then there is no savepoint
		// to go back to, and the neighbours are told the same.
		if _, err := c.exec(ctx, "ROLLBACK TO one", nil); err != nil {
			c.exec(ctx, "ROLLBACK", nil)
			return j.err
		}
		c.exec(ctx, "RELEASE one", nil)
	}
	if _, err := c.exec(ctx, "COMMIT", nil); err != nil {
		c.exec(ctx, "ROLLBACK", nil)
		return err
	}
	return nil
}

// announce has nobody to tell: one process at a time uses a file.
func (l *lite) announce(context.Context, []string) error { return nil }

func (l *lite) listen(ctx context.Context, _ func(), _ func(string)) error {
	<-ctx.Done()
	return nil
}
