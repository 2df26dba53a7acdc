// Package gateway reads the configuration of the fleet gateway: a TOML file in, one
// checked value out, with everything that is wrong reported at once. The merchant
// keys are not in it; see LoadKeys.
package gateway

import (
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"taxiterminal/config/table"
	"taxiterminal/money"
	"taxiterminal/trip/receipt"
)

// Example is a commented configuration to start from.
//
//go:embed example.toml
var Example string

// DefaultPath and DefaultSocket are used unless told otherwise.
const (
	DefaultPath   = "/etc/taxifleet/taxifleet.toml"
	DefaultSocket = "/run/taxifleet/admin.sock"
)

// Config is a checked configuration.
type Config struct {
	Operator  string // whose cars these are, as passengers read it
	Contact   string // how to reach the operator, one short line
	PublicURL string // where passengers, cars and webhooks come: https, or http on loopback
	Terms     string // https address of the terms of sale; may be empty
	Privacy   string

	HTTP      HTTP
	NATS      NATS
	Admin     Admin
	Page      Page
	Merchants []Merchant
	Log       Log
}

// HTTP is the door for passengers, webhooks and enrolment.
type HTTP struct {
	Listen           string
	Certificate, Key string // files; both empty behind a proxy, on loopback, or with Autocert
	Autocert         bool   // certificates from Let's Encrypt for the host of PublicURL
	Cache            string // folder of the certificates
	// Proxies in front of the door whose X-Forwarded-For is believed.
	Proxies []string
}

// NATS is where state lives and cars connect.
type NATS struct {
	Dir       string   // of the embedded server
	Listen    string   // for cars
	Advertise []string // addresses that cars are told; of PublicURL's host if empty
	URLs      []string // of an external cluster instead
	Replicas  int
}

// Admin is the operator's door.
type Admin struct {
	Socket string
	Listen string // https for remote administration, with tokens; empty for none
}

// Page is about the passenger pages.
type Page struct {
	Language string // for browsers that name none
	Tips     []int  // per cent
	Share    string // the API's words separated by spaces; empty: nothing is asked
	Country  receipt.Country
}

// Merchant is one sales unit of the operator.
type Merchant struct {
	Name        string
	MSN         string
	Environment string // production, test or simulator
	URL         string // of the simulator
	Currency    money.Currency
	Brand       string
	Limit       money.Minor // of one payment
	Webhooks    bool        // register and receive them
	// CheckIns: the cars have callback codes, whose scans come by webhooks.
	CheckIns bool
}

// Log is what is written to standard error.
type Log struct{ Level, Format string }

// Error is everything that is wrong with a file.
type Error struct {
	File     string
	Problems []table.Problem
}

func (e *Error) Error() string {
	lines := []string{fmt.Sprintf("configuration %s has %d problem(s):", e.File, len(e.Problems))}
	for _, p := range e.Problems {
		lines = append(lines, "  "+p.Error())
	}
	return strings.Join(lines, "\n")
}

// Load reads and checks a file.
func Load(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, table.Unread(path, "taxifleet", err)
	}
	return parse(path, text)
}

func parse(path string, text []byte) (Config, error) {
	var raw map[string]any
	if err := toml.Unmarshal(text, &raw); err != nil {
		p := table.Problem{Key: "(syntax)", Text: err.Error(), Hint: "see https://toml.io"}
		var at *toml.DecodeError
		if errors.As(err, &at) {
			row, column := at.Position()
			p.Key = fmt.Sprintf("line %d, column %d", row, column)
		}
		return Config{}, &Error{path, []table.Problem{p}}
	}
	t := table.New(raw)
	c := read(t)
	if err := t.Err(); err != nil {
		var all *table.Error
		if errors.As(err, &all) {
			return Config{}, &Error{path, all.Problems}
		}
		return Config{}, err
	}
	return c, nil
}

func read(t *table.Table) Config {
	c := Config{
		Operator:  t.Required("operator", `want the name that passengers know, such as "Byens Taxi"`),
		Contact:   t.String("contact", ""),
		PublicURL: strings.TrimRight(t.Required("public_url", `want where passengers come, such as "https://pay.taxi.example"`), "/"),
		Terms:     t.String("terms", ""),
		Privacy:   t.String("privacy", ""),
	}
	checkURL(t, "public_url", c.PublicURL, true)
	for key, value := range map[string]string{"terms": c.Terms, "privacy": c.Privacy} {
		if value != "" {
			checkURL(t, key, value, false)
		}
	}
	c.HTTP = readHTTP(t.Table("http"))
	c.NATS = readNATS(t.Table("nats"))
	c.Admin = readAdmin(t.Table("admin"), c.HTTP)
	c.Page = readPage(t.Table("page"))
	c.Merchants = readMerchants(t)
	log := t.Table("log")
	c.Log = Log{log.Choice("level", "info", "debug", "info", "warn", "error"), log.Choice("format", "text", "text", "json")}
	return c
}

