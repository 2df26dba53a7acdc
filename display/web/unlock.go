package web

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"taxiterminal/display/locale"
)

// cookieName of a driver's session. Cookies know no ports, so the name tells ours
// from those of other programs on this machine.
const cookieName = "taxiterm-driver"

// try is the body of a POST to /driver/pin.
type try struct {
	PIN string `json:"pin"`
	tongue
}

// unlocked says whether the sender may press buttons: without a PIN everyone who
// can touch the screen.
func (s *Server) unlocked(r *http.Request) bool {
	if s.door == nil {
		return true
	}
	cookie, err := r.Cookie(cookieName)
	return err == nil && s.door.passed(cookie.Value, time.Now())
}

// unlock takes a PIN and gives a session for the right one.
func (s *Server) unlock(w http.ResponseWriter, r *http.Request) {
	var t try
	if !read(w, r, &t) {
		return
	}
	if s.door == nil {
		reply(w, http.StatusOK, answer{OK: true})
		return
	}
	c := s.renderer.set.Match(t.Lang)
	token, wait := s.door.enter(t.PIN, time.Now())
	switch {
	case token != "":
		http.SetCookie(w, sessionCookie(token, sessionTime))
		reply(w, http.StatusOK, answer{OK: true})
	case wait > 0:
		s.log.Warn("driver PIN refused for now", "wait", wait)
		seconds := int(math.Ceil(wait.Seconds()))
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		text := c.Text("driver.pin_wait", locale.Args{"count": strconv.Itoa(seconds)})
		reply(w, http.StatusTooManyRequests, answer{Reason: refusedTooFast, Text: text, Wait: seconds})
	default:
		reply(w, http.StatusForbidden, answer{Reason: refusedPIN, Text: c.Text("driver.pin_wrong", nil)})
	}
}

// lock ends the session of the page that asks.
func (s *Server) lock(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil && s.door != nil {
		s.door.leave(cookie.Value)
	}
	http.SetCookie(w, sessionCookie("", -time.Second))
	reply(w, http.StatusOK, answer{OK: true})
}

// sessionCookie is readable by no script and sent to no request that another
// site starts. It is not Secure because loopback has no TLS.
func sessionCookie(token string, life time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: token, Path: "/driver",
		MaxAge: int(life / time.Second), HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}
