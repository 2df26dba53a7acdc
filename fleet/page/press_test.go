package page

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/money"
)

func sprint(format string, a any) string { return fmt.Sprintf(format, a) }

// form is the page's form, filled in.
func form(t testing.TB, h http.Handler, l Link, fields ...string) url.Values {
	t.Helper()
	f := url.Values{"token": {token(t, get(h, l.path()).Body.String())}}
	for i := 0; i < len(fields); i += 2 {
		f.Set(fields[i], fields[i+1])
	}
	return f
}

// TestPress: one press, one payment, and the browser is sent on unchanged.
func TestPress(t *testing.T) {
	t.Parallel()
	for _, l := range []Link{sticker, claimed} {
		for _, tt := range []struct {
			name   string
			fields []string
			tip    money.Minor
			share  bool
		}{
			{"plain", nil, 0, false},
			{"no tip", []string{"tip", "0"}, 0, false},
			{"a tip", []string{"tip", "2865"}, 2865, false},
			{"sharing", []string{"share", "yes"}, 0, true},
			{"not sharing", []string{"share", "no"}, 0, false},
			{"other fields", []string{"amount", "1", "trip", "X-Y-1"}, 0, false},
		} {
			g := newGateway()
			p := pages(t, g)
			w := post(p.Handler(), l.path()+"?lang=da", form(t, p.Handler(), l, tt.fields...))
			require.Equal(t, http.StatusSeeOther, w.Code, tt.name)
			require.Equal(t, []string{landing}, w.Header().Values("Location"), tt.name)
			require.Empty(t, w.Body.String())
			require.Len(t, g.orders, 1, tt.name)
			o := g.orders[0]
			require.Equal(t, "https://pay.taxi.example"+p.back(reference)[:len("/r/"+reference)]+"?lang=da&t="+p.seal.of(forReturn, reference), o.Return(reference))
			o.Return = nil
			require.Equal(t, Order{Trip: "T122-K7Q2X-0042", Amount: money.Of(28650, money.NOK), Tip: tt.tip, Share: tt.share}, o, tt.name)
			require.EqualValues(t, 1, p.Stats().Started)
		}
	}
}

// TestPressIsRefused: nothing is started, and the passenger sees the page as it is
// now, with a reason if there is one.
func TestPressIsRefused(t *testing.T) {
	t.Parallel()
	change := func(f func(*Fare)) func(*gateway) {
		return func(g *gateway) {
			fare := g.fares[sticker]
			f(&fare)
			g.fares[sticker] = fare
		}
	}
	for _, tt := range []struct {
		name   string
		since  func(*gateway) // what happened after the page was shown
		fields []string
		want   string
	}{
		{"another amount", change(func(f *Fare) { f.Bill.Amount.Value++ }), nil, "?n=changed"},
		{"another currency", change(func(f *Fare) { f.Bill.Amount.Currency = money.DKK }), nil, "?n=changed"},
		{"another trip", change(func(f *Fare) { f.Bill.Trip = "T122-K7Q2X-0043" }), nil, "?n=changed"},
		{"a tip that is not offered", nil, []string{"tip", "1"}, "?n=changed"},
		{"a negative tip", nil, []string{"tip", "-28650"}, "?n=changed"},
		{"a tip in words", nil, []string{"tip", "10 %"}, "?n=changed"},
		{"a tip written otherwise", nil, []string{"tip", "02865"}, "?n=changed"},
		{"a tip that is offered no more", change(func(f *Fare) { f.Bill.Tips = nil }), []string{"tip", "2865"}, "?n=changed"},
		{"no token", nil, []string{"token", ""}, "?n=changed"},
		{"a made-up token", nil, []string{"token", strings.Repeat("A", 22)}, "?n=changed"},
		{"paid meanwhile", change(func(f *Fare) { f.State = Paid }), nil, ""},
		{"the meter runs again", change(func(f *Fare) { *f = Fare{Car: car(), State: Waiting} }), nil, ""},
		{"Fares: changed", func(g *gateway) { g.refuse = fmt.Errorf("pay: %w", ErrChanged) }, nil, "?n=changed"},
		{"Fares: busy", func(g *gateway) { g.refuse = ErrBusy }, nil, "?n=busy"},
		{"Fares: unavailable", func(g *gateway) { g.refuse = ErrUnavailable }, nil, "?n=failed"},
		{"Fares: unknown", func(g *gateway) { g.refuse = ErrUnknown }, nil, ""},
		{"Fares: broken", func(g *gateway) { g.refuse = errors.New("disk full") }, nil, "?n=failed"},
		{"no address", func(g *gateway) { g.landing = "" }, nil, "?n=failed"},
		{"a relative address", func(g *gateway) { g.landing = "/landing" }, nil, "?n=failed"},
		{"a script for an address", func(g *gateway) { g.landing = "javascript:alert(1)" }, nil, "?n=failed"},
		{"an open address", func(g *gateway) { g.landing = "http://landing.example/" }, nil, "?n=failed"},
		{"two lines", func(g *gateway) { g.landing = "https://landing.example/\r\nSet-Cookie: x" }, nil, "?n=failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGateway()
			h := pages(t, g).Handler()
			f := form(t, h, sticker, tt.fields...)
			if tt.since != nil {
				tt.since(g)
			}
			w := post(h, sticker.path(), f)
			require.Equal(t, http.StatusSeeOther, w.Code)
			require.Equal(t, sticker.path()+tt.want, w.Header().Get("Location"))
			if !strings.Contains(tt.name, "address") && tt.name != "two lines" {
				require.Empty(t, g.orders)
			}
		})
	}
}

