package classifier

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"gezhi/internal/classify"
	"gezhi/internal/db"
)

var (
	insertModel = db.SQL(`INSERT INTO classifier_model (id, jurisdiction, made_at, person_id, cases, examples, texts, figures, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	newestModel = db.SQL(`SELECT id FROM classifier_model WHERE jurisdiction = $1 AND ended_at = 0 ORDER BY made_at DESC, id DESC LIMIT 1`)
	modelByID   = db.SQL(`SELECT body FROM classifier_model WHERE id = $1`)
	modelsOf    = db.SQL(`SELECT id, jurisdiction, made_at, person_id, cases, examples, texts, figures, ended_at FROM classifier_model WHERE jurisdiction = $1 ORDER BY made_at DESC, id DESC`)
	endModel    = db.SQL(`UPDATE classifier_model SET ended_at = $2 WHERE id = $1`)
)

func (x Stored) insert(ctx context.Context, tx *db.Tx, figures, body string) error {
	return tx.Queue(ctx, insertModel, x.ID, x.Jurisdiction, x.MadeAt, x.By, x.Cases, x.Examples, x.Texts, figures, body)
}

func readModel(ctx context.Context, tx *db.Tx, id string) (*classify.Model, error) {
	body := ""
	if err := tx.Row(ctx, modelByID, []any{id}, &body); err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return nil, err
	}
	return classify.Decode(data)
}

func scanStored(r db.Rows) (x Stored, err error) {
	var made, ended int64
	var figures string
	if err = r.Scan(&x.ID, &x.Jurisdiction, &made, &x.By, &x.Cases, &x.Examples, &x.Texts, &figures, &ended); err != nil {
		return x, err
	}
	x.MadeAt, x.EndedAt = db.Time(made), db.Time(ended)
	return x, json.Unmarshal([]byte(figures), &x.Figures)
}
