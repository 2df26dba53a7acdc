// Package display turns the state of the terminal into a View, and Views into
// screens. A View is a value: what to show and what the driver may press, in
// catalogue keys and amounts, with no word of any language and no pixel in it.
// Screens (web, and whatever else draws) render the same View.
package display

import (
	"time"

	"taxiterminal/money"
	"taxiterminal/trip/receipt"
)

// View is everything that the passenger's and the driver's screen show at one
// moment. It is immutable: whoever receives one must not write to its slices.
type View struct {
	Screen  Screen
	Vehicle string // what people call the car, e.g. "T122"
	Brand   string // "Vipps" or "MobilePay"
	Trip    string // trip number for people, e.g. "0042"; empty when For Hire

	// Amount stands in large type: the running fare when Hired, what is still
	// asked when Due, what was captured when Paid.
	Amount money.Amount
	// Parts explain Amount, in order: fare, supplements, tip, already paid
	// (negative). Empty when there is only one.
	Parts []Part

	// QR is the text of the code to scan; empty when there is none to show.
	QR string
	// Claim is true when QR is a claim that a phone with a network carries for the car.
	Claim bool
	// Expires is when the code dies, with a monotonic reading; zero if unknown.
	Expires time.Time

	// Tips are what the passenger may add now; empty when no tip can be given.
	Tips []TipChoice
	// Tip is what the passenger has added, inside Amount; zero for none.
	Tip money.Amount
	// Shares are the data that the passenger is asked to share when approving. Saying
	// no to it costs nothing: a new code without the question follows.
	Shares []Share
	// Recipient is what may be shown of the phone that the request was sent to, e.g.
	// "•••• 678"; empty when it was sent to none.
	Recipient string
	// Receipt of the trip once it is settled; nil before.
	Receipt *receipt.Receipt
	// VehicleCode names the version of the car's own code whose picture the server has
	// (Options.Desk); empty for none. It stands on the idle screen.
	VehicleCode string

	// Reason says why the screen is Failed, Connecting, Settled or OutOfOrder.
	Reason Reason
	// Faults are all that are present now, worst first.
	Faults []Fault

	Driver Driver
}

// Screen is the kind of picture that the passenger sees.
type Screen string

const (
	Idle       Screen = "idle"       // For Hire, nothing to pay
	Hired      Screen = "hired"      // the running fare
	Reading    Screen = "reading"    // Stopped, the meter has not given the amount yet
	Tipping    Screen = "tipping"    // amount due, the passenger chooses a tip before the code is made
	Connecting Screen = "connecting" // amount due, the code is on its way
	Due        Screen = "due"        // amount and code
	Sent       Screen = "sent"       // amount due, the request is in the app of a known phone: no code
	Releasing  Screen = "releasing"  // a request is being withdrawn, its outcome is open
	Approved   Screen = "approved"   // the passenger approved, the capture is on its way
	Paid       Screen = "paid"       // the API says captured
	Settled    Screen = "settled"    // paid otherwise: cash, card, invoice
	Failed     Screen = "failed"     // the request ended without money; Reason says what next
	OutOfOrder Screen = "outoforder" // no trip can be taken; Faults say why
)

// Part is one line under the amount.
type Part struct {
	Label  Label
	Amount money.Amount
}

// Label names a part of the amount.
type Label string

const (
	LabelFare        Label = "fare"
	LabelSupplements Label = "supplements"
	LabelTax         Label = "tax"
	LabelTolls       Label = "tolls"
	LabelTip         Label = "tip"
	LabelPaid        Label = "already_paid"
)

// Reason is a catalogue key under "reason."; the empty Reason has no text.
type Reason string

