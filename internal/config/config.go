package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/fault"
)

// Config is everything that may differ between two running copies of the same binary.
type Config struct {
	Addr         string         // host:port to listen on
	DB           string         // "sqlite:PATH" or "postgres://…"
	Data         string         // folder for uploaded files, and for the embedded database
	Demo         bool           // fill an empty database with the sample county
	DemoMonth    bool           // and let it live through a month behind the pages
	Jurisdiction string         // code of the jurisdiction that commands work for; "" is the only one there is
	Log          slog.Level     // least level that is logged
	Public       *url.URL       // address that people type, nil when it is Addr
	Keys         string         // file with the master keys of personal data
	Proxies      []netip.Prefix // peers whose forwarding headers are believed
	AuditKey     string         // file of the key that signs the audit log
	OIDC         string         // file that describes the systems at which people may log in; "" for none
	Notify       Notify         // the channels that leave the building
	Intake       Intake         // the residents' inlet
	Files        Files          // where uploaded files are kept
	Feeds        Feeds          // what other systems bring

	// Factor are the roles that must log in with a second factor; nil when nothing is said,
	// which means the administrators, and in demo mode nobody.
	Factor                      []string
	SessionIdle, SessionLongest time.Duration // a session ends unused, and in any case
}

// Base is the address that people type, without a slash behind it; "" where none is set.
func (c Config) Base() string {
	if c.Public == nil {
		return ""
	}
	return strings.TrimRight(c.Public.String(), "/")
}

// prefix begins the name of every variable.
const prefix = "GEZHI_"

// setting is one thing that can be set, by the flag of its name or by its variable.
type setting struct {
	name, usage, standard string
	set                   func(*Config, string) error
	secret                bool // has no flag, which others could see, but may be in a file: NAME_FILE
}

func (s setting) variable() string {
	return prefix + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

var settings = slices.Concat(general, channels, stores, inlet, feeds)

var general = []setting{
	{name: "addr", usage: "`host:port` to listen on", standard: "127.0.0.1:8480", set: func(c *Config, v string) error {
		_, port, err := net.SplitHostPort(v)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		c.Addr = v
		return err
	}},
	{name: "data", usage: "`folder` for uploaded files and the embedded database", standard: "./data", set: func(c *Config, v string) error {
		c.Data = v
		return notEmpty(v)
	}},
	{name: "db", usage: "`address` of the database, sqlite:PATH or postgres://…; standard is gezhi.db in the data folder", standard: "", set: func(c *Config, v string) error {
		c.DB = v
		if scheme, _, ok := strings.Cut(v, ":"); ok && scheme != "sqlite" && scheme != "postgres" && scheme != "postgresql" {
			return errors.New("neither sqlite nor postgres")
		}
		return nil
	}},
	{name: "demo", usage: "fill an empty database with the sample county (true or false)", standard: "false", set: func(c *Config, v string) (err error) {
		c.Demo, err = strconv.ParseBool(v)
		return err
	}},
	{name: "demo-month", usage: "with demo: let the sample county live through a month of work and points behind the pages (true or false)", standard: "false", set: func(c *Config, v string) (err error) {
		c.DemoMonth, err = strconv.ParseBool(v)
		return err
	}},
	{name: "factor-roles", usage: "`roles` that must log in with a second factor, comma between, or none; standard is the administrators, in demo mode none", standard: "", set: func(c *Config, v string) error {
		if v == "none" {
			c.Factor = []string{}
		} else if v != "" {
			c.Factor = list(v)
		}
		return nil
	}},
	{name: "jurisdiction", usage: "`code` of the jurisdiction to work for", standard: "", set: func(c *Config, v string) error {
		c.Jurisdiction = v
		return nil
	}},
	{name: "keys", usage: "`file` with the master keys of personal data, outside the database; standard is keys/master.keys in the data folder", standard: "", set: func(c *Config, v string) error {
		c.Keys = v
		return nil
	}},
	{name: "log", usage: "least `level` to log: debug, info, warn or error", standard: "info", set: func(c *Config, v string) error {
		return c.Log.UnmarshalText([]byte(v))
	}},
	{name: "public", usage: "`address` that people type, such as https://gezhi.example", standard: "", set: func(c *Config, v string) (err error) {
		if v == "" {
			return nil
		}
		c.Public, err = url.Parse(v)
		if err == nil && (c.Public.Host == "" || c.Public.Scheme != "http" && c.Public.Scheme != "https") {
			err = errors.New("not http or https with a host")
		}
		return err
	}},
	{name: "audit-key", usage: "`file` with the key that signs the audit log; standard is log.key in the data folder", standard: "", set: func(c *Config, v string) error {
		c.AuditKey = v
		return nil
	}},
	{name: "oidc", usage: "`file` that describes the OpenID Connect providers at which people may log in", set: func(c *Config, v string) error {
		c.OIDC = v
		return nil
	}},
	{name: "proxies", usage: "`addresses` whose forwarding headers are believed, CIDR, comma between", standard: "127.0.0.0/8,::1/128", set: func(c *Config, v string) error {
		for _, p := range list(v) {
			n, err := netip.ParsePrefix(p)
			if err != nil {
				return err
			}
			c.Proxies = append(c.Proxies, n)
		}
		return nil
	}},
	{name: "session-idle", usage: "`time` after which an unused session ends, such as 30m", standard: "12h", set: func(c *Config, v string) (err error) {
		c.SessionIdle, err = lasting(v)
		return err
	}},
	{name: "session-longest", usage: "`time` after which every session ends", standard: "168h", set: func(c *Config, v string) (err error) {
		c.SessionLongest, err = lasting(v)
		return err
	}},
}

// list reads names with commas or spaces between.
func list(v string) []string {
	return strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' })
}

// lasting reads a time that a session may last: ten minutes at least, because its use is
// noted only every five.
func lasting(v string) (time.Duration, error) {
	d, err := time.ParseDuration(v)
	if err == nil && (d < 10*time.Minute || d > 90*24*time.Hour) {
		err = errors.New("not between 10m and 2160h")
	}
	return d, err
}

func notEmpty(v string) error {
	if v == "" {
		return errors.New("empty")
	}
	return nil
}

// Read reads args (without the program's name) and env ("NAME=value" each) and returns what
// is left of args. Refusals: config.bad_flag, config.unknown_variable (with what was
// probably meant), config.bad_value. The words -h, -help and --help give flag.ErrHelp.
func Read(args, env []string) (Config, []string, error) {
	given, err := variables(env)
	if err != nil {
		return Config{}, nil, err
	}
	fs := flags()
	fs.SetOutput(io.Discard)
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return Config{}, nil, err
		}
		return Config{}, nil, fault.Wrap(err, fault.Invalid, "config.bad_flag", "why", err.Error())
	}
	byFlag := map[string]string{}
	fs.Visit(func(f *flag.Flag) { byFlag[f.Name] = f.Value.String() })
	var c Config
	for _, s := range settings {
		v, name := s.standard, s.name
		if x, ok := given[s.variable()]; ok {
			v, name = x, s.variable()
		}
		if x, ok := byFlag[s.name]; ok {
			v, name = x, "-"+s.name
		}
		if s.secret {
			if v, name, err = secretOf(s, given); err != nil {
				return Config{}, nil, err
			}
		}
		if err := s.set(&c, v); err != nil {
			return Config{}, nil, fault.Wrap(err, fault.Invalid, "config.bad_value", "name", name)
		}
	}
	if err := c.Notify.check(); err != nil {
		return Config{}, nil, err
	}
	if err := c.Files.check(); err != nil {
		return Config{}, nil, err
	}
	if c.Keys == "" {
		c.Keys = filepath.Join(c.Data, "keys", "master.keys")
	}
	if c.Feeds.Dir == "" {
		c.Feeds.Dir = filepath.Join(c.Data, "feeds")
	}
	if c.AuditKey == "" {
		c.AuditKey = filepath.Join(c.Data, "log.key")
	}
	if c.DB == "" {
		c.DB = "sqlite:" + filepath.Join(c.Data, "gezhi.db")
	}
	return c, fs.Args(), nil
}

