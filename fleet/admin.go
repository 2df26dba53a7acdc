package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"taxiterminal/fleet/office"
	"taxiterminal/fleet/registry"
)

// reach is from where an administrator comes.
type reach bool

const (
	local  reach = true  // the socket, which only the gateway's own user can open
	remote reach = false // the network, with a token
)

// request is one call of an administrator.
type request struct {
	*http.Request
	by string // who, for the record
}

type adminCall struct {
	role registry.Role
	do   func(context.Context, request) (any, error)
}

// slowTime is how long calls may take that ask the payment API about all cars.
const slowTime = 10 * time.Minute

// document is an answer that is no JSON.
type document struct {
	kind, name string
	body       []byte
}

// admin is the operator's door. On the socket everything is allowed; from the network
// a token says who it is and what may be done.
func (g *Gateway) admin(from reach) http.Handler {
	mux := http.NewServeMux()
	for pattern, call := range g.calls() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { g.answer(w, r, from, call) })
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, http.StatusOK, map[string]bool{"ok": true}) })
	mux.HandleFunc("GET /readyz", g.ready)
	if from == local {
		mux.Handle("GET /metrics", promhttp.HandlerFor(g.metrics.registry, promhttp.HandlerOpts{}))
	}
	return mux
}

func (g *Gateway) answer(w http.ResponseWriter, r *http.Request, from reach, call adminCall) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	by, err := g.who(r, from, call.role)
	if err != nil {
		g.reply(w, nil, err)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(slowTime)) // else the door's own
	body, err := call.do(r.Context(), request{r, by})
	g.reply(w, body, err)
}

// who is the caller's name for the record, if they may.
func (g *Gateway) who(r *http.Request, from reach, role registry.Role) (string, error) {
	if from == local {
		return "local", nil
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return "", &office.Error{Status: http.StatusUnauthorized, Message: "no token", Code: office.NoToken, Hint: "send Authorization: Bearer with the token that taxifleet admin add made"}
	}
	a, err := g.registry.Admin(r.Context(), token)
	if errors.Is(err, &registry.Refusal{Code: registry.Revoked}) {
		return "", &office.Error{Status: http.StatusUnauthorized, Message: "token is not valid", Code: office.NoToken, Hint: "it was removed, or is not whole; taxifleet admin add makes a new one"}
	}
	if err != nil {
		return "", err
	}
	return a.Name, a.May(role)
}

func (g *Gateway) reply(w http.ResponseWriter, body any, err error) {
	var known *office.Error
	var refusal *registry.Refusal
	switch {
	case err == nil:
	case errors.As(err, &known):
		writeJSON(w, known.Status, known)
		return
	case errors.As(err, &refusal):
		writeJSON(w, statusOf(refusal.Code), &office.Error{Message: refusal.Text, Code: string(refusal.Code), Hint: refusal.Hint})
		return
	default:
		g.log.Error("admin request", "err", err)
		writeJSON(w, http.StatusInternalServerError, &office.Error{Message: err.Error(), Hint: "the gateway's log says more; try again when it is well: taxifleet status"})
		return
	}
	d, ok := body.(document)
	if !ok {
		writeJSON(w, http.StatusOK, body)
		return
	}
	h := w.Header()
	h.Set("Content-Type", d.kind)
	h.Set("Content-Disposition", "attachment; filename="+d.name)
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(d.body) // the caller has gone away
}

func statusOf(c registry.Code) int {
	switch c {
	case registry.NotFound:
		return http.StatusNotFound
	case registry.Malformed:
		return http.StatusBadRequest
	case registry.Forbidden, registry.Revoked, registry.Unknown:
		return http.StatusForbidden
	}
	return http.StatusConflict
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store") // tokens are in it
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller has gone away
}

// read decodes a request's body strictly; an empty one is all zero.
func read[T any](r request) (v T, err error) {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil && !errors.Is(err, io.EOF) {
		return v, malformed("request body: %v", err)
	}
	return v, nil
}

func malformed(format string, v ...any) *office.Error {
	return &office.Error{Status: http.StatusBadRequest, Message: fmt.Sprintf(format, v...), Code: string(registry.Malformed)}
}

// number reads a number of the query within limits.
func (r request) number(name string, def, most int) (int, error) {
	text := r.FormValue(name)
	if text == "" {
		return def, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, malformed("%s: want a number from 1 to %d", name, most)
	}
	return n, nil
}

// on reads a flag of the query.
func (r request) on(name string) bool { return r.FormValue(name) == "1" }
