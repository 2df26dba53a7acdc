package capture

import (
	"errors"
	"fmt"
	"sync"
	"text/template"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/money"
)

// Simulator is a meter with a receipt printer, to play with: its keys are methods,
// its cable is the wire to the printer, whatever Run is given. All methods may be
// called from any goroutine, whether a cable is plugged in or not. What is printed
// while none is, is lost, as with a real printer.
//
//	m, err := capture.NewSimulator(capture.SimulatorConfig{Profile: "no-48", Flagfall: 5500})
//	go m.Run(ctx, cable)
//	m.Hired()
//	...
//	m.TimeOff()
//	m.Vacant() // prints the receipt
//
// It prints the receipts that the profile of that name reads.
type Simulator struct {
	cfg   SimulatorConfig
	rules Config // of the profile: numbers, charset, zone
	paper *template.Template
	cols  int

	socket chan struct{} // holds the cable that is plugged in
	wake   chan struct{} // something is to be printed

	mu      sync.Mutex
	plugged bool
	queue   []printed
	asked   time.Time // when the printer was asked for its status
	ready   bool      // it answered

	on       bool
	state    meter.Position
	trip     Slip
	metres   int64
	counted  time.Time // until when the fare has been counted
	closed   Slip
	number   int64 // of the last receipt
	trips    int64
	sum      money.Minor
	skew     time.Duration
	pictures int
	miscount int
	cutShort int
	heard    []byte // what the printer said
}

// SimulatorConfig says what kind of meter it is.
type SimulatorConfig struct {
	Profile   string      // whose receipts are printed; empty: no-48
	Flagfall  money.Minor // fare at the start of a trip
	PerSecond money.Minor // added every second while hired
	Speed     int64       // metres added every second while hired
	Tolls     money.Minor // on every trip
	First     int64       // number of the first receipt; 0: 1
	AtStop    bool        // the receipt is printed when the time goes off, not at vacant
	Polls     bool        // the printer's status is asked for before each print, which waits for the answer
	Logo      bool        // a picture stands above each receipt
}

// Slip is what is on one receipt, for the templates beside the profiles.
type Slip struct {
	Receipt, Trip, Tariff string
	Start, Finish         time.Time
	Metres                int64

	Fare, Extras, Tolls, Total money.Minor

	Trips int64       // shift report
	Sum   money.Minor // shift report
}

// MeterReading is what the meter shows, and some of what it knows.
type MeterReading struct {
	On       bool
	Plugged  bool
	Position meter.Position
	Fare     money.Minor
	Extras   money.Minor // with tolls
	Total    money.Minor
	Metres   int64
}

// ErrDeadKey means that the key has no effect in the meter's present state.
var ErrDeadKey = errors.New("the key has no effect now")

// NewSimulator gives a meter that is for hire and switched on. The error is a profile
// that is not there.
func NewSimulator(cfg SimulatorConfig) (*Simulator, error) {
	if cfg.Profile == "" {
		cfg.Profile = "no-48"
	}
	rules, err := parseConfig(map[string]any{profileKey: cfg.Profile})
	if err != nil {
		return nil, fmt.Errorf("meter simulator: %w", err)
	}
	s := &Simulator{
		cfg: cfg, rules: rules, number: max(0, cfg.First-1), on: true, state: meter.ForHire,
		socket: make(chan struct{}, 1), wake: make(chan struct{}, 1),
	}
	return s, s.layOut()
}

// Hired starts a trip.
func (s *Simulator) Hired() error {
	return s.press("hired", func(now time.Time) bool {
		if s.state != meter.ForHire {
			return false
		}
		s.trips++
		s.trip = Slip{Trip: fmt.Sprintf("%05d", s.trips), Tariff: "1", Start: now.Add(s.skew), Fare: s.cfg.Flagfall, Tolls: s.cfg.Tolls}
		s.metres = 0
		s.state = meter.Hired
		return true
	})
}

// TimeOff stops the clock and shows the fare.
func (s *Simulator) TimeOff() error {
	return s.press("time off", func(now time.Time) bool {
		if s.state != meter.Hired {
			return false
		}
		s.state = meter.Stopped
		if s.cfg.AtStop {
			s.printReceipt(now, "receipt")
		}
		return true
	})
}

