package casework

import (
	"context"
	"net/http"

	"github.com/skip2/go-qrcode"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

var firstMove = db.SQL(`SELECT id FROM move WHERE case_id = $1 ORDER BY id LIMIT 1`)

// Receipt proves to whoever may see a case, its reporter above all, that its opening is in the
// audit log. Within the first seconds after the opening it is audit.not_numbered.
func (s *Service) Receipt(ctx context.Context, who *Actor, id string) (r *audit.Receipt, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil {
			return err
		}
		if !who.System && !st.sees(who) {
			return fault.New(fault.NotFound, "case.not_found")
		}
		var leaf string
		if err := tx.Row(ctx, firstMove, []any{id}, &leaf); err != nil {
			return err
		}
		r, err = audit.ReceiptOf(ctx, tx, leaf, st.Number)
		return err
	})
	return r, err
}

type receiptOutput struct{ Body audit.Receipt }

// receiptRoutes adds the receipt as a file and as a picture.
func (s *Service) receiptRoutes(srv *web.Server) {
	tags := []string{"cases", "log"}
	web.Op(srv, web.Operation{Method: "GET", Path: "/cases/{id}/receipt", ID: "caseReceipt", Summary: "Receipt: proof that the opening of the case is in the audit log, checked with cmd/receipt", Tags: tags}, s.httpReceipt)
	web.Raw(srv, web.Operation{Method: "GET", Path: "/cases/{id}/receipt.png", ID: "caseReceiptCode", Summary: "The receipt as a QR code", Tags: tags,
		Exchange: web.Exchange{Media: "image/png"}}, s.httpReceiptCode)
}

func (s *Service) httpReceipt(ctx context.Context, in *viewInput) (*receiptOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.Receipt(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return &receiptOutput{*r}, nil
}

func (s *Service) httpReceiptCode(w http.ResponseWriter, r *http.Request) error {
	who, err := s.asker(r.Context())
	if err != nil {
		return err
	}
	receipt, err := s.Receipt(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	text, err := receipt.Compact()
	if err != nil {
		return err
	}
	png, err := qrcode.Encode(text, qrcode.Low, -4) // four pixels a module
	if err != nil {
		return fault.Wrap(err, fault.Internal, "internal")
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "private, no-store")
	_, _ = w.Write(png)
	return nil
}
