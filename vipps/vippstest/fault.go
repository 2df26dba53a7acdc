package vippstest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// FaultKind is what goes wrong with a call.
type FaultKind string

const (
	LostRequest    FaultKind = "lost_request"    // the connection dies before the API sees the request
	LostResponse   FaultKind = "lost_response"   // executed, then the connection dies
	Delay          FaultKind = "delay"           // nothing but Before and After
	Status         FaultKind = "status"          // Status and Code are the answer; executed only if Executed
	Garbage        FaultKind = "garbage"         // 200 with half a JSON object
	Portal         FaultKind = "portal"          // 200 with the login page of a public network
	WrongReference FaultKind = "wrong_reference" // executed, and the answer speaks of another payment
	RevokeToken    FaultKind = "revoke_token"    // all tokens die just before the call

	// With OpWebhookPost, next to LostRequest, LostResponse and Delay.
	Duplicate FaultKind = "duplicate" // the webhook comes twice in a row
	Forge     FaultKind = "forge"     // one comes first that somebody else has signed
)

// Forever is the Times of a fault that never ends by itself.
const Forever = -1

// Fault waits for calls of its operation and reference and strikes Times of them,
// after letting Skip pass. The first fault of the plan that fits a call strikes it,
// alone.
type Fault struct {
	ID        int       `json:"id"` // given by AddFault
	Kind      FaultKind `json:"kind"`
	Op        Op        `json:"op,omitempty"`        // empty for any call of a client
	Reference string    `json:"reference,omitempty"` // empty for any
	Skip      int       `json:"skip,omitempty"`      // let so many fitting calls pass first
	Times     int       `json:"times,omitempty"`     // 0 is 1; Forever
	Chance    float64   `json:"chance,omitempty"`    // that a fitting call is struck; 0 is always

	Before Duration `json:"before,omitempty"` // wait before the API handles it, with any kind
	After  Duration `json:"after,omitempty"`  // wait between handling and answering
	// Hang leaves the client waiting until it gives up, instead of cutting the
	// connection at once. With the lost kinds only.
	Hang bool `json:"hang,omitempty"`

	Status     int      `json:"status,omitempty"`
	Code       string   `json:"code,omitempty"`        // domain code, with Status
	RetryAfter Duration `json:"retry_after,omitempty"` // header, in whole seconds, with Status
	// Executed lets Status, Garbage and Portal happen after the effect.
	Executed bool `json:"executed,omitempty"`

	Hits int `json:"hits"` // how many calls it has struck
	seen int
}

// check finds what makes no sense in a fault, before it silently never strikes.
func (f *Fault) check() error {
	kinds := []FaultKind{LostRequest, LostResponse, Delay, Status, Garbage, Portal, WrongReference, RevokeToken, Duplicate, Forge}
	switch {
	case !slices.Contains(kinds, f.Kind):
		return fmt.Errorf("fault kind %q: want one of %v", f.Kind, kinds)
	case f.Op != "" && !f.Op.known():
		return fmt.Errorf("fault op %q: unknown operation", f.Op)
	case (f.Kind == Status) != (f.Status != 0) || f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("fault %s: status %d: want 200 to 599 with kind %s, and none with others", f.Kind, f.Status, Status)
	case f.Kind == Delay && f.Before <= 0 && f.After <= 0:
		return errors.New("fault delay: want before or after")
	case (f.Kind == Duplicate || f.Kind == Forge) && f.Op != OpWebhookPost,
		f.Op == OpWebhookPost && !slices.Contains([]FaultKind{LostRequest, LostResponse, Delay, Duplicate, Forge}, f.Kind):
		return fmt.Errorf("fault %s: %s and %s are for %s, which beside them can only be lost or delayed", f.Kind, Duplicate, Forge, OpWebhookPost)
	case f.Chance < 0 || f.Chance > 1:
		return fmt.Errorf("fault chance %v: want 0 to 1", f.Chance)
	case f.Skip < 0 || f.Times < Forever:
		return errors.New("fault: skip and times must not be negative")
	case f.Hang && f.Kind != LostRequest && f.Kind != LostResponse:
		return fmt.Errorf("fault %s: only a lost request or response can hang", f.Kind)
	}
	return nil
}

// AddFault adds f to the end of the plan and returns its id.
func (s *Sim) AddFault(f Fault) (id int, err error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.planned++
	f.ID, f.Hits, f.seen = s.planned, 0, 0
	s.plan = append(s.plan, &f)
	return f.ID, nil
}

// Faults is the plan, with what has struck so far.
func (s *Sim) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Fault, 0, len(s.plan))
	for _, f := range s.plan {
		list = append(list, *f)
	}
	return list
}

// RemoveFault takes one fault out of the plan, or all for id 0. It says whether
// there was one.
func (s *Sim) RemoveFault(id int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.plan)
	s.plan = slices.DeleteFunc(s.plan, func(f *Fault) bool { return id == 0 || f.ID == id })
	return len(s.plan) < before
}

// strike says what happens to a call: the state of the line, and the fault that
// strikes it, or none. A call that is going to be lost is counted here, because the
// API never sees it.
func (s *Sim) strike(c call) (Fault, Network) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state := s.link.at(s.now()); state != Up {
		s.count(c).Lost++
		return Fault{}, state
	}
	for _, f := range s.plan {
		if s.fits(f, c) {
			f.Hits++
			if f.Kind == LostRequest {
				s.count(c).Lost++
			}
			return *f, Up
		}
	}
	return Fault{}, Up
}

func (s *Sim) fits(f *Fault, c call) bool {
	times := max(1, f.Times)
	switch {
	case f.Op != "" && f.Op != c.op, f.Op == "" && c.op == OpWebhookPost, f.Reference != "" && f.Reference != c.reference:
		return false
	case f.Times != Forever && f.Hits >= times:
		return false
	}
	f.seen++
	return f.seen > f.Skip && (f.Chance == 0 || s.rng.Float64() < f.Chance)
}

// instead is the answer that a fault puts in the place of the API's own.
func (s *Sim) instead(c call, f Fault) (reply, bool) {
	switch f.Kind {
	case Status:
		return s.failure(c.op, f), true
	case Garbage:
		return reply{
			status: http.StatusOK, header: map[string]string{"Content-Type": "application/json"},
			body: []byte(`{"reference":"` + c.reference + `","aggregate":{"capturedAmo`),
		}, true
	case Portal:
		return reply{
			status: http.StatusOK, header: map[string]string{"Content-Type": "text/html"},
			body: []byte("<!DOCTYPE html><title>Free WiFi</title><form action=/login>Please accept our terms</form>"),
		}, true
	}
	return reply{}, false
}

// failure is the answer of a Status fault, in the shape that goes with it.
func (s *Sim) failure(op Op, f Fault) reply {
	var r reply
	switch {
	case f.Code != "":
		r = s.refuse(f.Status, f.Code, "Planned fault")
	case gatewayHas(f.Status):
		r = gateway(f.Status, "Planned fault")
	default:
		r = s.problemIn(op, f.Status, "Planned fault")
	}
	if f.RetryAfter > 0 {
		r.header["Retry-After"] = strconv.Itoa(int(f.RetryAfter.Std() / time.Second))
	}
	return r
}

// Duration is a time.Duration that reads and writes JSON as "1m30s".
type Duration time.Duration

// Std is the duration as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// MarshalText writes the duration as time.Duration prints it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration does.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}
