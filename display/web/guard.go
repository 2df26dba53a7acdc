package web

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// policy lets a page load its own script, style and icon and talk to this server,
// and nothing else: no inline code, no frames, no forms, no other origin.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard refuses what does not come from a page of this server in a browser on this
// machine, and sets the headers that keep such a page to itself.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
		header.Set("Cache-Control", "no-store")

		if !s.ours(r.Host) {
			s.refuse(w, r, "host", http.StatusMisdirectedRequest)
			return
		}
		if !sameOrigin(r) {
			s.refuse(w, r, "origin", http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// ours says whether a Host header names this server. Checking it defeats DNS
// rebinding: a foreign page can point its own name at 127.0.0.1, but the browser
// then sends that name.
func (s *Server) ours(hostport string) bool {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		host, port = strings.Trim(hostport, "[]"), "80"
	}
	if port != strconv.Itoa(int(s.port())) {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// port is the one that is listened on.
func (s *Server) port() uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return s.listener.Addr().(*net.TCPAddr).AddrPort().Port()
	}
	return s.addr.Port()
}

// sameOrigin lets pages be opened from anywhere, but a request that changes
// something must say that it comes from one of our pages, and whatever else a
// foreign page asks for (a stream would take up a place) is refused where the
// browser tells.
func sameOrigin(r *http.Request) bool {
	changes := r.Method != http.MethodGet && r.Method != http.MethodHead
	if changes && r.Header.Get("Origin") != "http://"+r.Host {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return true
	}
	return !changes && r.Header.Get("Sec-Fetch-Mode") == "navigate"
}

// refuse answers without saying much; the log says which rule it was. The request's
// own words are quoted there, so they are cut.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, rule string, status int) {
	s.log.Warn("request refused", "rule", rule, "method", r.Method,
		"host", cut(r.Host), "origin", cut(r.Header.Get("Origin")))
	http.Error(w, http.StatusText(status), status)
}

func cut(s string) string { return s[:min(len(s), 80)] }
