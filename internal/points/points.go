package points

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/fault"
)

// Ledger is something that is counted in a jurisdiction, as a pack declares it.
type Ledger struct {
	Name      string `json:"name"` // "points", "honour", "hours"
	Title     Words  `json:"title"`
	Unit      Words  `json:"unit"`      // one of what
	Spendable bool   `json:"spendable"` // false: honour, which is never redeemed
	Roles     Roles  `json:"roles"`
	Shelf     *Shelf `json:"shelf,omitempty"`
	Pack      string `json:"pack,omitempty"` // that declared it
	// Objections is the class of the case that an objection to an entry opens, "" for none.
	Objections string `json:"objections,omitempty"`
	// Benefits is the class of the cases that give something by rule, PACK/CODE; "" for none.
	Benefits string `json:"benefits,omitempty"`
	// Honours says which records of the pack say who was honoured; nil for none.
	Honours *Honours `json:"honours,omitempty"`
	Boards  []Board  `json:"boards,omitempty"`
	Watches []Watch  `json:"watches,omitempty"`
}

// Honours names a kind of record of the pack of a ledger, and its fields.
type Honours struct {
	Kind   string `json:"kind"`
	Title  string `json:"title"`
	Person string `json:"person"`
}

// Words are the words for something, by language ("zh", "en").
type Words map[string]string

// in are the words in a language, or in any.
func (w Words) in(lang string) string {
	if text := w[lang]; text != "" {
		return text
	}
	for _, l := range slices.Sorted(maps.Keys(w)) {
		return w[l]
	}
	return ""
}

// Roles are the roles, as packs name them, that may do what in a ledger.
type Roles struct {
	Propose []string `json:"propose"` // budgets, adjustments and reversals
	Confirm []string `json:"confirm"` // the second person of those
	Look    []string `json:"look"`    // at budgets and reports
	Shop    []string `json:"shop"`    // keeps goods, vouchers and merchants
}

// AccountKind is what an account is for.
type AccountKind string

// The kinds of accounts.
const (
	Mint      AccountKind = "mint"      // what all budgets come out of; the only one below zero
	Issuer    AccountKind = "issuer"    // what a unit may still grant in a year
	Available AccountKind = "available" // what a person or household may spend
	Held      AccountKind = "held"      // theirs, but not to be spent for now
	Merchant  AccountKind = "merchant"  // redeemed at a merchant and not settled yet
	Redeemed  AccountKind = "redeemed"  // spent on goods
	Settled   AccountKind = "settled"   // paid out to merchants
	Expired   AccountKind = "expired"
	Void      AccountKind = "void" // taken away
)

// kinds says of each kind of account how many slices it has and whether it has an owner.
var kinds = map[AccountKind]struct {
	slices int
	owned  bool
	lots   bool // keeps what expires when
	rank   int  // in the order of locks
}{
	Mint: {slices: 1}, Issuer: {slices: sliced, owned: true, rank: 1}, Held: {1, true, true, 2}, Available: {1, true, true, 3},
	Merchant: {slices: 1, owned: true, rank: 4}, Redeemed: {slices: sliced, rank: 5}, Settled: {slices: sliced, rank: 5}, Expired: {slices: sliced, rank: 5}, Void: {slices: sliced, rank: 5},
}

const (
	// sliced is how many slices an account has that all postings touch: about as many as transactions run side by side.
	sliced = 16
	// sliceLeast is the least part of a budget that is worth a slice of its own.
	sliceLeast = 1000
	// Most is the largest amount and balance: all that a JSON number tells exactly.
	Most = 1<<53 - 1
	// longestKey is the longest key of a posting, in bytes.
	longestKey = 160
)

// Account names an account of a ledger.
type Account struct {
	Kind  AccountKind `json:"kind"`
	Owner string      `json:"owner,omitempty"` // "person/ID", "household/ID", "unit/ID", "merchant/ID"
	Year  int         `json:"year,omitempty"`  // of a budget
}

// Budget is what a unit may grant in a year.
func Budget(unit string, year int) Account { return Account{Issuer, "unit/" + unit, year} }

// Own is what an owner may spend.
func Own(owner string) Account { return Account{Kind: Available, Owner: owner} }

// HeldOf is what is kept for an owner.
func HeldOf(owner string) Account { return Account{Kind: Held, Owner: owner} }

// Of is an account of the ledger itself: Mint, Redeemed, Settled, Expired or Void.
func Of(kind AccountKind) Account { return Account{Kind: kind} }

