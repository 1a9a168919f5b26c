package intake

import (
	"context"

	"gezhi/internal/casework"
)

type inletAccusedInput struct {
	Jurisdiction string `query:"jurisdiction" maxLength:"20"`
	Area         string `query:"area" required:"true" maxLength:"64"`
}

type inletAccusedOutput struct {
	Body struct {
		Accused []casework.AccusedJSON `json:"accused"`
	}
}

// httpAccused lists whom a report from a place may be about, for people without an account: the
// units there, and who works there by role and unit with the name masked.
func (s *Service) httpAccused(ctx context.Context, in *inletAccusedInput) (*inletAccusedOutput, error) {
	j, err := s.Jurisdiction(in.Jurisdiction)
	if err != nil {
		return nil, err
	}
	out := &inletAccusedOutput{}
	out.Body.Accused, err = s.Cases.Accused(ctx, &casework.Actor{Jurisdiction: j.ID}, in.Area, "")
	return out, err
}
