// Package control is how the local commands reach the running terminal: HTTP over a
// Unix socket that only the daemon's user can open. The commands never open the
// database, so there is one writer and one truth.
//
//	GET  /v1/status
//	GET  /v1/trips?n=20&before=0
//	GET  /v1/trips/{number}
//	POST /v1/actions            {"action": "cash", "trip": "0042"}
//	POST /v1/trips/{number}/refund  {"amount": 5000, "reason": "..."}
//	POST /v1/trips/{number}/retry
//	GET  /v1/outbox?all=1&n=50
//	GET  /v1/outbox/{id}
//	POST /v1/outbox/{id}/park   {"reason": "..."}
//	POST /v1/outbox/{id}/retry  {"reason": "..."}
//	POST /v1/outbox/verify
//	GET  /metrics               Prometheus
//	GET  /healthz
//
// Errors are {"error": ..., "reason": ...} with 400, 404, 409, 500 or 503; reason is
// one of the display's refusals where there is one. Times are UTC, RFC 3339; amounts
// are minor units with their currency.
package control

import (
	"encoding/json"
	"strconv"
	"time"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/trip"
)

// Status is what the terminal does now.
type Status struct {
	Version string           `json:"version"`
	Vehicle string           `json:"vehicle"`
	Brand   string           `json:"brand"`
	Screen  display.Screen   `json:"screen"`
	Reason  display.Reason   `json:"reason,omitempty"`
	Trip    string           `json:"trip,omitempty"`
	Amount  *money.Amount    `json:"amount,omitempty"`
	Actions []display.Action `json:"actions,omitempty"`
	Notice  string           `json:"notice,omitempty"`
	Network display.Network  `json:"network"`
	Meter   display.Health   `json:"meter"`
	Queue   Queue            `json:"queue"`
	Faults  []display.Fault  `json:"faults,omitempty"`
}

// Queue is the outbox in figures.
type Queue struct {
	Pending       int     `json:"pending"`
	Parked        int     `json:"parked"`
	OldestSeconds float64 `json:"oldest_seconds,omitempty"`
}

// Trip is one trip.
type Trip struct {
	Trip       string          `json:"trip"`
	ID         string          `json:"id"`
	Phase      trip.Phase      `json:"phase"`
	Settlement trip.Settlement `json:"settlement,omitempty"`
	Means      trip.Means      `json:"means,omitempty"`
	Problem    string          `json:"problem,omitempty"`
	Code       string          `json:"code,omitempty"`
	Currency   money.Currency  `json:"currency"`
	Total      money.Minor     `json:"total"`
	Tip        money.Minor     `json:"tip,omitempty"`
	Otherwise  money.Minor     `json:"otherwise,omitempty"`
	Captured   money.Minor     `json:"captured"`
	Refunded   money.Minor     `json:"refunded,omitempty"`
	Begun      time.Time       `json:"begun"`
	Settled    *time.Time      `json:"settled,omitempty"`
	Attempts   []Attempt       `json:"attempts,omitempty"`
	Events     []Event         `json:"events,omitempty"`
}

// Attempt is one payment of a trip.
type Attempt struct {
	Reference  string            `json:"reference"`
	State      trip.AttemptState `json:"state"`
	Asked      money.Minor       `json:"asked"`
	Authorized money.Minor       `json:"authorized"`
	Captured   money.Minor       `json:"captured"`
	Cancelled  money.Minor       `json:"cancelled"`
	Refunded   money.Minor       `json:"refunded"`
}

// Event is one line of a trip's journal. The code to scan is left out.
type Event struct {
	Seq  int64           `json:"seq"`
	At   time.Time       `json:"at"`
	Kind string          `json:"kind"`
	Body json.RawMessage `json:"body,omitempty"`
}