func checkURL(t *table.Table, key, value string, loopback bool) {
	u, err := url.Parse(value)
	if err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || loopback && u.Scheme == "http" && isLoopback(u.Hostname())) {
		return
	}
	if value != "" {
		t.Problem(key, fmt.Sprintf("%q is no address that a phone can open safely", value), "want https://")
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func readHTTP(t *table.Table) HTTP {
	h := HTTP{
		Listen:      address(t, "listen", "0.0.0.0:443"),
		Certificate: file(t, "certificate"), Key: file(t, "key"),
		Autocert: t.Bool("autocert", false), Cache: t.String("cache", "/var/lib/taxifleet/certificates"),
		Proxies: t.Strings("proxies"),
	}
	if (h.Certificate == "") != (h.Key == "") {
		t.Problem("key", "certificate and key belong together", "give both, or neither")
	}
	if h.Autocert && h.Certificate != "" {
		t.Problem("autocert", "a certificate is given as well", "remove one of the two")
	}
	host, _, _ := net.SplitHostPort(h.Listen)
	if h.Certificate == "" && !h.Autocert && !isLoopback(host) {
		t.Problem("listen", "is open to the world without a certificate", "give certificate and key, or autocert = true, or listen on 127.0.0.1 behind a proxy")
	}
	return h
}

func readNATS(t *table.Table) NATS {
	return NATS{
		Dir:       t.String("dir", "/var/lib/taxifleet/nats"),
		Listen:    address(t, "listen", "0.0.0.0:4222"),
		Advertise: t.Strings("advertise"),
		URLs:      t.Strings("urls"),
		Replicas:  int(t.Int("replicas", 1, 1, 5)),
	}
}

func readAdmin(t *table.Table, http HTTP) Admin {
	a := Admin{Socket: t.String("socket", DefaultSocket), Listen: t.String("listen", "")}
	if !filepath.IsAbs(a.Socket) {
		t.Problem("socket", fmt.Sprintf("%q is no absolute path", a.Socket), "want one that begins with /")
	}
	host, _, err := net.SplitHostPort(a.Listen)
	switch {
	case a.Listen == "":
	case err != nil:
		t.Problem("listen", fmt.Sprintf("%q is no address", a.Listen), `want one such as "0.0.0.0:8443"`)
	case http.Certificate == "" && !http.Autocert && !isLoopback(host):
		t.Problem("listen", "would let tokens pass unencrypted", "give [http] a certificate, or listen on 127.0.0.1 behind a proxy")
	}
	return a
}

func readPage(t *table.Table) Page {
	p := Page{Language: t.String("language", "nb"), Share: strings.Join(strings.Fields(t.String("share", "")), " ")}
	for _, n := range t.Ints("tips", 1, 50) {
		p.Tips = append(p.Tips, int(n))
	}
	for _, word := range strings.Fields(p.Share) {
		if word != "phoneNumber" && word != "name" {
			t.Problem("share", fmt.Sprintf("%q is not known", word), `want "phoneNumber", "phoneNumber name", or ""`)
		}
	}
	p.Country = receipt.Country(t.Choice("country", string(receipt.Norway), countries()...))
	return p
}

func countries() []string {
	var codes []string
	for _, c := range receipt.Countries() {
		codes = append(codes, string(c))
	}
	return codes
}

var (
	namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	msnPattern  = regexp.MustCompile(`^[0-9]{4,7}$`)
)

func readMerchants(t *table.Table) []Merchant {
	var list []Merchant
	var names []string
	for _, m := range t.Tables("merchant") {
		c := Merchant{
			Name:        m.Required("name", `want a short name, such as "oslo"`),
			MSN:         m.Required("msn", `want the 4 to 7 digits of the sales unit in quotes`),
			Environment: m.Choice("environment", "production", "production", "test", "simulator"),
			URL:         m.String("url", ""),
			Currency:    money.Currency(m.Choice("currency", string(money.NOK), string(money.NOK), string(money.DKK), string(money.EUR))),
			Webhooks:    m.Bool("webhooks", true), CheckIns: m.Bool("check_ins", false),
		}
		brand := "Vipps"
		if c.Currency != money.NOK {
			brand = "MobilePay"
		}
		c.Brand = m.Choice("brand", brand, "Vipps", "MobilePay")
		limit, err := money.ParseDecimal(m.String("limit", "5000"))
		if c.Limit = limit; err != nil || limit <= 0 {
			m.Problem("limit", "is no amount", `want the most that one payment may be, such as "5000"`)
		}
		if c.Name != "" && (!namePattern.MatchString(c.Name) || slices.Contains(names, c.Name)) {
			m.Problem("name", fmt.Sprintf("%q is there twice, or has other characters", c.Name), "want a-z, 0-9 and hyphen")
		}
		if c.MSN != "" && !msnPattern.MatchString(c.MSN) {
			m.Problem("msn", fmt.Sprintf("%q is no merchant serial number", c.MSN), "want 4 to 7 digits")
		}
		if (c.Environment == "simulator") != (c.URL != "") {
			m.Problem("url", "is for the simulator, and only for it", `set environment = "simulator", or remove url`)
		}
		if c.CheckIns && !c.Webhooks {
			m.Problem("check_ins", "come by webhooks, which are off", "set webhooks = true")
		}
		names = append(names, c.Name)
		list = append(list, c)
	}
	if len(list) == 0 {
		t.Problem("merchant", "missing", "want at least one [[merchant]] table with name and msn")
	}
	return list
}

func address(t *table.Table, key, def string) string {
	a := t.String(key, def)
	if _, _, err := net.SplitHostPort(a); err != nil {
		t.Problem(key, fmt.Sprintf("%q is no address", a), fmt.Sprintf("want one such as %q", def))
	}
	return a
}

func file(t *table.Table, key string) string {
	path := t.String(key, "")
	if path != "" && !filepath.IsAbs(path) {
		t.Problem(key, fmt.Sprintf("%q is no absolute path", path), "want one that begins with /")
	}
	return path
}