// TestPressIsFinished: a passenger who closes the page right after the press must not
// leave a payment half started.
func TestPressIsFinished(t *testing.T) {
	t.Parallel()
	g := newGateway()
	h := pages(t, g).Handler()
	f := form(t, h, sticker)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	serve(h, request("POST", sticker.path(), f).WithContext(gone))
	require.Len(t, g.orders, 1)
	require.NoError(t, g.hurried)
}

// TestFormOfAnotherPage: a token opens only the page that it stood on, and a page of
// somebody else's cannot send a form at all.
func TestFormOfAnotherPage(t *testing.T) {
	t.Parallel()
	g := newGateway()
	h := pages(t, g).Handler()
	w := post(h, claimed.path(), form(t, h, sticker))
	require.Equal(t, claimed.path()+"?n=changed", w.Header().Get("Location"))

	for site, want := range map[string]int{"cross-site": 403, "same-site": 403, "same-origin": 303, "none": 303, "": 303} {
		r := request("POST", sticker.path(), form(t, h, sticker))
		r.Header.Set("Sec-Fetch-Site", site)
		r.Header.Set("Origin", "null") // what our referrer policy makes of it
		require.Equal(t, want, serve(h, r).Code, site)
	}
	require.Len(t, g.orders, 3)
}

func TestFormsThatAreNone(t *testing.T) {
	t.Parallel()
	g := newGateway()
	h := pages(t, g).Handler()
	for _, tt := range []struct {
		kind, body string
		want       int
	}{
		{"application/json", `{"token":"x"}`, 415},
		{"multipart/form-data; boundary=x", "--x--", 415},
		{"", "token=x", 415},
		{"application/x-www-form-urlencoded", "token=%zz", 400},
		{"application/x-www-form-urlencoded", "token=" + strings.Repeat("x", maxBody), 413},
		{"application/x-www-form-urlencoded; charset=utf-8", "", 303},
	} {
		r := request("POST", sticker.path(), nil)
		r.Body = http.NoBody
		if tt.body != "" {
			r = request("POST", sticker.path(), url.Values{})
			r.Body = body(tt.body)
		}
		r.Header.Set("Content-Type", tt.kind)
		require.Equal(t, tt.want, serve(h, r).Code, "%s %.20s", tt.kind, tt.body)
	}
	require.Empty(t, g.orders)
}

// TestWhatIsLogged: that something is wrong, and nothing that opens a fare.
func TestWhatIsLogged(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	g := newGateway()
	p := pages(t, g, func(o *Options) { o.Log = log.logger() })
	h := p.Handler()
	f := form(t, h, sticker, "share", "yes")
	g.landing = "javascript:secret"
	post(h, sticker.path(), f)
	g.refuse = errors.New("create T122: " + code)
	post(h, sticker.path(), f)
	g.err = errors.New("read " + claimText)
	get(h, claimed.path())
	g.err = errors.New("read " + reference)
	get(h, p.back(reference))
	text := log.String()
	require.Contains(t, text, "start a payment")
	require.Contains(t, text, "look at a fare")
	for _, secret := range []string{code, claimText, "javascript:secret", f.Get("token"), reference, p.seal.of(forReturn, reference)} {
		require.NotContains(t, text, secret)
	}
}

// TestTokensAreApart: no two bills have the same token, wherever the parts are cut.
func TestTokensAreApart(t *testing.T) {
	t.Parallel()
	s := seal{key}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(n string) (Link, Bill) {
			return Link{rapid.SampledFrom([]Kind{Sticker, Claim}).Draw(t, n+"kind"), rapid.StringMatching(`[a-c-]{1,4}`).Draw(t, n+"text")},
				Bill{
					Trip:   rapid.StringMatching(`[a-c-]{0,4}`).Draw(t, n+"trip"),
					Amount: money.Of(money.Minor(rapid.Int64Range(0, 20).Draw(t, n+"amount")), rapid.SampledFrom([]money.Currency{money.NOK, money.DKK}).Draw(t, n+"currency")),
				}
		}
		la, a := draw("a ")
		lb, b := draw("b ")
		same := la == lb && a.Trip == b.Trip && a.Amount == b.Amount
		require.Equal(t, same, s.holdsForm(s.form(la, a), lb, b))
	})
}

// FuzzForm: whatever is posted, nothing panics, and only what the page offers is
// ordered.
func FuzzForm(f *testing.F) {
	g := newGateway()
	p := pages(f, g, func(o *Options) { o.Peer = everybody() })
	good := token(f, get(p.Handler(), sticker.path()).Body.String())
	for _, seed := range []string{
		"", "token=" + good, "token=" + good + "&tip=2865&share=yes", "token=" + good + "&tip=1&tip=2865", "token=x&tip=0",
		"token=" + good + "&tip=%32865", "share=yes&share=no;token=" + good, "token=" + good + "&tip=9999999999999999999",
	} {
		f.Add(seed, "application/x-www-form-urlencoded")
	}
	f.Add("token="+good, "multipart/form-data; boundary=x")
	f.Fuzz(func(t *testing.T, text, kind string) {
		g := newGateway()
		p := pages(t, g)
		r := request("POST", sticker.path(), url.Values{})
		r.Body = body(text)
		r.Header.Set("Content-Type", kind)
		w := serve(p.Handler(), r)
		require.Contains(t, []int{303, 400, 413, 415}, w.Code)
		for _, o := range g.orders {
			require.Contains(t, text, "token")
			require.Contains(t, []money.Minor{0, 1433, 2865, 4298}, o.Tip)
			require.Equal(t, money.Of(28650, money.NOK), o.Amount)
		}
		if len(g.orders) == 0 && w.Code == 303 {
			require.True(t, strings.HasPrefix(w.Header().Get("Location"), sticker.path()))
		}
	})
}
