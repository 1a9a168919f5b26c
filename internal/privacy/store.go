package privacy

import "gezhi/internal/db"

var (
	useMaster    = db.SQL(`INSERT INTO master_key (id, made_at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET retired_at = 0 WHERE master_key.retired_at <> 0`)
	retireMaster = db.SQL(`UPDATE master_key SET retired_at = $2 WHERE id = $1`)
	mastersInUse = db.SQL(`SELECT id FROM master_key WHERE retired_at = 0 ORDER BY made_at, id`)

	insertKey = db.SQL(`INSERT INTO data_key (id, jurisdiction, subject, compartment, master_id, wrapped, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (subject, compartment) WHERE wrapped <> '' DO NOTHING`)
	keyOf     = db.SQL(`SELECT id, subject, compartment, master_id, wrapped FROM data_key WHERE subject = $1 AND compartment = $2 AND wrapped <> ''`)
	keyByID   = db.SQL(`SELECT id, subject, compartment, master_id, wrapped FROM data_key WHERE id = $1`)
	keysAfter = db.SQL(`SELECT id, subject, compartment, master_id, wrapped FROM data_key WHERE id > $1 AND wrapped <> '' ORDER BY id LIMIT $2`)
	rewrapKey = db.SQL(`UPDATE data_key SET master_id = $2, wrapped = $3 WHERE id = $1 AND wrapped = $4`)
	eraseKey  = db.SQL(`UPDATE data_key SET wrapped = '', erased_at = $2 WHERE id = $1 AND wrapped <> ''`)
)

// Columns are what Scan reads of a data key that is joined to a row as k: LEFT JOIN data_key k
// ON k.id = row.key_id.
const Columns = `COALESCE(k.id, ''), COALESCE(k.subject, ''), COALESCE(k.compartment, ''), COALESCE(k.master_id, ''), COALESCE(k.wrapped, '')`

// Into lists where Columns are scanned to.
func (w *Wrapped) Into() []any { return []any{&w.ID, &w.Subject, &w.Compartment, &w.Master, &w.Text} }

func scanWrapped(r db.Rows) (w Wrapped, err error) { return w, r.Scan(w.Into()...) }

func scanText(r db.Rows) (s string, err error) { return s, r.Scan(&s) }
