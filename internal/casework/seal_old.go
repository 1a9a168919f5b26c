package casework

import (
	"context"
	"encoding/json"

	"gezhi/internal/db"
	"gezhi/internal/number"
)

var (
	clearPayloads = db.SQL(`SELECT p.case_id, p.name, p.id, p.jurisdiction, p.compartment, p.body, c.reporter_id, c.root_id FROM payload p JOIN cases c ON c.id = p.case_id
		WHERE p.key_id = '' AND p.body <> '' ORDER BY p.case_id, p.name, p.id LIMIT $1`)
	sealPayload = db.SQL(`UPDATE payload SET subject = $4, compartment = $5, key_id = $6, body = $7, lookup = $8 WHERE case_id = $1 AND name = $2 AND id = $3`)
)

// SealOld seals what an older program kept in clear, and returns how many values it were.
func (s *Service) SealOld(ctx context.Context) (done int, err error) {
	for {
		n := 0
		err := s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
			type row struct{ caseID, name, id, jurisdiction, compartment, body, reporter, root string }
			rows, err := db.Collect(ctx, tx, clearPayloads, []any{retentionPage}, func(r db.Rows) (x row, err error) {
				return x, r.Scan(&x.caseID, &x.name, &x.id, &x.jurisdiction, &x.compartment, &x.body, &x.reporter, &x.root)
			})
			if n = len(rows); err != nil {
				return err
			}
			for _, x := range rows {
				c := &Case{ReporterID: x.reporter, RootID: x.root}
				k, err := s.Vault.Key(ctx, tx, x.jurisdiction, c.whose(), c.compartment())
				if err != nil {
					return err
				}
				lookup, err := s.oldLookup(ctx, tx, x.jurisdiction, x.body)
				if err != nil {
					return err
				}
				sealed := k.Seal([]byte(x.body), sealedAt(x.caseID, x.name, x.id))
				if err := tx.Queue(ctx, sealPayload, x.caseID, x.name, x.id, c.whose(), c.compartment(), k.ID, sealed, lookup); err != nil {
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

// oldLookup is by what an old value is found again, when it is a telephone number.
func (s *Service) oldLookup(ctx context.Context, tx *db.Tx, jurisdiction, body string) (string, error) {
	var text string
	if json.Unmarshal([]byte(body), &text) != nil {
		return "", nil
	}
	phone, ok := number.Phone(text)
	if !ok {
		return "", nil
	}
	return s.Vault.Lookup(ctx, tx, jurisdiction, lookupPhone, phone)
}
