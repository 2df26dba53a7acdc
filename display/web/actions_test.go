package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
)

func decodeAnswer(t *testing.T, w *httptest.ResponseRecorder) answer {
	t.Helper()
	require.Equal(t, "application/json", w.Header().Get("Content-Type"), w.Body.String())
	var a answer
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &a))
	return a
}

func TestPressReachesTheTerminalWithItsTrip(t *testing.T) {
	t.Parallel()
	var p desk
	_, h := at8480(t, withDesk(&p))
	w := send(h, "POST", "/driver/actions", `{"action":"cash","trip":"0042","lang":"nb"}`)
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, answer{OK: true, Text: "Utført: Kontant"}, decodeAnswer(t, w))

	w = send(h, "POST", "/driver/actions", "action=new&trip=0043&lang=en", "Content-Type: application/x-www-form-urlencoded")
	require.Equal(t, answer{OK: true, Text: "Done: New code"}, decodeAnswer(t, w))
	require.Equal(t, []string{"cash 0042", "new 0043"}, p.calls)
}

// strange is an error with a reason that no catalogue knows.
type strange struct{ error }

func (strange) Reason() string { return "../../etc" }

func TestRefusalsAreExplained(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err    error
		reason display.Refusal
		text   string
		logged bool
	}{
		{display.RefusedNotNow, "not_now", "That is not possible right now.", false},
		{display.RefusedOtherTrip, "other_trip", "The screen showed another trip. Look at the new one and press again.", false},
		{fmt.Errorf("choose cash: %w", display.RefusedAlreadyPaid), "already_paid", "The trip is already paid.", false},
		{errors.New("disk on fire"), "internal", "Something went wrong. Try again or call the office.", true},
		{strange{errors.New("odd")}, "internal", "Something went wrong. Try again or call the office.", true},
		{context.DeadlineExceeded, "internal", "Something went wrong. Try again or call the office.", true},
	} {
		var log safeBuffer
		p := desk{err: tt.err}
		_, h := at8480(t, withDesk(&p), func(o *Options) { o.Log = log.logger() })
		w := send(h, "POST", "/driver/actions", `{"action":"card","trip":"0042","lang":"en"}`)
		require.Equal(t, http.StatusConflict, w.Code)
		require.Equal(t, answer{Reason: tt.reason, Text: tt.text}, decodeAnswer(t, w))
		require.Equal(t, tt.logged, log.String() != "", log.String())
	}
}

func TestWithoutADeskPeopleOnlyLook(t *testing.T) {
	t.Parallel()
	_, h := at8480(t)
	w := send(h, "POST", "/driver/actions", `{"action":"cash","trip":"0042"}`)
	require.Equal(t, display.RefusedNotAllowed, decodeAnswer(t, w).Reason)
}

func TestPressThatIsNotOne(t *testing.T) {
	t.Parallel()
	var p desk
	_, h := at8480(t, withDesk(&p))
	for _, tt := range []struct {
		name, body, kind string
		want             int
	}{
		{"no action", `{"trip":"0042"}`, "application/json", http.StatusBadRequest},
		{"unknown action", `{"action":"free","trip":"0042"}`, "application/json", http.StatusBadRequest},
		{"unknown field", `{"action":"cash","tripp":"0042"}`, "application/json", http.StatusBadRequest},
		{"wrong type", `{"action":"cash","trip":42}`, "application/json", http.StatusBadRequest},
		{"two values", `{"action":"cash","trip":"1"}{}`, "application/json", http.StatusBadRequest},
		{"not JSON", `cash`, "application/json", http.StatusBadRequest},
		{"empty", ``, "application/json", http.StatusBadRequest},
		{"text", `{"action":"cash"}`, "text/plain", http.StatusUnsupportedMediaType},
		{"no type", `{"action":"cash"}`, "", http.StatusUnsupportedMediaType},
		{"large JSON", `{"action":"cash","trip":"` + strings.Repeat("0", maxBody) + `"}`, "application/json", http.StatusRequestEntityTooLarge},
		{"large form", "action=cash&trip=" + strings.Repeat("0", maxBody), "application/x-www-form-urlencoded", http.StatusRequestEntityTooLarge},
	} {
		w := send(h, "POST", "/driver/actions", tt.body, "Content-Type: "+tt.kind)
		require.Equal(t, tt.want, w.Code, tt.name)
	}
	require.Empty(t, p.calls)
}

