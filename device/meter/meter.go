// Package meter is the contract between the terminal and a taximeter, whatever
// protocol the meter speaks, and the registry of the drivers that speak one.
//
// The data model follows MID 2014/32/EU Annex IX (MI-007): a taximeter is For
// Hire, Hired or Stopped, and can supply a trip record with the total charged,
// the fare, the supplements, the tariff, the distance and the times.
//
// A driver owns the open line while Run is running and tells what it learns to a
// Sink, in the order in which it happened:
//
//   - PositionChanged when the meter's key is pressed, and once after the line
//     opened, as soon as the position is known;
//   - RunningFare, about once a second where the meter can, while Hired;
//   - TripRecord with Final false after PositionChanged{Stopped}, as soon as the
//     meter has given the amount;
//   - TripRecord with Final true before the PositionChanged{ForHire} that ends the
//     trip. If the meter could not give one, ForHire comes without it;
//   - TripRecord with Final true and DoubtStale whenever the meter sends a record of a
//     trip that is over. It says nothing about a trip that is open;
//   - Health when the state of the conversation with the meter changes.
//
// An amount that cannot be trusted is still told, with the reasons in
// Record.Doubts. What to do about it is the terminal's decision, not the driver's.
package meter

import (
	"context"
	"io"
	"time"

	"taxiterminal/money"
)

// Driver speaks one taximeter protocol. Its constructor touches no hardware.
type Driver interface {
	// Run talks to the meter on an open line until ctx ends (it returns
	// ctx.Err()) or the line fails (it returns the line's error). It is called
	// again with a new Port after a reconnect, on the same Driver value, which
	// remembers the trip it was in.
	Run(ctx context.Context, port Port, sink Sink) error

	// Capabilities says what this driver, as configured, can learn.
	Capabilities() Capabilities
}

// Port is one open serial line, used only by the goroutine that runs the driver.
//
// Read returns (0, nil) when nothing arrived within the line's tick, a fraction
// of a second: it is the driver's chance to look at its timers. It must therefore
// never be wrapped in bufio or read with io.ReadFull, which give up or spin on
// empty reads. Any error means that the line is gone.
type Port interface {
	io.Reader
	io.Writer
}

// Sink takes what a driver tells. It must be quick: the meter is waiting.
type Sink func(Event)

// Event is one of PositionChanged, RunningFare, TripRecord and Health.
type Event interface{ event() }

// Position is the operation position of MID Annex IX.
type Position string

const (
	ForHire Position = "for_hire" // fare calculation is off
	Hired   Position = "hired"    // the fare is running
	Stopped Position = "stopped"  // the fare is shown, at least its time part is off
)

// PositionChanged says which position the meter is in now.
type PositionChanged struct {
	Position Position
	// Resync is set when the position was read from the meter after the line
	// opened or after a silence, so that key presses may have been missed.
	Resync bool
}

// RunningFare is a provisional amount of a trip that goes on. It is shown, never
// requested.
type RunningFare struct {
	Fare        money.Minor // without supplements
	Supplements money.Minor
}

// TripRecord carries what the meter charged.
type TripRecord struct {
	Record Record
	// Final is false for the amount shown at Stopped, from which the meter can
	// still go back to Hired, and true for the record that closes the trip.
	Final bool
	// Committed is set by drivers whose meter keeps the record until it is
	// acknowledged. Whoever takes the event calls it when what came of the record is
	// on disk, or at once if nothing of it is kept; until then the meter gets no
	// acknowledgement and sends the record again, which is told only once. It never
	// blocks, and may be called from any goroutine, late, and more than once.
	Committed func()
}

// Record is a trip record in the meter's own figures. A nil pointer or zero time
// means that the meter did not supply the item.
type Record struct {
	Total       money.Minor // total charged: what the passenger owes
	Fare        money.Minor // distance and time part
	Supplements money.Minor // extras; with most meters tolls are inside
	Tax         money.Minor // tax that the meter adds or shows; zero if none
	Distance    *int64      // metres travelled with the passenger
	Tariff      string
	Start       time.Time
	Finish      time.Time
	// Key is equal for the same trip of the same meter however often and however
	// late its record is sent, where the protocol allows one; empty otherwise.
	Key string
	// Doubts are the reasons why the amount must not be asked for without the
	// driver's word. Empty for a sound record.
	Doubts []Doubt
}

// Doubt is a failed plausibility check.
type Doubt string

const (
	// DoubtSum: total is not the sum of its parts, twice in a row. The checksums
	// of these protocols are weak, so this may be a damaged frame.
	DoubtSum Doubt = "sum_mismatch"
	// DoubtGap: the line or the meter was silent while the trip ended, so the
	// record may belong to another trip.
	DoubtGap Doubt = "read_after_gap"
	// DoubtStale: the meter sent a record for a trip that is over, perhaps days ago.
	// It can come at any time, also while another trip is open.
	DoubtStale Doubt = "late_record"
	// DoubtPaid: the meter says that the passenger has paid it, with a card.
	DoubtPaid Doubt = "paid_at_meter"
)

// Health says how the conversation with the meter goes. The line itself (missing
// adapter, port in use) is supervised below the driver and reported there.
type Health struct {
	State  HealthState
	Detail string // for the technician, e.g. "1204 bytes, no frame, in 30 s"
}

// HealthState names a fault that a technician can act on.
type HealthState string

const (
	HealthOK      HealthState = "ok"
	HealthSilent  HealthState = "silent"  // no byte for the protocol's liveness time: meter off, cable
	HealthGarbled HealthState = "garbled" // bytes but no valid frame: wrong baud rate or parity
	HealthNoisy   HealthState = "noisy"   // many damaged frames among good ones
	// HealthDegraded: frames arrive, but the meter does not answer what the driver
	// asks. The wire to the meter is broken, or the profile does not fit the meter.
	HealthDegraded HealthState = "degraded"
	HealthAlarm    HealthState = "alarm" // the meter reports a failure of its own; Detail says which
)

// Capabilities are what a driver can learn from its meter.
type Capabilities struct {
	LiveState   bool // positions are told as the keys are pressed
	RunningFare bool // provisional fares while Hired
	StopFare    bool // the amount is known at Stopped, before the trip is closed
	Query       bool // the trip record can be asked for
	Ack         bool // the driver acknowledges frames; false for a read-only tap
}

func (PositionChanged) event() {}
func (RunningFare) event()     {}
func (TripRecord) event()      {}
func (Health) event()          {}
