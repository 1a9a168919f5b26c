package notify

import (
	"net/url"
	"slices"
	"strings"

	"gezhi/internal/fault"
	"gezhi/internal/pack/shape"
)

// gatewayKeys are the keys of the file of a short message gateway.
var gatewayKeys = []string{"url", "form", "templates", "params", "sign", "answer"}

// ParseSMS reads the file that describes a short message gateway: url, form, templates, params,
// sign { suffix, hash, param }, answer { field, success, refused, ref }, as the fields of SMS.
// secret signs, and stands where a value of the form says {secret}. What is wrong is
// notify.bad_gateway_file, place by place.
func ParseSMS(data []byte, secret string) (SMS, error) {
	e := &fault.Error{Kind: fault.Invalid, Code: "notify.bad_gateway_file"}
	wrong := func(line int, path, code string) {
		e.At = append(e.At, fault.Place{Line: line, Path: path, Code: code})
	}
	n, problems := shape.Read(data)
	for _, p := range problems {
		wrong(p.Line, "", "notify.bad_yaml")
	}
	if n == nil {
		return SMS{}, e
	}
	for _, x := range n.Entries {
		if !slices.Contains(gatewayKeys, x.Key.Text) {
			wrong(x.Key.Line, x.Key.Text, "notify.unknown_key")
		}
	}
	c := SMS{URL: n.Get("url").Scalar(), Form: n.Get("form").Scalars(), Templates: n.Get("templates").Scalars(), Params: n.Get("params").Scalars()}
	if s := n.Get("sign"); s != nil {
		c.Sign = Signature{Secret: secret, Suffix: s.Get("suffix").Scalar(), Hash: s.Get("hash").Scalar(), Param: s.Get("param").Scalar()}
		if c.Sign.Param == "" || c.Sign.Hash != "sha1" && c.Sign.Hash != "sha256" || secret == "" {
			wrong(s.Line, "sign", "notify.bad_sign")
		}
	}
	a := n.Get("answer")
	c.Answer = Answer{Field: a.Get("field").Scalar(), Success: a.Get("success").Scalar(), Refused: a.Get("refused").Texts(), Ref: a.Get("ref").Scalar()}
	if c.Answer.Field == "" || c.Answer.Success == "" {
		wrong(n.Line, "answer", "notify.no_answer")
	}
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		wrong(n.Line, "url", "notify.bad_group_address")
	}
	phone := false
	for name, v := range c.Form {
		phone = phone || strings.Contains(v, "{phone}")
		if strings.Contains(v, "{secret}") && secret == "" {
			wrong(n.Get("form").Line, name, "notify.bad_sign")
		}
		c.Form[name] = strings.ReplaceAll(v, "{secret}", secret)
	}
	if !phone {
		wrong(n.Line, "form", "notify.no_phone")
	}
	if len(e.At) > 0 {
		return SMS{}, e
	}
	return c, nil
}
