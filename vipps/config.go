package vipps

import (
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// The API's hosts, the same for all markets and for Vipps and MobilePay. Keys and
// sales units of one do not exist in the other.
const (
	ProductionURL = "https://api.vipps.no"
	TestURL       = "https://apitest.vipps.no"
)

// Config is what a Client needs. The keys belong to one sales unit of one
// environment and are of no use with another.
type Config struct {
	BaseURL         string // ProductionURL, TestURL, or http on a loopback host for a simulator
	MSN             string // merchant serial number, 4 to 7 digits
	ClientID        string
	ClientSecret    Secret
	SubscriptionKey Secret // Ocp-Apim-Subscription-Key, primary or secondary
	System          System

	// Transport carries the requests; nil for one of the client's own. One that
	// repeats requests by itself breaks the promises made in the package comment.
	Transport http.RoundTripper
	// Log gets one record for each HTTP request; nil for none.
	Log *slog.Logger
	// Observe is told of each HTTP request when it is over; nil for none. It is
	// called from the calling goroutine and must be quick.
	Observe func(op Op, kind Kind, took time.Duration)
}

// System names this software to Vipps MobilePay's support. The API takes at most
// 30 characters in each; longer ones are cut.
type System struct {
	Name          string // the product, e.g. "taxi-terminal"
	Version       string
	PluginName    string // the kind of point of sale, e.g. "taxi-terminal-direct"
	PluginVersion string
}

var msnPattern = regexp.MustCompile(`^[0-9]{4,7}$`)

// check returns the base URL without a trailing slash, or everything that is wrong.
func (c Config) check() (string, error) {
	var p problems
	base := checkBaseURL(&p, c.BaseURL)
	p.check(msnPattern.MatchString(c.MSN), "msn", "want the 4 to 7 digits of the sales unit's merchant serial number, got %q", c.MSN)
	p.check(headerSafe(c.ClientID), "client_id", "missing or with characters that no key has; copy it from the portal, For developers")
	p.check(headerSafe(c.ClientSecret.Reveal()), "client_secret", "missing or with characters that no key has; copy it from the portal, For developers")
	p.check(headerSafe(c.SubscriptionKey.Reveal()), "subscription_key", "missing or with characters that no key has; copy it from the portal, For developers")
	p.check(systemText(c.System.Name) != "", "system.name", "missing; name the product")
	p.check(systemText(c.System.Version) != "", "system.version", "missing; give the product's version")
	p.check(systemText(c.System.PluginName) != "", "system.plugin_name", "missing; name the kind of point of sale")
	p.check(systemText(c.System.PluginVersion) != "", "system.plugin_version", "missing; give its version")
	return base, p.err("config")
}

func checkBaseURL(p *problems, text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		p.add("base_url", "want %s or %s", ProductionURL, TestURL)
		return ""
	}
	p.check(u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()), "base_url",
		"want https; http is only for a simulator on a loopback host")
	p.check(u.User == nil && u.RawQuery == "" && u.Fragment == "" && strings.Trim(u.Path, "/") == "", "base_url",
		"want scheme and host only, without user, path or query")
	return u.Scheme + "://" + u.Host
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// headerSafe says that s is not empty and has visible ASCII characters only. A key
// read from a file with its newline, or pasted with a space, fails here and not as
// a puzzling 401.
func headerSafe(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}

// systemMax is the length that the API allows in a Vipps-System header.
const systemMax = 30

// systemText makes s fit for a Vipps-System header.
func systemText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '-'
		}
		return r
	}, strings.TrimSpace(s))
	if len(s) > systemMax {
		s = strings.TrimSpace(s[:systemMax])
	}
	return s
}

func (s System) set(h http.Header) {
	h.Set("Vipps-System-Name", systemText(s.Name))
	h.Set("Vipps-System-Version", systemText(s.Version))
	h.Set("Vipps-System-Plugin-Name", systemText(s.PluginName))
	h.Set("Vipps-System-Plugin-Version", systemText(s.PluginVersion))
}
