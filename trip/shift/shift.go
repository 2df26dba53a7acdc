// Package shift sums up the trips of a driver's shift: what was taken by which means,
// tips, tax, and what is still open. It computes from the trips' states alone, so it
// agrees with the journal by construction.
package shift

import (
	"time"

	"taxiterminal/money"
	"taxiterminal/trip/receipt"
)

// Summary is a shift, or the part of it so far.
type Summary struct {
	Currency money.Currency
	// From and To are the car's clock, UTC. To is zero while the shift goes on.
	From, To time.Time
	// First and Last are the numbers of the first and the last trip; 0 without trips.
	First, Last int64
	Trips       int
	Typed       int // trips whose fare the driver typed
	Void        int // trips without anything to pay
	Gone        int // trips that are too old to be on file; they are in none of the figures
	// Takings are by means, in the order of receipt.AllMeans, those that did not
	// occur left out. Refunds are their own, negative row.
	Takings []Taking
	// Total is what the trips cost, tips included, after what was given back. Takings
	// and Due add up to it and to Over; see Sum.
	Total money.Minor
	Tips  money.Minor
	// Due is what is not settled yet by any means.
	Due money.Minor
	// Over is what the app took beyond what trips cost and has not given back: the
	// meter's amount went down after it was captured. Mostly zero.
	Over money.Minor
	// Taxes are by rate, of everything in Total.
	Taxes []receipt.Tax
	Open  []Open
}

// Taking is the money of one means.
type Taking struct {
	Means  receipt.Means
	Trips  int
	Amount money.Minor
}

// Open is something whose end is not known yet, or that a person must decide.
type Open struct {
	Trip      string // number, e.g. "0042"
	Reference string // of the payment; empty where it is about the trip
	Kind      OpenKind
	Amount    money.Minor
	Since     time.Time // the car's clock, UTC; zero if it was not set
}

// OpenKind is the closed set of what can be open at the end of a shift.
type OpenKind string

const (
	Unanswered OpenKind = "unanswered" // a payment that may still be approved, or whose end is not known
	Uncaptured OpenKind = "uncaptured" // approved money that is neither taken nor given back
	Refunding  OpenKind = "refunding"  // a refund whose outcome is open
	Parked     OpenKind = "parked"     // the trip waits for a person
	Unsettled  OpenKind = "unsettled"  // due, and nothing is asked
	Overpaid   OpenKind = "overpaid"   // more was captured than the trip costs: to be given back
)

// OpenKinds are all of them.
func OpenKinds() []OpenKind {
	return []OpenKind{Unanswered, Uncaptured, Refunding, Parked, Unsettled, Overpaid}
}
