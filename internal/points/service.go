package points

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
)

// Service is the use cases of ledgers. Its fields are the wiring; those after NewID are needed
// only where HTTP is served.
type Service struct {
	DB    *db.DB
	Now   clock.Now
	NewID id.Source
	// Actor is who asks.
	Actor func(ctx context.Context) (account.Actor, error)
	// UnitsAbove lists the units above a unit, nearest first.
	UnitsAbove func(ctx context.Context, unit string) ([]string, error)
	// Name is what "unit/ID" or "person/ID" is called.
	Name func(ctx context.Context, owner string) string
	// Over reports whether a post stands above a post of a person, or beside it in one unit.
	Over func(ctx context.Context, p account.Post, person string) (bool, error)
	// Within reports whether an area lies in another.
	Within func(ctx context.Context, area, of string) bool
	// Item is what a pack calls something that points are granted for, and the module it belongs to.
	Item func(ctx context.Context, jurisdiction, pack, item string) (title, module string)
	// Holds are the posts that somebody holds, and what of packs is admitted to them, in words.
	Holds func(ctx context.Context, jurisdiction, person string) ([]PersonPostJSON, []PersonDutyJSON, error)
	// Given are the latest cases of a class that somebody opened.
	Given func(ctx context.Context, jurisdiction, person, pack, class string) ([]Given, error)
	// Open opens a case for who asks.
	Open func(ctx context.Context, who account.Actor, o casework.Opening) (*casework.Opened, error)
	// OpenOdd opens a case of a jurisdiction for nobody: something looked odd.
	OpenOdd func(ctx context.Context, jurisdiction string, o casework.Opening) error
	// Offers are the open offers of a pack that somebody may read, Idle the items of a pack that were
	// offered to nobody who took part between two moments.
	Offers func(ctx context.Context, who account.Actor, pack string) ([]OpenOffer, error)
	Idle   func(ctx context.Context, who account.Actor, pack string, from, until time.Time) ([]IdleItem, error)
	// AreaOf is the area of a level in which somebody works, "" for none.
	AreaOf func(ctx context.Context, person string, level int) string
	// Wake is called after a commit that left work to be done; nil is nobody.
	Wake func()
	// Word is a word of a pack that is in force: of a section of its words files, by name; "" for
	// none.
	Word func(ctx context.Context, jurisdiction, pack, section, name, lang string) string

	lanes [lanes]lane
	tight sync.Map // ids of budgets that are nearly used up; see wide
	there sync.Map // ids of accounts that are open for sure; see read
}

// Posted is a posting that stands.
type Posted struct {
	Posting
	At       int64 // ms UTC
	Lines    []Line
	Replayed bool // it stood already under its key, with the same content
}

// Do carries out one posting in a transaction of the service's own; see Post. On PostgreSQL it
// shares that with others that wait at the same time, as all writes do on SQLite.
func (s *Service) Do(ctx context.Context, p Posting) (out Posted, err error) {
	if s.DB.Engine == db.Postgres {
		return s.together(ctx, p)
	}
	err = s.write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = s.Post(ctx, tx, p)
		return err
	})
	return out, err
}

// write is a transaction of postings: what they change is locked row by row. Two that put
// different content under one key at once meet at the table's own key.
func (s *Service) write(ctx context.Context, fn func(ctx context.Context, tx *db.Tx) error) error {
	err := s.DB.Write(ctx, nil, fn)
	if db.IsUnique(err) {
		return fault.Wrap(err, fault.Conflict, "points.key_used")
	}
	return err
}

// Post carries out a posting within the caller's transaction, at most once for its key: under a
// key that was used before, the same content answers what stands and changes nothing, and other
// content is points.key_used. More than there is, is points.too_few, or points.over_budget of an
// issuer. The rows it changes stay locked until the transaction ends; whoever posts several
// times in one does it in the order of the accounts, or is made to run again.
func (s *Service) Post(ctx context.Context, tx *db.Tx, p Posting) (Posted, error) {
	if err := p.check(); err != nil {
		return Posted{}, err
	}
	x := &posting{Posting: p, s: s, tx: tx, ledgerID: LedgerID(p.Jurisdiction, p.Ledger), content: p.hash()}
	x.from, x.to = side{Account: p.From, id: p.From.ID(x.ledgerID)}, side{Account: p.To, id: p.To.ID(x.ledgerID)}
	x.from.slice, x.to.slice = p.From.home(x.to.id), p.To.home(x.from.id)
	if err := x.read(ctx); err != nil {
		return Posted{}, err
	}
	if x.prior != nil {
		return x.replay()
	}
	if !x.to.known {
		if err := s.open(ctx, tx, x.ledgerID, p); err != nil {
			return Posted{}, err
		}
		if err := x.lockOpened(ctx); err != nil {
			return Posted{}, err
		}
	}
	if err := x.move(ctx); err != nil {
		return Posted{}, err
	}
	return x.write(ctx)
}

// posting is a posting on its way.
type posting struct {
	Posting
	s        *Service
	tx       *db.Tx
	ledgerID string
	content  string
	from, to side
	all      []side // slices of wide, in their order
	lots     []Lot  // of from
	hold     *hold  // that is ended
	prior    *row   // what stands under the key
	lines    []Line
}

