package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"taxiterminal/device/meter"
	"taxiterminal/money"
)

// Meter is a simulated taximeter, whatever protocol it speaks. All its methods may be
// called from any goroutine. Run plugs a cable in, and may be called again when that
// cable is out.
type Meter interface {
	Run(ctx context.Context, line io.ReadWriter) error

	// The keys that the scenarios press. The error is ErrNoKey where this meter has no
	// such key, and says so where the key has no effect now.
	Hired() error
	TimeOff() error
	Resume() error
	Extras(amount money.Minor) error
	Vacant() error
	// SetFare puts the fare of the open trip right, so that results can be compared.
	SetFare(fare money.Minor) error

	PowerOff() // a trip that is open is lost
	PowerOn()

	Reading() Reading
	Tells() Tells
	// Keys are all that a person can press, and all that can go wrong, in the order in
	// which they are listed.
	Keys() []Key
}

// Reading is what a meter shows.
type Reading struct {
	On       bool
	Plugged  bool // somebody is at the other end of the cable
	Position meter.Position
	Fare     money.Minor
	Extras   money.Minor
	Total    money.Minor
}

// Tells is when a meter tells what.
type Tells struct {
	Live bool // the positions, as the keys are pressed
	Stop bool // the fare when the time goes off; otherwise only when the trip is closed
	Keep bool // a record until the terminal has it
}

// Key is one key of a meter or, with Fault, something that can befall it.
type Key struct {
	Name  string // one word, as people type it
	Label string // as it stands on the meter; empty for a fault
	About string
	When  []meter.Position // in which it does something; empty: in all
	Fault bool
	Press func() error
}

// ErrNoKey means that this meter has no such key.
var ErrNoKey = errors.New("this meter has no such key")

func noKey(name string) error { return fmt.Errorf("meter key %q: %w", name, ErrNoKey) }

// MeterOptions say what kind of meter it is. Amounts are minor units.
type MeterOptions struct {
	Protocol string // one of Protocols; empty for mdt
	Profile  string // of the driver, where it has profiles; empty for the usual one
	More     string // further lines of the terminal's [meter] table

	Flagfall  money.Minor // fare at the start of a trip
	PerSecond money.Minor // added every second while hired
	Speed     int64       // metres added every second while hired

	// With mdt only:
	LongForm     bool // the amounts come with each key press, as with Centrodyne
	TLC          bool // trip data in the TLC form
	FareAtVacant bool // the fare is told only when the trip is closed
}

// Protocol is one that the meter of the taxi can speak.
type Protocol struct {
	Name  string
	About string // what the driver and the passenger notice of it

	make  func(MeterOptions, money.Currency) (Meter, error)
	table func(MeterOptions, money.Currency) []string // keys of the daemon's [meter] table
}

// Protocols are all that there are, the usual one first.
func Protocols() []Protocol {
	return []Protocol{mdtProtocol, jtt905Protocol, gwp5043Protocol, captureProtocol}
}

// ProtocolNames are theirs.
func ProtocolNames() []string {
	var names []string
	for _, p := range Protocols() {
		names = append(names, p.Name)
	}
	return names
}

// FindProtocol gives the protocol of that name; the empty name is the usual one. The
// error says which there are.
func FindProtocol(name string) (Protocol, error) {
	if name == "" {
		return mdtProtocol, nil
	}
	for _, p := range Protocols() {
		if p.Name == name {
			return p, nil
		}
	}
	return Protocol{}, fmt.Errorf("no meter protocol %q: want one of %v", name, ProtocolNames())
}

// NewMeter gives a meter that is for hire and switched on, and charges in a currency.
func NewMeter(o MeterOptions, c money.Currency) (Meter, error) {
	p, err := FindProtocol(o.Protocol)
	if err != nil {
		return nil, err
	}
	if p.Name != mdtProtocol.Name && (o.LongForm || o.TLC || o.FareAtVacant) {
		return nil, fmt.Errorf("meter %s: long form, TLC form and fare at vacant are choices of protocol %s", p.Name, mdtProtocol.Name)
	}
	return p.make(o, c)
}

// Table is what belongs into the [meter] table of the terminal's configuration for
// that meter at the end of that cable, one key a line.
func Table(o MeterOptions, c money.Currency, port string) ([]string, error) {
	p, err := FindProtocol(o.Protocol)
	if err != nil {
		return nil, err
	}
	table := append([]string{fmt.Sprintf("driver = %q", p.Name), fmt.Sprintf("port = %q", port)}, p.table(o, c)...)
	if o.More != "" {
		table = append(table, o.More)
	}
	return table, nil
}

// FindKey gives the key of that name.
func FindKey(m Meter, name string) (Key, bool) {
	keys := m.Keys()
	i := slices.IndexFunc(keys, func(k Key) bool { return k.Name == name })
	if i < 0 {
		return Key{}, false
	}
	return keys[i], true
}

// Works is true in a position in which the key does something.
func (k Key) Works(p meter.Position) bool { return len(k.When) == 0 || slices.Contains(k.When, p) }

// The positions in which keys of most meters work.
var (
	free    = []meter.Position{meter.ForHire}
	driving = []meter.Position{meter.Hired}
	stopped = []meter.Position{meter.Stopped}
	onTrip  = []meter.Position{meter.Hired, meter.Stopped}
)

// extra is what one press of a key for supplements adds.
const extra money.Minor = 2500

// clockKeys are those of a meter whose time can be stopped.
func clockKeys(m Meter) []Key {
	return []Key{
		{Name: "hired", Label: "Hired", About: "start a trip", When: free, Press: m.Hired},
		{Name: "timeoff", Label: "Stopped", About: "stop the clock and show the fare", When: driving, Press: m.TimeOff},
		{Name: "resume", Label: "Hired again", About: "let the trip go on", When: stopped, Press: m.Resume},
		{Name: "extras", Label: "Extras +25", About: "add 25.00", When: onTrip, Press: func() error { return m.Extras(extra) }},
		{Name: "vacant", Label: "For hire", About: "close the trip", When: onTrip, Press: m.Vacant},
	}
}

// powerKeys are those of every meter.
func powerKeys(m Meter) []Key {
	return []Key{
		fault("off", "cut the meter's power: an open trip is lost", m.PowerOff),
		fault("on", "switch the meter on", m.PowerOn),
	}
}

func fault(name, about string, press func()) Key {
	return Key{Name: name, About: about, Fault: true, Press: func() error { press(); return nil }}
}

// cents are the smallest step of the amounts of some meters.
const cents money.Minor = 10

// inSteps refuses an amount that such a meter cannot show.
func inSteps(m money.Minor) error {
	if m%cents != 0 {
		return fmt.Errorf("meter fare %s: this meter counts in steps of %s", m.Decimal(), cents.Decimal())
	}
	return nil
}

// roundUp makes an amount one that such a meter can show.
func roundUp(m money.Minor) money.Minor { return (m + cents - 1) / cents * cents }
