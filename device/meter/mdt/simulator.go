package mdt

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"taxiterminal/money"
)

// Simulator is a meter to play with: its keys are methods, its cable is whatever
// Run is given, usually the master of a pseudo-terminal. All methods may be called
// from any goroutine, whether a cable is plugged in or not; a real meter runs on
// without one.
//
//	m := mdt.NewSimulator(mdt.SimulatorConfig{Flagfall: 5500, PerSecond: 25})
//	go m.Run(ctx, cable)
//	m.Hired()
//	...
//	m.TimeOff()
//	m.Vacant()
//
// It acknowledges what its host sends, answers 44, 48, 49, 4E, 61 and 67, and sends
// every key press again until it is acknowledged, three times in all. What a host
// must never send is refused with 59 and listed by Offences.
type Simulator struct {
	cfg SimulatorConfig

	socket chan struct{} // holds the cable that is plugged in
	wake   chan struct{} // something is to be sent

	mu   sync.Mutex
	link simulatedLink

	on       bool
	state    State
	trip     TripData // the present trip; its sum and distance are worked out by record
	metres   int64
	counted  time.Time // until when the fare has been counted
	closed   TripData  // what the last trip came to
	totals   Statistics
	failure  byte
	busy     bool
	reports  Configuration // what the host switched on
	reported time.Time

	loseAcks     int
	loseRequests int
	miscounts    int
	heard        map[ID]int
	offences     []ID
}

// SimulatorConfig says what kind of meter it is. The zero value is a meter that
// answers everything, with fares that only the script changes.
type SimulatorConfig struct {
	LongForm        bool // 41 carries the display, as with Centrodyne
	TLC             bool // trip data in the TLC form, 26 instead of 4B
	FareAtVacant    bool // 44 is refused until the trip is closed
	NoTripData      bool // 44 is always refused
	NoStatus        bool // 49 is refused
	NoConfiguration bool // 67 is refused

	Flagfall  money.Minor // fare at the start of a trip
	PerSecond money.Minor // added every second while hired
	Speed     int64       // metres added every second while hired
	Tax       money.Minor // on every trip
	MTATax    money.Minor // on every trip, TLC form only

	Delay      time.Duration // before answers
	AckTimeout time.Duration // before a key press is sent again; 0: a second
}

// Reading is what the meter shows, and some of what it knows.
type Reading struct {
	On       bool
	Plugged  bool // a host is at the other end of the cable
	State    State
	Fare     money.Minor
	Extras   money.Minor
	Total    money.Minor // fare, extras and taxes
	Distance int64       // tenths of a kilometre
}

// ErrDeadKey means that the key has no effect in the meter's present state.
var ErrDeadKey = errors.New("the key has no effect now")

// NewSimulator gives a vacant meter that is switched on.
func NewSimulator(cfg SimulatorConfig) *Simulator {
	if cfg.AckTimeout == 0 {
		cfg.AckTimeout = time.Second
	}
	return &Simulator{cfg: cfg, socket: make(chan struct{}, 1), wake: make(chan struct{}, 1), on: true, state: Vacant, heard: map[ID]int{}}
}

// Hired starts a trip.
func (s *Simulator) Hired() error {
	return s.press("hired", func() bool {
		if s.state != Vacant {
			return false
		}
		s.trip = TripData{TLC: s.cfg.TLC, Fare: s.cfg.Flagfall, Tax: s.cfg.Tax}
		if s.cfg.TLC {
			s.trip.MTATax = s.cfg.MTATax
		}
		s.metres = 0
		s.state = TimeOn
		return true
	})
}

// TimeOff stops the clock and shows the fare.
func (s *Simulator) TimeOff() error { return s.move("time off", TimeOff, TimeOn) }

// Payment begins the payment.
func (s *Simulator) Payment() error { return s.move("payment", Payment, TimeOn, TimeOff) }

// Resume goes back to hired from time off or payment.
func (s *Simulator) Resume() error { return s.move("resume", TimeOn, TimeOff, Payment) }

