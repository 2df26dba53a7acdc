package trip

import (
	"fmt"
	"regexp"
)

// ID names a trip for ever, across all cars of a sales unit and across lost or
// replaced databases. It holds no date, because a car's clock may be wrong.
type ID struct {
	Vehicle string `json:"vehicle"` // as configured, see ValidVehicle
	File    string `json:"file"`    // the database's own random name
	Number  int64  `json:"number"`  // counts up within the file, from 1
}

// ValidVehicle reports whether a vehicle id can stand at the start of a payment
// reference: a letter, then up to 15 letters and digits. The API allows letters,
// digits and hyphens, and advises against references of digits only.
var ValidVehicle = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,15}$`).MatchString

// String is the part of a reference that all attempts of the trip share, e.g.
// "T122-K7Q2X-0042".
func (id ID) String() string {
	return fmt.Sprintf("%s-%s-%04d", id.Vehicle, id.File, id.Number)
}

// Short is the number as people say it: "0042"; empty for a trip that has none, because it
// is not on file yet.
func (id ID) Short() string {
	if id.Number == 0 {
		return ""
	}
	return fmt.Sprintf("%04d", id.Number)
}

// Reference names one attempt at the payment API, e.g. "T122-K7Q2X-0042-1": at
// most 50 characters of [A-Za-z0-9-], starting with a letter.
func (id ID) Reference(attempt int) string {
	return fmt.Sprintf("%s-%d", id, attempt)
}

// Carried is the name in a payment's metadata that says that the gateway has made it of a
// claim: it asks for the same amount as the car would, and for nothing to be shared.
const Carried = "carried"

// Op is an operation on a payment.
type Op string

const (
	OpCreate  Op = "create"
	OpCapture Op = "capture"
	OpCancel  Op = "cancel"
	OpRefund  Op = "refund"
	OpProfile Op = "profile" // fetch what the passenger has shared
	OpReceipt Op = "receipt" // post the order lines
)

// Key is the Idempotency-Key of the n-th operation of its kind on a reference:
// derived, so that it can never differ between two tries of the same intent.
func Key(reference string, op Op, n int) string {
	return fmt.Sprintf("%s-%s-%d", reference, op, n)
}
