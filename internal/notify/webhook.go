package notify

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"
)

// WebhookFormat is the version of the body of a webhook.
const WebhookFormat = 1

// Webhook tells another system. Its header Gezhi-Signature is t=SECONDS,v1=HEX: the time of
// sending, and HMAC-SHA256 under the secret over SECONDS.BODY. Gezhi-Delivery is the key.
type Webhook struct {
	URL    string // "" is the group's address
	Secret string // for groups without one of their own
}

// hook is the body of a webhook. A later version only adds to it.
type hook struct {
	Type   string    `json:"type"` // "case." and the event
	Format int       `json:"format"`
	ID     string    `json:"id"` // the key
	At     time.Time `json:"at"`
	Data   struct {
		Jurisdiction string    `json:"jurisdiction"`
		Case         string    `json:"case"`
		Number       string    `json:"number"`
		Title        string    `json:"title"`
		Event        string    `json:"event"`
		Severity     int64     `json:"severity"`
		Clock        string    `json:"clock,omitempty"`
		Mark         string    `json:"mark,omitempty"`
		DueAt        time.Time `json:"due_at,omitzero"`
		Link         string    `json:"link,omitempty"`
	} `json:"data"`
}

// Send posts the notice; an answer of 2xx means that it is there.
func (c Webhook) Send(ctx context.Context, d Delivery) (Receipt, error) {
	n := d.Notice
	h := hook{Type: "case." + n.Event, Format: WebhookFormat, ID: d.ID, At: d.At.UTC()}
	h.Data.Jurisdiction, h.Data.Case, h.Data.Number, h.Data.Title = n.Jurisdiction, n.Case, n.Number, safe(n.Title)
	h.Data.Event, h.Data.Severity, h.Data.Clock, h.Data.Mark = n.Event, n.Severity, n.Clock, n.Mark
	h.Data.DueAt, h.Data.Link = n.DueAt, d.Link
	body, err := json.Marshal(h)
	if err != nil {
		return Receipt{}, err
	}
	_, err = post(ctx, cmp.Or(c.URL, d.Address), "application/json", body, map[string]string{
		"Gezhi-Signature": sign(cmp.Or(d.Secret, c.Secret), d.At, body), "Gezhi-Delivery": d.ID,
	})
	return Receipt{Delivered: err == nil}, err
}

func sign(secret string, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(seconds + "."))
	mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
