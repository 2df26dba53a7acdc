package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// at8480 is a server that believes to listen on 127.0.0.1:8480, behind its guard.
func at8480(t testing.TB, change ...func(*Options)) (*Server, http.Handler) {
	t.Helper()
	o := options(change...)
	o.Addr = "127.0.0.1:8480"
	s, err := New(o)
	require.NoError(t, err)
	return s, s.handler()
}

// send makes a request from the server's own page, changed by headers; Host is a
// header here like any other.
func send(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "127.0.0.1:8480"
	if method == http.MethodPost {
		r.Header.Set("Origin", "http://127.0.0.1:8480")
		r.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		switch {
		case name == "Host":
			r.Host = value
		case value == "":
			r.Header.Del(name)
		default:
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHostMustBeOurs(t *testing.T) {
	t.Parallel()
	_, h := at8480(t)
	for host, want := range map[string]int{
		"127.0.0.1:8480":              http.StatusOK,
		"localhost:8480":              http.StatusOK,
		"[::1]:8480":                  http.StatusOK,
		"127.0.0.2:8480":              http.StatusOK,
		"127.0.0.1:8481":              http.StatusMisdirectedRequest,
		"127.0.0.1":                   http.StatusMisdirectedRequest,
		"localhost":                   http.StatusMisdirectedRequest,
		"evil.example:8480":           http.StatusMisdirectedRequest,
		"127.0.0.1.evil.example:8480": http.StatusMisdirectedRequest,
		"localhost.:8480":             http.StatusMisdirectedRequest,
		"0.0.0.0:8480":                http.StatusMisdirectedRequest,
		"192.168.1.7:8480":            http.StatusMisdirectedRequest,
		"":                            http.StatusMisdirectedRequest,
		strings.Repeat("a", 4000):     http.StatusMisdirectedRequest,
	} {
		for _, path := range []string{"/", "/driver", "/static/screen.js"} {
			require.Equal(t, want, send(h, "GET", path, "", "Host: "+host).Code, "%q", host)
		}
	}
}

func TestPostMustComeFromOurPages(t *testing.T) {
	t.Parallel()
	_, h := at8480(t)
	for _, tt := range []struct {
		headers []string
		want    int
	}{
		{nil, http.StatusOK},
		{[]string{"Sec-Fetch-Site: same-origin"}, http.StatusOK},
		{[]string{"Host: localhost:8480", "Origin: http://localhost:8480"}, http.StatusOK},
		{[]string{"Origin: "}, http.StatusForbidden},
		{[]string{"Origin: null"}, http.StatusForbidden},
		{[]string{"Origin: https://127.0.0.1:8480"}, http.StatusForbidden},
		{[]string{"Origin: http://127.0.0.1:8481"}, http.StatusForbidden},
		{[]string{"Origin: http://localhost:8480"}, http.StatusForbidden},
		{[]string{"Origin: http://evil.example"}, http.StatusForbidden},
		{[]string{"Sec-Fetch-Site: cross-site"}, http.StatusForbidden},
		{[]string{"Sec-Fetch-Site: same-site"}, http.StatusForbidden},
		{[]string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"}, http.StatusForbidden},
	} {
		require.Equal(t, tt.want, send(h, "POST", "/driver/lock", "{}", tt.headers...).Code, "%q", tt.headers)
	}
}

// TestGetFromElsewhere: a link to a page works, taking a stream or a file does not.
func TestGetFromElsewhere(t *testing.T) {
	t.Parallel()
	_, h := at8480(t)
	elsewhere := []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"}
	require.Equal(t, http.StatusForbidden, send(h, "GET", "/events", "", elsewhere...).Code)
	require.Equal(t, http.StatusForbidden, send(h, "GET", "/static/screen.js", "", elsewhere...).Code)
	require.Equal(t, http.StatusOK, send(h, "GET", "/", "", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate").Code)
	require.Equal(t, http.StatusOK, send(h, "GET", "/", "", "Sec-Fetch-Site: none").Code)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	_, h := at8480(t)
	for _, tt := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/", http.StatusOK},
		{"HEAD", "/", http.StatusOK},
		{"GET", "/driver", http.StatusOK},
		{"GET", "/static/screen.css", http.StatusOK},
		{"GET", "/static/icon.svg", http.StatusOK},
		{"GET", "/static/", http.StatusNotFound},
		{"GET", "/static/..%2f..%2fweb.go", http.StatusBadRequest},
		{"GET", "/page.go", http.StatusNotFound},
		{"GET", "/nothing", http.StatusNotFound},
		{"POST", "/", http.StatusMethodNotAllowed},
		{"GET", "/driver/actions", http.StatusMethodNotAllowed},
		{"DELETE", "/driver", http.StatusForbidden},
	} {
		require.Equal(t, tt.want, send(h, tt.method, tt.path, "").Code, "%s %s", tt.method, tt.path)
	}
}

// TestPagesKeepToThemselves: nothing inline, nothing from elsewhere, nothing kept.
func TestPagesKeepToThemselves(t *testing.T) {
	t.Parallel()
	s, h := at8480(t)
	for _, scene := range append(passengerScenes(), driverScenes()...) {
		s.Show(scene.view)
		for _, path := range []string{"/", "/driver"} {
			w := send(h, "GET", path, "")
			require.Equal(t, policy, w.Header().Get("Content-Security-Policy"))
			require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
			require.Equal(t, "DENY", w.Header().Get("X-Frame-Options"))
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			html := w.Body.String()
			require.NotContains(t, html, " style=")
			require.NotContains(t, html, "<style")
			require.NotContains(t, html, "://", "something from elsewhere")
			require.NotRegexp(t, `\son[a-z]+=`, html, "an inline handler")
			require.NotRegexp(t, `<script[^>]*>[^<]`, html, "an inline script")
		}
	}
	for _, d := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
		require.Contains(t, policy, d)
	}
	require.NotContains(t, policy, "unsafe")
	require.NotContains(t, policy, "*")
}

// TestRefusalsAreLoggedBriefly: what a stranger sends does not fill the log.
func TestRefusalsAreLoggedBriefly(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	_, h := at8480(t, func(o *Options) { o.Log = log.logger() })
	send(h, "GET", "/", "", "Host: "+strings.Repeat("x", 4000))
	require.Contains(t, log.String(), "rule=host")
	require.Less(t, len(log.String()), 400)
}

func TestPageLanguage(t *testing.T) {
	t.Parallel()
	_, h := at8480(t)
	for query, want := range map[string]string{"": "nb", "?lang=en": "en", "?lang=en-US": "en", "?lang=zh": "nb"} {
		require.Contains(t, send(h, "GET", "/"+query, "").Body.String(), `<html lang="`+want+`">`, query)
	}
	_, h = at8480(t, func(o *Options) { o.DefaultLanguage = "en" })
	require.Contains(t, send(h, "GET", "/", "").Body.String(), `<html lang="en">`)
}
