package feed

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/fault"
	"gezhi/internal/web"
)

const (
	// window is how far the time of a signature may be away from now, either way.
	window      = 5 * time.Minute
	longestBody = 256 << 10 // bytes
	deepest     = 8         // objects within objects
	mostValues  = 500
)

// Receipt is what a message came to.
type Receipt struct {
	State  string `json:"state" enum:"new,updated,unchanged,withdrawn"`
	Number string `json:"number,omitempty" doc:"of the case"`
	Code   string `json:"code,omitempty" doc:"query code: with the number it stands for the reporter on this case"`
}

// Receive takes in a signed message of a feed. signature is t=SECONDS,v1=HEX: the time of
// sending, and HMAC-SHA256 under the feed's key over SECONDS.BODY. A signature counts once.
// Refused: feed.bad_signature (also for a feed that is unknown or has no key), feed.too_late,
// feed.replayed, feed.bad_message, and whatever refuses the line of a table.
func (s *Service) Receive(ctx context.Context, name, signature string, body []byte) (Receipt, error) {
	forged := fault.New(fault.Unauthenticated, "feed.bad_signature")
	at, sum, ok := readSignature(signature)
	key := ""
	if feedName.MatchString(name) {
		key = s.Secret(name)
	}
	if !ok || key == "" || !signed(key, at, sum, body) {
		return Receipt{}, forged
	}
	if away := s.Now().Sub(time.Unix(at, 0)); away > window || away < -window {
		return Receipt{}, fault.New(fault.Unauthenticated, "feed.too_late", "seconds", int(window/time.Second))
	}
	m, err := s.Mapping(name)
	if err != nil {
		return Receipt{}, err
	}
	j, err := s.ByCode(m.County)
	if err != nil {
		return Receipt{}, err
	}
	cells, err := flatten(body)
	if err != nil {
		return Receipt{}, err
	}
	first, err := s.Cases.Once(ctx, j.ID, "hook/"+name, hex.EncodeToString(sum), "delivery")
	if err != nil {
		return Receipt{}, err
	}
	if !first {
		return Receipt{}, fault.New(fault.Conflict, "feed.replayed")
	}
	return s.message(ctx, m, j.ID, cells, nil)
}

// message takes in one message as if it were a line of a table, and gives its query code.
func (s *Service) message(ctx context.Context, m *Mapping, jurisdiction string, cells map[string]string, files []attached) (Receipt, error) {
	x, wrong := m.item(0, func(c string) string { return strings.TrimSpace(cells[c]) }, false)
	if wrong != nil {
		return Receipt{}, &fault.Error{Kind: fault.Invalid, Code: "feed.bad_message", At: []fault.Place{*wrong}}
	}
	t, err := s.taker(ctx, Job{Jurisdiction: jurisdiction, Mapping: m, Kind: Import})
	if err != nil {
		return Receipt{}, err
	}
	x.files = files
	l, err := t.take(ctx, &x)
	if err != nil {
		return Receipt{}, err
	}
	if l.State == Refused {
		return Receipt{}, &fault.Error{Kind: fault.Invalid, Code: "feed.bad_message", At: []fault.Place{*l.Why}}
	}
	out := Receipt{State: l.State, Number: l.Number}
	if l.Case == "" {
		return out, nil
	}
	if out.Number == "" {
		v, err := s.Cases.View(ctx, t.who, l.Case)
		if err != nil {
			return Receipt{}, err
		}
		out.Number = v.Number
	}
	out.Code, err = s.GiveCode(ctx, jurisdiction, l.Case, s.Nobody(jurisdiction, t.key(&x)), t.key(&x))
	return out, err
}

// readSignature reads t=SECONDS,v1=HEX.
func readSignature(text string) (at int64, sum []byte, ok bool) {
	if len(text) > 200 {
		return 0, nil, false
	}
	for _, part := range strings.Split(text, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		var err error
		switch k {
		case "t":
			at, err = strconv.ParseInt(v, 10, 64)
		case "v1":
			sum, err = hex.DecodeString(v)
		}
		if err != nil {
			return 0, nil, false
		}
	}
	return at, sum, at > 0 && len(sum) == sha256.Size
}

// signed tells whether the key signed this body at this time.
func signed(key string, at int64, sum, body []byte) bool {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(strconv.FormatInt(at, 10) + "."))
	h.Write(body)
	return hmac.Equal(h.Sum(nil), sum)
}

// flatten reads a JSON object as the cells of a line: caller.phone is what stands under phone
// in caller. Lists are joined with commas.
func flatten(body []byte) (map[string]string, error) {
	wrong := fault.New(fault.Invalid, "feed.bad_message")
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil || v == nil {
		return nil, wrong
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, wrong
	}
	out := map[string]string{}
	if !flat(out, "", v, 0) {
		return nil, wrong
	}
	return out, nil
}

func flat(into map[string]string, path string, v any, depth int) bool {
	if depth > deepest || len(into) > mostValues {
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if !flat(into, strings.TrimPrefix(path+"."+k, "."), x, depth+1) {
				return false
			}
		}
	case []any:
		var parts []string
		for _, x := range v {
			s, ok := plain(x)
			if !ok || len(parts) > mostValues {
				return false
			}
			parts = append(parts, s)
		}
		into[path] = strings.Join(parts, ",")
	default:
		s, ok := plain(v)
		into[path] = s
		return ok
	}
	return true
}

// plain is a value that is neither object nor list.
func plain(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// hookRoutes adds the one operation for programs that sign.
func (s *Service) hookRoutes(srv *web.Server) {
	web.Raw(srv, web.Operation{Method: "POST", Path: "/hooks/{name}", ID: "receiveHook", Tags: []string{"feeds"}, Public: true, MaxBody: longestBody,
		Summary:  "Take in a signed message of another system: header Gezhi-Signature, t=SECONDS,v1=HMAC-SHA256 over SECONDS.BODY in hexadecimal",
		Exchange: web.Exchange{Answer: Receipt{}}}, s.httpHook)
}

func (s *Service) httpHook(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return fault.New(fault.TooLarge, "request.too_large", "limit", big.Limit)
	}
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "request.malformed")
	}
	out, err := s.Receive(r.Context(), r.PathValue("name"), r.Header.Get("Gezhi-Signature"), body)
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, out)
}
