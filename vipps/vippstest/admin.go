package vippstest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// Admin is the simulator's control panel for other processes: JSON under /_sim/,
// durations as "1m30s". It has no protection; serve it on a loopback port of its
// own, which also stays open while the simulated network is down.
//
//	GET    /_sim/payments                      []Payment
//	GET    /_sim/payments/{reference}          Payment
//	POST   /_sim/payments/{reference}/act      Habit: what the passenger does, and when
//	GET    /_sim/calls/{op}?reference=         Calls
//	GET    /_sim/ledger                        Ledger
//	POST   /_sim/scan                          {"code"} -> Bill
//	GET    /_sim/pushed/{phone}                []Bill
//	PUT    /_sim/habit                         Habit, for payments from now on
//	PUT    /_sim/people                        Person: somebody with the app
//	PUT    /_sim/passenger                     Person: who scans the codes from now on
//	DELETE /_sim/people/{phone}/consent        this person shares nothing any more
//	PUT    /_sim/strangers/{phone}             this number cannot be asked
//	GET    /_sim/codes                         []Code: printed ones
//	POST   /_sim/follow                        {"code"} of a printed one -> {"target"}
//	GET    /_sim/callbacks                     []Callback
//	POST   /_sim/checkin                       {"code", "phone"}: somebody scans a callback code
//	GET    /_sim/webhooks                      []Webhook: registrations
//	DELETE /_sim/webhooks                      all of them, as if nobody had answered
//	GET    /_sim/faults                        []Fault
//	POST   /_sim/faults                        Fault -> {"id"}
//	DELETE /_sim/faults                        all of them
//	DELETE /_sim/faults/{id}
//	GET    /_sim/network                       Line
//	PUT    /_sim/network                       Line
//	GET    /_sim/clock                         {"now"}
//	POST   /_sim/clock                         {"advance"} -> {"now"}
//	POST   /_sim/tokens/revoke
//
// Errors are {"error"} with 400, 404 or 409.
func (s *Sim) Admin() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]adminHandler{
		"GET /_sim/payments":                  s.adminPayments,
		"GET /_sim/payments/{reference}":      s.adminPayment,
		"POST /_sim/payments/{reference}/act": s.adminAct,
		"GET /_sim/calls/{op}":                s.adminCalls,
		"GET /_sim/ledger":                    s.adminLedger,
		"POST /_sim/scan":                     s.adminScan,
		"GET /_sim/pushed/{phone}":            s.adminPushed,
		"PUT /_sim/habit":                     s.adminHabit,
		"PUT /_sim/people":                    s.adminPerson,
		"PUT /_sim/passenger":                 s.adminPassenger,
		"DELETE /_sim/people/{phone}/consent": s.adminWithdraw,
		"GET /_sim/codes":                     s.adminCodes,
		"POST /_sim/follow":                   s.adminFollow,
		"PUT /_sim/strangers/{phone}":         s.adminStranger,
		"GET /_sim/callbacks":                 s.adminCallbacks,
		"POST /_sim/checkin":                  s.adminCheckIn,
		"GET /_sim/webhooks":                  s.adminWebhooks,
		"DELETE /_sim/webhooks":               s.adminDropWebhooks,
		"GET /_sim/faults":                    s.adminFaults,
		"POST /_sim/faults":                   s.adminAddFault,
		"DELETE /_sim/faults":                 s.adminClearFaults,
		"DELETE /_sim/faults/{id}":            s.adminRemoveFault,
		"GET /_sim/network":                   s.adminNetwork,
		"PUT /_sim/network":                   s.adminSetNetwork,
		"GET /_sim/clock":                     s.adminClock,
		"POST /_sim/clock":                    s.adminAdvance,
		"POST /_sim/tokens/revoke":            s.adminRevoke,
	} {
		mux.Handle(pattern, h)
	}
	return mux
}

// Line is the network's state, and for how long when it is set.
type Line struct {
	State Network  `json:"state"`
	For   Duration `json:"for,omitempty"`
}

// adminHandler answers with JSON, or with an error and its status.
type adminHandler func(r *http.Request) (any, error)

// errAbsent is a 404, errNotNow a 409; every other error is a 400.
var (
	errAbsent = errors.New("no such thing")
	errNotNow = errors.New("not possible now")
)

