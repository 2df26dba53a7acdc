package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"taxiterminal/display"
)

// ErrUnusable is an *Error of a daemon that runs and cannot use its outbox, so that there is
// no terminal to ask.
var ErrUnusable = errors.New("the terminal cannot use its outbox")

// Unusable answers while the outbox cannot be used: it tells status, and refuses everything
// else with the reason.
type Unusable struct {
	View    display.View // what the screens show; its first fault says why in one word
	Err     error        // why, for a technician
	Do      string       // what to do next
	Version string
	Gateway func() Gateway // as in Options
}

var _ Behind = Unusable{}

// Handler is part of Behind.
func (u Unusable) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, u.status()) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		e := u.refusal()
		writeJSON(w, e.Status, e)
	})
	return mux
}

func (u Unusable) status() Status {
	s := statusOf(u.View, u.Version)
	s.Unusable, s.Do = u.Err.Error(), u.Do
	if u.Gateway != nil {
		g := u.Gateway()
		s.Gateway = &g
	}
	return s
}

func (u Unusable) refusal() *Error {
	return &Error{Status: http.StatusServiceUnavailable, Message: fmt.Sprintf("%v (%s): %v", ErrUnusable, u.fault(), u.Err), Fault: u.fault(), Do: u.Do}
}

func (u Unusable) fault() display.Fault {
	if len(u.View.Faults) == 0 {
		return display.FaultDisk
	}
	return u.View.Faults[0]
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller has gone away
}
