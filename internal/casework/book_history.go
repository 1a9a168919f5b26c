package casework

import (
	"context"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/pack"
)

// Version is a version of a pack that came into force in a jurisdiction.
type Version struct {
	Name, Version string
	Hash, Overlay string // of the pack and of the overlay; "" without one
	PersonID      string // who loaded it; "" for the command line
	From          time.Time
}

var packHistory = db.SQL(`SELECT f.name, v.version, f.pack_hash, f.overlay_hash, f.person_id, f.from_at FROM pack_in_force f
	JOIN pack_version v ON v.hash = f.pack_hash WHERE f.jurisdiction = $1 ORDER BY f.name, f.from_at`)

// History lists what was ever in force in a jurisdiction, by name and then by time: the last of
// a name is in force now.
func (b *Book) History(ctx context.Context, jurisdiction string) (out []Version, err error) {
	err = b.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = db.Collect(ctx, tx, packHistory, []any{jurisdiction}, func(r db.Rows) (v Version, err error) {
			var at int64
			err = r.Scan(&v.Name, &v.Version, &v.Hash, &v.Overlay, &v.PersonID, &at)
			v.From = db.Time(at)
			return v, err
		})
		return err
	})
	return out, err
}

// Version is a version that was loaded, under an overlay or, where that is "", without.
func (b *Book) Version(ctx context.Context, hash, overlay string) (e *pack.Effective, err error) {
	err = b.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := b.version(ctx, tx, version{hash, overlay})
		if err == nil {
			e = r.effective
		}
		return err
	})
	return e, err
}
