package page

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"taxiterminal/money"
	"taxiterminal/trip/receipt"
)

// Kind is what a passenger has opened.
type Kind string

// The kinds, named as their paths are.
const (
	Sticker Kind = "v" // the car's own code; Text is the code
	Claim   Kind = "p" // one fare, stated by the terminal; Text is the claim
	Return  Kind = "r" // back from the payment app; Text is the payment's reference
)

// Link is what stands in the address: the only thing that a passenger brings along.
// It opens somebody's fare, so it prints and logs as its kind alone.
type Link struct {
	Kind Kind
	Text string
}

// Format keeps the text out of every message.
func (l Link) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "/%s/…", string(l.Kind)) }

// LogValue keeps the text out of the log.
func (l Link) LogValue() slog.Value { return slog.StringValue("/" + string(l.Kind) + "/…") }

// path is where the link's page is.
func (l Link) path() string { return "/" + string(l.Kind) + "/" + l.Text }

// maxText is the longest text in bytes of each kind; references have 64 at most.
var maxText = map[Kind]int{Sticker: 128, Claim: 1024, Return: 64}

// plausible: letters, digits, hyphen and underscore, not too many. What is not is
// answered like what is not known, without asking anybody.
func (l Link) plausible() bool {
	if l.Text == "" || len(l.Text) > maxText[l.Kind] {
		return false
	}
	for _, c := range []byte(l.Text) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// Fares is what the gateway knows. Everything is called from many goroutines at once
// and ends when its context does. Errors must not quote codes, claims or addresses.
type Fares interface {
	// Fare is what is to be paid under a Sticker or a Claim now. It is asked often, so
	// it should come from memory. ErrUnknown for every reason why a link is no good.
	Fare(context.Context, Link) (Fare, error)
	// Payment is one payment by its reference, asked by a passenger who came back.
	// ErrUnknown if there is none.
	Payment(ctx context.Context, reference string) (Payment, error)
	// Pay starts one new payment, once for each call, and gives the address in the
	// payment app, which the passenger's browser is sent to unchanged. It must check
	// again that Order still is what is due: ErrChanged if not, ErrBusy while another
	// payment of the trip may be approved and cannot be replaced, ErrUnavailable if
	// the car or the payment API cannot be reached.
	Pay(context.Context, Link, Order) (redirect string, err error)
	// Watch tells that a link is worth looking at again, until ctx ends. It may tell
	// too often. A change that it misses is seen ten seconds later. Nil is allowed.
	Watch(context.Context, Link) <-chan struct{}
}

// Why Fares could not do what was asked.
var (
	ErrUnknown     = errors.New("nothing is known under this link")
	ErrChanged     = errors.New("the fare has changed")
	ErrBusy        = errors.New("another payment of the trip is under way")
	ErrUnavailable = errors.New("the car or the payment service cannot be reached")
)

// Car is whose fare it is. The passenger compares it with what they sit in.
type Car struct {
	Number   string // as painted on it, e.g. "T122"
	Operator string // e.g. "Byens Taxi"
	Brand    string // "Vipps" or "MobilePay"
	Contact  string // how to reach the operator, in one short line; may be empty
	// Terms and Privacy are https addresses of the operator's; may be empty.
	Terms, Privacy string
}

// State is what there is to say about a fare or a payment. A State that this package
// does not know shows as Closed.
type State string

const (
	Waiting   State = "waiting"   // of a fare: the meter has given no amount
	Due       State = "due"       // of a fare: Fare.Due can be paid
	Open      State = "open"      // a payment has been started and not approved; of a fare, it can be paid anew
	Approved  State = "approved"  // approved, the capture is on its way
	Paid      State = "paid"      // captured, as the payment API says
	Settled   State = "settled"   // of a fare: paid otherwise
	Offline   State = "offline"   // of a fare: the car has no coverage, its screen has a code that works
	Closed    State = "closed"    // of a fare: cannot be paid here, the driver takes it
	Stopped   State = "stopped"   // of a payment: the passenger said no
	Expired   State = "expired"   // of a payment: nobody approved in time
	Withdrawn State = "withdrawn" // of a payment: the driver took it back
	Released  State = "released"  // of a payment: approved too late, and given back
)

// States are all of them.
func States() []State {
	return []State{Waiting, Due, Open, Approved, Paid, Settled, Offline, Closed, Stopped, Expired, Withdrawn, Released}
}

// payable: the form belongs on the fare's page.
func (s State) payable() bool { return s == Due || s == Open }

// passing: something will happen without the passenger, so the page looks again by
// itself even without script.
func (s State) passing() bool {
	return s == Waiting || s == Open || s == Approved || s == Offline
}

// final: nothing more comes for this passenger, and the page stops following.
func (s State) final() bool {
	switch s {
	case Paid, Settled, Stopped, Expired, Withdrawn, Released:
		return true
	}
	return false
}

// again: the fare may still be to pay. A payment that came too late was not needed.
func (s State) again() bool {
	return s == Open || s == Stopped || s == Expired || s == Withdrawn
}

// Fare is what a Sticker or a Claim leads to now.
type Fare struct {
	Car   Car
	State State
	Bill  Bill // with Due and Open; the amount alone with Approved, Paid, Settled
	// Code is for the driver to type, six digits; with a Claim that is Paid.
	Code string
}

// Bill is what is asked for.
type Bill struct {
	Trip   string       // its name for ever, e.g. "T122-K7Q2X-0042"
	Number string       // the same for people, e.g. "0042"
	Amount money.Amount // still to pay, without a tip
	// Parts explain Amount and add up to it; empty when there is only one.
	Parts []Part
	// Tips are what may be added; empty for no tip.
	Tips []Tip
	// Shares are what the passenger may be asked to share; empty for nothing. Paying
	// without sharing is always possible.
	Shares []Share
}

// Part is one line under the amount.
type Part struct {
	Item   receipt.Item
	Amount money.Minor
}

// AlreadyPaid is the Item of what was paid before, a negative Part.
const AlreadyPaid receipt.Item = "already_paid"

// Items are everything that a Part can be.
func Items() []receipt.Item { return append(receipt.Items(), AlreadyPaid) }

// Tip is one choice.
type Tip struct {
	Percent int
	Amount  money.Minor
}

// Share is one kind of data, a text under "share.".
type Share string

const (
	SharePhone Share = "phone"
	ShareName  Share = "name"
)

// Shares are all of them.
func Shares() []Share { return []Share{ShareName, SharePhone} }

// Order is one press of the button.
type Order struct {
	Trip   string       // Bill.Trip as it was shown
	Amount money.Amount // Bill.Amount as it was shown
	Tip    money.Minor  // one of Bill.Tips, or zero
	Share  bool         // the passenger said yes to Bill.Shares
	// Return is where the payment app comes back to, once the payment has its
	// reference. The address holds a proof: it is as secret as a receipt.
	Return func(reference string) string
}

// Payment is one payment as the passenger who started it may see it.
type Payment struct {
	Car    Car
	State  State
	Number string       // of the trip
	Amount money.Amount // of this payment, tip included
	// Code is for the driver to type, six digits; of a payment by a Claim, when Paid.
	Code string
	// Receipt of the trip, when Paid; nil if the car has not sent it yet.
	Receipt *receipt.Receipt
	// Again is where the fare can be paid anew; zero for nowhere.
	Again Link
}
