package web

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"gezhi/internal/fault"
)

// setHuma makes huma speak our problems. These are globals of huma's, and the same for all
// servers of a process.
func setHuma() {
	// Otherwise {"n": 1, "N": 99} is checked as 1 and read as 99.
	huma.ValidateStrictCasing = true
	// Lists are never null, neither in what we take nor in what we give.
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return refusal(nil, status, msg, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return refusal(ctx, status, msg, errs)
	}
}

// refusal puts what huma found wrong into a problem. Of huma's words and values nothing is
// kept but what our own schema said.
func refusal(ctx huma.Context, status int, msg string, errs []error) *Problem {
	if ctx == nil { // only asked for the shape
		return &Problem{Status: status}
	}
	e := fault.New(fault.Invalid, "request.invalid")
	switch status {
	case http.StatusRequestEntityTooLarge:
		e = fault.New(fault.TooLarge, "request.too_large", "limit", ctx.Operation().MaxBodyBytes-1)
	case http.StatusBadRequest:
		e = fault.New(fault.Invalid, "request.malformed")
		if msg == "request body is required" {
			e = fault.New(fault.Invalid, "request.empty")
		}
	case http.StatusUnprocessableEntity:
		for _, err := range errs {
			e.At = append(e.At, place(err))
		}
	default:
		e = fault.New(fault.Internal, "internal")
	}
	p := problem(ctx.Context(), e)
	p.setStatus(ctx.Context(), status)
	return p
}

// place says what one finding of huma's is about.
func place(err error) fault.Place {
	var d *huma.ErrorDetail
	if !errors.As(err, &d) {
		return fault.Place{Code: "field.wrong"}
	}
	at := fault.Place{Path: known(d.Location), Code: "field.wrong"}
	for _, f := range findings {
		rest, ok := strings.CutPrefix(d.Message, f.says)
		if !ok {
			continue
		}
		at.Code = f.code
		switch f.code {
		case "field.required":
			if name := strings.TrimSuffix(rest, " to be present"); name != rest {
				at.Path += "." + name
			}
		case "field.too_small", "field.too_large", "field.too_short", "field.too_long", "field.too_few", "field.too_many":
			at.Args = map[string]any{"limit": strings.TrimSuffix(rest, " properties")}
		}
		break
	}
	return at
}

// findings are the beginnings of huma's messages and our codes for them; the first that fits
// counts. What follows the beginning comes from our schema, never from the client, where it is used.
var findings = func() []finding {
	cut := func(msg string) string { before, _, _ := strings.Cut(msg, "%"); return before }
	return []finding{
		{validation.MsgUnexpectedProperty, "field.unknown"},
		{"unknown query parameter", "field.unknown"},
		{cut(validation.MsgExpectedRequiredProperty), "field.required"},
		{"required ", "field.required"},
		{cut(validation.MsgExpectedMinimumNumber), "field.too_small"},
		{cut(validation.MsgExpectedExclusiveMinimumNumber), "field.too_small"},
		{cut(validation.MsgExpectedMaximumNumber), "field.too_large"},
		{cut(validation.MsgExpectedExclusiveMaximumNumber), "field.too_large"},
		{cut(validation.MsgExpectedMinLength), "field.too_short"},
		{cut(validation.MsgExpectedMaxLength), "field.too_long"},
		{cut(validation.MsgExpectedMinItems), "field.too_few"},
		{cut(validation.MsgExpectedMaxItems), "field.too_many"},
		{cut(validation.MsgExpectedMinProperties), "field.too_few"},
		{cut(validation.MsgExpectedMaxProperties), "field.too_many"},
		{cut(validation.MsgExpectedOneOf), "field.not_offered"},
		{validation.MsgExpectedArrayItemsUnique, "field.repeated"},
		{"expected string to ", "field.bad_form"},
		{"expected ", "field.wrong_type"},
		{"invalid ", "field.wrong_type"},
	}
}()

type finding struct{ says, code string }

var (
	word  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,63}$`)
	index = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_-]{0,63})?(\[[0-9]+\])+$`)
)

// known returns a path without the parts that a client may have made up: a key that is not an
// ordinary word, such as a phone number, becomes a star.
func known(path string) string {
	parts := strings.Split(path, ".")
	for i, p := range parts {
		if !word.MatchString(p) && !index.MatchString(p) {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, ".")
}
