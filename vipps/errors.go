package vipps

import (
	"fmt"
	"log/slog"
	"strings"
)

// Error is why a call is not Done. It is safe to log and to show: nothing in it
// names a passenger or gives away a secret.
type Error struct {
	Class  Class
	Op     Op
	Status int    // HTTP status, 0 if there was no answer or nothing was sent
	Code   string // the API's numeric domain code, e.g. "6080", or empty
	Title  string // the API's wording; it changes, so never branch on it
	Detail string
	// TraceID finds the request in Vipps MobilePay's logs; support asks for it.
	TraceID string
	// Raw is the start of the answer's body, at most 2 KiB, scrubbed. Empty where
	// the body belongs to a success, because that may describe a person.
	Raw  []byte
	Hint string // what the operator can do, or empty
	Err  error  // the cause below HTTP, or nil
}

// Class sorts errors by what a person in the car or the office can do about them.
type Class string

const (
	ClassNetwork         Class = "network"          // cannot reach the API or no answer in time
	ClassCertificate     Class = "certificate"      // TLS refused: interception, or a certificate that has expired
	ClassClock           Class = "clock"            // TLS refused: this computer's clock is wrong
	ClassPortal          Class = "portal"           // something other than the API answers
	ClassCredentials     Class = "credentials"      // the merchant keys are not accepted
	ClassUnavailable     Class = "unavailable"      // the API has a fault or is closed for maintenance
	ClassGarbled         Class = "garbled"          // the API's answer cannot be understood
	ClassRateLimited     Class = "rate_limited"     // too many calls for this reference
	ClassBusy            Class = "busy"             // another operation holds the payment
	ClassConflict        Class = "conflict"         // the reference or the key is taken
	ClassNotFound        Class = "not_found"        // no such reference at this sales unit
	ClassInvalid         Class = "invalid"          // the request breaks a rule of the API
	ClassCustomer        Class = "customer"         // this phone number or code cannot be asked
	ClassNotPermitted    Class = "not_permitted"    // the sales unit may not do this
	ClassState           Class = "state"            // the payment's state forbids it
	ClassDeclinedCapture Class = "declined_capture" // the reserved money is not there any more
	ClassInterrupted     Class = "interrupted"      // the caller ended the call
)

// Codes that callers tell apart. All others are told apart by Class.
const (
	CodeCustomerToken    = "4050" // the token of a check-in is too old: let them scan again
	CodePersonalQR       = "4060" // the passenger's code was not read whole: scan again
	CodePhoneNumber      = "4070" // no number at all: let it be typed again
	CodePushNotAllowed   = "5080" // PUSH_MESSAGE needs approval: fall back to QR
	CodeAmountTooSmall   = "6010"
	CodeAlreadyCaptured  = "6040" // cannot cancel, everything is captured
	CodeNotReserved      = "6050" // nothing to cancel, also after a cancel that worked
	CodeApprovedFirst    = "6060" // cancelTransactionOnly came after the approval
	CodeNotCancellable   = "6190" // wrong state, also after a cancel that worked
	CodeApproving        = "6250" // the passenger is in the middle of approving
	CodeFundsUnavailable = "6260" // capture after the guarantee: no cover
	CodeCaptureTransient = "6280"
	CodeCustomerNotFound = "7010" // for any reason; never say that the number is wrong
)

// Error is one line for logs: operation, class, status, code, wording, cause.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "vipps %s: %s", e.Op, e.Class)
	if e.Status != 0 {
		fmt.Fprintf(&b, ", http %d", e.Status)
	}
	if e.Code != "" {
		fmt.Fprintf(&b, ", code %s", e.Code)
	}
	if e.Title != "" {
		fmt.Fprintf(&b, " (%s)", e.Title)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap gives the cause below HTTP.
func (e *Error) Unwrap() error { return e.Err }

// LogValue groups what support asks for.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("class", string(e.Class)),
		slog.Int("status", e.Status),
		slog.String("code", e.Code),
		slog.String("trace_id", e.TraceID),
		slog.String("text", e.Error()))
}
