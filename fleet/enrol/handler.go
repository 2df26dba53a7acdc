package enrol

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"

	"taxiterminal/fleet/enrol/ticket"
)

// statuses go with codes of refusals; all others are 403.
var statuses = map[string]int{
	ticket.Malformed:   http.StatusBadRequest,
	ticket.Busy:        http.StatusTooManyRequests,
	ticket.Unavailable: http.StatusServiceUnavailable,
	"unknown":          http.StatusNotFound,
	"expired":          http.StatusGone,
	"used":             http.StatusGone,
	"occupied":         http.StatusConflict,
	"other_car":        http.StatusConflict,
	"conflict":         http.StatusServiceUnavailable,
}

// Handler serves POST /enrol. Neither tokens nor proofs are in its log.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+ticket.Path, s.serve)
	return mux
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	welcome, err := s.enrol(w, r)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if err == nil {
		_ = json.NewEncoder(w).Encode(welcome) // who went away asks again
		return
	}
	no := s.refusal(err)
	status, ok := statuses[no.Code]
	if !ok {
		status = http.StatusForbidden
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "30")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"v": 1, "error": no})
}

// refusal is what the computer is told; what is wrong with the gateway itself stays
// in the log.
func (s *Service) refusal(err error) *ticket.Refusal {
	var no *ticket.Refusal
	var said refused
	switch {
	case errors.As(err, &no):
	case errors.As(err, &said):
		no = &ticket.Refusal{}
		no.Code, no.Text, no.Hint = said.Refused()
	default:
		s.config.Log.Error("enrolment failed", "error", err)
		return &ticket.Refusal{Code: ticket.Unavailable, Text: "gateway cannot enrol at the moment", Hint: "try again in a minute; the same token is good"}
	}
	s.config.Log.Warn("enrolment refused", "code", no.Code)
	return no
}

func (s *Service) enrol(w http.ResponseWriter, r *http.Request) (ticket.Welcome, error) {
	if !s.limit.allow(s.from(r)) {
		return ticket.Welcome{}, &ticket.Refusal{Code: ticket.Busy, Text: "too many attempts", Hint: "wait half a minute"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, ticket.MaxRequest))
	if err != nil {
		return ticket.Welcome{}, &ticket.Refusal{Code: ticket.Malformed, Text: "request is too long or was cut off", Hint: "try again"}
	}
	request, err := ticket.Parse(body)
	if err != nil {
		return ticket.Welcome{}, err
	}
	hash, err := request.Verify(s.server)
	if err != nil {
		return ticket.Welcome{}, err
	}
	vehicle, err := s.config.Registry.Enrol(r.Context(), hash, request.PublicKey, request.Name)
	if err != nil {
		return ticket.Welcome{}, err
	}
	s.config.Log.Info("terminal enrolled", "terminal", request.PublicKey, "vehicle", vehicle)
	return s.welcome(r.Context(), request.PublicKey, vehicle)
}

func (s *Service) welcome(ctx context.Context, terminal, vehicle string) (w ticket.Welcome, err error) {
	w = ticket.Welcome{V: 1, Terminal: terminal, Vehicle: vehicle, Server: s.server, URLs: s.config.URLs, CA: s.config.CA}
	if s.config.Settings != nil {
		if w.Settings, err = s.config.Settings(ctx, vehicle); err != nil {
			return ticket.Welcome{}, err
		}
	}
	if s.config.Secret != nil {
		w.Secret, err = s.config.Secret(terminal)
	}
	return w, err
}

func (s *Service) from(r *http.Request) netip.Addr {
	if s.config.From != nil {
		return s.config.From(r)
	}
	at, _ := netip.ParseAddrPort(r.RemoteAddr)
	return at.Addr()
}
