package privacy

import (
	"context"

	"gezhi/internal/db"
)

// rewrapBatch is how many data keys one transaction wraps anew.
const rewrapBatch = 500

// Rotate makes a new master key and wraps every data key by it; sealed values stay as they
// are. tell hears how many are done. Broken off, it is taken up where it was by Rewrap. The
// old key stays in its file: older backups of the database need it.
func (v *Vault) Rotate(ctx context.Context, tell func(done int)) (master string, done int, err error) {
	if master, err = v.Masters.Add(); err != nil {
		return "", 0, err
	}
	done, err = v.Rewrap(ctx, tell)
	return master, done, err
}

// Rewrap wraps by the current master key what others wrap, and retires those.
func (v *Vault) Rewrap(ctx context.Context, tell func(done int)) (done int, err error) {
	master := v.Masters.Current()
	old, err := v.inUse(ctx)
	if err != nil {
		return 0, err
	}
	for {
		n, err := v.rewrapAll(ctx, master, func(n int) { tell(done + n) })
		if done += n; err != nil {
			return done, err
		}
		if n == 0 { // nobody has used an old one since
			break
		}
	}
	return done, v.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		for _, o := range old {
			if o == master {
				continue
			}
			if err := tx.Queue(ctx, retireMaster, o, v.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// rewrapAll goes once through all data keys.
func (v *Vault) rewrapAll(ctx context.Context, master string, tell func(int)) (done int, err error) {
	for after := ""; ; {
		var page []Wrapped
		n := 0
		err := v.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) (err error) {
			n = 0
			if page, err = db.Collect(ctx, tx, keysAfter, []any{after, rewrapBatch}, scanWrapped); err != nil {
				return err
			}
			for _, w := range page {
				if w.Master == master {
					continue
				}
				n++
				if err := v.rewrap(ctx, tx, w, master); err != nil {
					return err
				}
			}
			if n > 0 {
				return tx.Queue(ctx, useMaster, master, v.Now())
			}
			return nil
		})
		if err != nil {
			return done, err
		}
		if done += n; n > 0 {
			tell(done)
		}
		if len(page) < rewrapBatch {
			return done, nil
		}
		after = page[len(page)-1].ID
	}
}

func (v *Vault) rewrap(ctx context.Context, tx *db.Tx, w Wrapped, master string) error {
	k, err := v.Unwrap(w)
	if err != nil {
		return err
	}
	return tx.Queue(ctx, rewrapKey, w.ID, master, seal(v.Masters.aead(master), k.raw, w.place()), w.Text)
}

// Erase destroys data keys: what they sealed cannot be read again by anybody.
func (v *Vault) Erase(ctx context.Context, tx *db.Tx, ids ...string) error {
	for _, id := range ids {
		if err := tx.Queue(ctx, eraseKey, id, v.Now()); err != nil {
			return err
		}
	}
	return nil
}
