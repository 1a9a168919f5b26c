package config

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gezhi/internal/fault"
)

// Keys of feeds are named, long enough, and never shown.
func TestKeysOfFeeds(t *testing.T) {
	c, _, err := Read(nil, []string{"GEZHI_FEED_KEYS=one=" + strings.Repeat("k", 32) + "\ntwo=" + strings.Repeat("l", 40) + "\n"})
	if err != nil || len(c.Feeds.Keys) != 2 || string(c.Feeds.Keys["one"]) != strings.Repeat("k", 32) || strings.Contains(fmt.Sprint(c.Feeds), "kkk") {
		t.Errorf("%v %v", c.Feeds, err)
	}
	for _, bad := range []string{"one", "one=short", "=" + strings.Repeat("k", 32)} {
		if _, _, err := Read(nil, []string{"GEZHI_FEED_KEYS=" + bad}); fault.CodeOf(err) != "config.bad_value" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Nothing said means the machine itself, the folder beside, and an embedded database in it.
func TestTheStandardNeedsNoSetting(t *testing.T) {
	c, rest, err := Read(nil, []string{"HOME=/root", "GEZHI_TEST_POSTGRES=postgres://x"})
	if err != nil || len(rest) != 0 {
		t.Fatal(err, rest)
	}
	want := Config{Addr: "127.0.0.1:8480", DB: "sqlite:data/gezhi.db", Data: "./data", Keys: "data/keys/master.keys", AuditKey: "data/log.key", Log: slog.LevelInfo, Files: Files{Region: "us-east-1"}, Feeds: Feeds{Dir: "data/feeds", MailboxFeed: "mailbox"},
		Proxies:     []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		SessionIdle: 12 * time.Hour, SessionLongest: 7 * 24 * time.Hour}
	if d := cmp.Diff(want, c, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); d != "" {
		t.Fatal(d)
	}
}

// A flag goes before a variable, a variable before the standard; what is no flag is left over.
func TestAFlagGoesBeforeAVariable(t *testing.T) {
	env := []string{"GEZHI_ADDR=127.0.0.1:1", "GEZHI_LOG=debug", "GEZHI_PUBLIC=https://a.example", "GEZHI_DEMO=true"}
	c, rest, err := Read([]string{"-addr", "127.0.0.1:2", "-demo=false", "-data", "/x", "import", "-dry"}, env)
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:2" || c.Demo || c.Log != slog.LevelDebug || c.Public.Host != "a.example" || c.DB != "sqlite:/x/gezhi.db" {
		t.Fatalf("%+v", c)
	}
	if cmp.Diff(rest, []string{"import", "-dry"}) != "" {
		t.Fatal(rest)
	}
	if c, _, err := Read([]string{"-demo"}, nil); err != nil || !c.Demo {
		t.Fatal("-demo alone does not mean true", err)
	}
}

// A misspelt variable is refused, and the refusal says which one was meant.
func TestAMisspeltVariableIsRefused(t *testing.T) {
	for wrong, meant := range map[string]string{"GEZHI_ADRR": "GEZHI_ADDR", "GEZHI_JURISDICTON": "GEZHI_JURISDICTION", "GEZHI_PROXY": "GEZHI_PROXIES", "GEZHI_LOG_LEVEL": "GEZHI_LOG"} {
		_, _, err := Read(nil, []string{wrong + "=x"})
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != "config.unknown_variable" || f.Args["meant"] != meant || f.Args["name"] != wrong {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// What cannot be right is refused by name; its value, which may hold a password, is not repeated.
func TestABadValueIsRefusedByName(t *testing.T) {
	for _, e := range []string{"GEZHI_ADDR=secretport", "GEZHI_ADDR=a:99999", "GEZHI_DEMO=secret", "GEZHI_LOG=secret", "GEZHI_DB=mysql://secret@x/y",
		"GEZHI_PUBLIC=secret", "GEZHI_PROXIES=secret", "GEZHI_DATA="} {
		name, value, _ := strings.Cut(e, "=")
		_, _, err := Read(nil, []string{e})
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != "config.bad_value" || f.Args["name"] != name {
			t.Errorf("%s: %v", e, err)
			continue
		}
		for _, a := range f.Args {
			if value != "" && strings.Contains(a.(string), value) {
				t.Errorf("%s: value repeated", e)
			}
		}
	}
	if _, _, err := Read([]string{"-nonsense"}, nil); fault.CodeOf(err) != "config.bad_flag" {
		t.Error(err)
	}
	if _, _, err := Read([]string{"-h"}, nil); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
}

// The help names every flag and its variable; a secret has a variable alone.
func TestUsageNamesEverySetting(t *testing.T) {
	var b strings.Builder
	Usage(&b)
	for _, s := range settings {
		if !strings.Contains(b.String(), "-"+s.name) && !s.secret || !strings.Contains(b.String(), s.variable()) {
			t.Errorf("%s is missing", s.name)
		}
	}
}

// Who needs a second factor and how long sessions last is the installation's word; what cannot
// be meant is refused.
func TestLogInsAreSettled(t *testing.T) {
	c, _, err := Read([]string{"-factor-roles", "admin.security, leader", "-session-idle", "30m"}, nil)
	if err != nil || !slices.Equal(c.Factor, []string{"admin.security", "leader"}) || c.SessionIdle != 30*time.Minute {
		t.Error(c.Factor, c.SessionIdle, err)
	}
	if c, _, err = Read([]string{"-factor-roles", "none"}, nil); err != nil || c.Factor == nil || len(c.Factor) != 0 {
		t.Error("none is not the same as nothing said:", c.Factor, err)
	}
	for _, bad := range []string{"5m", "-1h", "3000h", "soon"} {
		if _, _, err := Read([]string{"-session-longest=" + bad}, nil); fault.CodeOf(err) != "config.bad_value" {
			t.Error(bad, err)
		}
	}
}