// Command is one command of the outbox.
type Command struct {
	ID        int64           `json:"id"`
	Trip      string          `json:"trip"`
	Kind      string          `json:"kind"`
	Key       string          `json:"key"`
	State     outbox.State    `json:"state"`
	Note      string          `json:"note,omitempty"`
	Created   time.Time       `json:"created"`
	Finished  *time.Time      `json:"finished,omitempty"`
	Tries     int             `json:"tries,omitempty"`
	Busy      bool            `json:"busy,omitempty"`
	Uncertain bool            `json:"uncertain,omitempty"`
	NextTryIn float64         `json:"next_try_seconds,omitempty"`
	LastError string          `json:"last_error,omitempty"`
	Body      json.RawMessage `json:"body,omitempty"`
}

// ActionRequest is what the driver does. An empty trip is the one on the screen.
type ActionRequest struct {
	Action display.Action `json:"action"`
	Trip   string         `json:"trip,omitempty"`
}

// RefundRequest gives captured money back.
type RefundRequest struct {
	Amount money.Minor `json:"amount"`
	Reason string      `json:"reason,omitempty"`
}

// ReasonRequest says why a person interferes.
type ReasonRequest struct {
	Reason string `json:"reason,omitempty"`
}

// Verified is the result of a check of the whole file.
type Verified struct {
	Entries int64 `json:"entries"`
}

// Error is an answer that is not a success.
type Error struct {
	Status  int    `json:"-"`
	Message string `json:"error"`
	Reason  string `json:"reason,omitempty"`
}

func (e *Error) Error() string { return e.Message }

func statusOf(v display.View, version string) Status {
	s := Status{
		Version: version, Vehicle: v.Vehicle, Brand: v.Brand, Screen: v.Screen, Reason: v.Reason, Trip: v.Trip,
		Actions: v.Driver.Actions, Notice: v.Driver.Notice.Key, Network: v.Driver.Network, Meter: v.Driver.Meter,
		Queue:  Queue{v.Driver.Queue.Pending, v.Driver.Queue.Parked, v.Driver.Queue.Oldest.Seconds()},
		Faults: v.Faults,
	}
	if v.Amount.Currency != "" {
		s.Amount = &v.Amount
	}
	return s
}

func tripOf(s trip.State) Trip {
	t := Trip{
		Trip: s.ID.Short(), ID: s.ID.String(), Phase: s.Phase, Settlement: s.Settlement, Means: s.Means,
		Problem: string(s.Problem.Kind), Code: s.Problem.Code, Currency: s.Currency,
		Total: s.Fare.Total, Tip: s.Tip, Otherwise: s.Otherwise,
		Captured: s.Captured(), Refunded: s.Refunded(), Begun: s.BegunAt,
	}
	if s.Settlement != trip.Otherwise {
		t.Means = ""
	}
	if !s.SettledAt.IsZero() {
		t.Settled = &s.SettledAt
	}
	for _, a := range s.Attempts {
		t.Attempts = append(t.Attempts, Attempt{s.ID.Reference(a.N), a.State, a.Asked, a.Authorized, a.Captured, a.Cancelled, a.Refunded})
	}
	return t
}

// eventOf leaves out what opens a payment.
func eventOf(e outbox.Entry) Event {
	var body map[string]json.RawMessage
	if json.Unmarshal(e.Body, &body) == nil {
		delete(body, "redirect_url")
	}
	out := Event{Seq: e.Seq, At: e.At, Kind: e.Kind}
	if len(body) > 0 {
		out.Body, _ = json.Marshal(body)
	}
	return out
}

func commandOf(i outbox.Item) Command {
	c := Command{
		ID: i.ID, Trip: (trip.ID{Number: i.Stream}).Short(), Kind: i.Kind, Key: i.Key, State: i.State, Note: i.Note,
		Created: i.Created, Tries: i.Tries, Busy: i.Busy, Uncertain: i.Uncertain,
		NextTryIn: i.Wait.Seconds(), LastError: i.LastError,
	}
	if !i.Finished.IsZero() {
		c.Finished = &i.Finished
	}
	if json.Valid(i.Body) {
		c.Body = i.Body
	} else {
		c.Body, _ = json.Marshal("unreadable: " + strconv.Itoa(len(i.Body)) + " bytes")
	}
	return c
}
