package intake

import (
	"context"

	"gezhi/internal/audit"
	"gezhi/internal/casework"
)

// Receipt proves to who has a case's number and query code that its opening is in the audit
// log, and since when. Within the first seconds after the opening it is audit.not_numbered;
// what is wrong about the ticket is intake.not_found.
func (s *Service) Receipt(ctx context.Context, from Origin, t Ticket) (*audit.Receipt, error) {
	if _, err := s.count(ctx, looks, network(from.Addr)); err != nil {
		return nil, err
	}
	a, v, err := s.open(ctx, from, t)
	if err != nil {
		return nil, err
	}
	return s.Cases.Receipt(ctx, a, v.ID)
}

// readingsPage is how many readings a page shows.
const readingsPage = 50

// Readings lists who read what the holder of a ticket gave with this report, the latest first,
// before an id ("" is the latest). Readings of other reports of the same person are not shown:
// a query code stands for one case.
func (s *Service) Readings(ctx context.Context, from Origin, t Ticket, before string) ([]casework.Reading, error) {
	if _, err := s.count(ctx, looks, network(from.Addr)); err != nil {
		return nil, err
	}
	_, v, err := s.open(ctx, from, t)
	if err != nil {
		return nil, err
	}
	return s.Cases.ReadingsOfReport(ctx, v.Case, before, readingsPage)
}
