package trip

import (
	"reflect"
	"slices"
	"time"

	"taxiterminal/money"
)

// State is everything known about one trip. The zero State is Vacant.
//
// States are values: Step never changes the one it is given, and nobody else may
// write to the Attempts of a State that came out of Step.
type State struct {
	ID       ID
	Currency money.Currency
	Terms    Terms
	Phase    Phase

	// Settlement and Means say how a Settled trip was settled.
	Settlement Settlement
	Means      Means

	// Position is what the meter last said about this trip.
	Position Position
	// Fare is the newest amount that the meter gave at Stopped or at the end.
	Fare Fare
	// Tip is the passenger's, on top of the meter's total. TipSettled is true once it
	// has been chosen or passed over; where a tip is offered nothing is asked before.
	Tip        money.Minor
	TipSettled bool
	// Otherwise is what the driver took in cash, by card or on an account.
	Otherwise money.Minor

	// Ask is true while a payment request is wanted. While it is false, a live
	// attempt is withdrawn and no new one is made.
	Ask bool
	// SendTo is who the next request goes to, if not to whoever scans it.
	SendTo Recipient
	// Web is set while the next request is to be made for a page on the passenger's
	// own phone.
	Web Web
	// Unshared is true once the passenger would not share, or may not be asked to.
	Unshared bool
	// Winding is true when the meter has been For Hire for longer than the grace:
	// what is approved still counts, nothing new is asked.
	Winding bool
	// Gap is true when key presses may have been missed since money was taken, so
	// that the next amount may belong to another trip.
	Gap bool
	// Renewals counts the attempts that replaced an expired one by themselves.
	Renewals int

	// From is the phase that a Parked trip goes back to.
	From Phase
	// Problem is why the last attempt ended without money, or why none is made.
	Problem Problem
	// Notice is the one thing to tell the driver now.
	Notice Notice

	Attempts []Attempt

	BegunAt   time.Time
	SettledAt time.Time
}

// Phase is where the trip as a whole stands.
type Phase string

const (
	Vacant  Phase = ""        // no trip
	Hired   Phase = "hired"   // the fare is running
	Due     Phase = "due"     // an amount stands on the meter and is not settled
	Settled Phase = "settled" // Settlement says how
	Parked  Phase = "parked"  // Problem says why; a person must decide
)

// Terms are what holds for a trip from its beginning, whatever is configured later.
type Terms struct {
	// Share is what passengers are asked to share, in the API's own words separated
	// by spaces: "phoneNumber", "name". Empty: nothing.
	Share string `json:"share,omitempty"`
	// Tip: the passenger is offered a tip before anything is asked.
	Tip bool `json:"tip,omitempty"`
	// Receipt is when the passenger's app gets the order lines.
	Receipt ReceiptTime `json:"receipt,omitempty"`
}

// ReceiptTime is when a receipt reaches the API. It cannot be changed there.
type ReceiptTime string

const (
	ReceiptNever    ReceiptTime = ""
	ReceiptAtCreate ReceiptTime = "create"  // in the request, whose amount is final
	ReceiptAtEnd    ReceiptTime = "capture" // posted once the trip is settled
)

// Settlement is how a trip ended.
type Settlement string

const (
	Paid      Settlement = "paid"      // the API's captured amount covers it
	Otherwise Settlement = "otherwise" // by other means, see Means
	Void      Settlement = "void"      // nothing to pay
)

// Means is how a trip was settled otherwise.
type Means string

const (
	Cash    Means = "cash"
	Card    Means = "card"
	Invoice Means = "invoice"
	// Unpaid: the meter went For Hire, the grace passed, nobody approved.
	Unpaid Means = "unpaid"
)

// Position is the meter's, as far as a trip in progress is concerned.
type Position string

const (
	Running Position = "running" // meter Hired
	Stopped Position = "stopped"
	ForHire Position = "for_hire"
)

// Fare is what the meter charged, in its own figures.
type Fare struct {
	Total       money.Minor `json:"total"`
	Fare        money.Minor `json:"fare,omitempty"`
	Supplements money.Minor `json:"supplements,omitempty"`
	Tax         money.Minor `json:"tax,omitempty"`
	Tolls       money.Minor `json:"tolls,omitempty"`      // inside Supplements; 0 if the meter does not tell them apart
	Distance    int64       `json:"distance_m,omitempty"` // metres; 0 if not supplied
	Duration    int64       `json:"duration_s,omitempty"` // seconds occupied, by the meter; 0 if not supplied
	Tariff      string      `json:"tariff,omitempty"`
	// Key is the meter's own name for the trip, where it has one.
	Key string `json:"key,omitempty"`
	// Typed is set when the driver typed Total because the meter could not tell it.
	Typed bool `json:"typed,omitempty"`
	// Doubt says why the amount must not be asked for without the driver's word.
	Doubt Doubt `json:"doubt,omitempty"`
}

// Doubt is the reason why an amount is not asked for by itself.
type Doubt string

const (
	DoubtSum   Doubt = "sum"   // total is not the sum of its parts
	DoubtGap   Doubt = "gap"   // the meter was out of contact
	DoubtStale Doubt = "stale" // a record of a trip that was over
	DoubtPaid  Doubt = "paid"  // the meter says that the passenger has paid already
)