// Usage writes every flag with its variable and its standard value, and the variables of
// secrets, which have no flag.
func Usage(w io.Writer) {
	fs := flags()
	fs.SetOutput(w)
	fs.PrintDefaults()
	for _, s := range settings {
		if s.secret {
			fmt.Fprintf(w, "  %s or %s%s\n    \t%s\n", s.variable(), s.variable(), inFile, s.usage)
		}
	}
}

// flags returns the settings as flags. Those of truth may stand alone: -demo.
func flags() *flag.FlagSet {
	fs := flag.NewFlagSet("gezhi", flag.ContinueOnError)
	fs.Usage = func() {}
	for _, s := range settings {
		if s.secret {
			continue
		}
		usage := fmt.Sprintf("%s (%s)", s.usage, s.variable())
		if s.standard == "false" {
			fs.Bool(s.name, false, usage)
		} else {
			fs.String(s.name, s.standard, usage)
		}
	}
	return fs
}

// variables returns those variables of env that are ours.
func variables(env []string) (map[string]string, error) {
	given := map[string]string{}
	for _, e := range env {
		name, v, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, prefix) || strings.HasPrefix(name, prefix+"TEST_") {
			continue
		}
		if !known(name) {
			return nil, fault.New(fault.Invalid, "config.unknown_variable", "name", name, "meant", nearest(name))
		}
		given[name] = v
	}
	return given, nil
}

func known(variable string) bool {
	for _, s := range settings {
		if s.variable() == variable || s.secret && s.variable()+inFile == variable {
			return true
		}
	}
	return false
}

// nearest returns the variable that name most likely meant.
func nearest(name string) string {
	best, least := "", len(name)+len(prefix)+64
	for _, s := range settings {
		if d := distance(name, s.variable()); d < least {
			best, least = s.variable(), d
		}
	}
	return best
}

// distance counts the letters to insert, delete or change to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
