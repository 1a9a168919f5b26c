package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"
)

// SMS sends short messages through an HTTP gateway that takes a form, as most in China do: a
// template approved beforehand, and values for it.
type SMS struct {
	URL string
	// Form is what is sent, parameter by parameter. In its values stand {phone}, {template},
	// {params}, {text}, {key} (the same at every try), {nonce} (new at every try), {time}.
	Form map[string]string
	// Templates are the gateway's codes by event; "" is for all other events.
	Templates map[string]string
	// Params are the values of a template by the gateway's names, "{number}", "{count}" …
	Params map[string]string
	// Sign signs the form; one without a secret leaves it as it is.
	Sign Signature
	// Answer reads what the gateway says.
	Answer Answer
}

// Signature is a keyed hash over the sorted parameters of a form: METHOD & / & query, each
// percent-encoded by RFC 3986, under the secret with Suffix.
type Signature struct {
	Secret string
	Suffix string // put behind the secret, "&" with some gateways
	Hash   string // "sha1" or "sha256"
	Param  string // parameter that carries the signature in base64
}

// Answer says how a gateway answers, in a JSON object.
type Answer struct {
	Field   string   // holds the result: "Code"
	Success string   // what it holds when the message was taken: "OK"
	Refused []string // what it holds when another try is of no use
	Ref     string   // field that holds the gateway's name for the message; "" for none
}

// Send hands the message to the gateway.
func (c SMS) Send(ctx context.Context, d Delivery) (Receipt, error) {
	if !isPhone(d.Address) {
		return Receipt{}, refused(nil, "notify.bad_address")
	}
	form, err := c.form(d)
	if err != nil {
		return Receipt{}, err
	}
	answer, err := post(ctx, c.URL, "application/x-www-form-urlencoded", []byte(form.Encode()), nil)
	if err != nil {
		return Receipt{}, err
	}
	return c.Answer.read(answer)
}

// isPhone reports whether s is a telephone number: digits, at the most fifteen (ITU-T E.164),
// with a plus before them or not.
func isPhone(s string) bool {
	s = strings.TrimPrefix(s, "+")
	return len(s) >= 3 && len(s) <= 15 && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func (c SMS) form(d Delivery) (url.Values, error) {
	template, ok := c.Templates[d.Notice.Event]
	if !ok {
		template = c.Templates[""]
	}
	params := map[string]string{}
	for name, v := range c.Params {
		params[name] = fill(v, d.Values)
	}
	packed, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	v := map[string]string{
		"phone": d.Address, "template": template, "params": string(packed), "text": d.Text, "key": d.ID,
		"nonce": fmt.Sprintf("%s-%d", d.ID, d.Attempt), "time": d.At.UTC().Format(time.RFC3339),
	}
	form := url.Values{}
	for name, value := range c.Form {
		form.Set(name, fill(value, v))
	}
	if c.Sign.Secret != "" {
		form.Set(c.Sign.Param, c.Sign.of(form))
	}
	return form, nil
}

// of returns the signature of a form that is posted.
func (s Signature) of(form url.Values) string {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	sort.Strings(names)
	var pairs []string
	for _, name := range names {
		pairs = append(pairs, percent(name)+"="+percent(form.Get(name)))
	}
	var h func() hash.Hash = sha256.New
	if s.Hash == "sha1" {
		h = sha1.New // what older gateways ask for; HMAC with it is not broken
	}
	mac := hmac.New(h, []byte(s.Secret+s.Suffix))
	mac.Write([]byte("POST&" + percent("/") + "&" + percent(strings.Join(pairs, "&"))))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// percent encodes by RFC 3986: a space is %20, and the tilde stays.
func percent(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// read returns what an answer says; one that is no such object is to be tried again.
func (a Answer) read(answer []byte) (Receipt, error) {
	var fields map[string]any
	if err := json.Unmarshal(answer, &fields); err != nil {
		return Receipt{}, unavailable(err, "notify.bad_reply")
	}
	result, ok := fields[a.Field]
	if !ok {
		return Receipt{}, unavailable(nil, "notify.bad_reply")
	}
	switch code := fmt.Sprint(result); {
	case code == a.Success:
		r := Receipt{}
		if ref, ok := fields[a.Ref]; ok {
			r.Ref = fmt.Sprint(ref)
		}
		return r, nil
	case slices.Contains(a.Refused, code):
		return Receipt{}, refused(nil, "notify.refused", "reply", code)
	default:
		return Receipt{}, unavailable(nil, "notify.gateway_error", "reply", code)
	}
}
