package casework

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/pack"
	"gezhi/internal/workflow"
)

// Book keeps the packs of every jurisdiction: every version that was ever loaded, and which
// is in force for new cases. Versions are kept by hash and never change; a case goes on
// under the one it was opened with.
type Book struct {
	DB    *db.DB
	Now   clock.Now
	NewID id.Source
	// Fresh is how long the process trusts what is in force before it looks again whether
	// another process has loaded a pack.
	Fresh time.Duration
	// OnLoad hears, inside its transaction, what is in force anew in a jurisdiction; nil is nobody.
	OnLoad func(ctx context.Context, tx *db.Tx, jurisdiction string, e *pack.Effective) error

	reading  sync.Mutex                  // one looks at a time; never taken inside a transaction
	mu       sync.Mutex                  // never held while a connection is waited for: transactions take it
	versions map[version]*rule           // all that this process has read
	inForce  map[string]map[string]*rule // by jurisdiction and pack name
	sees     map[string]func(role string) account.Sees
	looked   time.Time
	loads    int // packs that this process has loaded
}

// version names a pack under an overlay, by their hashes.
type version struct{ pack, overlay string }

// rule is one version with its classes. It never changes.
type rule struct {
	effective *pack.Effective
	classes   map[string]*Class
}

const packFormat = 1

var (
	insertVersion  = db.SQL(`INSERT INTO pack_version (hash, name, version, format, content, loaded_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`)
	insertStories  = db.SQL(`INSERT INTO pack_stories (hash, content) VALUES ($1, $2) ON CONFLICT (hash) DO UPDATE SET content = excluded.content`)
	storiesOf      = db.SQL(`SELECT content FROM pack_stories WHERE hash = $1`)
	insertOverlay  = db.SQL(`INSERT INTO pack_overlay (hash, jurisdiction, name, content, loaded_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`)
	insertInForce  = db.SQL(`INSERT INTO pack_in_force (jurisdiction, name, from_at, pack_hash, overlay_hash, person_id) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (jurisdiction, name, from_at) DO UPDATE SET pack_hash = excluded.pack_hash, overlay_hash = excluded.overlay_hash`)
	packsInForce   = db.SQL(`SELECT jurisdiction, name, pack_hash, overlay_hash FROM pack_in_force ORDER BY jurisdiction, name, from_at`)
	versionContent = db.SQL(`SELECT content FROM pack_version WHERE hash = $1`)
	overlayContent = db.SQL(`SELECT content FROM pack_overlay WHERE hash = $1`)
)

// Load puts a pack, with an overlay or without, in force for new cases of a jurisdiction.
// Open cases keep the version they were opened under.
func (b *Book) Load(ctx context.Context, by, jurisdiction string, p *pack.Pack, o *pack.Overlay) error {
	now := b.Now()
	hash, overlay := p.Hash(), ""
	if o != nil {
		overlay = o.Hash()
	}
	err := b.DB.Write(ctx, db.Keys{"packs/" + jurisdiction}, func(ctx context.Context, tx *db.Tx) error {
		content := base64.StdEncoding.EncodeToString(p.Encode())
		if err := tx.Queue(ctx, insertVersion, hash, p.Name, p.Version, packFormat, content, now); err != nil {
			return err
		}
		if stories := p.Stories(); len(stories) > 0 {
			text := map[string]string{}
			for name, data := range stories {
				text[name] = string(data)
			}
			kept, err := json.Marshal(text)
			if err != nil {
				return err
			}
			if err := tx.Queue(ctx, insertStories, hash, string(kept)); err != nil {
				return err
			}
		}
		rows := []audit.Ref{{Table: audit.Packs, Key: []any{hash}}, {Table: audit.InForce, Key: []any{jurisdiction, p.Name, now}}}
		if o != nil {
			rows = append(rows, audit.Ref{Table: audit.Overlays, Key: []any{overlay}})
			if err := tx.Queue(ctx, insertOverlay, overlay, jurisdiction, p.Name, base64.StdEncoding.EncodeToString(o.Encode()), now); err != nil {
				return err
			}
		}
		if err := tx.Queue(ctx, insertInForce, jurisdiction, p.Name, now, hash, overlay, by); err != nil {
			return err
		}
		if b.OnLoad != nil {
			if err := b.OnLoad(ctx, tx, jurisdiction, pack.Resolve(p, o)); err != nil {
				return err
			}
		}
		return audit.Append(ctx, tx, audit.Leaf{ID: b.NewID(), Jurisdiction: jurisdiction, Subject: "pack/" + p.Name, Act: "pack.loaded", Person: by, At: now,
			Said: map[string]string{"pack": hash, "overlay": overlay}, Rows: rows})
	})
	b.mu.Lock()
	b.looked = time.Time{}
	b.loads++
	b.mu.Unlock()
	return err
}