const (
	ReasonNone        Reason = ""
	ReasonCreating    Reason = "creating"    // Connecting: request under way
	ReasonOffline     Reason = "offline"     // Connecting: no network, the code comes with coverage
	ReasonCredentials Reason = "credentials" // Connecting: the API does not accept the keys
	ReasonUnavailable Reason = "unavailable" // Connecting: Vipps itself does not answer properly
	ReasonReplacing   Reason = "replacing"   // Connecting: waiting for the old request to end
	ReasonUnshared    Reason = "unshared"    // Connecting: the passenger would not share; a code without the question comes
	ReasonByCode      Reason = "by_code"     // Approved: proved by a code; the API is asked when there is a network
	ReasonSending     Reason = "sending"     // Connecting: the request to a phone is under way
	ReasonDeclined    Reason = "declined"    // Failed: passenger said no, or the request was ended in the app
	ReasonExpired     Reason = "expired"     // Failed: nobody approved in time, and no more new codes by themselves
	ReasonRefused     Reason = "refused"     // Failed: the API will not take this request
	ReasonTooSmall    Reason = "too_small"   // Failed: below the smallest amount that can be asked
	ReasonTooLarge    Reason = "too_large"   // Failed: above the largest amount that can be asked
	ReasonCancelled   Reason = "cancelled"   // Failed: the driver withdrew the request
	ReasonDoubtful    Reason = "doubtful"    // Failed: the meter's amount needs the driver's word
	ReasonParked      Reason = "parked"      // Failed: needs the office
	ReasonCash        Reason = "cash"        // Settled
	ReasonCard        Reason = "card"        // Settled
	ReasonInvoice     Reason = "invoice"     // Settled
	ReasonVacant      Reason = "vacant"      // Settled: the meter went For Hire without a payment
	ReasonVoid        Reason = "void"        // Settled: no amount, nothing asked
	ReasonMeterLost   Reason = "meter_lost"  // Settled as void: the meter lost the trip
)

// TipChoice is one button of the tip. Percent 0 is "no tip".
type TipChoice struct {
	Percent int
	Tip     money.Amount
	Total   money.Amount // with it
}

// Share is one kind of data that a passenger can share, a catalogue key under
// "share.".
type Share string

const (
	SharePhone Share = "phone"
	ShareName  Share = "name"
)

// Driver is what only the driver's screen shows.
type Driver struct {
	Actions []Action // what may be pressed now, in order
	// CanSend: the request of the shown trip can go to a phone now.
	CanSend bool
	// CanConfirm: a phone may have paid a claim; its code of six digits can be typed.
	CanConfirm bool
	// CanType: the meter is lost and the driver may type the fare now, for the shown
	// trip or, if there is none, for a new one.
	CanType bool
	Notice  Notice // the one thing to read now; empty key for none
	Network Network
	Meter   Health
	Queue   Queue
	Trips   []TripLine // newest first: the open one, then the last ones
	Unread  bool       // the records cannot be read: nothing of the above is known
}

// Action is something that the driver may press.
type Action string

const (
	ActionNew     Action = "new"     // a new code
	ActionCancel  Action = "cancel"  // withdraw the request
	ActionCash    Action = "cash"    // paid in cash
	ActionCard    Action = "card"    // paid by card terminal
	ActionInvoice Action = "invoice" // goes on an account
)

// Notice is a catalogue key under "notice." with the figures it mentions.
type Notice struct {
	Key    string
	Trip   string
	Amount money.Amount
}

// Network is how the payment API can be reached.
type Network string

const (
	NetworkUnknown Network = "unknown" // nothing tried yet
	NetworkUp      Network = "up"
	NetworkDown    Network = "down"
)

// Health is the meter's line in one word, a catalogue key under "meter.".
type Health string

// Queue is the outbox in figures.
type Queue struct {
	Pending int           // commands on their way
	Parked  int           // commands that wait for a person
	Oldest  time.Duration // age of the oldest pending command
}

// TripLine is one trip in the driver's list.
type TripLine struct {
	Trip     string
	Screen   Screen
	Reason   Reason
	Total    money.Amount
	Captured money.Amount
	Refunded money.Amount
	Finished time.Time // UTC; zero while it goes on
	Typed    bool      // the driver typed the fare
}
