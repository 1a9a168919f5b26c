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
	c := SMS{URL: textAt(n, "url"), Form: textsAt(n.Get("form")), Templates: textsAt(n.Get("templates")), Params: textsAt(n.Get("params"))}
	if s := n.Get("sign"); s != nil {
		c.Sign = Signature{Secret: secret, Suffix: textAt(s, "suffix"), Hash: textAt(s, "hash"), Param: textAt(s, "param")}
		if c.Sign.Param == "" || c.Sign.Hash != "sha1" && c.Sign.Hash != "sha256" || secret == "" {
			wrong(s.Line, "sign", "notify.bad_sign")
		}
	}
	a := n.Get("answer")
	c.Answer = Answer{Field: textAt(a, "field"), Success: textAt(a, "success"), Refused: a.Get("refused").Texts(), Ref: textAt(a, "ref")}
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

// textAt is the scalar under a key; "" for none.
func textAt(n *shape.Node, key string) string {
	if v := n.Get(key); v != nil {
		return v.Text
	}
	return ""
}

// textsAt is a map of scalars.
func textsAt(n *shape.Node) map[string]string {
	out := map[string]string{}
	if n == nil {
		return out
	}
	for _, x := range n.Entries {
		out[x.Key.Text] = x.Value.Text
	}
	return out
}