// Vacant closes the trip.
func (s *Simulator) Vacant() error {
	return s.press("vacant", func() bool {
		if s.state == Vacant {
			return false
		}
		s.state = Vacant
		s.closed = s.record()
		s.total(s.closed)
		return true
	})
}

// Extras adds a supplement. A meter with the long form takes it while hired only.
func (s *Simulator) Extras(amount money.Minor) error {
	return s.press("extras", func() bool {
		open := s.state == TimeOn || s.state == TimeOff && !s.cfg.LongForm
		if sum := s.trip.Extras + amount; !open || sum < 0 || sum > 9999 {
			return false // four digits are all that trip data have for it
		}
		s.trip.Extras += amount
		return true
	})
}

// SetFare puts the fare of the open trip right, without a word to the host while
// hired, and with its state once more while stopped.
func (s *Simulator) SetFare(fare money.Minor) error {
	return s.press("set fare", func() bool {
		if s.state == Vacant || fare < 0 || fare > 99_999_999 {
			return false
		}
		s.trip.Fare = fare
		return true
	})
}

// move presses a key that only changes the state.
func (s *Simulator) move(key string, to State, from ...State) error {
	return s.press(key, func() bool {
		for _, f := range from {
			if s.state == f {
				s.state = to
				return true
			}
		}
		return false
	})
}

// press presses a key, and tells the host unless nothing changed but amounts that
// are running anyway.
func (s *Simulator) press(key string, effect func() bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(time.Now())
	was := s.state
	if !s.on || !effect() {
		return fmt.Errorf("meter key %q: %w", key, ErrDeadKey)
	}
	if s.state != was || s.state != TimeOn {
		s.push(s.stateChange())
	}
	return nil
}

// Reading is what the meter shows now.
func (s *Simulator) Reading() Reading {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(time.Now())
	r := s.record()
	if s.state == Vacant {
		r = TripData{}
	}
	return Reading{On: s.on, Plugged: s.link.plugged, State: s.state, Fare: r.Fare, Extras: r.Extras, Total: r.NetTotal, Distance: r.Distance}
}

// Closed is the record of the last trip that was closed.
func (s *Simulator) Closed() TripData {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Heard is how many frames of that ID came from the host.
func (s *Simulator) Heard(id ID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard[id]
}

// Offences are the frames from the host that a read-only host never sends, in the
// order in which they came.
func (s *Simulator) Offences() []ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]ID(nil), s.offences...)
}

// count brings the fare up to now.
func (s *Simulator) count(now time.Time) {
	seconds := int64(now.Sub(s.counted) / time.Second)
	if !s.on || s.state != TimeOn || s.counted.IsZero() {
		s.counted = now
		return
	}
	s.counted = s.counted.Add(time.Duration(seconds) * time.Second)
	s.trip.Fare += money.Minor(seconds) * s.cfg.PerSecond
	s.metres += seconds * s.cfg.Speed
}

// record is the present trip as trip data.
func (s *Simulator) record() TripData {
	r := s.trip
	r.NetTotal = r.Fare + r.Tax + r.Extras + r.MTATax
	r.Distance = s.metres / 100
	return r
}

func (s *Simulator) total(r TripData) {
	s.totals.Trips++
	s.totals.Fare += r.Fare
	s.totals.Extras += r.Extras
	s.totals.Tax += r.Tax + r.MTATax
	s.totals.PaidDistance += r.Distance
	s.totals.TotalDistance += r.Distance
}

// stateChange is the 41 for the present state. A fare that does not fit into the
// long form goes out in the short one.
func (s *Simulator) stateChange() []byte {
	m := StateChange{State: s.state}
	if s.cfg.LongForm && (!s.cfg.FareAtVacant || s.state == Vacant) {
		m.Display = &Display{Rate: '1'}
		if s.state != Vacant || s.cfg.FareAtVacant {
			m.Display.Fare, m.Display.Extras = s.trip.Fare, s.trip.Extras
		}
	}
	if frame, err := Encode(m); err == nil {
		return frame
	}
	return must(StateChange{State: s.state})
}