// Resume goes back to hired.
func (s *Simulator) Resume() error {
	return s.press("resume", func(time.Time) bool {
		if s.state != meter.Stopped {
			return false
		}
		s.state = meter.Hired
		return true
	})
}

// Vacant closes the trip and prints the receipt.
func (s *Simulator) Vacant() error {
	return s.press("vacant", func(now time.Time) bool {
		if s.state == meter.ForHire {
			return false
		}
		if !s.cfg.AtStop || s.state == meter.Hired {
			s.printReceipt(now, "receipt")
		}
		s.sum += s.slip(now).Total
		s.state = meter.ForHire
		return true
	})
}

// Extras adds a supplement.
func (s *Simulator) Extras(amount money.Minor) error {
	return s.change("extras", func() { s.trip.Extras = max(0, s.trip.Extras+amount) })
}

// Toll adds a road toll. Not every layout shows them apart.
func (s *Simulator) Toll(amount money.Minor) error {
	return s.change("toll", func() { s.trip.Tolls = max(0, s.trip.Tolls+amount) })
}

// SetFare puts the fare of the open trip right.
func (s *Simulator) SetFare(fare money.Minor) error {
	return s.change("set fare", func() { s.trip.Fare = max(0, fare) })
}

// PrintPart prints a part receipt over the open trip's total, if the layout has one.
func (s *Simulator) PrintPart() error {
	return s.press("part receipt", func(now time.Time) bool {
		if s.state == meter.ForHire || s.paper.Lookup("part") == nil {
			return false
		}
		s.printReceipt(now, "part")
		return true
	})
}

// Copy prints the last receipt once more, marked as a copy.
func (s *Simulator) Copy() error { return s.again("copy") }

// Reprint prints the last receipt once more, without a mark.
func (s *Simulator) Reprint() error { return s.again("receipt") }

func (s *Simulator) again(as string) error {
	return s.press(as, func(time.Time) bool {
		if s.closed.Receipt == "" {
			return false
		}
		s.print(s.closed, as)
		return true
	})
}

// PrintShift prints the shift report.
func (s *Simulator) PrintShift() error {
	return s.press("shift report", func(time.Time) bool {
		s.print(Slip{Trips: s.trips, Sum: s.sum}, "shift")
		return true
	})
}

func (s *Simulator) change(key string, f func()) error {
	return s.press(key, func(time.Time) bool {
		if s.state == meter.ForHire {
			return false
		}
		f()
		return true
	})
}

func (s *Simulator) press(key string, effect func(time.Time) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.count(now)
	if !s.on || !effect(now) {
		return fmt.Errorf("meter key %q: %w", key, ErrDeadKey)
	}
	return nil
}

// Reading is what the meter shows now.
func (s *Simulator) Reading() MeterReading {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.count(now)
	r := MeterReading{On: s.on, Plugged: s.plugged, Position: s.state}
	if s.state != meter.ForHire {
		t := s.slip(now)
		r.Fare, r.Extras, r.Total, r.Metres = t.Fare, t.Extras+t.Tolls, t.Total, t.Metres
	}
	return r
}

// Closed is what the last receipt said.
func (s *Simulator) Closed() Slip {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Heard is what came back from the printer.
func (s *Simulator) Heard() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]byte(nil), s.heard...)
}

// count brings the fare up to now.
func (s *Simulator) count(now time.Time) {
	seconds := int64(now.Sub(s.counted) / time.Second)
	if !s.on || s.state != meter.Hired || s.counted.IsZero() {
		s.counted = now
		return
	}
	s.counted = s.counted.Add(time.Duration(seconds) * time.Second)
	s.trip.Fare += money.Minor(seconds) * s.cfg.PerSecond
	s.metres += seconds * s.cfg.Speed
}

// slip is the open trip as it would be printed at now.
func (s *Simulator) slip(now time.Time) Slip {
	t := s.trip
	t.Finish = now.Add(s.skew)
	t.Metres = s.metres
	t.Total = t.Fare + t.Extras + t.Tolls
	return t
}

func (s *Simulator) printReceipt(now time.Time, as string) {
	t := s.slip(now)
	s.number++
	t.Receipt = fmt.Sprintf("%06d", s.number)
	s.closed = t
	s.print(t, as)
}
