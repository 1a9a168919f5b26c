package config

import (
	"errors"
	"log/slog"
	"net"
	"net/mail"
	"os"
	"strconv"
	"strings"

	"gezhi/internal/fault"
)

// Secret is a password or a key. It does not show itself in logs and messages.
type Secret string

// String is what is shown instead.
func (Secret) String() string { return "(secret)" }

// GoString is what is shown instead.
func (Secret) GoString() string { return "(secret)" }

// LogValue is what is logged instead.
func (Secret) LogValue() slog.Value { return slog.StringValue("(secret)") }

// Notify says which channels to the outside there are. Where people and groups are reached is
// data, not configuration.
type Notify struct {
	SMS           string // file that describes the short message gateway; "" for none
	SMSSecret     Secret
	SMTP          string // host:port of the mail server; "" for none
	SMTPUser      string // "" does not log in
	SMTPPassword  Secret
	SMTPPlain     bool   // mail may leave without TLS, to a server on the same machine
	MailFrom      string // sender of mails
	WeCom         bool
	DingTalk      bool
	Webhook       bool
	WebhookSecret Secret
}

// inFile ends the name of a variable that names the file of a secret.
const inFile = "_FILE"

// maxSecret is the largest file of a secret, in bytes.
const maxSecret = 4096

// channels are the settings of the channels to the outside.
var channels = []setting{
	{name: "sms", usage: "`file` that describes the short message gateway", set: func(c *Config, v string) error {
		c.Notify.SMS = v
		return nil
	}},
	{name: "sms-secret", usage: "key of the short message gateway", secret: true, set: func(c *Config, v string) error {
		c.Notify.SMSSecret = Secret(v)
		return nil
	}},
	{name: "smtp", usage: "`host:port` of the mail server", set: func(c *Config, v string) error {
		c.Notify.SMTP = v
		if v == "" {
			return nil
		}
		_, _, err := net.SplitHostPort(v)
		return err
	}},
	{name: "smtp-user", usage: "`login` at the mail server", set: func(c *Config, v string) error {
		c.Notify.SMTPUser = v
		return nil
	}},
	{name: "smtp-password", usage: "password at the mail server", secret: true, set: func(c *Config, v string) error {
		c.Notify.SMTPPassword = Secret(v)
		return nil
	}},
	{name: "smtp-plain", usage: "mail may leave without TLS (true or false); only for a server on the same machine", standard: "false", set: func(c *Config, v string) (err error) {
		c.Notify.SMTPPlain, err = strconv.ParseBool(v)
		return err
	}},
	{name: "mail-from", usage: "`address` that mails come from", set: func(c *Config, v string) error {
		c.Notify.MailFrom = v
		if v == "" {
			return nil
		}
		_, err := mail.ParseAddress(v)
		return err
	}},
	{name: "wecom", usage: "write into WeCom groups through their robots (true or false)", standard: "false", set: func(c *Config, v string) (err error) {
		c.Notify.WeCom, err = strconv.ParseBool(v)
		return err
	}},
	{name: "dingtalk", usage: "write into DingTalk groups through their robots (true or false)", standard: "false", set: func(c *Config, v string) (err error) {
		c.Notify.DingTalk, err = strconv.ParseBool(v)
		return err
	}},
	{name: "webhook", usage: "tell other systems through signed webhooks (true or false)", standard: "false", set: func(c *Config, v string) (err error) {
		c.Notify.Webhook, err = strconv.ParseBool(v)
		return err
	}},
	{name: "webhook-secret", usage: "key that signs webhooks", secret: true, set: func(c *Config, v string) error {
		c.Notify.WebhookSecret = Secret(v)
		return nil
	}},
}

// secretOf is the value of a secret: of its variable, or of the file that the other variable
// names, without the end of its line.
func secretOf(s setting, given map[string]string) (value, name string, err error) {
	v, here := given[s.variable()]
	file, there := given[s.variable()+inFile]
	if !there {
		return v, s.variable(), nil
	}
	name = s.variable() + inFile
	wrong := func(cause error) error { return fault.Wrap(cause, fault.Invalid, "config.bad_value", "name", name) }
	if here {
		return "", name, wrong(errors.New(s.variable() + " is given, too"))
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", name, wrong(err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecret {
		return "", name, wrong(errors.New("not a small file"))
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", name, wrong(err)
	}
	if v = strings.TrimRight(string(b), "\r\n"); v == "" {
		return "", name, wrong(errors.New("empty"))
	}
	return v, name, nil
}

// check refuses channels that are configured halfway: config.half_configured, with what is
// given and what is missing.
func (n Notify) check() error {
	for _, x := range []struct {
		given         bool
		name, missing string
		there         bool
	}{
		{n.SMSSecret != "", "sms-secret", "sms", n.SMS != ""},
		{n.SMTP != "", "smtp", "mail-from", n.MailFrom != ""},
		{n.MailFrom != "", "mail-from", "smtp", n.SMTP != ""},
		{n.SMTPUser != "", "smtp-user", "smtp", n.SMTP != ""},
		{n.SMTPUser != "", "smtp-user", "smtp-password", n.SMTPPassword != ""},
		{n.SMTPPassword != "", "smtp-password", "smtp-user", n.SMTPUser != ""},
		{n.Webhook, "webhook", "webhook-secret", n.WebhookSecret != ""},
		{n.WebhookSecret != "", "webhook-secret", "webhook", n.Webhook},
	} {
		if x.given && !x.there {
			return fault.New(fault.Invalid, "config.half_configured", "name", setting{name: x.name}.variable(), "missing", setting{name: x.missing}.variable())
		}
	}
	return nil
}
