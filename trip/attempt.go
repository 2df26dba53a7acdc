package trip

import (
	"time"

	"taxiterminal/money"
)

// Attempt is one payment at the API. Its amounts are the API's own aggregates.
type Attempt struct {
	N     int // 1, 2, ... within the trip; the last part of the reference
	State AttemptState

	Asked      money.Minor
	Authorized money.Minor
	Captured   money.Minor
	Cancelled  money.Minor
	Refunded   money.Minor

	// Fare and Tip are the bill that it was asked for, whatever of it was paid before.
	Fare Fare
	Tip  money.Minor
	// To is whose phone the request goes to; zero for whoever scans the code.
	To Recipient
	// ReturnURL is where the payment app sends the passenger back to, who pays on a
	// page of their own phone; empty for a code or a push.
	ReturnURL string
	// Share is what the passenger is asked to share, see Terms.
	Share string
	// Contact is who has shared it, as a number that stands for nobody once that
	// passenger is forgotten; 0 if nothing was shared.
	Contact int64
	// Claimed: a signed claim to it was shown, so that a phone may have carried the
	// fare to the gateway and the payment may exist although the car never asked for it.
	Claimed bool
	// ByCode: the phone brought back a code that proves that it was paid. Missed counts
	// the codes that did not.
	ByCode   bool
	Missed   int
	MissedAt time.Time
	// Receipted: the order lines are in the request.
	Receipted bool

	// Known is true once the API has confirmed that the payment exists.
	Known bool
	// RedirectURL is the text of the code to scan, as the API gave it.
	RedirectURL string
	// Release is how far the payment shall be undone.
	Release Release

	Capture Call
	Cancel  Call
	Refund  Call

	// Errands: they move no money, and nothing waits for them.
	Profile Call // fetching what was shared
	Posting Call // posting the receipt

	RequestedAt time.Time
	CreatedAt   time.Time
}

// AttemptState follows the API's states, with the terminal's own steps before and
// between them.
type AttemptState string

const (
	AttemptRequested  AttemptState = "requested"  // the create is committed, its outcome open
	AttemptCreated    AttemptState = "created"    // the passenger can approve
	AttemptReleasing  AttemptState = "releasing"  // not wanted any more, outcome open
	AttemptAuthorized AttemptState = "authorized" // approved, money reserved
	AttemptCaptured   AttemptState = "captured"   // money taken, at least in part
	AttemptReleased   AttemptState = "released"   // approved, then given back in full
	AttemptAborted    AttemptState = "aborted"    // the passenger said no
	AttemptExpired    AttemptState = "expired"    // nobody acted in time
	AttemptTerminated AttemptState = "terminated" // cancelled before approval
	AttemptRejected   AttemptState = "rejected"   // the API refused the create
	AttemptVoided     AttemptState = "voided"     // the create never took effect and is not needed
)

// Live is true while an approval may still come.
func (s AttemptState) Live() bool {
	return s == AttemptRequested || s == AttemptCreated || s == AttemptReleasing
}

func (s AttemptState) approved() bool {
	return s == AttemptAuthorized || s == AttemptCaptured || s == AttemptReleased
}

// Recipient is the passenger whose phone a request goes to. The number itself is
// kept where it can be forgotten; the zero Recipient is nobody.
type Recipient struct {
	Kind RecipientKind `json:"kind,omitempty"`
	ID   int64         `json:"id,omitempty"`
}

// RecipientKind is where the number comes from.
type RecipientKind string

const (
	ToContact RecipientKind = "contact" // shared on an earlier trip
	ToTyped   RecipientKind = "typed"   // typed or scanned for this trip only
)

// Web is a payment that the passenger has asked for on a page.
type Web struct {
	ReturnURL string // https, with the reference in it; empty for none
	Share     bool   // the passenger agreed to be asked
}

// Nobody is true of the zero Recipient.
func (r Recipient) Nobody() bool { return r == Recipient{} }

// Release is how far a payment shall be undone.
type Release string

const (
	Keep         Release = ""
	IfUnapproved Release = "if_unapproved" // an approval that was faster stands
	Always       Release = "always"        // even an approval is given back
)

// Call is the newest operation of one kind on the payment.
type Call struct {
	N       int         // how many were made; also the n of the newest key
	Open    bool        // its outcome is not known yet
	Target  money.Minor // what the API's aggregate must reach
	Refused int         // definite refusals in a row
}

// Held is the approved money that was not given back.
func (a Attempt) Held() money.Minor { return a.Authorized - a.Cancelled }

// Uncaptured is the reserved money that is neither taken nor given back.
func (a Attempt) Uncaptured() money.Minor { return a.Authorized - a.Captured - a.Cancelled }

// Final is true when the payment can only change by a refund and nothing is under
// way for it.
func (a Attempt) Final() bool {
	return !a.State.Live() && a.Uncaptured() <= 0 &&
		!a.Capture.Open && !a.Cancel.Open && !a.Refund.Open
}