// side is one slice of an account, as the transaction has it locked.
type side struct {
	Account
	id           string
	slice        int64
	known        bool
	seq, balance int64
}

// before is the order in which slices are locked: most postings go this way, so that an account
// that is opened by one, and locked late, comes last.
func (a *side) before(b *side) bool {
	return cmp.Or(cmp.Compare(kinds[a.Kind].rank, kinds[b.Kind].rank), cmp.Compare(a.id, b.id), cmp.Compare(a.slice, b.slice)) < 0
}

// read locks what the posting changes and reads it. An account that somebody else has opened
// between the two was not there to be locked: so whoever meets an account for the first time
// locks and reads once more.
func (x *posting) read(ctx context.Context) error {
	for range 2 {
		if err := x.readOnce(ctx); err != nil {
			return err
		}
		again := false
		for _, a := range []*side{&x.from, &x.to} {
			if _, sure := x.s.there.Load(a.id); a.known && !sure {
				again = true
				x.tx.AfterCommit(func() { x.s.there.Store(a.id, true) })
			}
		}
		if !again {
			break
		}
	}
	return nil
}

// readOnce locks and reads in one breath. What is read stands in statements of its own behind
// the locks: one that has waited for a lock would not see what the one before it wrote.
func (x *posting) readOnce(ctx context.Context) error {
	x.lots = nil
	first, second := &x.from, &x.to
	if second.before(first) {
		first, second = second, first
	}
	asks := []db.Ask{x.from.ask(), x.to.ask(), {Stmt: postingByKey, Args: []any{x.ledgerID, string(x.Kind), x.Key}, Scan: func(r db.Rows) error {
		p, err := scanPosting(r)
		x.prior = &p
		return err
	}}}
	if x.Hold != nil {
		if err := x.tx.Queue(ctx, lockHold, x.ledgerID, string(x.Hold.Kind), x.Hold.Key); err != nil {
			return err
		}
		asks = append(asks, db.Ask{Stmt: holdByID, Args: []any{x.ledgerID, string(x.Hold.Kind), x.Hold.Key}, Scan: func(r db.Rows) error {
			h, err := scanHold(r)
			x.hold = &h
			return err
		}})
	}
	if kinds[x.From.Kind].lots {
		asks = append(asks, db.Ask{Stmt: lotsOf, Args: []any{x.from.id}, Scan: func(r db.Rows) error {
			var l Lot
			err := r.Scan(&l.Expires, &l.Amount)
			x.lots = append(x.lots, l)
			return err
		}})
	}
	wide := x.wide()
	if wide != nil {
		asks = append(asks, db.Ask{Stmt: balancesOf, Args: []any{wide.id}, Scan: db.Into(&x.all, wide.other)})
	}
	for _, a := range []*side{first, second} {
		if err := a.queueLock(ctx, x.tx, a == wide); err != nil {
			return err
		}
	}
	return x.tx.Together(ctx, asks...)
}

// wide is the budget of which all slices are held from the start: one that is given or taken
// back, or so nearly used up that grants need several slices of it.
func (x *posting) wide() *side {
	switch _, tight := x.s.tight.Load(x.from.id); {
	case x.Kind == Allot && x.To.Kind == Issuer:
		return &x.to
	case x.From.Kind == Issuer && (tight || x.Kind == Allot):
		return &x.from
	}
	return nil
}

func (a *side) queueLock(ctx context.Context, tx *db.Tx, wide bool) error {
	if wide {
		return tx.Queue(ctx, lockSlices, a.id)
	}
	return tx.Queue(ctx, lockBalance, a.id, a.slice)
}

// other scans another slice of the account.
func (a *side) other(r db.Rows) (side, error) {
	b := side{Account: a.Account, id: a.id, known: true}
	return b, r.Scan(&b.slice, &b.seq, &b.balance)
}

func (a *side) ask() db.Ask {
	return db.Ask{Stmt: balanceOf, Args: []any{a.id, a.slice}, Scan: func(r db.Rows) error {
		a.known = true
		return r.Scan(&a.seq, &a.balance)
	}}
}

// lockOpened locks what the posting goes to, which has just been opened, and reads it.
func (x *posting) lockOpened(ctx context.Context) error {
	wide := x.wide() == &x.to
	if err := x.to.queueLock(ctx, x.tx, wide); err != nil {
		return err
	}
	asks := []db.Ask{x.to.ask()}
	if wide {
		asks = append(asks, db.Ask{Stmt: balancesOf, Args: []any{x.to.id}, Scan: db.Into(&x.all, x.to.other)})
	}
	return x.tx.Together(ctx, asks...)
}

// replay answers what stands under the key.
func (x *posting) replay() (Posted, error) {
	if x.prior.hash != x.content {
		return Posted{}, fault.New(fault.Conflict, "points.key_used")
	}
	out := x.prior.posted()
	out.Replayed = true
	return out, nil
}

