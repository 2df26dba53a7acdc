package vippstest

import "net/http"

// Moment is how far a call has come.
type Moment string

const (
	Arrived  Moment = "arrived"  // the API has the request and has done nothing
	Executed Moment = "executed" // it has done what was asked, or refused, and said nothing
	Answered Moment = "answered" // the answer is written to the connection
)

// Moments are all of them, in their order.
func Moments() []Moment { return []Moment{Arrived, Executed, Answered} }

// Visit is a call of a client at a moment, or a webhook on its way.
type Visit struct {
	Op        Op
	Reference string // empty where there is none
	Key       string // the idempotency key, if there is one
	Moment    Moment
}

// Tap is told of each visit: of a webhook Arrived before it is posted, and Answered when
// its receiver took it. The call waits until the tap returns. A call that a fault takes
// away on its way is not told.
type Tap func(Visit)

// SetTap puts a tap in the place of the one before; nil is none.
func (s *Sim) SetTap(t Tap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tapped = t
}

func (s *Sim) tap(c call, m Moment) {
	s.mu.Lock()
	t := s.tapped
	s.mu.Unlock()
	if t != nil {
		t(Visit{Op: c.op, Reference: c.reference, Key: c.key, Moment: m})
	}
}

// tapAnswered is told once the answer has left for the client.
func (s *Sim) tapAnswered(w http.ResponseWriter, c call) {
	s.mu.Lock()
	tapped := s.tapped != nil
	s.mu.Unlock()
	if tapped {
		_ = http.NewResponseController(w).Flush() // a recorder has nothing to flush
		s.tap(c, Answered)
	}
}
