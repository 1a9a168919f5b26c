package form

import (
	"gezhi/internal/fault"
	"gezhi/internal/number"
)

// readCreditCode takes the unified social credit code of an enterprise or an organisation
// (GB 32100-2015).
func readCreditCode(_ *Field, v any, at string) (any, []fault.Place) {
	s, ok := v.(string)
	if !ok {
		return nil, wrong(at, "form.type", "want", "credit_code")
	}
	if s, ok = number.CreditCode(s); !ok {
		return nil, wrong(at, "form.credit_code")
	}
	return s, nil
}
