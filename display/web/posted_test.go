package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
)

// postings are all POST routes to the desk with a body that they take.
var postings = []struct{ path, body, call string }{
	{"/tip", `{"trip":"0042","tip":"14.30"}`, "tip 0042 1430"},
	{"/driver/actions", `{"action":"cash","trip":"0042"}`, "cash 0042"},
	{"/driver/contacts", `{"digits":"678"}`, "contacts 3 digits"},
	{"/driver/send", `{"trip":"0042","number":"+47 90 00 00 01"}`, "send 0042 to a phone number"},
	{"/driver/send", `{"trip":"0042","contact":"7"}`, "send 0042 to contact 7"},
	{"/driver/send", `{"trip":"0042","personal":"https://qr.example/æ?x=1&y=2"}`, "send 0042 to a personal code"},
	{"/driver/fare", `{"trip":"","amount":"286.50","again":"286,5"}`, `fare "" 28650`},
	{"/driver/confirm", `{"trip":"0042","code":"009400"}`, "confirm 0042 009400"},
	{"/driver/refund", `{"trip":"0041","amount":"12","reason":"complaint"}`, "refund 0041 1200 Klage på turen"},
	{"/driver/print", `{"trip":"0041"}`, "print 0041"},
	{"/driver/retry", `{"trip":"0038"}`, "retry 0038"},
	{"/driver/shift/end", `{}`, "end shift"},
}

// unlockedAt8480 is a server with a PIN, a desk and a trip that is due, and the
// session of a driver.
func unlockedAt8480(t testing.TB, d *desk, change ...func(*Options)) (h http.Handler, session string) {
	t.Helper()
	s, h := at8480(t, append(change, withPIN, withDesk(d))...)
	s.Show(view(display.Due, "", code, tips))
	w := send(h, "POST", "/driver/pin", `{"pin":"4711"}`)
	cookie := w.Result().Cookies()[0]
	return h, "Cookie: " + cookie.Name + "=" + cookie.Value
}

func TestPostingsReachTheDesk(t *testing.T) {
	t.Parallel()
	for _, p := range postings {
		var d desk
		h, session := unlockedAt8480(t, &d)
		w := send(h, "POST", p.path, p.body, session)
		require.Equal(t, http.StatusOK, w.Code, "%s: %s", p.path, w.Body)
		require.True(t, decodeAnswer(t, w).OK)
		require.Equal(t, []string{p.call}, d.all())
	}
}

// TestPostingsAreGuarded: nothing reaches the desk that is not from our page, small,
// well formed and behind the PIN.
func TestPostingsAreGuarded(t *testing.T) {
	t.Parallel()
	var d desk
	h, session := unlockedAt8480(t, &d)
	for _, p := range postings {
		extra := strings.Replace(p.body, "{", `{"surprise":"1",`, 1)
		extra = strings.Replace(extra, ",}", "}", 1)
		large := strings.Replace(p.body, "{", `{"lang":"`+strings.Repeat("x", maxBody)+`",`, 1)
		for _, tt := range []struct {
			name, method, body string
			headers            []string
			want               int
		}{
			{"from elsewhere", "POST", p.body, []string{session, "Origin: http://evil.example"}, http.StatusForbidden},
			{"from nowhere", "POST", p.body, []string{session, "Origin: "}, http.StatusForbidden},
			{"to another name", "POST", p.body, []string{session, "Host: evil.example:8480"}, http.StatusMisdirectedRequest},
			{"cross-site", "POST", p.body, []string{session, "Sec-Fetch-Site: cross-site"}, http.StatusForbidden},
			{"large", "POST", large, []string{session}, http.StatusRequestEntityTooLarge},
			{"with a field too many", "POST", extra, []string{session}, http.StatusBadRequest},
			{"empty", "POST", "", []string{session}, http.StatusBadRequest},
			{"text", "POST", p.body, []string{session, "Content-Type: text/plain"}, http.StatusUnsupportedMediaType},
			{"read", "GET", "", []string{session}, http.StatusMethodNotAllowed},
		} {
			require.Equal(t, tt.want, send(h, tt.method, p.path, tt.body, tt.headers...).Code, "%s %s", p.path, tt.name)
		}
		if strings.HasPrefix(p.path, "/driver/") {
			w := send(h, "POST", p.path, p.body)
			require.Equal(t, http.StatusUnauthorized, w.Code, p.path)
			require.Equal(t, refusedLocked, decodeAnswer(t, w).Reason)
			require.Equal(t, http.StatusUnauthorized, send(h, "POST", p.path, p.body, "Cookie: "+cookieName+"=guess").Code, p.path)
		}
	}
	require.Empty(t, d.all())
}

func TestPostingsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	var d desk
	h, session := unlockedAt8480(t, &d)
	for _, tt := range []struct {
		path, body string
		want       int
		reason     display.Refusal
	}{
		{"/tip", `{"trip":"0042","tip":"14.31"}`, 409, display.RefusedBadAmount},
		{"/tip", `{"trip":"0041","tip":"14.30"}`, 409, display.RefusedOtherTrip},
		{"/tip", `{"trip":"0042","tip":"-14.30"}`, 400, ""},
		{"/tip", `{"trip":"0042","tip":""}`, 400, ""},
		{"/driver/send", `{"trip":"0042"}`, 400, ""},
		{"/driver/send", `{"trip":"0042","number":"90000001","contact":"7"}`, 400, ""},
		{"/driver/send", `{"trip":"0042","number":"9000000x"}`, 409, display.RefusedBadNumber},
		{"/driver/send", `{"trip":"0042","number":"` + strings.Repeat("9", 21) + `"}`, 409, display.RefusedBadNumber},
		{"/driver/send", `{"trip":"0042","contact":"x"}`, 400, ""},
		{"/driver/send", `{"trip":"0042","contact":"0"}`, 400, ""},
		{"/driver/send", `{"trip":"0042","personal":"1234"}`, 400, ""},
		{"/driver/send", `{"trip":"0042","personal":"12345\u0007"}`, 400, ""},
		{"/driver/send", `{"trip":"0042","personal":"` + strings.Repeat("x", maxPersonal+1) + `"}`, 400, ""},
		{"/driver/contacts", `{"digits":"67"}`, 400, ""},
		{"/driver/contacts", `{"digits":"67a"}`, 400, ""},
		{"/driver/contacts", `{"digits":"` + strings.Repeat("6", 21) + `"}`, 400, ""},
		{"/driver/fare", `{"amount":"286.50","again":"286.05"}`, 409, display.RefusedBadAmount},
		{"/driver/fare", `{"amount":"286.50"}`, 409, display.RefusedBadAmount},
		{"/driver/fare", `{"amount":"0","again":"0"}`, 409, display.RefusedBadAmount},
		{"/driver/fare", `{"amount":"1e3","again":"1e3"}`, 409, display.RefusedBadAmount},
		{"/driver/confirm", `{"trip":"0042"}`, 409, display.RefusedBadCode},
		{"/driver/confirm", `{"trip":"0042","code":"09400"}`, 409, display.RefusedBadCode},
		{"/driver/confirm", `{"trip":"0042","code":"0094000"}`, 409, display.RefusedBadCode},
		{"/driver/confirm", `{"trip":"0042","code":"00 400"}`, 409, display.RefusedBadCode},
		{"/driver/confirm", `{"trip":"0042","code":9400}`, 400, ""},
		{"/driver/refund", `{"trip":"0041","amount":"0","reason":"other"}`, 409, display.RefusedBadAmount},
		{"/driver/refund", `{"trip":"0041","amount":"12","reason":"because"}`, 400, ""},
		{"/driver/refund", `{"trip":"0041","amount":"12"}`, 400, ""},
	} {
		w := send(h, "POST", tt.path, tt.body, session)
		require.Equal(t, tt.want, w.Code, "%s %s", tt.path, tt.body)
		if tt.reason != "" {
			require.Equal(t, tt.reason, decodeAnswer(t, w).Reason, tt.body)
		}
	}
	require.Empty(t, d.all())
}

// TestTipsThatAreNotOffered: the passenger's side has no PIN, so it can choose among
// what the newest View offers and nothing else.
func TestTipsThatAreNotOffered(t *testing.T) {
	t.Parallel()
	var d desk
	s, h := at8480(t, withDesk(&d))
	s.Show(view(display.Tipping, "", tips))
	require.Equal(t, http.StatusOK, send(h, "POST", "/tip", `{"trip":"0042","tip":"0.00"}`).Code)
	require.Equal(t, []string{"tip 0042 0"}, d.all())
	s.Show(view(display.Approved, ""))
	require.Equal(t, display.RefusedNotNow, decodeAnswer(t, send(h, "POST", "/tip", `{"trip":"0042","tip":"0.00"}`)).Reason)
	require.Len(t, d.all(), 1)
}

// TestMoneyOutOfAHeadNeedsAPIN: without one nobody answers for it.
func TestMoneyOutOfAHeadNeedsAPIN(t *testing.T) {
	t.Parallel()
	var d desk
	s, h := at8480(t, withDesk(&d))
	s.Show(view(display.Due, "", canType))
	for _, p := range postings {
		if p.path == "/driver/fare" || p.path == "/driver/refund" {
			require.Equal(t, display.RefusedNotAllowed, decodeAnswer(t, send(h, "POST", p.path, p.body)).Reason, p.path)
		}
	}
	require.Empty(t, d.all())
	require.NotContains(t, send(h, "GET", "/driver", "").Body.String(), `data-open="fare"`)
	require.NotContains(t, send(h, "GET", "/driver/trip?trip=0041", "").Body.String(), "data-refund")
}

