package jtt905

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"taxiterminal/money"
)

// Simulator is a meter to play with: its keys are methods, its cable is whatever Run is
// given, usually the master of a pseudo-terminal. All methods may be called from any
// goroutine, whether a cable is plugged in or not; a real meter runs on without one.
//
//	m := jtt905.NewSimulator(jtt905.SimulatorConfig{Flagfall: 1300, PerSecond: 10})
//	go m.Run(ctx, cable)
//	m.Hired()
//	...
//	m.Vacant()
//
// It waits for the answer to one frame before it sends the next. The record of a trip is
// kept until a host acknowledges it: sent as E8 once, as F2 from then on. What a host must
// never send is listed by Offences.
type Simulator struct {
	cfg SimulatorConfig

	socket chan struct{} // holds the cable that is plugged in
	wake   chan struct{} // something is to be sent

	mu   sync.Mutex
	link simulatedLink

	on       bool
	signedIn bool
	shift    time.Time // when it was signed in
	state    State
	trip     Trip // the present trip
	metres   int64
	counted  time.Time // until when the fare has been counted
	number   uint32
	closed   Trip
	records  map[uint32]Trip // the last ones, for 0006
	totals   money.Minor
	badSpeed bool
	fault    byte // of the status
	skew     time.Duration
	card     int // bytes behind the next record

	loseAnswers  int
	loseRequests int
	misprints    int
	heard        map[Command]int
	offences     []Command
}

// SimulatorConfig says what kind of meter it is. The zero value has fares that only the
// script changes, and a heartbeat every 30 s.
type SimulatorConfig struct {
	Plate       string
	Licence     string
	Certificate string
	FirstTrip   uint32        // number of the first trip; 0: 1
	Offset      time.Duration // of the clock from UTC; 0: eight hours

	Flagfall       money.Minor // fare at the start of a trip
	PerSecond      money.Minor // added every second while hired
	Speed          int64       // metres added every second while hired
	SurchargeApart bool        // the amount does not include the surcharge

	// OwnTerminal is set when another terminal answers the meter, as is the case where a
	// driver only listens: everything is sent once.
	OwnTerminal   bool
	Heartbeat     time.Duration // 0: 30 s
	AnswerTimeout time.Duration // before a frame is sent again; 0: 5 s
	Delay         time.Duration // before answers
}

// State is what the meter does. Only Vacant or not goes over the line.
type State string

const (
	Vacant  State = "vacant"
	TimeOn  State = "hired"
	TimeOff State = "time off"
)

// Reading is what the meter shows, and some of what it knows.
type Reading struct {
	On        bool
	Plugged   bool // a host is at the other end of the cable
	State     State
	Fare      money.Minor
	Surcharge money.Minor
	Total     money.Minor
	Distance  int64 // tenths of a kilometre
	Waiting   int   // records that nobody acknowledged
}

// ErrDeadKey means that the key has no effect in the meter's present state.
var ErrDeadKey = errors.New("the key has no effect now")

