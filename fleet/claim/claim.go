package claim

import (
	"fmt"
	"time"

	"taxiterminal/money"
	"taxiterminal/trip"
)

// Claim is what a terminal says: this car wants this much for this attempt of this
// trip.
type Claim struct {
	Trip    trip.ID
	Attempt int // from 1, as in the reference
	Amount  money.Amount
	// Serial is the number of the last entry in the car's journal when the claim was
	// made. It counts up within Trip.File and so orders the claims of a car.
	Serial uint64
	// Issued is when, in whole seconds UTC; zero unless the car's clock has been
	// confirmed by a server since it started.
	Issued time.Time
}

// The limits of what is claimed. They keep the code small; no taxi reaches them.
const (
	MaxAmount  = money.Minor(65_000_000) // what one payment may be at the API
	MaxNumber  = 1<<35 - 1               // trips in one file
	MaxAttempt = 1<<14 - 1               // attempts of one trip
	MaxSerial  = 1<<42 - 1               // entries in one journal
)

// Reference is the reference of the payment that the claim is for.
func (c Claim) Reference() string { return c.Trip.Reference(c.Attempt) }

// String is fit for logs.
func (c Claim) String() string {
	return fmt.Sprintf("claim %s, %s, serial %d", c.Reference(), c.Amount, c.Serial)
}

// epoch is before any claim was made; seconds since then stay short.
var epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// maxIssued is the last second that can be said, in the year 3114.
const maxIssued = 1<<35 - 2

// currencies by their number in the bytes. Numbers are never used again.
var currencies = []money.Currency{1: money.NOK, 2: money.DKK, 3: money.EUR, 4: money.SEK}

// check finds what cannot be claimed. The error is an ErrMalformed.
func (c Claim) check() error {
	seconds := c.issued()
	switch {
	case !trip.ValidVehicle(c.Trip.Vehicle):
		return malformed("vehicle: want a letter and up to 15 letters and digits")
	case !validFile(c.Trip.File):
		return malformed("file: want 1 to 8 letters and digits")
	case c.Trip.Number < 1 || c.Trip.Number > MaxNumber:
		return malformed("trip number: want 1 to %d", MaxNumber)
	case c.Attempt < 1 || c.Attempt > MaxAttempt:
		return malformed("attempt: want 1 to %d", MaxAttempt)
	case c.Amount.Value < 1 || c.Amount.Value > MaxAmount:
		return malformed("amount: want 1 to %d minor units", MaxAmount)
	case currencyNumber(c.Amount.Currency) == 0:
		return malformed("currency: want one of %v", currencies[1:])
	case c.Serial > MaxSerial:
		return malformed("serial: want at most %d", MaxSerial)
	case !c.Issued.IsZero() && (seconds < 1 || seconds > maxIssued+1 || !c.Issued.Equal(c.Issued.Truncate(time.Second))):
		return malformed("issued: want whole seconds since %d, or none", epoch.Year())
	}
	return nil
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// issued is the time as it is written: 0 for none.
func (c Claim) issued() int64 {
	if c.Issued.IsZero() {
		return 0
	}
	return c.Issued.Unix() - epoch.Unix() + 1
}

func validFile(s string) bool {
	if len(s) < 1 || len(s) > 8 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

func currencyNumber(c money.Currency) byte {
	for i, known := range currencies {
		if c == known && c != "" {
			return byte(i)
		}
	}
	return 0
}
