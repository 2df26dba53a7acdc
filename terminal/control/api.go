// Package control is how the local commands reach the running terminal: HTTP over a
// Unix socket that only the daemon's user can open. The commands never write to the
// database, so there is one writer and one truth.
//
//	GET  /v1/status
//	GET  /v1/trips?n=20&before=0
//	GET  /v1/trips/{number}
//	POST /v1/actions            {"action": "cash", "trip": "0042"}
//	POST /v1/trips/{number}/refund  {"amount": 5000, "reason": "..."}
//	POST /v1/trips/{number}/retry
//	POST /v1/trips/{number}/print
//	POST /v1/trips/{number}/send    {"number": "..."} or {"contact": 7}
//	POST /v1/fare               {"trip": "0042", "total": 25000}
//	GET  /v1/shift?past=0       the shift so far, or the n-th last one
//	POST /v1/shift/end
//	GET  /v1/contacts?reveal=1
//	POST /v1/contacts/{id}/forget
//	POST /v1/push/allow
//	GET  /v1/code               the car's own code
//	POST /v1/code               {"id": "...", "target": "https://...", "adopt": false}
//	POST /v1/code/target        {"target": "https://..."}
//	POST /v1/code/destroy       {"id": "..."}
//	POST /v1/code/retry
//	GET  /v1/outbox?all=1&n=50
//	GET  /v1/outbox/{id}
//	POST /v1/outbox/{id}/park   {"reason": "..."}
//	POST /v1/outbox/{id}/retry  {"reason": "..."}
//	POST /v1/outbox/verify
//	GET  /v1/meter/events       what the meter tells: one JSON value a line, without end
//	GET  /v1/doctor             everything that a technician can mend
//	GET  /metrics               Prometheus
//	GET  /healthz
//
// Errors are {"error": ..., "reason": ...} with 400, 404, 409, 500 or 503; reason is
// one of the display's refusals where there is one. While the outbox cannot be used only
// status is told, and everything else is a 503 with the code of the "fault" and what to
// "do". Times are UTC, RFC 3339; amounts are minor units with their currency.
package control

import (
	"encoding/json"
	"strconv"
	"time"

	"taxiterminal/device/vehicle"
	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/terminal"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
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
	// NoticeTrip and NoticeAmount are what the notice speaks of, if it names any.
	NoticeTrip   string          `json:"notice_trip,omitempty"`
	NoticeAmount *money.Amount   `json:"notice_amount,omitempty"`
	Network      display.Network `json:"network"`
	Meter        display.Health  `json:"meter"`
	Queue        Queue           `json:"queue"`
	Faults       []display.Fault `json:"faults,omitempty"`
	// Gateway is there in a fleet; without it payments are made by the terminal itself.
	Gateway *Gateway `json:"gateway,omitempty"`
	// Unusable is why the outbox cannot be used, and Do what to do about it: then nothing is
	// known of trips, queue, network and meter.
	Unusable string `json:"unusable,omitempty"`
	Do       string `json:"do,omitempty"`
}

// Gateway is how a car of a fleet stands with its gateway.
type Gateway struct {
	Name      string `json:"name,omitempty"`     // empty: not enrolled
	Terminal  string `json:"terminal,omitempty"` // its public key
	Connected bool   `json:"connected"`
	Refused   bool   `json:"refused,omitempty"` // it does not let this terminal in
	Problem   string `json:"problem,omitempty"` // why it is not connected
	// Copied is the last row of the journal up to which the gateway has all.
	Copied int64 `json:"copied"`
	// Broken: the gateway's copy is of something else; the office must look.
	Broken bool `json:"broken,omitempty"`
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
	Typed      bool            `json:"typed,omitempty"` // the driver typed the fare
	Receipt    receipt.Receipt `json:"receipt"`
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
	// To is how the request went to a phone: "contact" or "typed"; empty for a code.
	To      trip.RecipientKind `json:"to,omitempty"`
	Shares  string             `json:"shares,omitempty"`  // what the passenger was asked to share
	Contact int64              `json:"contact,omitempty"` // who shared it
}

// Event is one line of a trip's journal. Links that open a payment are left out.
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
	Private   bool            `json:"private,omitempty"` // its body is shown to nobody
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

// SendRequest lets the request of a trip go to a phone.
type SendRequest struct {
	Number  string `json:"number,omitempty"`
	Contact int64  `json:"contact,omitempty"`
}

// FareRequest is the fare when the meter is lost.
type FareRequest struct {
	Trip  string      `json:"trip,omitempty"`
	Total money.Minor `json:"total"`
}

