package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"taxiterminal/display"
	"taxiterminal/outbox"
	"taxiterminal/terminal"
	"taxiterminal/trip"
)

// Options of New.
type Options struct {
	Terminal *terminal.Terminal
	Store    *outbox.Store
	Version  string
	// Mask is what may be shown of a phone number.
	Mask func(msisdn string) string
	// Healthy says whether everything works that a trip needs in the car.
	Healthy func(context.Context) error
	// Gateway says how the car stands with its gateway; nil where there is none.
	Gateway func() Gateway
	// Metrics are served under /metrics; nil for none.
	Metrics prometheus.Gatherer
	// Meter is what the meter tells, for those who watch it; nil for nothing.
	Meter *Feed
	// Examine looks at everything that a technician can mend; nil for nothing.
	Examine func(context.Context) []Check
	Log     *slog.Logger
}

// Server answers the local commands.
type Server struct {
	o     Options
	ended chan struct{} // closed when streams must end
	end   func()        // closes it, once
}

// New prepares a server, for a Door.
func New(o Options) *Server {
	ended := make(chan struct{})
	return &Server{o, ended, sync.OnceFunc(func() { close(ended) })}
}

// Handler is the API of the package comment.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, f) })
	}
	handle("GET /v1/status", s.status)
	handle("GET /v1/trips", s.trips)
	handle("GET /v1/trips/{number}", s.trip)
	handle("POST /v1/actions", s.act)
	handle("POST /v1/trips/{number}/refund", s.refund)
	handle("POST /v1/trips/{number}/retry", s.retryTrip)
	handle("POST /v1/trips/{number}/print", s.print)
	handle("POST /v1/trips/{number}/send", s.send)
	handle("POST /v1/fare", s.typeFare)
	handle("GET /v1/shift", s.shift)
	handle("POST /v1/shift/end", s.endShift)
	handle("GET /v1/contacts", s.contacts)
	handle("POST /v1/contacts/{id}/forget", s.forget)
	handle("POST /v1/push/allow", s.allowPush)
	handle("GET /v1/code", s.code)
	handle("POST /v1/code", s.makeCode)
	handle("POST /v1/code/target", s.retarget)
	handle("POST /v1/code/destroy", s.destroyCode)
	handle("POST /v1/code/retry", s.retryCode)
	handle("GET /v1/outbox", s.commands)
	handle("GET /v1/outbox/{id}", s.command)
	handle("POST /v1/outbox/{id}/park", s.park)
	handle("POST /v1/outbox/{id}/retry", s.retry)
	handle("POST /v1/outbox/verify", s.verify)
	handle("GET /v1/doctor", s.doctor)
	mux.HandleFunc("GET /v1/meter/events", s.watchMeter)
	handle("GET /healthz", s.health)
	if s.o.Metrics != nil {
		mux.HandleFunc("GET /metrics", s.metrics)
	}
	return mux
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, f func(*http.Request) (any, error)) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	body, err := f(r)
	status := http.StatusOK
	if err != nil {
		e := s.errorOf(r, err)
		status, body = e.Status, e
	}
	writeJSON(w, status, body)
}

// errorOf gives every error the status that a script can act on.
func (s *Server) errorOf(r *http.Request, err error) *Error {
	var known *Error
	var refused *terminal.Refused
	var code *terminal.CodeRefused
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &refused):
		status := http.StatusConflict
		switch refused.Refusal {
		case display.RefusedUnknownTrip, display.RefusedGone:
			status = http.StatusNotFound
		case display.RefusedInternal:
			status = http.StatusInternalServerError
		}
		return &Error{Status: status, Message: err.Error(), Reason: refused.Reason()}
	case errors.As(err, &code):
		return &Error{Status: http.StatusConflict, Message: err.Error(), Reason: string(code.Refusal)}
	case errors.Is(err, terminal.ErrNoContact):
		return &Error{Status: http.StatusNotFound, Message: err.Error(), Reason: string(display.RefusedNoContact)}
	case errors.Is(err, terminal.ErrNotQueued):
		return &Error{Status: http.StatusConflict, Message: err.Error(), Do: "taxiterm outbox list says which are open, and how they are"}
	}
	s.o.Log.Error("control request", "path", r.URL.Path, "err", err)
	return &Error{Status: http.StatusInternalServerError, Message: err.Error()}
}

func (s *Server) status(*http.Request) (any, error) {
	status := statusOf(s.o.Terminal.View(), s.o.Version)
	if s.o.Gateway != nil {
		g := s.o.Gateway()
		status.Gateway = &g
	}
	return status, nil
}

