package page

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*Options)
		says   string
	}{
		{"no address", func(o *Options) { o.Base = "" }, "scheme and host only"},
		{"a path", func(o *Options) { o.Base = "https://pay.taxi.example/pay" }, "scheme and host only"},
		{"a query", func(o *Options) { o.Base = "https://pay.taxi.example?x" }, "scheme and host only"},
		{"a password", func(o *Options) { o.Base = "https://a:b@pay.taxi.example" }, "scheme and host only"},
		{"plain http", func(o *Options) { o.Base = "http://pay.taxi.example" }, "https"},
		{"no key", func(o *Options) { o.Key = nil }, "at least 32"},
		{"a short key", func(o *Options) { o.Key = key[:31] }, "at least 32"},
		{"no fares", func(o *Options) { o.Fares = nil }, "no fares"},
		{"no logger", func(o *Options) { o.Log = nil }, "logger"},
		{"a language without a catalogue", func(o *Options) { o.DefaultLanguage = "tlh" }, "da, en, fi, nb, sv"},
	} {
		_, err := New(options(newGateway(), tt.change))
		require.ErrorContains(t, err, tt.says, tt.name)
	}
	for _, base := range []string{"https://pay.taxi.example/", "https://pay.taxi.example:8443", "http://localhost:8480", "http://[::1]:1"} {
		_, err := New(options(newGateway(), func(o *Options) { o.Base = base }))
		require.NoError(t, err, base)
	}
}

// TestHeaders: what keeps a page to itself is on everything, refusals included.
func TestHeaders(t *testing.T) {
	t.Parallel()
	p := pages(t, newGateway())
	h := p.Handler()
	for _, target := range []string{"/v/" + code, "/v/nothing", "/p/" + claimText, p.back(reference), "/", "/page/page.css"} {
		header := get(h, target).Header()
		csp := header.Get("Content-Security-Policy")
		for _, rule := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self' https:;"} {
			require.Contains(t, csp, rule, target)
		}
		require.NotContains(t, csp, "unsafe", target)
		require.Equal(t, "no-referrer", header.Get("Referrer-Policy"), target)
		require.Equal(t, "noindex, nofollow", header.Get("X-Robots-Tag"), target)
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), target)
		require.Equal(t, "no-store", header.Get("Cache-Control"), target)
		require.Equal(t, "max-age=31536000", header.Get("Strict-Transport-Security"), target)
		require.Empty(t, header.Values("Set-Cookie"), target)
	}
	w := get(h, "/page/page.css?v="+p.renderer.version)
	require.Equal(t, "public, max-age=31536000, immutable", w.Header().Get("Cache-Control"))
	require.Equal(t, http.StatusNotFound, serve(h, request("POST", p.back(reference), nil)).Code)
}

// TestNothingInlineAndNothingForeign: the policy would block it, silently.
func TestNothingInlineAndNothingForeign(t *testing.T) {
	t.Parallel()
	for _, s := range shots() {
		html := s.take(t, "?lang=en")
		require.NotContains(t, html, "style=", s.name)
		require.NotRegexp(t, `\son[a-z]+=`, html, s.name)
		require.NotRegexp(t, `<script[^>]*>[^<]`, html, s.name)
		require.NotRegexp(t, `(src|rel="stylesheet" href)="(https?:)?//`, html, s.name)
	}
}