// Contact is a passenger who shared the number. Without being asked to reveal it,
// the number is masked and the name and identifier are left out.
type Contact struct {
	ID       int64              `json:"id"`
	Number   string             `json:"number"`
	Name     string             `json:"name,omitempty"`
	Sub      string             `json:"sub,omitempty"`
	LastRide time.Time          `json:"last_ride"`
	Consents []terminal.Consent `json:"consents"`
}

// CodeRequest is what is wanted of the car's own code.
type CodeRequest struct {
	ID     string `json:"id,omitempty"`
	Target string `json:"target,omitempty"`
	Adopt  bool   `json:"adopt,omitempty"`
}

// Code is the car's own code.
type Code struct {
	vehicle.Code
	NeedsPerson bool `json:"needs_person,omitempty"`
	Guessable   bool `json:"guessable,omitempty"` // the target holds nothing that cannot be guessed
}

// ReasonRequest says why a person interferes.
type ReasonRequest struct {
	Reason string `json:"reason,omitempty"`
}

// Verified is the result of a check of the whole file.
type Verified struct {
	Entries int64 `json:"entries"`
	// Pruned entries are not on file any more; Last is the number of the last of them.
	Pruned int64 `json:"pruned,omitempty"`
	Last   int64 `json:"last,omitempty"`
	// File is set where no terminal was asked: it was read as it lies there.
	File string `json:"file,omitempty"`
}

// Error is an answer that is not a success.
type Error struct {
	Status  int    `json:"-"`
	Message string `json:"error"`
	Reason  string `json:"reason,omitempty"`
	// Fault is set while the outbox cannot be used.
	Fault display.Fault `json:"fault,omitempty"`
	Do    string        `json:"do,omitempty"` // what to do next, if that can be said
}

func (e *Error) Error() string { return e.Message }

// Is makes it ErrUnusable.
func (e *Error) Is(target error) bool { return target == ErrUnusable && e.Fault != "" }

func statusOf(v display.View, version string) Status {
	s := Status{
		Version: version, Vehicle: v.Vehicle, Brand: v.Brand, Screen: v.Screen, Reason: v.Reason, Trip: v.Trip,
		Actions: v.Driver.Actions, Notice: v.Driver.Notice.Key, Network: v.Driver.Network, Meter: v.Driver.Meter,
		Queue:  Queue{v.Driver.Queue.Pending, v.Driver.Queue.Parked, v.Driver.Queue.Oldest.Seconds()},
		Faults: v.Faults,
	}
	if n := v.Driver.Notice; n.Key != "" {
		s.NoticeTrip = n.Trip
		if n.Amount.Currency != "" {
			s.NoticeAmount = &n.Amount
		}
	}
	if v.Trip != "" && v.Amount.Currency != "" {
		s.Amount = &v.Amount
	}
	return s
}

func contactOf(c terminal.Contact, reveal bool, mask func(string) string) Contact {
	out := Contact{ID: c.ID, Number: mask(c.Number), LastRide: c.LastRide, Consents: c.Consents}
	if reveal {
		out.Number, out.Name, out.Sub = "+"+c.Number, c.Name, c.Sub
	}
	return out
}

func tripOf(s trip.State, r receipt.Receipt) Trip {
	t := Trip{
		Trip: s.ID.Short(), ID: s.ID.String(), Phase: s.Phase, Settlement: s.Settlement, Means: s.Means,
		Problem: string(s.Problem.Kind), Code: s.Problem.Code, Currency: s.Currency,
		Total: s.Fare.Total, Tip: s.Tip, Otherwise: s.Otherwise,
		Captured: s.Captured(), Refunded: s.Refunded(), Begun: s.BegunAt,
		Typed: s.Fare.Typed, Receipt: r,
	}
	if s.Settlement != trip.Otherwise {
		t.Means = ""
	}
	if !s.SettledAt.IsZero() {
		t.Settled = &s.SettledAt
	}
	for _, a := range s.Attempts {
		t.Attempts = append(t.Attempts, Attempt{s.ID.Reference(a.N), a.State, a.Asked, a.Authorized, a.Captured, a.Cancelled, a.Refunded,
			a.To.Kind, a.Share, a.Contact})
	}
	return t
}

// eventOf leaves out what opens a payment.
func eventOf(e outbox.Entry) Event {
	var body map[string]json.RawMessage
	if json.Unmarshal(e.Body, &body) == nil {
		delete(body, "redirect_url")
		delete(body, "return_url")
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
		NextTryIn: i.Wait.Seconds(), LastError: i.LastError, Private: i.Private,
	}
	if !i.Finished.IsZero() {
		c.Finished = &i.Finished
	}
	switch {
	case i.Private || len(i.Body) == 0:
	case json.Valid(i.Body):
		c.Body = i.Body
	default:
		c.Body, _ = json.Marshal("unreadable: " + strconv.Itoa(len(i.Body)) + " bytes")
	}
	return c
}
