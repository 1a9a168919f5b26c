package record

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

const (
	recordColumns = `r.id, r.jurisdiction, r.pack, r.kind, r.key_text, r.title, r.area_id, r.nature, r.began, r.ended,
	r.province_id, r.city_id, r.county_id, r.township_id, r.village_id, r.grid_id, r.micro_id`
	revisionColumns = `v.id, v.record_id, v.valid_from, v.valid_until, v.gone, v.area_id, v.recorded_at, v.cause, v.data, v.personal, v.key_id`
)

var (
	insertRecord = db.SQL(`INSERT INTO record (id, jurisdiction, pack, kind, key, key_text, title, found_by, area_id, nature, began, ended,
		province_id, city_id, county_id, township_id, village_id, grid_id, micro_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`)
	updateRecord = db.SQL(`UPDATE record SET key_text = $2, title = $3, found_by = $4, area_id = $5, began = $6, ended = $7,
		province_id = $8, city_id = $9, county_id = $10, township_id = $11, village_id = $12, grid_id = $13, micro_id = $14 WHERE id = $1`)
	placeRecord = db.SQL(`UPDATE record SET province_id = $2, city_id = $3, county_id = $4, township_id = $5, village_id = $6, grid_id = $7, micro_id = $8 WHERE id = $1`)
	recordByID  = db.SQL(`SELECT ` + recordColumns + ` FROM record r WHERE r.id = $1`)
	recordByKey = db.SQL(`SELECT ` + recordColumns + ` FROM record r WHERE r.jurisdiction = $1 AND r.pack = $2 AND r.kind = $3 AND r.key = $4`)
	// Those that hold on a day, as far as the row can tell, with all their revisions.
	recordsOn = db.SQL(`SELECT ` + recordColumns + `, ` + revisionColumns + ` FROM record r JOIN revision v ON v.record_id = r.id
		WHERE r.jurisdiction = $1 AND r.pack = $2 AND r.kind = $3 AND r.began <= $4 AND (r.ended = '' OR r.ended >= $4) ORDER BY r.key, r.id, v.id`)
	namingOn = db.SQL(`SELECT ` + recordColumns + `, ` + revisionColumns + ` FROM record_subject s JOIN record r ON r.id = s.record_id JOIN revision v ON v.record_id = r.id
		WHERE s.subject = $1 AND s.jurisdiction = $2 AND r.began <= $3 AND (r.ended = '' OR r.ended >= $3) ORDER BY r.key, r.id, v.id`)
	allAreas = db.SQL(`SELECT ` + recordColumns + ` FROM record r WHERE r.jurisdiction = $1 AND r.id > $2 ORDER BY r.id LIMIT $3`)
	missing  = db.SQL(`SELECT r.id, r.key FROM record r WHERE r.jurisdiction = $1 AND r.pack = $2 AND r.kind = $3 AND (r.ended = '' OR r.ended >= $4) ORDER BY r.key`)

	insertRevision = db.SQL(`INSERT INTO revision (record_id, id, valid_from, valid_until, gone, area_id, recorded_at, cause, data, personal, key_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`)
	revisionsOf    = db.SQL(`SELECT ` + revisionColumns + ` FROM revision v WHERE v.record_id = $1 ORDER BY v.id`)

	putSubject = db.SQL(`INSERT INTO record_subject (subject, record_id, jurisdiction, stands) VALUES ($1, $2, $3, $4)
		ON CONFLICT (subject, record_id) DO UPDATE SET stands = excluded.stands`)
	subjectsLeave = db.SQL(`UPDATE record_subject SET stands = 0 WHERE record_id = $1`)
	subjectsOf    = db.SQL(`SELECT subject FROM record_subject WHERE record_id = $1 AND stands = 1`)

	insertRelation = db.SQL(`INSERT INTO relation (id, jurisdiction, pack, kind, from_id, to_id, valid_from, valid_until) VALUES ($1, $2, $3, $4, $5, $6, $7, '')`)
	endRelation    = db.SQL(`UPDATE relation SET valid_until = $2 WHERE id = $1`)
	relationsFrom  = db.SQL(`SELECT id, kind, from_id, to_id, valid_from, valid_until FROM relation WHERE pack = $1 AND kind = $2 AND from_id = $3 ORDER BY id`)
	relationsTo    = db.SQL(`SELECT id, kind, from_id, to_id, valid_from, valid_until FROM relation WHERE pack = $1 AND kind = $2 AND to_id = $3 ORDER BY id`)
)