// TestActionOutlivesItsPage: a page that is gone does not stop what it started.
func TestActionOutlivesItsPage(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	_, h := at8480(t, withDesk(&desk{on: func(ctx context.Context) {
		ended <- ctx.Err()
		_, bounded := ctx.Deadline()
		require.True(t, bounded)
	}}))
	gone, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequestWithContext(gone, "POST", "/driver/actions", strings.NewReader(`{"action":"cash","trip":"1"}`))
	r.Host = "127.0.0.1:8480"
	r.Header.Set("Origin", "http://127.0.0.1:8480")
	r.Header.Set("Content-Type", "application/json")
	h.ServeHTTP(httptest.NewRecorder(), r)
	require.NoError(t, <-ended)
}

func TestPINComesFirst(t *testing.T) {
	t.Parallel()
	var p desk
	var log safeBuffer
	_, h := at8480(t, withDesk(&p), withPIN, func(o *Options) { o.Log = log.logger() })
	const cash = `{"action":"cash","trip":"0042","lang":"en"}`

	w := send(h, "POST", "/driver/actions", cash)
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Equal(t, "Unlock with the PIN first.", decodeAnswer(t, w).Text)
	require.Contains(t, send(h, "GET", "/driver", "").Body.String(), "data-digit")

	w = send(h, "POST", "/driver/pin", `{"pin":"0000","lang":"en"}`)
	require.Equal(t, http.StatusForbidden, w.Code)
	require.Equal(t, answer{Reason: "pin_wrong", Text: "Wrong PIN"}, decodeAnswer(t, w))
	require.Empty(t, w.Result().Cookies())

	w = send(h, "POST", "/driver/pin", `{"pin":"4711"}`)
	require.Equal(t, http.StatusOK, w.Code)
	cookie := w.Result().Cookies()[0]
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
	require.Equal(t, "/driver", cookie.Path)
	require.Equal(t, int(sessionTime.Seconds()), cookie.MaxAge)
	session := "Cookie: " + cookie.Name + "=" + cookie.Value

	require.Equal(t, http.StatusOK, send(h, "POST", "/driver/actions", cash, session).Code)
	require.Contains(t, send(h, "GET", "/driver", "", session).Body.String(), "data-lock")
	require.Equal(t, []string{"cash 0042"}, p.calls)

	w = send(h, "POST", "/driver/lock", "{}", session)
	require.Negative(t, w.Result().Cookies()[0].MaxAge, "the page forgets it too")
	require.Equal(t, http.StatusUnauthorized, send(h, "POST", "/driver/actions", cash, session).Code)
	require.NotContains(t, log.String(), "4711")
	require.NotContains(t, log.String(), "0000")
	require.NotContains(t, log.String(), cookie.Value)
}

func TestGuessingIsSlowedDown(t *testing.T) {
	t.Parallel()
	_, h := at8480(t, withPIN)
	for range freeTries - 1 {
		require.Equal(t, http.StatusForbidden, send(h, "POST", "/driver/pin", `{"pin":"1"}`).Code)
	}
	w := send(h, "POST", "/driver/pin", `{"pin":"1","lang":"en"}`)
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "2", w.Header().Get("Retry-After"))
	require.Equal(t, answer{Reason: "pin_wait", Text: "Too many tries. Wait 2 s.", Wait: 2}, decodeAnswer(t, w))
	require.Equal(t, http.StatusTooManyRequests, send(h, "POST", "/driver/pin", `{"pin":"4711"}`).Code, "even the right one")
}

// TestNoPINNoDoor: without one the page neither asks nor offers to lock.
func TestNoPINNoDoor(t *testing.T) {
	t.Parallel()
	_, h := at8480(t)
	html := send(h, "GET", "/driver", "").Body.String()
	require.NotContains(t, html, "data-digit")
	require.NotContains(t, html, "data-lock")
	require.Equal(t, http.StatusOK, send(h, "POST", "/driver/pin", `{"pin":"1"}`).Code)
}

// FuzzPress: whatever is posted, the server answers, and only a well-formed press
// reaches the terminal.
func FuzzPress(f *testing.F) {
	f.Add(`{"action":"cash","trip":"0042"}`, true)
	f.Add(`action=cash&trip=0042`, false)
	f.Add(`{"action":"cash"`, true)
	f.Add(`%zz=1`, false)
	f.Fuzz(func(t *testing.T, body string, asJSON bool) {
		var p desk
		_, h := at8480(t, withDesk(&p))
		kind := "application/x-www-form-urlencoded"
		if asJSON {
			kind = "application/json"
		}
		w := send(h, "POST", "/driver/actions", body, "Content-Type: "+kind)
		require.Contains(t, []int{200, 400, 413}, w.Code)
		require.Equal(t, w.Code == 200, len(p.calls) == 1)
	})
}
