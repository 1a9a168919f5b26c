package record

import (
	"context"
	"encoding/json"
	"slices"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/pack"
	"gezhi/internal/privacy"
)

// Sealed is a personal value as it is kept, not opened.
type Sealed string

// sealedMark is under what name a sealed value stands in its place.
const sealedMark = "sealed"

// MarshalJSON writes a sealed value so that it is told from a text.
func (s Sealed) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{sealedMark: string(s)})
}

// asSealed finds the sealed values among stored ones.
func asSealed(values map[string]any) map[string]any {
	for name, v := range values {
		if m, ok := v.(map[string]any); ok && len(m) == 1 {
			if s, ok := m[sealedMark].(string); ok {
				values[name] = Sealed(s)
			}
		}
	}
	return values
}

// register is the compartment of what a record says of people.
const register = "register"

// named are field types whose values are names of rows, by which the program joins people and
// places; they stay as they are.
var named = []string{subjectPerson, subjectUnit, "area"}

func subjectOf(record string) string { return "record/" + record }

func (v *Revision) place(name string) string { return "record/" + v.RecordID + "/" + v.ID + "/" + name }

// seal is the revision as it is kept: personal values sealed under the key of its record.
func (s *Service) seal(ctx context.Context, tx *db.Tx, k Kind, r *Record, v Revision) (Revision, error) {
	plain := v.Personal
	v.Personal, v.KeyID = map[string]any{}, nothingSealed
	var key *privacy.Key
	for name, x := range plain {
		if f := k.field(name); f != nil && slices.Contains(named, f.Type) {
			v.Personal[name] = x
			continue
		}
		if key == nil {
			var err error
			if key, err = s.Vault.Key(ctx, tx, r.Jurisdiction, subjectOf(r.ID), register); err != nil {
				return v, err
			}
			v.KeyID = key.ID
		}
		sealed, err := key.SealJSON(x, v.place(name))
		if err != nil {
			return v, err
		}
		v.Personal[name] = Sealed(sealed)
	}
	return v, nil
}

// Unseal opens the personal values of revisions of one record. What was erased is no more
// there.
func (s *Service) Unseal(ctx context.Context, tx *db.Tx, record string, all ...*Revision) error {
	var key *privacy.Key
	for _, v := range all {
		for name, x := range v.Personal {
			sealed, ok := x.(Sealed)
			if !ok {
				continue
			}
			if key == nil {
				var err error
				if key, err = s.Vault.Find(ctx, tx, subjectOf(record), register); err != nil {
					return err
				}
			}
			if key == nil || key.ID != v.KeyID { // erased
				delete(v.Personal, name)
				continue
			}
			text, err := key.Unseal(string(sealed), v.place(name))
			if err != nil {
				return err
			}
			opened, err := decodeOne(text)
			if err != nil {
				return err
			}
			v.Personal[name] = opened
		}
	}
	return nil
}

// known are the revisions of a record, opened.
func (s *Service) known(ctx context.Context, tx *db.Tx, id string) ([]Revision, error) {
	all, err := Revisions(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	open := make([]*Revision, len(all))
	for i := range all {
		open[i] = &all[i]
	}
	return all, s.Unseal(ctx, tx, id, open...)
}

// nothingSealed is the key of a revision whose personal values are names of rows alone.
const nothingSealed = "none"

// sealPage is how many old revisions one transaction seals.
const sealPage = 200

var (
	clearRevisions = db.SQL(`SELECT ` + revisionColumns + `, r.jurisdiction, r.pack, r.kind FROM revision v JOIN record r ON r.id = v.record_id
		WHERE v.key_id = '' AND v.personal <> '{}' ORDER BY v.record_id, v.id LIMIT $1`)
	sealRevision = db.SQL(`UPDATE revision SET personal = $3, key_id = $4 WHERE record_id = $1 AND id = $2`)
)

// SealOld seals what an older program kept in clear, and returns how many revisions it were.
func (s *Service) SealOld(ctx context.Context) (done int, err error) {
	for {
		n := 0
		err := s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
			type row struct {
				Revision
				jurisdiction, pack, kind string
			}
			rows, err := db.Collect(ctx, tx, clearRevisions, []any{sealPage}, func(r db.Rows) (x row, err error) {
				dest, finish := revisionInto(&x.Revision)
				if err = r.Scan(append(dest, &x.jurisdiction, &x.pack, &x.kind)...); err != nil {
					return x, err
				}
				return x, finish()
			})
			if n = len(rows); err != nil {
				return err
			}
			for _, x := range rows {
				k, err := s.kindNamed(ctx, x.jurisdiction, x.pack, x.kind)
				if err != nil {
					return err
				}
				kept, err := s.seal(ctx, tx, k, &Record{ID: x.RecordID, Jurisdiction: x.jurisdiction}, x.Revision)
				if err != nil {
					return err
				}
				if err := tx.Queue(ctx, sealRevision, kept.RecordID, kept.ID, encode(kept.Personal), kept.KeyID); err != nil {
					return err
				}
				if err := audit.Append(ctx, tx, audit.Leaf{ID: s.NewID(), Jurisdiction: x.jurisdiction, Subject: subjectOf(kept.RecordID), Act: "revision.sealed", At: s.Now(),
					Rows: []audit.Ref{{Table: audit.Revisions, Key: []any{kept.RecordID, kept.ID}}}}); err != nil {
					return err
				}
			}
			return nil
		})
		if done += n; err != nil || n == 0 {
			return done, err
		}
	}
}

// kindNamed is a kind of a pack in force; one without fields where there is none any more: then
// all of it is sealed.
func (s *Service) kindNamed(ctx context.Context, jurisdiction, name, kind string) (Kind, error) {
	all, err := s.Kinds(ctx, jurisdiction)
	i := slices.IndexFunc(all, func(k Kind) bool { return k.Pack.Name == name && k.Name == kind })
	if i < 0 || err != nil {
		return Kind{Pack: nil, Record: &pack.Record{}}, err
	}
	return all[i], nil
}