// recordsWithin is recordsOn of those that lay, or will lie, in some areas: for one, four, sixteen
// or sixty-four of them, so that what an engine expects to find is not far from what there is.
var recordsWithin = func() map[int]db.Stmt {
	out := map[int]db.Stmt{}
	for n := 1; n <= areasAtOnce; n *= 4 {
		areas := make([]string, n)
		for i := range areas {
			areas[i] = "$" + strconv.Itoa(5+i)
		}
		out[n] = db.SQL(`SELECT ` + recordColumns + `, ` + revisionColumns + ` FROM record r JOIN revision v ON v.record_id = r.id
			WHERE r.id IN (SELECT w.record_id FROM revision w WHERE w.area_id IN (` + strings.Join(areas, ", ") + `))
				AND r.jurisdiction = $1 AND r.pack = $2 AND r.kind = $3 AND r.began <= $4 AND (r.ended = '' OR r.ended >= $4) ORDER BY r.key, r.id, v.id`)
	}
	return out
}()

// recordInto lists where a row of record goes; finish completes it after the scan.
func recordInto(r *Record) (dest []any, finish func()) {
	var key string
	return []any{&r.ID, &r.Jurisdiction, &r.Pack, &r.Kind, &key, &r.Title, &r.AreaID, &r.Nature, &r.Began, &r.Ended,
		&r.Areas[1], &r.Areas[2], &r.Areas[3], &r.Areas[4], &r.Areas[5], &r.Areas[6], &r.Areas[7]}, func() { r.Key = strings.Split(key, keyMark) }
}

func revisionInto(v *Revision) (dest []any, finish func() error) {
	var gone, at int64
	var data, personal string
	return []any{&v.ID, &v.RecordID, &v.From, &v.Until, &gone, &v.AreaID, &at, &v.Cause, &data, &personal, &v.KeyID}, func() (err error) {
		v.Gone, v.RecordedAt = gone == 1, db.Time(at)
		if v.Values, err = decode(data); err != nil {
			return err
		}
		v.Personal, err = decode(personal)
		v.Personal = asSealed(v.Personal)
		return err
	}
}

func scanRecord(rows db.Rows) (*Record, error) {
	r := &Record{}
	dest, finish := recordInto(r)
	err := rows.Scan(dest...)
	finish()
	return r, err
}

func scanRevision(rows db.Rows) (v Revision, err error) {
	dest, finish := revisionInto(&v)
	if err = rows.Scan(dest...); err != nil {
		return v, err
	}
	return v, finish()
}

// withRevisions is a record with one of its revisions, as the joined queries give them.
type withRevisions struct {
	*Record
	revision Revision
}

func scanBoth(rows db.Rows) (x withRevisions, err error) {
	x.Record = &Record{}
	dest, finish := recordInto(x.Record)
	more, decoded := revisionInto(&x.revision)
	if err = rows.Scan(append(dest, more...)...); err != nil {
		return x, err
	}
	finish()
	return x, decoded()
}

// encode writes values with their names in order, so that equal values are equal texts.
func encode(v map[string]any) string {
	if len(v) == 0 {
		return "{}"
	}
	b, err := json.Marshal(v)
	if err != nil { // values come from package form, which makes only what JSON holds
		panic(fmt.Sprintf("record: %v", err))
	}
	return string(b)
}

// decodeOne reads one value; numbers stay exact.
func decodeOne(text []byte) (v any, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return v, dec.Decode(&v)
}

// decode reads stored values; numbers stay exact.
func decode(text string) (map[string]any, error) {
	v := map[string]any{}
	if text == "{}" || text == "" {
		return v, nil
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	return v, dec.Decode(&v)
}

// one is the only record of a query, record.not_found without one.
func one(ctx context.Context, tx *db.Tx, s db.Stmt, args ...any) (*Record, error) {
	found, err := db.Collect(ctx, tx, s, args, scanRecord)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fault.New(fault.NotFound, "record.not_found")
	}
	return found[0], nil
}

func (r *Record) insert(ctx context.Context, tx *db.Tx, foundBy string) error {
	return tx.Queue(ctx, insertRecord, append([]any{r.ID, r.Jurisdiction, r.Pack, r.Kind, r.identity(), storedKey(r.Key), r.Title, foundBy,
		r.AreaID, r.Nature, r.Began, r.Ended}, r.areaArgs()...)...)
}

