package notify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
)

// maxReply bounds how much of a gateway's answer is read, in bytes.
const maxReply = 64 << 10

// outside is the client of the gateways. It follows no redirection, which would take a signed
// message to somewhere it was not signed for.
var outside = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// post sends body to address and returns the answer. Of the errors, what the other side will
// refuse again is Invalid; an outage, an overload and a wrong kind of answer are not.
func post(ctx context.Context, address, contentType string, body []byte, header map[string]string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, refused(bare(err), "notify.bad_line")
	}
	req.Header.Set("Content-Type", contentType)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := outside.Do(req)
	if err != nil {
		return nil, unavailable(bare(err), "notify.unreachable")
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxReply))
	if err != nil {
		return nil, unavailable(bare(err), "notify.unreachable")
	}
	switch c := res.StatusCode; {
	case c >= 200 && c < 300:
		return answer, nil
	case c >= 400 && c < 500 && c != http.StatusRequestTimeout && c != http.StatusConflict && c != http.StatusTooEarly && c != http.StatusTooManyRequests:
		return nil, refused(nil, "notify.refused", "reply", c)
	default:
		return nil, unavailable(nil, "notify.gateway_error", "reply", c)
	}
}

// bare takes the address off an error of net/http: it may hold a secret.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
