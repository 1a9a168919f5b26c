package account

import (
	"context"

	"gezhi/internal/db"
)

var loginsSQL = db.SQL(`SELECT login, id FROM person WHERE jurisdiction = $1 AND login <> '' AND ended_at = 0`)

// Logins are the people of a jurisdiction who can be named by a login, as files name them:
// login to person.
func (s *Service) Logins(ctx context.Context, jurisdiction string) (map[string]string, error) {
	out := map[string]string{}
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		clear(out)
		_, err := db.Collect(ctx, tx, loginsSQL, []any{jurisdiction}, func(r db.Rows) (struct{}, error) {
			var login, id string
			err := r.Scan(&login, &id)
			out[login] = id
			return struct{}{}, err
		})
		return err
	})
	return out, err
}