func (r *Record) update(ctx context.Context, tx *db.Tx, foundBy string) error {
	return tx.Queue(ctx, updateRecord, append([]any{r.ID, storedKey(r.Key), r.Title, foundBy, r.AreaID, r.Began, r.Ended}, r.areaArgs()...)...)
}

func (r *Record) areaArgs() []any {
	var args []any
	for _, id := range r.Areas[1:] {
		args = append(args, id)
	}
	return args
}

// identity is the key as it is unique.
func (r *Record) identity() string { return identityOf(r.Key) }

func identityOf(key []string) string {
	folds := make([]string, len(key))
	for i, k := range key {
		folds[i] = folded(k)
	}
	return storedKey(folds)
}

func (v *Revision) insert(ctx context.Context, tx *db.Tx) error {
	return tx.Queue(ctx, insertRevision, v.RecordID, v.ID, v.From, v.Until, v.Gone, v.AreaID, v.RecordedAt, v.Cause, encode(v.Values), encode(v.Personal), v.KeyID)
}

// relating is a row of table relation.
type relating struct{ id, kind, from, to, since, until string }

func (x relating) on(day string) bool {
	return x.since <= day && (x.until == "" || x.until >= day)
}

func scanRelating(r db.Rows) (x relating, err error) {
	return x, r.Scan(&x.id, &x.kind, &x.from, &x.to, &x.since, &x.until)
}

// listSQL reads a page, joining the branches of the scope by UNION. In the order of the key each
// is one range of one index.
func listSQL(scope account.Scope, k Kind, q Query) (string, []any) {
	var args []any
	add := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	where := "c.jurisdiction = " + add(scope.Jurisdiction) + " AND c.pack = " + add(k.Pack.Name) + " AND c.kind = " + add(k.Name)
	order := " ORDER BY key"
	if q.Sort == SortLatest {
		order = " ORDER BY began DESC, key DESC"
		if q.After.Key != "" {
			where += " AND (c.began, c.key) < (" + add(q.After.Began) + ", " + add(q.After.Key) + ")"
		}
	} else {
		where += " AND c.key > " + add(q.After.Key)
	}
	day := add(q.Day)
	where += " AND c.began <= " + day + " AND (c.ended = '' OR c.ended >= " + day + ")"
	if q.Text != "" {
		where += ` AND c.found_by LIKE ` + add("%"+likeText.Replace(folded(q.Text))+"%") + ` ESCAPE '\'`
	}
	if q.area != nil {
		where += " AND c." + levelColumns[q.area.Level] + " = " + add(q.area.ID)
	}
	limit := add(q.Limit + 1)
	limited := order + " LIMIT " + limit
	var pages []string
	if k.Public {
		pages = append(pages, "SELECT c.key AS key, c.began AS began, c.id FROM record c WHERE "+where+limited)
	}
	for _, b := range scope.Branches {
		switch {
		case k.Public:
		case b.Kind == account.AreaBranch:
			pages = append(pages, "SELECT c.key AS key, c.began AS began, c.id FROM record c WHERE "+where+" AND c."+levelColumns[b.Level]+" = "+add(b.ID)+limited)
		default:
			// A cross join, since SQLite then begins with the few records that name somebody.
			pages = append(pages, "SELECT c.key AS key, c.began AS began, c.id FROM record_subject s CROSS JOIN record c WHERE c.id = s.record_id AND s.subject = "+add(b.Involved())+
				" AND s.stands = 1 AND "+where+limited)
		}
	}
	if len(pages) == 0 {
		return "", nil
	}
	page := pages[0]
	if len(pages) > 1 {
		for i, p := range pages {
			pages[i] = fmt.Sprintf("SELECT key, began, id FROM (%s) b%d", p, i)
		}
		page = strings.Join(pages, " UNION ") + limited
	}
	return "SELECT " + recordColumns + ", p.key, p.began FROM (" + page + ") p JOIN record r ON r.id = p.id" + strings.NewReplacer("began", "p.began", "key", "p.key").Replace(order), args
}

// likeText keeps what somebody looks for from being a pattern.
var likeText = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)

// levelColumns are the columns of a record that hold its area's ancestors, by level.
var levelColumns = [8]string{"", "province_id", "city_id", "county_id", "township_id", "village_id", "grid_id", "micro_id"}