// Stories returns the story files that came with a version of a pack, by path; none where it came
// without.
func (b *Book) Stories(ctx context.Context, hash string) (files map[string]string, err error) {
	err = b.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		var content string
		if err := tx.Row(ctx, storiesOf, []any{hash}, &content); err == db.ErrNoRows {
			return nil
		} else if err != nil {
			return err
		}
		return json.Unmarshal([]byte(content), &files)
	})
	return files, err
}

// rules returns what is in force, looking into the database when it is time to.
func (b *Book) rules(ctx context.Context) (map[string]map[string]*rule, error) {
	if known := b.known(); known != nil {
		return known, nil
	}
	b.reading.Lock()
	defer b.reading.Unlock()
	if known := b.known(); known != nil { // somebody else has looked meanwhile
		return known, nil
	}
	b.mu.Lock()
	loads := b.loads
	b.mu.Unlock()
	fresh := map[string]map[string]*rule{}
	err := b.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows, err := db.Collect(ctx, tx, packsInForce, nil, scanInForce)
		if err != nil {
			return err
		}
		for _, x := range rows { // later rows win
			if fresh[x[0]] == nil {
				fresh[x[0]] = map[string]*rule{}
			}
			r, err := b.version(ctx, tx, version{x[2], x[3]})
			if err != nil {
				return err
			}
			fresh[x[0]][x[1]] = r
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inForce, b.sees = fresh, map[string]func(string) account.Sees{}
	if b.loads == loads { // else what was read may be older than what was loaded
		b.looked = time.Now()
	}
	return fresh, nil
}

// known is what is in force as last looked up; nil when it is time to look again.
func (b *Book) known() map[string]map[string]*rule {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.inForce == nil || b.looked.IsZero() || time.Since(b.looked) >= b.Fresh {
		return nil
	}
	return b.inForce
}

// version is one version, from memory or the database.
func (b *Book) version(ctx context.Context, tx *db.Tx, v version) (*rule, error) {
	b.mu.Lock()
	r := b.versions[v]
	b.mu.Unlock()
	if r != nil {
		return r, nil
	}
	content, err := stored(ctx, tx, versionContent, v.pack)
	if err != nil {
		return nil, err
	}
	p, err := pack.Decode(content)
	if err != nil {
		return nil, err
	}
	var o *pack.Overlay
	if v.overlay != "" {
		if content, err = stored(ctx, tx, overlayContent, v.overlay); err != nil {
			return nil, err
		}
		var report pack.Report
		if o, report = pack.LoadOverlay("overlay", content, p); o == nil {
			return nil, report.Fault()
		}
	}
	r = &rule{effective: pack.Resolve(p, o), classes: map[string]*Class{}}
	for i := range p.Classes {
		code := p.Classes[i].Code
		r.classes[code] = &Class{EffectiveClass: r.effective.Class(code), In: r.effective, PackHash: v.pack, OverlayHash: v.overlay}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.versions == nil {
		b.versions = map[version]*rule{}
	}
	b.versions[v] = r
	return r, nil
}

func stored(ctx context.Context, tx *db.Tx, s db.Stmt, hash string) ([]byte, error) {
	var text string
	if err := tx.Row(ctx, s, []any{hash}, &text); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "pack.not_stored")
	}
	return base64.StdEncoding.DecodeString(text)
}

// Of is the class a case was opened under.
func (b *Book) Of(ctx context.Context, tx *db.Tx, c *Case) (*Class, error) {
	r, err := b.version(ctx, tx, version{c.PackHash, c.OverlayHash})
	if err != nil {
		return nil, err
	}
	if k := r.classes[c.Class]; k != nil {
		return k, nil
	}
	return nil, fault.New(fault.Internal, "case.unknown_class")
}

