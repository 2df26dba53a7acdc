// Package web shows Views in a browser on the same machine: a page for the
// passenger at "/" and one for the driver at "/driver".
//
// # How a View reaches the glass
//
// Show keeps the newest View and returns. Every page holds a stream of
// server-sent events open ("/events", "/driver/events") and is woken; whoever is
// woken first renders the page's region in the page's language, the others send
// the same bytes. A page that is slow finds the newest View when it comes back and
// never sees the ones between, so no page can hold up the terminal or another
// page. The events are:
//
//	hello  the program's version; a page of another version reloads itself
//	view   the region of the screen as HTML, amounts in plain text
//	beat   once a second: milliseconds until the code dies, or "none"
//
// A page that hears nothing for three seconds says so and keeps trying. All
// countdowns run on the page's monotonic clock; a wrong wall clock changes nothing.
//
// # How a page is made
//
// A scene is a View with its words. The files *page.go are functions from a scene to
// HTML, written with package html, in which data can only ever be text.
//
// # Who may do what
//
// The server listens on loopback only. It answers only requests for a loopback
// name with its own port (a page from elsewhere could otherwise reach it through
// a name that it points at 127.0.0.1), and takes a POST only from its own pages.
// With a PIN the driver's page shows the state and a PIN pad; buttons, past trips,
// the shift and everything about passengers come after the PIN. Typing a fare and
// giving money back need a PIN to be configured at all. The passenger's page may
// choose one of the tips that it shows, and nothing else. Everything that the pages
// load comes from the program itself, and the content security policy allows
// nothing else.
//
// # What passes through
//
// A passenger's number, personal code or the code that a phone shows after paying a
// claim goes from the driver's page to the Desk in the body of a POST. It is in no URL, no log line and no storage of the browser;
// what the Desk's errors quote is taken out before it is logged.
package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"taxiterminal/display"
	"taxiterminal/display/locale"
)

// Options configure a Server.
type Options struct {
	// Addr is a loopback address and a port, e.g. "127.0.0.1:8480". Port 0 takes
	// a free one.
	Addr string
	// Languages are the tags of the catalogues to offer; all of them if empty.
	Languages []string
	// DefaultLanguage is what a page starts in and returns to for the next
	// passenger; the first of Languages if empty.
	DefaultLanguage string
	// PIN of 4 to 8 digits is asked for before the driver may act; empty for none.
	PIN string
	// Version of the program. Pages of another version reload themselves.
	Version string
	// Location is the time zone of the driver's trip list; time.Local if nil.
	Location *time.Location
	// Desk may be nil: people then only look.
	Desk display.Desk
	// Log is required.
	Log *slog.Logger
}

// languages are the tags to load, the default first.
func (o Options) languages() ([]string, error) {
	tags := slices.Clone(o.Languages)
	if len(tags) == 0 {
		tags = locale.Available()
	}
	if o.DefaultLanguage == "" {
		return tags, nil
	}
	i := slices.Index(tags, o.DefaultLanguage)
	if i < 0 {
		return nil, fmt.Errorf("default language %q: want one of %s", o.DefaultLanguage, strings.Join(tags, ", "))
	}
	return append([]string{o.DefaultLanguage}, slices.Delete(tags, i, i+1)...), nil
}

// loopback splits a listening address and refuses one that others could reach.
func loopback(addr string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("listening address %q: want host:port, e.g. 127.0.0.1:8480", addr)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() || ip.Zone() != "" {
		return netip.AddrPort{}, fmt.Errorf("listening address %q: only loopback is allowed, e.g. 127.0.0.1:8480", addr)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("listening address %q: want a port number", addr)
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), nil
}

// checkPIN refuses what the pad on the screen cannot type or what is guessed at
// once.
func checkPIN(pin string) error {
	if pin == "" {
		return nil
	}
	if len(pin) < 4 || len(pin) > 8 || strings.Trim(pin, "0123456789") != "" {
		return errors.New("driver PIN: want 4 to 8 digits")
	}
	return nil
}
