package config

import (
	"strings"
	"testing"

	"gezhi/internal/fault"
)

// A bucket is an address with its name, and both keys; anything less is named and refused.
func TestABucketIsWholeOrNone(t *testing.T) {
	const whole = "GEZHI_FILES=https://s3.example:9000/evidence/county/a GEZHI_FILES_KEY=k GEZHI_FILES_SECRET=s"
	c, _, err := Read(nil, strings.Fields(whole))
	if err != nil {
		t.Fatal(err)
	}
	if bucket, prefix := c.Files.Place(); bucket != "evidence" || prefix != "county/a/" || c.Files.Bucket.Host != "s3.example:9000" || c.Files.Region != "us-east-1" {
		t.Errorf("%s %s %+v", bucket, prefix, c.Files)
	}
	if c.Files.Secret.String() == "s" {
		t.Error("the secret shows itself")
	}
	if c, _, err := Read(nil, nil); err != nil || c.Files.Bucket != nil {
		t.Error(c.Files, err)
	}
	for env, code := range map[string]string{
		"GEZHI_FILES=https://s3.example/evidence":                   "config.half_configured",
		"GEZHI_FILES=https://s3.example/evidence GEZHI_FILES_KEY=k": "config.half_configured",
		"GEZHI_FILES_KEY=k":    "config.half_configured",
		"GEZHI_FILES_SECRET=s": "config.half_configured",
		strings.Replace(whole, "/evidence/county/a", "/", 1):         "config.bad_value",
		strings.Replace(whole, "https://", "ftp://", 1):              "config.bad_value",
		strings.Replace(whole, "https://", "https://key:secret@", 1): "config.bad_value",
	} {
		if _, _, err := Read(nil, strings.Fields(env)); fault.CodeOf(err) != code {
			t.Errorf("%s: %v", env, err)
		}
	}
}