func (a Account) check() bool {
	k, ok := kinds[a.Kind]
	return ok && (a.Owner != "") == k.owned && (a.Year != 0) == (a.Kind == Issuer) && a.Year >= 0 && a.Year < 10000 &&
		len(a.Owner) <= 128 && !strings.ContainsAny(a.Owner, " \n\t,")
}

// short is 128 bits of a hash as 22 characters.
func short(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// LedgerID is the id of a ledger in the tables.
func LedgerID(jurisdiction, name string) string { return short("ledger", jurisdiction, name) }

// ID is the id of the account in a ledger, known without asking the database.
func (a Account) ID(ledgerID string) string {
	return short(ledgerID, string(a.Kind), a.Owner, strconv.Itoa(a.Year))
}

// home is the slice of an account that postings with another account go to.
func (a Account) home(other string) int64 {
	n := kinds[a.Kind].slices
	if n == 1 {
		return 0
	}
	h := fnv.New32a()
	h.Write([]byte(other))
	return int64(h.Sum32() % uint32(n))
}

// Kind is what a posting does.
type Kind string

// The kinds of postings.
const (
	Allot   Kind = "budget"  // a budget is given, or taken back
	Grant   Kind = "grant"   // out of a budget
	Hold    Kind = "hold"    // kept for a while, as for a reservation
	Release Kind = "release" // what was held may be spent
	Redeem  Kind = "redeem"  // spent on goods or at a merchant
	Expire  Kind = "expire"  // its day has come
	Adjust  Kind = "adjust"  // by two persons, with a reason
	Settle  Kind = "settle"  // paid out to a merchant
	Deduct  Kind = "deduct"  // taken away by the rules of a pack
	Reverse Kind = "reverse" // the mirror of another posting
)

// way is from where to where a kind of posting may go.
type way struct{ from, to AccountKind }

var ways = map[Kind][]way{
	Allot: {{Mint, Issuer}, {Issuer, Mint}}, Grant: {{Issuer, Available}, {Issuer, Held}}, Hold: {{Available, Held}}, Release: {{Held, Available}},
	Redeem: {{Available, Merchant}, {Held, Merchant}, {Available, Redeemed}, {Held, Redeemed}}, Expire: {{Available, Expired}},
	Adjust: {{Issuer, Available}, {Available, Void}}, Settle: {{Merchant, Settled}}, Deduct: {{Available, Void}},
}

// Posting moves an amount from one account to another.
type Posting struct {
	Jurisdiction string
	Ledger       string
	Kind         Kind
	Key          string // one posting for each key of a ledger and kind, for ever
	From, To     Account
	Amount       int64
	Expires      time.Time // of a grant or adjustment; zero for never
	HeldUntil    time.Time // of what goes to a held account; zero until somebody ends it
	Hold         *HoldID   // what is spent, released or taken, of what comes from a held account
	Reason       string    // in words, or a code of the pack; everybody concerned reads it
	Cause        string    // "case/ID"
	Item         string    // what it is for, as packs name it
	Area         string
	Person       string // who does it; "" for the system
	Second       string // who agreed, where two are needed

	reverses string
	prefer   []Lot // what is to be taken first
	exact    bool  // and nothing else
	give     []Lot // what the account that it goes to gets, where that is known
	mirror   bool  // the mirror of a posting that was: any way
	partly   bool  // as much as there is
}

// HoldID names something held, by the posting that held it.
type HoldID struct {
	Kind Kind   `json:"kind"`
	Key  string `json:"key"`
}

// Lot is an amount that expires at a moment; what never expires is no lot.
type Lot struct {
	Expires int64 // ms UTC; 0 for never
	Amount  int64
}

// check refuses what no database could make right.
func (p *Posting) check() error {
	switch {
	case p.Amount <= 0 || p.Amount > Most:
		return fault.New(fault.Invalid, "points.amount", "most", Most)
	case p.Key == "" || len(p.Key) > longestKey || strings.ContainsFunc(p.Key, unprintable):
		return fault.New(fault.Invalid, "points.bad_key")
	case !p.From.check() || !p.To.check():
		return fault.New(fault.Invalid, "points.bad_account")
	case !p.allowed():
		return fault.New(fault.Invalid, "points.no_such_way")
	case (p.From.Kind == Held) != (p.Hold != nil):
		return fault.New(fault.Invalid, "points.no_hold")
	case p.Reason == "":
		return fault.New(fault.Invalid, "points.no_reason")
	}
	if (p.Kind == Adjust || p.Kind == Allot) && (p.Second == "" || p.Second == p.Person) {
		return fault.New(fault.Forbidden, "points.second_person")
	}
	return nil
}

func unprintable(r rune) bool { return r <= ' ' || r > '~' }

func (p *Posting) allowed() bool {
	if p.mirror {
		return true
	}
	for _, w := range ways[p.Kind] {
		if w.from == p.From.Kind && w.to == p.To.Kind {
			return p.Kind != Hold && p.Kind != Release || p.From.Owner == p.To.Owner
		}
	}
	return false
}

// hash is what the content of a request comes to; who asked does not count.
func (p *Posting) hash() string {
	b, _ := json.Marshal([]any{p.From, p.To, p.Amount, ms(p.Expires), ms(p.HeldUntil), p.Hold, p.Cause, p.Item, p.Area, p.reverses}) // these always marshal
	return short(string(b))
}

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// take says which lots an amount comes out of: what is preferred first, then what expires first,
// what never expires last. points.too_few when there is not enough of it.
func take(lots []Lot, balance, amount int64, prefer []Lot, exact bool) ([]Lot, error) {
	left := append([]Lot(nil), lots...)
	rest := balance
	for _, l := range lots {
		rest -= l.Amount
	}
	left = append(left, Lot{0, rest})
	var out []Lot
	get := func(i int, want int64) {
		if n := min(want, left[i].Amount, amount); n > 0 {
			left[i].Amount -= n
			amount -= n
			out = addLot(out, Lot{left[i].Expires, n})
		}
	}
	for _, p := range prefer {
		for i := range left {
			if left[i].Expires == p.Expires {
				get(i, p.Amount)
			}
		}
	}
	if !exact {
		for i := range left {
			get(i, amount)
		}
	}
	if amount > 0 {
		return nil, fault.New(fault.Conflict, "points.too_few")
	}
	return out, nil
}

func addLot(lots []Lot, l Lot) []Lot {
	for i := range lots {
		if lots[i].Expires == l.Expires {
			lots[i].Amount += l.Amount
			return lots
		}
	}
	return append(lots, l)
}

// Line is one entry of a posting: what it does to one slice of one account.
type Line struct {
	Account string // id
	Slice   int64
	Seq     int64
	Amount  int64 // negative: out
	Balance int64 // after it
	Lots    []Lot // of Amount, what expires when; the rest never does
}

// seqBits is how much of a number is not time: 4096 entries of a slice in a millisecond.
const seqBits = 12

// next is the number of the next entry after seq, at a moment; the clock may have gone back.
func next(seq int64, at time.Time) int64 { return max(seq+1, at.UnixMilli()<<seqBits) }

// momentOf is the moment of an entry.
func momentOf(seq int64) time.Time { return time.UnixMilli(seq >> seqBits).UTC() }

func writeLines(lines []Line) string {
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l.String())
	}
	return b.String()
}