// move works out the lines.
func (x *posting) move(ctx context.Context) error {
	if x.Hold != nil {
		if x.hold == nil || x.hold.owner != x.From.Owner {
			return fault.New(fault.NotFound, "points.no_hold")
		}
		if x.hold.state != held || x.hold.amount != x.Amount {
			return fault.New(fault.Conflict, "points.hold_ended")
		}
		x.prefer = x.hold.lots
		x.prefer = append(x.prefer, Lot{0, x.hold.amount - total(x.hold.lots)})
		x.exact = true
	}
	if x.partly && x.from.known && x.Hold == nil {
		x.Amount = max(min(x.Amount, x.from.balance), 1)
	}
	taken, err := x.takeOut(ctx)
	if err != nil {
		return err
	}
	if x.give == nil {
		switch x.Kind {
		case Grant, Adjust:
			x.give = []Lot{{ms(x.Expires), x.Amount}}
		default:
			x.give = taken
		}
	}
	return x.putIn()
}

func total(lots []Lot) (n int64) {
	for _, l := range lots {
		n += l.Amount
	}
	return n
}

// takeOut makes the lines of the account that the amount comes from.
func (x *posting) takeOut(ctx context.Context) ([]Lot, error) {
	k := kinds[x.From.Kind]
	switch {
	case x.From.Kind == Mint:
		if x.from.balance-x.Amount < -Most {
			return nil, fault.New(fault.Conflict, "points.overflow")
		}
		x.line(&x.from, -x.Amount, nil)
		return nil, nil
	case !x.from.known:
		return nil, x.short()
	case k.lots:
		if x.from.balance < x.Amount {
			return nil, x.short()
		}
		taken, err := take(x.lots, x.from.balance, x.Amount, x.prefer, x.exact)
		if err != nil {
			return nil, err
		}
		var out []Lot
		for _, l := range taken {
			if l.Expires != 0 {
				out = append(out, Lot{l.Expires, -l.Amount})
			}
		}
		x.line(&x.from, -x.Amount, out)
		return taken, nil
	case x.from.balance >= x.Amount:
		x.s.tight.Delete(x.from.id)
		x.line(&x.from, -x.Amount, nil)
		return nil, nil
	case k.slices > 1:
		return nil, x.draw(ctx)
	}
	return nil, x.short()
}

// short says that there is not enough.
func (x *posting) short() error {
	if x.From.Kind == Issuer {
		return fault.New(fault.Conflict, "points.over_budget")
	}
	return fault.New(fault.Conflict, "points.too_few")
}

// draw takes the amount from other slices: from one that has enough and that nobody holds, else
// from several. Those must be held before all else; who is not, begins anew.
func (x *posting) draw(ctx context.Context) error {
	if x.all == nil {
		all, err := slicesOf(ctx, x.tx, x.from)
		if err != nil {
			return err
		}
		if sumOf(all) < x.Amount { // as things stand at one moment
			return x.short()
		}
		free := side{Account: x.From, id: x.from.id}
		err = x.tx.Row(ctx, freeSlice, []any{free.id, x.Amount}, &free.slice, &free.seq, &free.balance)
		if err == nil {
			x.line(&free, -x.Amount, nil)
			return nil
		}
		if !errors.Is(err, db.ErrNoRows) {
			return err
		}
		if x.s.DB.Engine == db.Postgres {
			x.s.tight.Store(x.from.id, true)
			return db.ErrAgain
		}
		x.all = all
	}
	if sumOf(x.all) < x.Amount {
		return x.short()
	}
	left := x.Amount
	for i := range x.all {
		if n := min(x.all[i].balance, left); n > 0 {
			x.line(&x.all[i], -n, nil)
			left -= n
		}
	}
	return nil
}

func sumOf(all []side) (n int64) {
	for i := range all {
		n += all[i].balance
	}
	return n
}

// putIn makes the lines of the account that the amount goes to.
func (x *posting) putIn() error {
	if x.Kind == Allot && x.To.Kind == Issuer {
		return x.spread()
	}
	return x.put(&x.to, x.Amount)
}

func (x *posting) put(to *side, amount int64) error {
	if to.balance > Most-amount {
		return fault.New(fault.Conflict, "points.overflow")
	}
	var lots []Lot
	if kinds[to.Kind].lots {
		for _, l := range x.give {
			if l.Expires != 0 {
				lots = append(lots, l)
			}
		}
	}
	x.line(to, amount, lots)
	return nil
}

// spread puts a budget into as many slices as it is worth.
func (x *posting) spread() error {
	n := min(max(x.Amount/sliceLeast, 1), sliced)
	for i := range n {
		part := x.Amount / n
		if i == 0 {
			part += x.Amount % n
		}
		if err := x.put(&x.all[i], part); err != nil {
			return err
		}
	}
	return nil
}

func (x *posting) line(a *side, amount int64, lots []Lot) {
	x.lines = append(x.lines, Line{Account: a.id, Slice: a.slice, Seq: next(a.seq, x.s.Now()), Amount: amount, Balance: a.balance + amount, Lots: lots})
}

// at is when the posting was made: never before an entry that stands.
func (x *posting) at() int64 {
	n := int64(0)
	for _, l := range x.lines {
		n = max(n, l.Seq>>seqBits)
	}
	return n
}