func (h adminHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := h(r)
	status := http.StatusOK
	switch {
	case err == nil:
	case errors.Is(err, errAbsent):
		status = http.StatusNotFound
	case errors.Is(err, errNotNow):
		status = http.StatusConflict
	default:
		status = http.StatusBadRequest
	}
	if err != nil {
		answer = map[string]string{"error": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // a client that has gone away is no concern of ours
}

// readJSON reads a request's body strictly: a misspelt fault must not silently do
// nothing.
func readJSON[T any](r *http.Request) (T, error) {
	var v T
	d := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	d.DisallowUnknownFields()
	err := d.Decode(&v)
	return v, err
}

type none struct{}

func (s *Sim) adminPayments(*http.Request) (any, error) { return s.Payments(), nil }

func (s *Sim) adminPayment(r *http.Request) (any, error) {
	p, ok := s.Payment(r.PathValue("reference"))
	if !ok {
		return nil, errAbsent
	}
	return p, nil
}

func (s *Sim) adminAct(r *http.Request) (any, error) {
	h, err := readJSON[Habit](r)
	if err != nil {
		return nil, err
	}
	if _, ok := s.Payment(r.PathValue("reference")); !ok {
		return nil, errAbsent
	}
	if err := h.check(); err != nil || h.Action == "" {
		return nil, errUnknownAction(h.Action)
	}
	if err := s.Act(r.PathValue("reference"), h.Action, h.After.Std()); err != nil {
		return nil, errors.Join(errNotNow, err)
	}
	return none{}, nil
}

func (s *Sim) adminCalls(r *http.Request) (any, error) {
	op := Op(r.PathValue("op"))
	if !op.known() {
		return nil, errAbsent
	}
	return s.Calls(op, r.URL.Query().Get("reference")), nil
}

func (s *Sim) adminLedger(*http.Request) (any, error) { return s.Ledger(), nil }

type scanRequest struct {
	Code string `json:"code"`
}

func (s *Sim) adminScan(r *http.Request) (any, error) {
	req, err := readJSON[scanRequest](r)
	if err != nil {
		return nil, err
	}
	bill, err := s.Scan(req.Code)
	if err != nil {
		return nil, errors.Join(errAbsent, err)
	}
	return bill, nil
}

func (s *Sim) adminPushed(r *http.Request) (any, error) {
	return append([]Bill{}, s.Pushed(r.PathValue("phone"))...), nil
}

func (s *Sim) adminHabit(r *http.Request) (any, error) {
	h, err := readJSON[Habit](r)
	if err == nil {
		err = h.check()
	}
	if err != nil {
		return nil, err
	}
	s.SetHabit(h)
	return h, nil
}

func (s *Sim) adminStranger(r *http.Request) (any, error) {
	s.Stranger(r.PathValue("phone"))
	return none{}, nil
}

func (s *Sim) adminFaults(*http.Request) (any, error) { return s.Faults(), nil }

type addedFault struct {
	ID int `json:"id"`
}

func (s *Sim) adminAddFault(r *http.Request) (any, error) {
	f, err := readJSON[Fault](r)
	if err != nil {
		return nil, err
	}
	id, err := s.AddFault(f)
	return addedFault{id}, err
}

func (s *Sim) adminClearFaults(*http.Request) (any, error) {
	s.RemoveFault(0)
	return none{}, nil
}

func (s *Sim) adminRemoveFault(r *http.Request) (any, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id <= 0 || !s.RemoveFault(id) {
		return nil, errAbsent
	}
	return none{}, nil
}

func (s *Sim) adminNetwork(*http.Request) (any, error) { return Line{State: s.Network()}, nil }

func (s *Sim) adminSetNetwork(r *http.Request) (any, error) {
	l, err := readJSON[Line](r)
	if err != nil {
		return nil, err
	}
	return l, s.SetNetwork(l.State, l.For.Std())
}

type clock struct {
	Now string `json:"now"`
}

func (s *Sim) adminClock(*http.Request) (any, error) { return clock{stamp(s.Now())}, nil }

type advanceRequest struct {
	Advance Duration `json:"advance"`
}

func (s *Sim) adminAdvance(r *http.Request) (any, error) {
	req, err := readJSON[advanceRequest](r)
	if err != nil {
		return nil, err
	}
	s.Advance(req.Advance.Std())
	return clock{stamp(s.Now())}, nil
}

func (s *Sim) adminRevoke(*http.Request) (any, error) {
	s.RevokeTokens()
	return none{}, nil
}
