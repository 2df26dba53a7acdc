package capture

import (
	"fmt"
	"regexp"
	"time"

	"taxiterminal/money"
)

// Field is something that a receipt says.
type Field string

const (
	FieldReceipt  Field = "receipt"  // number of the receipt
	FieldTrip     Field = "trip"     // number of the trip
	FieldVehicle  Field = "vehicle"  // of the taxi, to tell meters apart
	FieldTariff   Field = "tariff"   // name or number
	FieldDate     Field = "date"     // where start and finish are times of day only
	FieldStart    Field = "start"    // of the trip
	FieldFinish   Field = "finish"   // of the trip
	FieldKm       Field = "km"       // distance with the passenger
	FieldFare     Field = "fare"     // for distance and time
	FieldExtras   Field = "extras"   // supplements
	FieldTolls    Field = "tolls"    // road tolls, ferries
	FieldDiscount Field = "discount" // subtracted
	FieldTax      Field = "tax"      // added on top
	FieldVAT      Field = "vat"      // contained in the total
	FieldTotal    Field = "total"    // what the passenger owes
)

// kindOf says how a field is read.
type kindOf uint8

const (
	isText kindOf = iota
	isTime
	isKm
	isMoney
)

// Fields are all fields in the order in which they are reported.
var Fields = []Field{FieldReceipt, FieldTrip, FieldVehicle, FieldTariff, FieldDate, FieldStart, FieldFinish, FieldKm,
	FieldFare, FieldExtras, FieldTolls, FieldDiscount, FieldTax, FieldVAT, FieldTotal}

func (f Field) kind() kindOf {
	switch f {
	case FieldReceipt, FieldTrip, FieldVehicle, FieldTariff:
		return isText
	case FieldDate, FieldStart, FieldFinish:
		return isTime
	case FieldKm:
		return isKm
	}
	return isMoney
}

// Policy says what to do with several hits of one field.
type Policy string

const (
	Same  Policy = "same" // they must all say the same
	First Policy = "first"
	Last  Policy = "last"
	Sum   Policy = "sum" // amounts only
)

// Rule finds one field.
type Rule struct {
	Re       *regexp.Regexp // has a group v
	Required bool
	Policy   Policy
}

// Reading is what one receipt says. Amounts that are not on it are zero; Found tells.
type Reading struct {
	Kind     Kind
	Receipt  string
	Trip     string
	Vehicle  string
	Tariff   string
	Date     time.Time // midnight, or when the receipt was printed
	Start    time.Time
	Finish   time.Time
	Distance *int64 // metres

	Fare, Extras, Tolls, Discount, Tax, VAT, Total money.Minor

	Found map[Field]bool
	Dirt  int
}

// problem is why a receipt cannot be read: a field, and what is wrong with it. It
// has no text of the receipt.
type problem struct {
	field Field
	text  string
}

func (p problem) Error() string { return fmt.Sprintf("%s %s", p.field, p.text) }

const maxHits = 64 // of one field in one job

// hits are what the rule of a field finds.
func (r Rule) hits(text string) (hits []string) {
	v := r.Re.SubexpIndex("v")
	for _, m := range r.Re.FindAllStringSubmatch(text, maxHits) {
		hits = append(hits, m[v])
	}
	return hits
}

// pick reduces several hits to those that count.
func (r Rule) pick(f Field, hits []string) ([]string, error) {
	switch {
	case len(hits) == 0 && r.Required:
		return nil, problem{f, "is missing"}
	case len(hits) < 2 || r.Policy == Sum:
		return hits, nil
	case r.Policy == First:
		return hits[:1], nil
	case r.Policy == Last:
		return hits[len(hits)-1:], nil
	}
	for _, h := range hits[1:] {
		if h != hits[0] {
			return nil, problem{f, "stands there twice and differs"}
		}
	}
	return hits[:1], nil
}

// amount is the field of an amount.
func (r *Reading) amount(f Field) *money.Minor {
	switch f {
	case FieldFare:
		return &r.Fare
	case FieldExtras:
		return &r.Extras
	case FieldTolls:
		return &r.Tolls
	case FieldDiscount:
		return &r.Discount
	case FieldTax:
		return &r.Tax
	case FieldVAT:
		return &r.VAT
	}
	return &r.Total
}

func (r *Reading) text(f Field) *string {
	switch f {
	case FieldReceipt:
		return &r.Receipt
	case FieldTrip:
		return &r.Trip
	case FieldVehicle:
		return &r.Vehicle
	}
	return &r.Tariff
}
