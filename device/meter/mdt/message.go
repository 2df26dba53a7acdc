package mdt

import "taxiterminal/money"

// Message is the content of one frame. Amounts are in 1/100 of the currency,
// distances in tenths of the unit that the meter is set to.
type Message interface{ message() }

// State is the meter's state in frames 41 and 4A, as its ASCII digit.
type State byte

const (
	Vacant  State = '0'
	TimeOn  State = '1' // hired
	TimeOff State = '2'
	// Payment is hired, time off, payment begun in a 41; in a 4A the same digit means
	// statistics mode.
	Payment State = '3'
)

// Messages from the meter.
type (
	// StateChange (41) tells that a key was pressed.
	StateChange struct {
		State State
		// Display is what the meter shows, in the long form that Centrodyne meters send.
		Display *Display
		// Unknown is set when the data have neither the short nor the long form. The
		// state is taken, the rest is not looked at.
		Unknown bool
	}

	// Failure (42) tells of a failure of the meter, or with code 0 of none.
	Failure struct{ Code byte }

	// PrinterStatus (46): '0' failed, '1' in use, '2' idle.
	PrinterStatus struct{ Status byte }

	// MeterStatus (4A) answers StatusRequest.
	MeterStatus struct {
		State   State // Payment means statistics mode here
		Failure byte  // as in Failure; 0 is none
		Enabled bool
	}

	// TripData (4B, or 26 in the form of the New York TLC) is the record of the
	// present or last trip.
	TripData struct {
		Fare     money.Minor
		Tax      money.Minor
		Extras   money.Minor
		MTATax   money.Minor // TLC form only
		NetTotal money.Minor
		Distance int64 // paid distance
		TLC      bool
	}

	// Busy (4C) asks for a pause, or ends it.
	Busy struct{ Busy bool }

	// Statistics (4F) are the totals of the meter's present period.
	Statistics struct {
		Unit          byte // code of the distance unit; its meaning is not public
		Fare          money.Minor
		Extras        money.Minor
		Tax           money.Minor
		TotalDistance int64
		PaidDistance  int64
		Trips         int64
	}

	// TimedOut (54): the meter waited for its host in vain.
	TimedOut struct{}

	// Rate (62) reports the tariff.
	Rate struct{ Rate byte }

	// RunningFare (68) is the fare while the meter is hired.
	RunningFare struct{ Fare, Extras money.Minor }

	// Ping (70) wants an ACK and nothing else.
	Ping struct{}

	// MissedMessage (75): the meter sent something that nobody acknowledged.
	MissedMessage struct{}

	// Opaque is a frame whose data were not looked at, or were destroyed.
	Opaque struct {
		ID    ID
		Len   int
		Wiped bool
	}
)

// Messages that go both ways.
type (
	// Ack (5A) acknowledges the frame before.
	Ack struct{}
	// Unsupported (59) refuses the frame before.
	Unsupported struct{}
)

// Messages to the meter.
type (
	TripRequest       struct{} // 44
	PrinterRequest    struct{} // 48
	StatusRequest     struct{} // 49
	StatisticsRequest struct{} // 4E
	RateRequest       struct{} // 61

	// Configuration (67, Pulsar) switches what the meter reports by itself.
	// Validation makes the meter depend on its host; this driver never asks for it.
	Configuration struct{ Validation, RunningFare, Ping bool }
)

// Display is what a Centrodyne meter shows while its state changes.
type Display struct {
	Rate   byte // tariff, a character
	Fare   money.Minor
	Extras money.Minor
}

func (StateChange) message()       {}
func (Failure) message()           {}
func (PrinterStatus) message()     {}
func (MeterStatus) message()       {}
func (TripData) message()          {}
func (Busy) message()              {}
func (Statistics) message()        {}
func (TimedOut) message()          {}
func (Rate) message()              {}
func (RunningFare) message()       {}
func (Ping) message()              {}
func (MissedMessage) message()     {}
func (Opaque) message()            {}
func (Ack) message()               {}
func (Unsupported) message()       {}
func (TripRequest) message()       {}
func (PrinterRequest) message()    {}
func (StatusRequest) message()     {}
func (StatisticsRequest) message() {}
func (RateRequest) message()       {}
func (Configuration) message()     {}

// failureNames are the codes of 42 and 4A.
var failureNames = map[byte]string{
	1: "internal NVRAM", 2: "internal NVRAM", 3: "external NVRAM", 6: "external NVRAM",
	4: "printer", 5: "ROM checksum", 9: "other",
}
