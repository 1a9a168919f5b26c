package config

import (
	"errors"
	"net"
	"strconv"
	"strings"
)

// Feeds says what other systems bring.
type Feeds struct {
	Dir  string            // folder of mapping files
	Keys map[string]Secret // by feed: with which its messages are signed

	Mailbox         string // host:port of a server that speaks POP3; "" for none
	MailboxUser     string
	MailboxPassword Secret
	MailboxFeed     string // name of the mapping of its mails
	MailboxPlain    bool   // without TLS, to a server on the same machine
}

// feedKey is the least length of a key that signs messages, in characters.
const feedKey = 32

// feeds are the settings of what other systems bring.
var feeds = []setting{
	{name: "feeds", usage: "`folder` of the mapping files of feeds; standard is feeds in the data folder", set: func(c *Config, v string) error {
		c.Feeds.Dir = v
		return nil
	}},
	{name: "feed-keys", usage: "keys that sign the messages of feeds, NAME=KEY, a line or a space between; 32 characters or more each", secret: true, set: func(c *Config, v string) error {
		if v != "" {
			c.Feeds.Keys = map[string]Secret{}
		}
		for _, f := range strings.Fields(v) {
			name, key, ok := strings.Cut(f, "=")
			if !ok || name == "" || len(key) < feedKey {
				return errors.New("not NAME=KEY, or a key that is too short")
			}
			c.Feeds.Keys[name] = Secret(key)
		}
		return nil
	}},
	{name: "mailbox", usage: "`host:port` of the mailbox to which people report, POP3 over TLS", set: func(c *Config, v string) error {
		c.Feeds.Mailbox = v
		if v == "" {
			return nil
		}
		_, _, err := net.SplitHostPort(v)
		return err
	}},
	{name: "mailbox-user", usage: "`login` at the mailbox", set: func(c *Config, v string) error {
		c.Feeds.MailboxUser = v
		return nil
	}},
	{name: "mailbox-password", usage: "password at the mailbox", secret: true, set: func(c *Config, v string) error {
		c.Feeds.MailboxPassword = Secret(v)
		return nil
	}},
	{name: "mailbox-feed", usage: "`name` of the mapping file for mails", standard: "mailbox", set: func(c *Config, v string) error {
		c.Feeds.MailboxFeed = v
		return notEmpty(v)
	}},
	{name: "mailbox-plain", usage: "the mailbox may be read without TLS (true or false); only on the same machine", standard: "false", set: func(c *Config, v string) (err error) {
		c.Feeds.MailboxPlain, err = strconv.ParseBool(v)
		return err
	}},
}