func TestContactsAreFew(t *testing.T) {
	t.Parallel()
	h, session := unlockedAt8480(t, &desk{})
	a := decodeAnswer(t, send(h, "POST", "/driver/contacts", `{"digits":"678"}`, session))
	require.Equal(t, []contact{
		{"7", "+47 ••• •• 678", "Kari Nordmann"}, {"9007199254740993", "+47 ••• •• 678", ""},
	}, a.Contacts, "ids that JavaScript cannot count to")
	a = decodeAnswer(t, send(h, "POST", "/driver/contacts", `{"digits":"000"}`, session))
	require.True(t, a.OK)
	require.Empty(t, a.Contacts)
}

func TestSheets(t *testing.T) {
	t.Parallel()
	var d desk
	h, session := unlockedAt8480(t, &d)
	for path, says := range map[string]string{"/driver/trip?trip=0041&lang=en": "NOK 300.80", "/driver/shift?lang=nb": "2 166,00 kr"} {
		require.Equal(t, http.StatusUnauthorized, send(h, "GET", path, "").Code, path)
		require.Empty(t, d.all(), path)
		w := send(h, "GET", path, "", session)
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		require.Equal(t, policy, w.Header().Get("Content-Security-Policy"))
		require.Contains(t, strings.ReplaceAll(w.Body.String(), "\u00a0", " "), says)
		require.Equal(t, http.StatusForbidden, send(h, "GET", path, "", session, "Sec-Fetch-Site: cross-site").Code)
		d.calls = nil
	}
	w := send(h, "POST", "/driver/shift/end", `{"lang":"en"}`, session)
	require.Contains(t, decodeAnswer(t, w).HTML, "The shift has ended")

	d.err = display.RefusedUnknownTrip
	require.Equal(t, answer{Reason: "unknown_trip", Text: "There is no such trip."},
		decodeAnswer(t, send(h, "GET", "/driver/trip?trip=9999&lang=en", "", session)))
	_, h = at8480(t)
	require.Equal(t, display.RefusedNotAllowed, decodeAnswer(t, send(h, "GET", "/driver/shift", "")).Reason, "no desk")
}

// TestTypedNumbersAreNotLogged, whatever the desk's errors quote.
func TestTypedNumbersAreNotLogged(t *testing.T) {
	t.Parallel()
	const personal = "https://qr.example/u/SECRET-CODE"
	for _, tt := range []struct{ path, body string }{
		{"/driver/send", `{"trip":"0042","number":"90 00 00 01"}`},
		{"/driver/send", `{"trip":"0042","number":"+4790000001"}`},
		{"/driver/send", `{"trip":"0042","personal":"` + personal + `"}`},
		{"/driver/send", `{"trip":"0042","number":"90000001x"}`},
		{"/driver/send", `{"trip":"0042","number":"90000001","surprise":"1"}`},
		{"/driver/contacts", `{"digits":"90000001"}`},
		{"/driver/contacts", `{"digits":"001"}`},
		{"/driver/confirm", `{"trip":"0042","code":"009400"}`},
		{"/driver/confirm", `{"trip":"0042","code":"009400x"}`},
	} {
		for _, quote := range []string{"90000001", "90 00 00 01", "+47 900 00 001", "+4790000001", "4790000001", "009400", personal, `"001"`} {
			if quote == personal && !strings.Contains(tt.body, personal) || quote == `"001"` && !strings.Contains(tt.body, quote) {
				continue // what was not typed cannot be known for a secret
			}
			var log safeBuffer
			d := desk{err: fmt.Errorf("send to %s: %w", quote, errors.New("out of order"))}
			h, session := unlockedAt8480(t, &d, func(o *Options) {
				o.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			})
			w := send(h, "POST", tt.path, tt.body, session)
			said := log.String() + w.Body.String()
			for _, secret := range []string{"90000001", "90 00 00 01", "900 00 001", "SECRET-CODE", "009400"} {
				require.NotContains(t, said, secret, "%s %s", tt.path, tt.body)
			}
			if strings.Contains(tt.body, `"001"`) {
				require.NotContains(t, said, "001", "last digits")
			}
			if len(d.all()) > 0 {
				require.Contains(t, log.String(), "out of order", "what went wrong is logged")
			}
		}
	}
}

// FuzzPostings: whatever is posted wherever, the server answers, and what it says no
// to does not reach the desk.
func FuzzPostings(f *testing.F) {
	for i, p := range postings {
		f.Add(uint8(i), p.body, true)
	}
	f.Add(uint8(3), "trip=0042&number=90000001", false)
	f.Add(uint8(6), `{"amount":"99999999999999999999","again":"99999999999999999999"}`, true)
	f.Fuzz(func(t *testing.T, route uint8, body string, asJSON bool) {
		var d desk
		h, session := unlockedAt8480(t, &d)
		kind := "application/x-www-form-urlencoded"
		if asJSON {
			kind = "application/json"
		}
		w := send(h, "POST", postings[int(route)%len(postings)].path, body, session, "Content-Type: "+kind)
		require.Contains(t, []int{200, 400, 409, 413}, w.Code)
		require.Equal(t, w.Code == 200, len(d.all()) == 1, w.Body.String())
	})
}
