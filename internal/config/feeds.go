package config

import (
	"errors"
	"strings"
)

// Feeds says what other systems bring.
type Feeds struct {
	Dir  string            // folder of mapping files
	Keys map[string]Secret // by feed: with which its messages are signed
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
}
