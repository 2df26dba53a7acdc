// Package receipt is what a trip cost, line by line, with the tax that is in it, and
// how it was paid: the one form that the passenger's screen, the payment app, the
// printer and the driver's lists all render. It holds no words of any language.
package receipt

import (
	"time"

	"taxiterminal/money"
)

// Receipt is one trip as the passenger may ask to see it.
type Receipt struct {
	Vehicle  string // the car, e.g. "T122"
	Number   string // of the trip, e.g. "0042"
	Currency money.Currency
	// Begun and Ended are the car's clock, UTC; zero if not known.
	Begun, Ended time.Time
	// Lines add up to Total, to the minor unit.
	Lines []Line
	Total money.Minor
	// Taxes are the lines summed by rate, ascending, those without tax left out.
	Taxes []Tax
	// Payments are how Total was settled, in order; what was given back is negative.
	// They may add up to less than Total while something is open.
	Payments []Payment
	// Typed is set when the driver typed the fare because the meter could not tell it.
	Typed bool
}

// Line is one kind of service. Net + Tax = Total.
type Line struct {
	Item            Item
	Total, Net, Tax money.Minor
	Rate            int    // VAT inside Total, hundredths of a percent: 1200 is 12 %
	Quantity        string // decimal with a point, e.g. "12.4"; empty without
	Unit            Unit   // of Quantity
}

// Item names a line; a receipt has each at most once.
type Item string

const (
	Fare        Item = "fare"        // distance and time
	Supplements Item = "supplements" // extras on the meter
	Tolls       Item = "tolls"       // where the meter tells them apart
	MeterTax    Item = "tax"         // tax that the meter adds on top
	Tip         Item = "tip"         // never in the tax base
	Rest        Item = "rest"        // what came on top of an amount that was paid before
)

// Items are all of them, in the order of a receipt.
func Items() []Item { return []Item{Fare, Supplements, Tolls, MeterTax, Rest, Tip} }

// Unit is what a Quantity counts.
type Unit string

const (
	Kilometres Unit = "km"
	Minutes    Unit = "min"
)

// Tax is the sum of the lines of one rate. Net + Tax = Gross.
type Tax struct {
	Rate            int
	Gross, Net, Tax money.Minor
}

// Payment is one part of how a trip was settled.
type Payment struct {
	Means     Means
	Amount    money.Minor // negative for a refund
	Reference string      // at the payment API; empty for other means
}

// Means is how money came.
type Means string

const (
	Vipps   Means = "vipps" // by the app, whatever its brand is called
	Cash    Means = "cash"
	Card    Means = "card"
	Invoice Means = "invoice"
	Unpaid  Means = "unpaid" // the trip ended and nobody paid
	Refund  Means = "refund" // given back by the app
)

// AllMeans are all of them, in the order of a list.
func AllMeans() []Means { return []Means{Vipps, Cash, Card, Invoice, Unpaid, Refund} }