// TestEverythingIsEscaped: names and amounts come from the operator and from cars.
func TestEverythingIsEscaped(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script>`
	g := newGateway()
	f := due()
	f.Car = Car{evil, evil, evil, evil, "javascript:alert(1)", "javascript:alert(2)"}
	f.Bill.Trip, f.Bill.Number, f.Bill.Amount.Currency = evil, evil, evil
	f.Bill.Parts = []Part{{evil, 1}}
	f.Bill.Shares = []Share{evil, SharePhone}
	g.fares[sticker] = f
	q := paid()
	q.Car, q.Number, q.Code, q.Receipt.Payments[0].Reference = f.Car, evil, evil, evil
	g.payments[reference] = q
	p := pages(t, g)
	for _, target := range []string{"/v/" + code, p.back(reference), "/v/%22%3E%3Cscript%3E?lang=%22%3E%3Cscript%3E&t=%22%3E%3Cscript%3E"} {
		html := get(p.Handler(), target).Body.String()
		require.NotContains(t, html, "<script>", target)
		require.NotContains(t, html, `"">`, target)
		require.NotContains(t, html, "javascript:", target)
	}
}

// TestCarsPage: the car and whose it is are on every page about a fare; a button only
// where something can be paid; a code only for a paid claim.
func TestCarsPage(t *testing.T) {
	t.Parallel()
	for _, l := range []Link{sticker, claimed} {
		for _, state := range append(States(), "dancing") {
			g := newGateway()
			f := in(state)
			f.Code = "042137"
			g.fares[l] = f
			w := get(pages(t, g).Handler(), l.path()+"?lang=en")
			html := w.Body.String()
			require.Equal(t, 200, w.Code)
			require.Contains(t, html, `<span class="plate">T122</span> <span class="operator">Byens Taxi</span>`, state)
			require.Equal(t, state == Due || state == Open, strings.Contains(html, "<form"), state)
			require.Equal(t, state == Paid && l.Kind == Claim, strings.Contains(html, "<span>042</span> <span>137</span>"), state)
			require.NotContains(t, html, "Receipt", "%s: anybody may open this page", state)
			if state == Stopped || state == "dancing" {
				require.Contains(t, html, "Cannot be paid here", "a state that a fare cannot have")
			}
			ended := state == Paid || state == Settled
			require.Equal(t, !ended, strings.Contains(html, "data-live="), "%s: a settled fare is not followed into the next trip", state)
			require.Equal(t, state == Waiting || state == Approved || state == Offline, strings.Contains(html, `http-equiv="refresh"`), state)
		}
	}
}

func TestReturnPage(t *testing.T) {
	t.Parallel()
	again := map[State]bool{Open: true, Stopped: true, Expired: true, Withdrawn: true}
	for _, state := range append(States(), "dancing") {
		g := newGateway()
		q := payment(state)
		q.Code = "042137"
		g.payments[reference] = q
		p := pages(t, g)
		html := get(p.Handler(), p.back(reference)+"&lang=en").Body.String()
		require.Equal(t, again[state], strings.Contains(html, `href="/v/`+code+`?lang=en">Pay again`), state)
		require.Equal(t, state == Paid, strings.Contains(html, "Receipt"), state)
		require.Equal(t, state == Paid, strings.Contains(html, "<span>042</span>"), state)
		require.NotContains(t, html, "<form", state)
		if state == Waiting || state == "dancing" {
			require.Contains(t, html, "needs checking", state)
		}
		require.Equal(t, state == Open || state == Approved, strings.Contains(html, `http-equiv="refresh"`), state)
	}

	// A receipt that is still on its way is waited for.
	g := newGateway()
	q := paid()
	q.Receipt = nil
	g.payments[reference] = q
	p := pages(t, g)
	html := get(p.Handler(), p.back(reference)).Body.String()
	require.Contains(t, html, "data-live=")
	require.Contains(t, html, `http-equiv="refresh"`)
}

// TestLinksDoNotPrint: a link opens somebody's fare.
func TestLinksDoNotPrint(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	log.logger().Info("x", "link", sticker)
	for _, text := range []string{log.String(), sprint("%v", sticker), sprint("%+v", sticker), sprint("%s", sticker), sprint("%#v", sticker), sprint("%q", &sticker)} {
		require.NotContains(t, text, code)
		require.Contains(t, text, "/v/…")
	}
}

func TestPeer(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "/", nil)
	for addr, want := range map[string]string{
		"192.0.2.7:1234": "192.0.2.7/32", "[2001:db8:1:2:3::4]:1": "2001:db8:1:2::/64", "[::ffff:192.0.2.7]:1": "192.0.2.7/32",
		"[fe80::1%eth0]:1": "fe80::/64", "nonsense": "invalid Prefix",
	} {
		r.RemoteAddr = addr
		require.Equal(t, want, network(connection(r)).String(), addr)
	}
	require.Equal(t, netip.Prefix{}, network(netip.Addr{}))
}

// TestReturnAddress: https, the reference in it, a proof that fits nothing else.
func TestReturnAddress(t *testing.T) {
	t.Parallel()
	p := pages(t, newGateway())
	require.Equal(t, "https://pay.taxi.example/r/"+reference+"?lang=fi&t="+p.seal.of(forReturn, reference), p.returnTo("fi")(reference))
	other := pages(t, newGateway(), func(o *Options) { o.Key = []byte(strings.Repeat("k", 32)) })
	require.Equal(t, http.StatusNotFound, get(other.Handler(), p.back(reference)).Code, "another gateway's key")
	require.Equal(t, http.StatusNotFound, get(p.Handler(), "/r/"+reference+"?t="+p.seal.form(Link{Return, reference}, Bill{})).Code)
}

func TestMoneyOfAnotherCurrencyIsInTheToken(t *testing.T) {
	t.Parallel()
	p := pages(t, newGateway())
	a, b := bill(), bill()
	b.Amount.Currency = money.DKK
	require.NotEqual(t, p.seal.form(sticker, a), p.seal.form(sticker, b))
}