// rulesIn is what is in force in a jurisdiction, within a transaction: as last looked up, or
// where nobody has looked yet by the transaction itself.
func (b *Book) rulesIn(ctx context.Context, tx *db.Tx, jurisdiction string) (map[string]*rule, error) {
	b.mu.Lock()
	known := b.inForce
	b.mu.Unlock()
	if known != nil {
		return known[jurisdiction], nil
	}
	rows, err := db.Collect(ctx, tx, packsInForce, nil, scanInForce)
	out := map[string]*rule{}
	for _, x := range rows { // later rows win
		if err != nil || x[0] != jurisdiction {
			continue
		}
		out[x[1]], err = b.version(ctx, tx, version{x[2], x[3]})
	}
	return out, err
}

func scanInForce(r db.Rows) (x [4]string, err error) {
	return x, r.Scan(&x[0], &x[1], &x[2], &x[3])
}

// cached is a class that this process has read before, in force or not; nil for others.
func (b *Book) cached(packHash, overlayHash, class string) *Class {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.versions[version{packHash, overlayHash}]; r != nil {
		return r.classes[class]
	}
	return nil
}

// read is the class of a case that was found, if this process has read its pack before; nil
// where that cannot be said without the database.
func (b *Book) read(found []*Case) *Class {
	if len(found) == 0 {
		return nil
	}
	return b.cached(found[0].PackHash, found[0].OverlayHash, found[0].Class)
}

// InForce is a class as it counts for new cases. ref is "pack/scheme:code" or "pack/code".
func (b *Book) InForce(ctx context.Context, jurisdiction, ref string) (*Class, error) {
	all, err := b.rules(ctx)
	if err != nil {
		return nil, err
	}
	name, code, _ := strings.Cut(ref, "/")
	scheme := ""
	if i := strings.LastIndexByte(code, ':'); i >= 0 {
		scheme, code = code[:i], code[i+1:]
	}
	if r := all[jurisdiction][name]; r != nil {
		if k := r.classes[code]; k != nil && (scheme == "" || scheme == k.Scheme) {
			return k, nil
		}
	}
	return nil, fault.New(fault.Invalid, "case.unknown_class")
}

// Packs lists what is in force in a jurisdiction, by name.
func (b *Book) Packs(ctx context.Context, jurisdiction string) (map[string]*pack.Effective, error) {
	all, err := b.rules(ctx)
	out := map[string]*pack.Effective{}
	for name, r := range all[jurisdiction] {
		out[name] = r.effective
	}
	return out, err
}

// Sees tells how far a role looks in a jurisdiction: as the packs in force say, the widest
// of them. A role that no pack knows is a member of a unit and sees what the unit takes part in.
func (b *Book) Sees(ctx context.Context, jurisdiction string) (func(role string) account.Sees, error) {
	if _, err := b.rules(ctx); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sees[jurisdiction] == nil {
		b.sees[jurisdiction] = seesBy(b.inForce[jurisdiction])
	}
	return b.sees[jurisdiction], nil
}

// seesIn is Sees within a transaction.
func (b *Book) seesIn(ctx context.Context, tx *db.Tx, jurisdiction string) (func(role string) account.Sees, error) {
	rules, err := b.rulesIn(ctx, tx, jurisdiction)
	return seesBy(rules), err
}

func seesBy(rules map[string]*rule) func(role string) account.Sees {
	far := map[string]account.Sees{}
	for _, r := range rules {
		for _, role := range r.effective.Pack.Roles {
			far[role.Name] = max(far[role.Name], seesOf(role.Sees))
		}
	}
	return func(role string) account.Sees {
		if sees, known := far[role]; known {
			return sees
		}
		return account.SeesUnit
	}
}

// Invites tells which roles the holders of a role invite to log in by telephone, as the packs in
// force in a jurisdiction say together.
func (b *Book) Invites(ctx context.Context, jurisdiction string) (account.Looks, error) {
	packs, err := b.Packs(ctx, jurisdiction)
	all := map[[2]string]bool{}
	for _, e := range packs {
		for _, r := range e.Pack.Roles {
			for _, invited := range r.Invites {
				all[[2]string{r.Name, invited}] = true
			}
		}
	}
	return func(role, other string) bool { return all[[2]string{role, other}] }, err
}

func seesOf(s string) account.Sees {
	switch s {
	case pack.SeesOwn:
		return account.SeesOwn
	case pack.SeesUnit:
		return account.SeesUnit
	}
	return account.SeesArea
}

// TaskLife is the life of parts that are answered rather than lived: the life that the pack
// shipped for it gives under that name.
func TaskLife(p *pack.Pack) *workflow.Life {
	if l := p.Life(KindTask); l != nil {
		return &l.Life
	}
	return nil
}
