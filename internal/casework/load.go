package casework

import (
	"context"
	"strings"

	"gezhi/internal/db"
)

// Loads counts the open cases and tasks that lie with each of some people. Nobody else's are read,
// and what they are about is not told.
func (s *Service) Loads(ctx context.Context, people []string) (map[string]int, error) {
	n := make(map[string]int, len(people))
	if len(people) == 0 {
		return n, nil
	}
	var args arguments
	names := make([]string, len(people))
	for i, id := range people {
		names[i] = args.add(id)
	}
	text := "SELECT i.subject, count(*) FROM involved i JOIN cases c ON c.id = i.case_id WHERE i.subject IN (" + strings.Join(names, ", ") + ") AND i.open = 1 AND c.assignee_id = i.subject GROUP BY i.subject"
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		type counted struct {
			id string
			n  int
		}
		rows, err := db.Collect(ctx, tx, db.Stmt(text), args.list, func(r db.Rows) (c counted, err error) { return c, r.Scan(&c.id, &c.n) })
		for _, c := range rows {
			n[c.id] = c.n
		}
		return err
	})
	return n, err
}
