package jtt905

import (
	"time"

	"taxiterminal/money"
)

// Message is the content of one frame. Times are the meter's wall clock, given as if it
// were UTC. Certificate fields are for sending only: the decoder destroys certificates.
type Message interface{ message() }

// Messages that the meter begins with.
type (
	// Started (E7) tells that a trip begins.
	Started struct{ At time.Time }

	// Ended (E8) tells that a trip is over, and Resent (F2) tells it again, perhaps days
	// later.
	Ended struct {
		Trip
		Resent bool
	}

	// Heartbeat (E9) comes every now and then.
	Heartbeat struct {
		Flags
		Licence     string
		Certificate string
	}

	// SignIn (E0) and SignOut (E3) ask the terminal whether the driver may.
	SignIn  struct{ Identity byte }
	SignOut struct{ Identity byte }

	// ShiftTotals (E4, resent as F1) are the totals of the shift that ends.
	ShiftTotals struct {
		Licence          string
		Certificate      string
		Plate            string
		K                int64 // pulses a kilometre
		In, Out          time.Time
		Distance         int64 // tenths of a kilometre
		BusinessDistance int64
		Trips            int64
		Timing           int64 // BCD hhmmss as a number
		Total            money.Minor
		CardTotal        money.Minor
		CardTrips        int64
		BetweenShifts    int64 // tenths of a kilometre
		LifeDistance     int64
		LifeBusiness     int64
		UnitPrice        money.Minor
		LifeTrips        uint32
		Resent           bool
	}
)

// Messages that answer the meter.
type (
	// Answer is 90 for good or FF for error, and answers E4, E7, E8 and F2.
	Answer struct {
		To Command
		OK bool
	}

	// SignAnswer answers E0, E3 and F1.
	SignAnswer struct {
		To          Command
		Licence     string
		Certificate string
		Plate       string
		At          time.Time // to the minute
		State       uint16    // of the terminal
		Until       time.Time // to the hour: the meter runs no longer than that
		Count       int64     // nor for more trips
		Result      byte
	}

	// HeartbeatAnswer answers E9.
	HeartbeatAnswer struct {
		State uint16
		Until time.Time // to the hour
		Count int64
		Short bool // nine bytes instead of ten
	}
)

// Messages that the terminal begins with, and their answers.
type (
	// StatusRequest (0000) carries the terminal's time.
	StatusRequest struct{ At time.Time }

	// Status answers it.
	Status struct {
		Vendor      byte // the device number: vendor, kind and serial
		Kind        byte
		Serial      int64
		Hardware    byte
		Software    byte
		Sub         byte
		State       byte // see stateNames
		Work        byte // 00 signed in, 01 out, 10 forced in, 11 forced out
		Plate       string
		Licence     string
		Certificate string
		Trips       uint32
	}

	// HistoryRequest (0006) asks for one trip.
	HistoryRequest struct{ Number uint32 }

	// History answers it; Trip is nil if the meter does not have it.
	History struct{ Trip *Trip }
)

// Opaque is a frame that is not looked at, or whose data were destroyed.
type Opaque struct {
	Device  Device
	Vendor  byte
	Command Command
	Len     int
}

// Trip is what the meter keeps of a trip.
type Trip struct {
	Plate       string
	Licence     string
	Certificate string
	Boarded     time.Time // to the minute
	Alighted    time.Time // to the minute; less than a day after Boarded
	Distance    int64     // tenths of a kilometre, with the passenger
	Empty       int64     // tenths of a kilometre before
	Surcharge   money.Minor
	Waiting     time.Duration // in minutes
	Amount      money.Minor
	Number      uint32
	Payment     Payment
	CardLen     int // bytes of card data behind the record, which are destroyed
}

// Payment is how the meter thinks that the passenger pays.
type Payment byte

const (
	PaidCash    Payment = 0
	PaidM1Card  Payment = 1
	PaidCPUCard Payment = 3
	PaidOther   Payment = 9
)

// Flags of a heartbeat.
type Flags struct {
	Hired     bool // bit 0
	Operating bool // bit 1: signed in
	ForcedOn  bool // bit 2
	ForcedOff bool // bit 3
	BadSpeed  bool // bit 7: the speed signal is abnormal
	Other     byte // bits without a public meaning
}

func (Started) message()         {}
func (Ended) message()           {}
func (Heartbeat) message()       {}
func (SignIn) message()          {}
func (SignOut) message()         {}
func (ShiftTotals) message()     {}
func (Answer) message()          {}
func (SignAnswer) message()      {}
func (HeartbeatAnswer) message() {}
func (StatusRequest) message()   {}
func (Status) message()          {}
func (HistoryRequest) message()  {}
func (History) message()         {}
func (Opaque) message()          {}

// stateNames are the faults of Status.State.
var stateNames = map[byte]string{1: "its limit of trips is reached", 2: "its time limit is reached", 4: "its trip memory is full", 8: "its shift memory is full"}
