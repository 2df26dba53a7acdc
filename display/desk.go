package display

import (
	"context"
	"fmt"

	"taxiterminal/money"
	"taxiterminal/trip/receipt"
	"taxiterminal/trip/shift"
)

// Desk is what people at the screens can do and ask. A trip is named by its number;
// presses carry the trip that the person saw, so that one meant for a trip never hits
// the next. An error with a method Reason() string that returns one of Refusals is
// explained on the screen, any other is logged and shown as RefusedInternal. It is
// called from several goroutines.
type Desk interface {
	// Act does what one of the trip's buttons does.
	Act(ctx context.Context, action Action, trip string) error
	// Tip adds the passenger's tip, zero for none.
	Tip(ctx context.Context, trip string, tip money.Minor) error
	// Send lets the request go to a phone.
	Send(ctx context.Context, trip string, to Recipient) error
	// Contacts are the passengers who shared their number and whose number ends with
	// these digits, at least three; never more than a handful.
	Contacts(ctx context.Context, digits string) ([]Contact, error)
	// TypeFare is the fare when the meter is lost; an empty trip begins a new one.
	TypeFare(ctx context.Context, trip string, total money.Minor) error
	// Confirm takes the code of six digits that a phone shows after paying a claim.
	Confirm(ctx context.Context, trip, code string) error
	// Trip is one trip of the list, with what can be done about it now.
	Trip(ctx context.Context, trip string) (TripDetail, error)
	// Refund gives captured money back.
	Refund(ctx context.Context, trip string, amount money.Minor, reason string) error
	// Print prints the receipt of a trip.
	Print(ctx context.Context, trip string) error
	// Shift is the shift so far; EndShift closes it and gives it whole.
	Shift(ctx context.Context) (shift.Summary, error)
	EndShift(ctx context.Context) (shift.Summary, error)
	// Retry lets a parked trip try again.
	Retry(ctx context.Context, trip string) error
	// VehicleCode is the SVG picture of the car's own code of a View's VehicleCode;
	// nil for none.
	VehicleCode(version string) []byte
}

// Recipient names the passenger to send a request to, in exactly one way. It prints
// nothing of that.
type Recipient struct {
	Number     string // as typed, with or without country code
	Contact    int64  // of Desk.Contacts
	PersonalQR string // the whole content of the code in the passenger's app
}

func (r Recipient) String() string {
	switch {
	case r.Contact != 0:
		return fmt.Sprintf("contact %d", r.Contact)
	case r.PersonalQR != "":
		return "a personal code"
	case r.Number != "":
		return "a phone number"
	}
	return "nobody"
}

func (r Recipient) GoString() string { return r.String() }

// Contact is a passenger who shared the number, as far as a screen may show.
type Contact struct {
	ID     int64
	Masked string // e.g. "+47 ••• •• 678"
	Name   string // empty unless it was shared
}

// TripDetail is one trip of the driver's list.
type TripDetail struct {
	Line    TripLine
	Receipt receipt.Receipt
	// Refundable is what can be given back at most; zero for nothing.
	Refundable money.Amount
	// CanRetry: the trip waits for a person. CanPrint: there is a printer.
	CanRetry, CanPrint bool
	Actions            []Action
}
