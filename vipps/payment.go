package vipps

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"taxiterminal/money"
)

// State is where a payment stands. Money that was captured, released or paid back
// is not in the state but in the amounts: a captured payment is AUTHORIZED still.
// States that the API adds later are kept as they come, and mean: read again.
type State string

const (
	Created    State = "CREATED"    // the customer has not acted
	Authorized State = "AUTHORIZED" // approved, money reserved; stays so for ever
	Aborted    State = "ABORTED"    // the customer said no
	Expired    State = "EXPIRED"    // nobody approved in time
	Terminated State = "TERMINATED" // the merchant cancelled before the approval
)

// Ended says that the payment is over without money.
func (s State) Ended() bool { return s == Aborted || s == Expired || s == Terminated }

// Payment is what the API says of a payment. Amounts are in minor units of Currency.
type Payment struct {
	Reference    string
	State        State // empty in the answer to Create, which does not tell it
	Currency     money.Currency
	Amount       money.Minor // asked for
	Authorized   money.Minor // approved by the customer
	Captured     money.Minor // taken
	Cancelled    money.Minor // released, or withdrawn before the approval
	Refunded     money.Minor // paid back of what was taken
	PSPReference string
	// RedirectURL is the text of the code to show (QR with TEXT/TARGETURL), a link
	// to its picture (other formats) or the page to send the browser to. It opens
	// the payment: keep it out of logs.
	RedirectURL string
	// Sub identifies the customer to the Userinfo API if a profile scope was
	// asked for; it may come a moment after the approval.
	Sub string
	// Person is what the customer agreed to share, as far as the answer has it: some
	// versions of the API leave it out, and then Client.Userinfo knows. It may come
	// a moment after the approval and is gone after a week.
	Person Person
	// CaptureGuaranteedUntil is the end of the reservation's guarantee in UTC, or
	// zero if the API does not tell it.
	CaptureGuaranteedUntil time.Time
	Metadata               map[string]string
}

// Reserved is what can still be captured.
func (p Payment) Reserved() money.Minor { return max(0, p.Authorized-p.Captured-p.Cancelled) }

// String is fit for logs: it leaves out the link and everything about the customer.
func (p Payment) String() string {
	return fmt.Sprintf("%s %s %s (authorized %s, captured %s, cancelled %s, refunded %s)",
		p.Reference, p.State, money.Of(p.Amount, p.Currency),
		p.Authorized.Decimal(), p.Captured.Decimal(), p.Cancelled.Decimal(), p.Refunded.Decimal())
}

// Format writes String for every verb, so that none shows the link or the customer.
func (p Payment) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// LogValue is String.
func (p Payment) LogValue() slog.Value { return slog.StringValue(p.String()) }
