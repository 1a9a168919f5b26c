package intake

import (
	"context"
	"encoding/base64"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/web"
)

type receiptOutput struct {
	Body struct {
		Receipt audit.Receipt `json:"receipt"`
		Code    string        `json:"code" doc:"the receipt as its QR code says it"`
		Picture string        `json:"picture" doc:"the QR code as the address of an image"`
		At      int64         `json:"at" doc:"ms UTC: when the leaf was written"`
	}
}

func (s *Service) httpReceipt(ctx context.Context, in *followInput) (*receiptOutput, error) {
	_, from := asking(ctx)
	r, err := s.Receipt(ctx, from, Ticket(in.Body))
	if err != nil {
		return nil, err
	}
	text, err := r.Compact()
	if err != nil {
		return nil, err
	}
	svg, err := web.QR(text)
	if err != nil {
		return nil, err
	}
	out := &receiptOutput{}
	out.Body.Receipt, out.Body.Code, out.Body.At = *r, text, db.Ms(r.At())
	out.Body.Picture = "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg)
	return out, nil
}

type readingsByCodeInput struct {
	Body struct {
		TicketJSON
		Before string `json:"before,omitempty" maxLength:"64" doc:"next of the page before"`
	}
}

type readingsByCodeOutput struct {
	Body struct {
		Readings []ReportReadingJSON `json:"readings"`
		Next     string              `json:"next,omitempty"`
	}
}

// ReportReadingJSON is one reading, as the reporter sees it: the office and its post, not the
// colleague's name.
type ReportReadingJSON struct {
	ID      string   `json:"id"`
	At      int64    `json:"at"`
	Unit    string   `json:"unit_name,omitempty"`
	Post    string   `json:"post_title,omitempty"`
	Purpose string   `json:"purpose" doc:"in words"`
	What    []string `json:"what" doc:"in words"`
}

func (s *Service) httpReadings(ctx context.Context, in *readingsByCodeInput) (*readingsByCodeOutput, error) {
	_, from := asking(ctx)
	all, err := s.Readings(ctx, from, Ticket(in.Body.TicketJSON), in.Body.Before)
	if err != nil {
		return nil, err
	}
	out := &readingsByCodeOutput{}
	out.Body.Readings = []ReportReadingJSON{}
	for _, r := range s.Cases.ShownReadings(ctx, all) {
		out.Body.Readings = append(out.Body.Readings, ReportReadingJSON{r.ID, r.At, r.Unit, r.Post, r.Purpose, r.What})
	}
	if len(all) == readingsPage {
		out.Body.Next = all[len(all)-1].ID
	}
	return out, nil
}