// String is the line as postings hold it.
func (l Line) String() string {
	b := make([]byte, 0, 80)
	b = append(append(b, l.Account...), ' ')
	for _, n := range []int64{l.Slice, l.Seq, l.Amount, l.Balance} {
		b = append(strconv.AppendInt(b, n, 10), ' ')
	}
	return string(append(b, writeLots(l.Lots)...))
}

func writeLots(lots []Lot) string {
	var b []byte
	for _, l := range lots {
		if l.Expires == 0 {
			continue
		}
		if len(b) > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(strconv.AppendInt(b, l.Expires, 10), ':'), l.Amount, 10)
	}
	return string(b)
}

// readLines reads what writeLines wrote; ok is false for anything else.
func readLines(text string) (lines []Line, ok bool) {
	for part := range strings.SplitSeq(text, "\n") {
		f := strings.Split(part, " ")
		if len(f) != 6 {
			return nil, false
		}
		l := Line{Account: f[0]}
		for i, into := range []*int64{&l.Slice, &l.Seq, &l.Amount, &l.Balance} {
			n, err := strconv.ParseInt(f[i+1], 10, 64)
			if err != nil {
				return nil, false
			}
			*into = n
		}
		if l.Lots, ok = readLots(f[5]); !ok || l.String() != part {
			return nil, false
		}
		lines = append(lines, l)
	}
	return lines, true
}

func readLots(text string) (lots []Lot, ok bool) {
	if text == "" {
		return nil, true
	}
	for part := range strings.SplitSeq(text, ",") {
		e, a, _ := strings.Cut(part, ":")
		expires, err := strconv.ParseInt(e, 10, 64)
		amount, err2 := strconv.ParseInt(a, 10, 64)
		if err != nil || err2 != nil || expires == 0 {
			return nil, false
		}
		lots = append(lots, Lot{expires, amount})
	}
	return lots, true
}
