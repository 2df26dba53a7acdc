package page

import (
	"net/http"
	"time"
)

// maxBody is a form's size in bytes.
const maxBody = 2 << 10

// policy lets a page load its own script, style and icon and talk to this server, and
// nothing else. Forms go to this server; what follows names https because browsers
// apply the rule to the redirect too, and the payment app chooses its own addresses.
func (p *Pages) policy() string {
	after := "https:"
	if p.base.Scheme == "http" {
		after = "http: https:" // on a desk the payment app is simulated
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"base-uri 'none'; form-action 'self' " + after + "; frame-ancestors 'none'"
}

// guard sets the headers that keep a page to itself, and refuses what no page of
// ours sends. A form's Origin tells nothing, because the referrer policy empties it;
// the form's token is what counts.
func (p *Pages) guard(next http.Handler) http.Handler {
	policy := p.policy()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("X-Robots-Tag", "noindex, nofollow")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
		header.Set("Cache-Control", "no-store")
		header.Add("Vary", "Accept-Language")
		if p.base.Scheme == "https" {
			header.Set("Strict-Transport-Security", "max-age=31536000")
		}
		switch {
		case !p.limits.requests.take(time.Now(), p.from(r)):
			p.turnAway(w, p.visit(r, ""))
		case r.Method == http.MethodPost && foreign(r):
			http.Error(w, "this form was not on a page of ours: open the page again", http.StatusForbidden)
		default:
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			next.ServeHTTP(w, r)
		}
	})
}

// foreign: the browser says that the form stood on somebody else's page.
func foreign(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site != "" && site != "same-origin" && site != "none"
}
