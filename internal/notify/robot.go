package notify

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strconv"
)

// RobotsPerMinute is how many messages a group robot of WeCom or DingTalk takes in a minute,
// by the vendors' documents. It belongs into Wire.PerMinute.
const RobotsPerMinute = 20

// robotAnswer is how both vendors answer: {"errcode": 0, "errmsg": "ok"}.
var robotAnswer = Answer{Field: "errcode", Success: "0"}

// WeCom writes into a group through its robot.
type WeCom struct {
	URL string // with the robot's key; "" is the group's address
}

// Send writes the message into the group.
func (c WeCom) Send(ctx context.Context, d Delivery) (Receipt, error) {
	return robot(ctx, cmp.Or(c.URL, d.Address), d.Text)
}

// DingTalk writes into a group through its robot.
type DingTalk struct {
	URL    string // with the robot's access token; "" is the group's address
	Secret string // signs; "" is the group's; a robot without one is secured otherwise
}

// Send writes the message into the group.
func (c DingTalk) Send(ctx context.Context, d Delivery) (Receipt, error) {
	address, secret := cmp.Or(c.URL, d.Address), cmp.Or(c.Secret, d.Secret)
	if secret != "" {
		u, err := url.Parse(address)
		if err != nil {
			return Receipt{}, refused(bare(err), "notify.bad_line")
		}
		ms := strconv.FormatInt(d.At.UnixMilli(), 10)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(ms + "\n" + secret))
		q := u.Query()
		q.Set("timestamp", ms)
		q.Set("sign", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		u.RawQuery = q.Encode()
		address = u.String()
	}
	return robot(ctx, address, d.Text)
}

func robot(ctx context.Context, address, text string) (Receipt, error) {
	body, err := json.Marshal(map[string]any{"msgtype": "text", "text": map[string]string{"content": text}})
	if err != nil {
		return Receipt{}, err
	}
	answer, err := post(ctx, address, "application/json", body, nil)
	if err != nil {
		return Receipt{}, err
	}
	r, err := robotAnswer.read(answer)
	r.Delivered = err == nil
	return r, err
}
