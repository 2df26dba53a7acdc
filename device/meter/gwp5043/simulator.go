package gwp5043

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
//	m := gwp5043.NewSimulator(gwp5043.SimulatorConfig{Flagfall: 3500, PerSecond: 10, Speed: 11})
//	go m.Run(ctx, cable)
//	m.Occupied()
//	...
//	m.Vacancy()
//
// It sends one frame at once when OCCUPIED, VACANCY or PRINT is pressed, and then one every
// second.
type Simulator struct {
	cfg SimulatorConfig

	socket chan struct{} // holds the cable that is plugged in
	wake   chan struct{} // something is to be sent

	mu      sync.Mutex
	plugged bool
	heard   int // bytes that the host sent
	on      bool
	pressed bool // OCCUPIED or VACANCY, since power-up; before that the meter is silent
	state   State

	fare    money.Minor // exact; what is shown and sent is cut to whole counts
	metres  int64
	board   time.Time
	counted time.Time // until when the fare has been counted
	closed  Record

	nextFrame time.Time
	prints    int
	faults    faults
}

// State is whether a trip is under way.
type State string

const (
	Vacant   State = "vacant"
	Occupied State = "occupied"
)

// SimulatorConfig says what kind of meter it is. The zero value sends whole units and has
// fares that only the script changes.
type SimulatorConfig struct {
	Serial   string // empty: "01234567"
	DriverID string // empty: "D0001"
	Decimals int    // of the fare on the wire, 0 to 2

	Flagfall  money.Minor // fare at the start of a trip
	PerSecond money.Minor // added every second while occupied
	Speed     int64       // metres added every second while occupied

	// OldTrip makes the meter repeat an old trip from power-up on, as if VACANCY had been
	// pressed before. Without it the meter says nothing until a key is pressed.
	OldTrip bool
}

// Reading is what the meter shows, and some of what it knows.
type Reading struct {
	On       bool
	Plugged  bool // a host is at the other end of the cable
	State    State
	Fare     money.Minor // in whole counts
	Distance int64       // metres
}

// ErrDeadKey means that the key has no effect in the meter's present state.
var ErrDeadKey = errors.New("the key has no effect now")

// NewSimulator gives a vacant meter that is switched on.
func NewSimulator(cfg SimulatorConfig) *Simulator {
	if cfg.Serial == "" {
		cfg.Serial = "01234567"
	}
	if cfg.DriverID == "" {
		cfg.DriverID = "D0001"
	}
	s := &Simulator{cfg: cfg, socket: make(chan struct{}, 1), wake: make(chan struct{}, 1), on: true, state: Vacant}
	s.closed = Record{Device: "12345678", K: 1000, Receipt: 4710}
	if cfg.OldTrip {
		s.pressed = true
		left := time.Now().Add(-9 * time.Hour)
		s.closed = s.record(left.Add(-18*time.Minute), left, 7400, s.unit()*135)
	}
	return s
}

// Occupied starts a trip.
func (s *Simulator) Occupied() error {
	return s.press("occupied", func(now time.Time) bool {
		if s.state == Occupied {
			return false
		}
		s.state, s.pressed = Occupied, true
		s.fare, s.metres, s.board, s.counted = s.cfg.Flagfall, 0, now, now
		return true
	})
}

// Vacancy closes the trip.
func (s *Simulator) Vacancy() error {
	return s.press("vacancy", func(now time.Time) bool {
		if s.state == Vacant {
			return false
		}
		s.state = Vacant
		s.closed = s.record(s.board, now, s.metres, s.fare)
		return true
	})
}

// Print prints the record of the last trip, and sends it.
func (s *Simulator) Print() error {
	return s.press("print", func(time.Time) bool {
		s.prints++
		return s.closed.Exit != 0
	})
}

// SetFare puts the fare of the open trip right.
func (s *Simulator) SetFare(fare money.Minor) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(s.clock())
	if !s.on || s.state == Vacant || fare < 0 || fare/s.unit() > 0xFFFF {
		return fmt.Errorf("meter key %q: %w", "set fare", ErrDeadKey)
	}
	s.fare = fare
	return nil
}

// press presses a key. The meter sends at once.
func (s *Simulator) press(key string, effect func(now time.Time) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	s.count(now)
	if !s.on || !effect(now) {
		return fmt.Errorf("meter key %q: %w", key, ErrDeadKey)
	}
	s.nextFrame = time.Time{}
	s.poke()
	return nil
}

// Reading is what the meter shows now.
func (s *Simulator) Reading() Reading {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(s.clock())
	r := Reading{On: s.on, Plugged: s.plugged, State: s.state}
	if s.state == Occupied {
		r.Fare, r.Distance = s.fare-s.fare%s.unit(), s.metres
	}
	return r
}

// Closed is the record of the last trip that was closed, and its fare.
func (s *Simulator) Closed() (Record, money.Minor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed, money.Minor(s.closed.Fare) * s.unit()
}

// Heard is how many bytes the host sent, which ought to be none.
func (s *Simulator) Heard() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard
}

// unit is what one count of the fare is worth.
func (s *Simulator) unit() money.Minor { return Config{Decimals: s.cfg.Decimals}.amount(1) }

// clock is the meter's clock.
func (s *Simulator) clock() time.Time { return time.Now().Add(s.faults.clock) }

// count brings the fare up to now.
func (s *Simulator) count(now time.Time) {
	if !s.on || s.state != Occupied {
		return
	}
	seconds := int64(now.Sub(s.counted) / time.Second)
	s.counted = s.counted.Add(time.Duration(seconds) * time.Second)
	s.fare += money.Minor(seconds) * s.cfg.PerSecond
	s.metres += seconds * s.cfg.Speed
}

// record is a trip that was closed.
func (s *Simulator) record(board, exit time.Time, metres int64, fare money.Minor) Record {
	r := Record{
		Head:  Head{Serial: s.cfg.Serial},
		Board: uint32(board.Unix()), Exit: uint32(exit.Unix()), Distance: uint32(metres),
		Device: s.closed.Device, Receipt: s.closed.Receipt + 1, Fare: uint32(fare / s.unit()), K: s.closed.K,
	}
	r.Travel, r.Fare16 = uint16(r.Exit-r.Board), uint16(r.Fare)
	return r
}

// next is the frame that is to be sent now, nil if the meter has nothing to say.
func (s *Simulator) next(now time.Time) []byte {
	s.count(now)
	stamp := uint32(now.Unix())
	switch {
	case !s.on:
		return nil
	case s.prints > 0:
		s.prints--
		return s.sendRecord(stamp, true)
	case s.state == Occupied:
		return Encode(&Live{
			Head: Head{stamp, s.cfg.Serial}, Speed: uint16(s.cfg.Speed * 36 / 10), Distance: uint32(s.metres),
			Travel: uint16(stamp - uint32(s.board.Unix())), Fare: uint16(s.fare / s.unit()),
		})
	case s.pressed:
		return s.sendRecord(stamp, false)
	}
	return nil
}

func (s *Simulator) sendRecord(stamp uint32, printed bool) []byte {
	r := s.closed
	r.Now, r.Serial, r.Printed = stamp, s.cfg.Serial, printed
	p := Encode(&r)
	copy(p[headLen+driverAt:headLen+driverAt+driverLen], s.cfg.DriverID)
	return p
}