// Problem is why there is no money and no live request.
type Problem struct {
	Kind ProblemKind `json:"kind,omitempty"`
	Code string      `json:"code,omitempty"` // the API's, if it was the API
}

// ProblemKind is the closed set of reasons.
type ProblemKind string

const (
	ProblemNone      ProblemKind = ""
	ProblemDeclined  ProblemKind = "declined"  // the passenger, or the app for them
	ProblemExpired   ProblemKind = "expired"   // nobody approved, too often
	ProblemRefused   ProblemKind = "refused"   // the API will not take the request
	ProblemConflict  ProblemKind = "conflict"  // the reference is somebody else's payment
	ProblemTooSmall  ProblemKind = "too_small" // below what can be asked
	ProblemTooLarge  ProblemKind = "too_large"
	ProblemCancelled ProblemKind = "cancelled" // by the driver
	ProblemDoubtful  ProblemKind = "doubtful"  // see Fare.Doubt
	ProblemCapture   ProblemKind = "capture"   // an approved payment cannot be captured
	ProblemCancel    ProblemKind = "cancel"    // a request cannot be withdrawn
)

// Notice is one thing to tell the driver.
type Notice struct {
	Kind   NoticeKind  `json:"kind,omitempty"`
	Amount money.Minor `json:"amount,omitempty"`
}

// NoticeKind is the closed set of notices.
type NoticeKind string

const (
	NoticeNone          NoticeKind = ""
	NoticeFaster        NoticeKind = "passenger_was_faster" // approved before the cancel: the payment stands
	NoticeReleased      NoticeKind = "released"             // Amount was approved late and given back
	NoticeDifference    NoticeKind = "difference"           // Amount is approved already, the rest is asked
	NoticeOverpaid      NoticeKind = "overpaid"             // Amount more than the total was captured, or captured beside cash
	NoticeDoubtfulSum   NoticeKind = "doubtful_sum"
	NoticeDoubtfulGap   NoticeKind = "doubtful_gap"
	NoticeDoubtfulStale NoticeKind = "doubtful_stale"
	NoticeDoubtfulPaid  NoticeKind = "doubtful_paid"
	NoticeMeterLost     NoticeKind = "meter_lost"
	NoticeNoAmount      NoticeKind = "no_amount"
	NoticeParked        NoticeKind = "parked"
	NoticeDeclined      NoticeKind = "declined"
	NoticeExpired       NoticeKind = "expired"
	NoticeRefundDone    NoticeKind = "refund_done"
	NoticeRefundRefused NoticeKind = "refund_refused"
	NoticeBelowMinimum  NoticeKind = "below_minimum"
	NoticeUnshared      NoticeKind = "unshared"         // the passenger would not share: asked again without
	NoticePushRefused   NoticeKind = "push_not_enabled" // no requests to phones for this sales unit: back to the code
	NoticeNotReachable  NoticeKind = "not_reachable"    // this phone takes no requests: back to the code
	NoticeTyped         NoticeKind = "typed"            // the driver typed Amount
)

// Owed is what the trip costs: the meter's total and the tip; zero before the
// meter gave an amount.
func (s State) Owed() money.Minor { return s.Fare.Total + s.Tip }

// Captured is what the API says was taken, over all attempts, before refunds.
func (s State) Captured() money.Minor {
	return s.sum(func(a Attempt) money.Minor { return a.Captured })
}

// Refunded is what the API says was given back after capture.
func (s State) Refunded() money.Minor {
	return s.sum(func(a Attempt) money.Minor { return a.Refunded })
}

// Held is what passengers have approved and still stands, captured or not.
func (s State) Held() money.Minor {
	return s.sum(func(a Attempt) money.Minor { return a.Held() })
}

// Outstanding is what would have to be asked for now; never negative.
func (s State) Outstanding() money.Minor {
	return max(0, s.Owed()-s.Otherwise-s.Held())
}

func (s State) sum(f func(Attempt) money.Minor) money.Minor {
	var total money.Minor
	for _, a := range s.Attempts {
		total += f(a)
	}
	return total
}

// Live is the attempt whose end is not known yet, if there is one.
func (s State) Live() (Attempt, bool) {
	for _, a := range s.Attempts {
		if a.State.Live() {
			return a, true
		}
	}
	return Attempt{}, false
}

// Last is the newest attempt, if there is one.
func (s State) Last() (Attempt, bool) {
	if len(s.Attempts) == 0 {
		return Attempt{}, false
	}
	return s.Attempts[len(s.Attempts)-1], true
}

// Equal reports whether nothing differs, so that an event had no effect.
func (s State) Equal(t State) bool {
	if !slices.Equal(s.Attempts, t.Attempts) {
		return false
	}
	s.Attempts, t.Attempts = nil, nil
	return reflect.DeepEqual(s, t)
}

// Closed is true when nothing can happen to the trip by itself any more: it is
// settled, every attempt is final, no errand is open and the meter has left it. A
// refund opens it again.
func (s State) Closed() bool {
	if s.Phase != Settled || s.Position != ForHire {
		return false
	}
	for _, a := range s.Attempts {
		if !a.Final() || a.Profile.Open || a.Posting.Open {
			return false
		}
	}
	return true
}
