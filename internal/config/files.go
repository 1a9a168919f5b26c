package config

import (
	"errors"
	"net/url"
	"strings"

	"gezhi/internal/fault"
)

// Files says where uploaded files are kept.
type Files struct {
	Bucket      *url.URL // https://host/bucket/prefix of an S3 server; nil is a folder of the data folder
	Region      string
	Key, Secret Secret
}

// Place is the bucket's name, and the prefix of the names in it, with a slash behind it.
func (f Files) Place() (bucket, prefix string) {
	bucket, prefix, _ = strings.Cut(strings.Trim(f.Bucket.Path, "/"), "/")
	if prefix != "" {
		prefix += "/"
	}
	return bucket, prefix
}

// check refuses half a bucket.
func (f Files) check() error {
	for _, x := range []struct {
		given         bool
		name, missing string
		there         bool
	}{
		{f.Bucket != nil, "files", "files-key", f.Key != ""},
		{f.Bucket != nil, "files", "files-secret", f.Secret != ""},
		{f.Key != "", "files-key", "files", f.Bucket != nil},
		{f.Secret != "", "files-secret", "files", f.Bucket != nil},
	} {
		if x.given && !x.there {
			return fault.New(fault.Invalid, "config.half_configured", "name", setting{name: x.name}.variable(), "missing", setting{name: x.missing}.variable())
		}
	}
	return nil
}

// stores are the settings of where files are kept.
var stores = []setting{
	{name: "files", usage: "`address` of an S3 bucket for uploaded files, https://HOST/BUCKET/PREFIX; standard is the folder files in the data folder", set: func(c *Config, v string) (err error) {
		if v == "" {
			return nil
		}
		c.Files.Bucket, err = url.Parse(v)
		if err == nil && (c.Files.Bucket.Host == "" || c.Files.Bucket.Scheme != "http" && c.Files.Bucket.Scheme != "https" || strings.Trim(c.Files.Bucket.Path, "/") == "" || c.Files.Bucket.User != nil || c.Files.Bucket.RawQuery != "") {
			err = errors.New("not http or https with host and bucket")
		}
		return err
	}},
	{name: "files-region", usage: "`region` of the bucket", standard: "us-east-1", set: func(c *Config, v string) error {
		c.Files.Region = v
		return nil
	}},
	{name: "files-key", usage: "access key of the bucket", secret: true, set: func(c *Config, v string) error {
		c.Files.Key = Secret(v)
		return nil
	}},
	{name: "files-secret", usage: "secret of the bucket", secret: true, set: func(c *Config, v string) error {
		c.Files.Secret = Secret(v)
		return nil
	}},
}