func (s *Server) trips(r *http.Request) (any, error) {
	n, err := number(r.FormValue("n"), 20)
	if err != nil {
		return nil, err
	}
	before, err := number(r.FormValue("before"), 0)
	if err != nil {
		return nil, err
	}
	states, err := s.o.Terminal.Trips(r.Context(), before, int(min(n, 10_000)))
	if err != nil {
		return nil, err
	}
	trips := make([]Trip, 0, len(states))
	for _, state := range states {
		trips = append(trips, tripOf(state, s.o.Terminal.Receipt(state)))
	}
	return trips, nil
}

func (s *Server) trip(r *http.Request) (any, error) {
	n, err := number(r.PathValue("number"), 0)
	if err != nil {
		return nil, err
	}
	unknown := &Error{Status: http.StatusNotFound, Message: fmt.Sprintf("no trip has the number %d", n), Reason: string(display.RefusedUnknownTrip)}
	if n == 0 { // the stream of what belongs to no trip
		return nil, unknown
	}
	state, entries, err := s.o.Terminal.Journal(r.Context(), n)
	if err != nil {
		return nil, err
	}
	if state.Phase == trip.Vacant && s.o.Terminal.Gone(n) {
		return nil, &Error{Status: http.StatusNotFound, Message: fmt.Sprintf("trip %04d is no longer on this computer", n), Reason: string(display.RefusedGone)}
	}
	if state.Phase == trip.Vacant {
		return nil, unknown
	}
	t := tripOf(state, s.o.Terminal.Receipt(state))
	for _, e := range entries {
		t.Events = append(t.Events, eventOf(e))
	}
	return t, nil
}

func (s *Server) act(r *http.Request) (any, error) {
	var q ActionRequest
	if err := decode(r, &q); err != nil {
		return nil, err
	}
	return struct{}{}, s.o.Terminal.Act(r.Context(), q.Action, q.Trip)
}

func (s *Server) refund(r *http.Request) (any, error) {
	var q RefundRequest
	if err := decode(r, &q); err != nil {
		return nil, err
	}
	return struct{}{}, s.o.Terminal.Refund(r.Context(), r.PathValue("number"), q.Amount, q.Reason)
}

func (s *Server) retryTrip(r *http.Request) (any, error) {
	return struct{}{}, s.o.Terminal.Retry(r.Context(), r.PathValue("number"))
}

func (s *Server) commands(r *http.Request) (any, error) {
	n, err := number(r.FormValue("n"), 50)
	if err != nil {
		return nil, err
	}
	items, err := s.o.Store.List(r.Context(), outbox.Filter{Open: r.FormValue("all") == "", Limit: int(n)})
	if err != nil {
		return nil, err
	}
	list := make([]Command, 0, len(items))
	for _, i := range items {
		c := commandOf(i)
		c.Body = nil
		list = append(list, c)
	}
	return list, nil
}

func (s *Server) command(r *http.Request) (any, error) {
	id, err := number(r.PathValue("id"), 0)
	if err != nil {
		return nil, err
	}
	items, err := s.o.Store.List(r.Context(), outbox.Filter{ID: id, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(items) == 0 || id == 0 {
		return nil, &Error{Status: http.StatusNotFound, Message: fmt.Sprintf("no command has the number %d", id), Do: "taxiterm outbox list --all lists them"}
	}
	return commandOf(items[0]), nil
}

func (s *Server) park(r *http.Request) (any, error) {
	return s.interfere(r, func(id int64, reason string) error { return s.o.Terminal.ParkCommand(id, reason) })
}

func (s *Server) retry(r *http.Request) (any, error) {
	return s.interfere(r, func(id int64, reason string) error {
		return s.o.Terminal.RetryCommand(r.Context(), id, reason)
	})
}

func (s *Server) interfere(r *http.Request, f func(int64, string) error) (any, error) {
	id, err := number(r.PathValue("id"), 0)
	if err != nil {
		return nil, err
	}
	var q ReasonRequest
	if err := decode(r, &q); err != nil {
		return nil, err
	}
	return struct{}{}, f(id, q.Reason)
}

func (s *Server) verify(r *http.Request) (any, error) {
	n, err := s.o.Store.Verify(r.Context())
	if err != nil {
		return nil, err
	}
	p, err := s.o.Store.Pruned(r.Context())
	return Verified{Entries: n, Pruned: p.Entries, Last: p.Last}, err
}

func (s *Server) health(r *http.Request) (any, error) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.o.Healthy(ctx); err != nil {
		return nil, &Error{Status: http.StatusServiceUnavailable, Message: err.Error()}
	}
	return struct {
		OK bool `json:"ok"`
	}{true}, nil
}

func number(text string, def int64) (int64, error) {
	if text == "" {
		return def, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, &Error{Status: http.StatusBadRequest, Message: fmt.Sprintf("%q: want a whole number that is not below 0", text)}
	}
	return n, nil
}

func decode(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return &Error{Status: http.StatusBadRequest, Message: fmt.Sprintf("request body: %v", err)}
	}
	return nil
}