// NewSimulator gives a vacant meter that is switched on and signed in.
func NewSimulator(cfg SimulatorConfig) *Simulator {
	orDefault(&cfg.Plate, "AB1234")
	orDefault(&cfg.FirstTrip, 1)
	orDefault(&cfg.Offset, chinaOffset)
	orDefault(&cfg.Heartbeat, 30*time.Second)
	orDefault(&cfg.AnswerTimeout, 5*time.Second)
	return &Simulator{
		cfg: cfg, socket: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		on: true, signedIn: true, shift: time.Now(), state: Vacant, number: cfg.FirstTrip - 1,
		records: map[uint32]Trip{}, heard: map[Command]int{},
	}
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// now is the meter's wall clock.
func (s *Simulator) now() time.Time {
	return Config{Offset: s.cfg.Offset}.wall(time.Now().Add(s.skew))
}

// Hired starts a trip.
func (s *Simulator) Hired() error {
	return s.press("hired", func() bool {
		if s.state != Vacant || !s.signedIn {
			return false
		}
		at := s.now()
		s.number++
		s.trip = Trip{
			Plate: s.cfg.Plate, Licence: s.cfg.Licence, Certificate: s.cfg.Certificate,
			Boarded: at.Truncate(time.Minute), Amount: s.cfg.Flagfall, Number: s.number,
		}
		s.metres = 0
		s.state = TimeOn
		s.push(said{message: Started{At: at}})
		return true
	})
}

// TimeOff stops the clock and shows the fare.
func (s *Simulator) TimeOff() error { return s.move("time off", TimeOn, TimeOff) }

// Resume goes back to hired from time off.
func (s *Simulator) Resume() error { return s.move("resume", TimeOff, TimeOn) }

// Vacant closes the trip.
func (s *Simulator) Vacant() error {
	return s.press("vacant", func() bool {
		if s.state == Vacant {
			return false
		}
		s.state = Vacant
		s.closed = s.record()
		s.keep(s.closed)
		s.totals += s.closed.Amount
		s.push(said{message: Ended{Trip: s.closed}})
		return true
	})
}

// Surcharge adds to the surcharge of the open trip.
func (s *Simulator) Surcharge(amount money.Minor) error {
	return s.press("surcharge", func() bool {
		if sum := s.trip.Surcharge + amount; s.state == Vacant || sum < 0 || sum > most || amount%10 != 0 {
			return false
		}
		s.trip.Surcharge += amount
		return true
	})
}

// most is the largest amount that fits, in six digits of 0.10.
const most money.Minor = 9_999_990

// SetFare puts the fare of the open trip right, without the surcharge.
func (s *Simulator) SetFare(fare money.Minor) error {
	return s.press("set fare", func() bool {
		if s.state == Vacant || fare < 0 || fare > most || fare%10 != 0 {
			return false
		}
		s.trip.Amount = fare
		return true
	})
}

// SignOut ends the shift, and tells its totals.
func (s *Simulator) SignOut() error {
	return s.press("sign out", func() bool {
		if !s.signedIn || s.state != Vacant {
			return false
		}
		s.signedIn = false
		in := Config{Offset: s.cfg.Offset}.wall(s.shift)
		s.push(said{message: SignOut{Identity: 1}})
		s.push(said{message: ShiftTotals{
			Licence: s.cfg.Licence, Certificate: s.cfg.Certificate, Plate: s.cfg.Plate, K: 1000,
			In: in.Truncate(time.Minute), Out: s.now().Truncate(time.Minute), Total: s.totals, LifeTrips: s.number,
		}})
		return true
	})
}

// SignIn begins a shift.
func (s *Simulator) SignIn() error {
	return s.press("sign in", func() bool {
		if s.signedIn {
			return false
		}
		s.signedIn, s.shift, s.totals = true, time.Now(), 0
		s.push(said{message: SignIn{Identity: 1}})
		return true
	})
}

func (s *Simulator) move(key string, from, to State) error {
	return s.press(key, func() bool {
		ok := s.state == from
		if ok {
			s.state = to
		}
		return ok
	})
}

func (s *Simulator) press(key string, effect func() bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(time.Now())
	if !s.on || !effect() {
		return fmt.Errorf("meter key %q: %w", key, ErrDeadKey)
	}
	return nil
}

// Reading is what the meter shows now.
func (s *Simulator) Reading() Reading {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(time.Now())
	r := Reading{On: s.on, Plugged: s.link.plugged, State: s.state, Waiting: s.link.records()}
	if s.state != Vacant {
		r.Fare, r.Surcharge, r.Total, r.Distance = s.trip.Amount, s.trip.Surcharge, s.trip.Amount+s.trip.Surcharge, s.metres/100
	}
	return r
}

// Closed is the record of the last trip that was closed.
func (s *Simulator) Closed() Trip {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Heard is how many frames of that command came from the host.
func (s *Simulator) Heard(c Command) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard[c]
}

// Offences are the frames from the host that a read-only host never sends, in the order
// in which they came.
func (s *Simulator) Offences() []Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Command(nil), s.offences...)
}
