// Package page is what a passenger sees on their own phone: the page of a car's
// code, the page of a fare claim, and the page that the payment app comes back to.
//
//	GET  /v/{code}            the car: waiting for the meter, the amount, one button
//	POST /v/{code}            the button: 303 to the payment app
//	GET  /p/{claim}           the same for one fare that the phone has carried here
//	POST /p/{claim}
//	GET  /r/{reference}?t=    back from the app: waiting, receipt, or pay again
//	GET  …/live               changes of any of them, as server-sent events
//	GET  /page/{file}         style, script, icon
//
// The pages know no payment and no car: Fares does, and the gateway implements it.
//
// # What holds
//
// A payment starts only with the button, never with opening a page, because phones
// and their helpers open links to look at them. The button carries a token made of
// what the page showed: the link, the trip and the amount, sealed with a key of the
// gateway. If any of these has changed the passenger sees the new amount first; a
// form that was made elsewhere has no token at all. There is no cookie and no
// session, so a page works in whichever browser the payment app comes back to.
//
// PAID is shown when Fares says so, never because somebody came back. The return
// address holds a proof made from the reference, so that references, which are read
// out and printed, open nothing.
//
// The car's page is for whoever sits in the car now, but everybody who ever scanned
// the code can open it. So it shows an amount and no receipt, it stops following the
// car once the fare is settled, and it always says which car and whose it is, in
// large type: stickers are pasted over.
//
// A code that is not known, one that is malformed or withdrawn, a claim that is not
// good and a return address without its proof all get one page after one and the
// same time. See limit.go for how much anybody may ask.
//
// # What it takes
//
// Any browser. Without script, pages that wait load themselves again every few
// seconds. Everything a page loads comes from here and is less than 30 kB together;
// the content security policy allows nothing else. Languages are files in locale/,
// chosen by Accept-Language, or by ?lang=, which follows the passenger in links.
//
// Codes, claims, proofs and redirect addresses are in no log line.
package page

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"taxiterminal/display/locale"
)

//go:embed locale/*.toml
var words embed.FS

// Options configure Pages.
type Options struct {
	// Base is the address under which passengers reach the handler, without a path,
	// e.g. "https://pay.taxi.example". Plain http is for loopback only.
	Base string
	// Key seals forms and return addresses. At least 32 random bytes, the same on all
	// gateways of a cluster. With a new key, open forms ask again and return pages of
	// payments under way are not found.
	Key []byte
	// Fares is what the pages show.
	Fares Fares
	// DefaultLanguage is for browsers that name no language; "nb" if empty. One that
	// names only languages without a catalogue gets English.
	DefaultLanguage string
	// Location is the time zone of receipts; time.Local if nil.
	Location *time.Location
	// Peer is who sent a request, for the limits; the connection's address if nil. Set
	// it behind a proxy, and only to what that proxy says.
	Peer func(*http.Request) netip.Addr
	// Log is required.
	Log *slog.Logger
}

// minKey is the shortest key in bytes.
const minKey = 32

// Languages are the tags of the catalogues, sorted.
func Languages() []string { return locale.AvailableIn(catalogues()) }

func catalogues() fs.FS {
	dir, err := fs.Sub(words, "locale")
	if err != nil {
		panic(err) // the directory is inside the program
	}
	return dir
}

// Pages answer passengers. Make them with New. They are safe for concurrent use and
// start no goroutine of their own.
type Pages struct {
	fares    Fares
	base     *url.URL
	seal     seal
	renderer *renderer
	peer     func(*http.Request) netip.Addr
	limits   *limits
	counters counters
	log      *slog.Logger
}

// New checks the options and prepares the pages.
func New(o Options) (*Pages, error) {
	base, err := parseBase(o.Base)
	switch {
	case err != nil:
		return nil, err
	case len(o.Key) < minKey:
		return nil, fmt.Errorf("passenger pages: the key has %d bytes, want at least %d random ones", len(o.Key), minKey)
	case o.Fares == nil:
		return nil, errors.New("passenger pages: no fares given")
	case o.Log == nil:
		return nil, errors.New("passenger pages: no logger given")
	}
	r, err := newRenderer(o)
	if err != nil {
		return nil, err
	}
	p := &Pages{
		fares: o.Fares, base: base, seal: seal{slices.Clone(o.Key)}, renderer: r,
		peer: o.Peer, limits: newLimits(), log: o.Log,
	}
	if p.peer == nil {
		p.peer = connection
	}
	return p, nil
}

// parseBase wants what the payment app takes as a return address: https. On a desk,
// loopback will do.
func parseBase(base string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(base, "/"))
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, errors.New("address of passenger pages: want scheme and host only, e.g. https://pay.taxi.example")
	}
	if u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()) {
		return u, nil
	}
	return nil, errors.New("address of passenger pages: want https, because the payment app takes no other")
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// connection is the address at the other end.
func connection(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	ip, _ := netip.ParseAddr(host) // the zero address is a guest like any other
	return ip.WithZone("").Unmap()
}
