package config

import (
	"encoding/base64"
	"errors"
)

// Intake says how the residents' inlet guards itself.
type Intake struct {
	Always bool   // everybody without an account answers a challenge, not only after several reports
	Key    []byte // signs challenges and makes query codes; nil: a file of the data folder has it
}

// inletKey is the least length of the key, in bytes.
const inletKey = 32

// inlet are the settings of the residents' inlet.
var inlet = []setting{
	{name: "intake-challenge", usage: "`when` a report without an account needs a challenge: suspicious or always", standard: "suspicious", set: func(c *Config, v string) error {
		c.Intake.Always = v == "always"
		if v != "always" && v != "suspicious" {
			return errors.New("neither suspicious nor always")
		}
		return nil
	}},
	{name: "intake-key", usage: "key of query codes and challenges, 32 bytes or more in base64; standard is the file intake.key in the data folder", secret: true, set: func(c *Config, v string) (err error) {
		if v == "" {
			return nil
		}
		if c.Intake.Key, err = base64.StdEncoding.DecodeString(v); err == nil && len(c.Intake.Key) < inletKey {
			err = errors.New("too short")
		}
		return err
	}},
}
