package receipt

import (
	"slices"
	"strconv"
	"strings"

	"taxiterminal/money"
	"taxiterminal/trip"
)

// Bill is what a passenger is asked to pay for at a stop of the meter: all of it,
// whatever of it was paid before.
type Bill struct {
	Fare trip.Fare
	Tip  money.Minor
}

// BillOf is the bill of a trip as it stands.
func BillOf(s trip.State) Bill { return Bill{s.Fare, s.Tip} }

func (b Bill) total() money.Minor { return max(0, b.Fare.Total+b.Tip) }

// sums are the parts of a bill; they add up to its total. Parts that the meter gave
// but that do not make its total explain nothing, so then all of it is the fare.
func (b Bill) sums() sums {
	tip := min(max(0, b.Tip), b.total())
	f := b.Fare
	if !b.plausible() {
		return sums{Fare: b.total() - tip, Tip: tip}
	}
	return sums{Fare: b.ride(), Supplements: f.Supplements - f.Tolls, Tolls: f.Tolls, MeterTax: f.Tax, Tip: tip}
}

// ride is the fare without what is on top of it.
func (b Bill) ride() money.Minor { return b.Fare.Total - b.Fare.Supplements - b.Fare.Tax }

// plausible: the parts make the total, as far as the meter gave any.
func (b Bill) plausible() bool {
	f := b.Fare
	return min(b.ride(), f.Supplements-f.Tolls, f.Tolls, f.Tax, b.Tip) >= 0 && (f.Fare == 0 || f.Fare == b.ride())
}

// detailed: the meter told the fare apart from what is on top of it.
func (b Bill) detailed() bool { return b.Fare.Fare != 0 && b.plausible() }

// lines are a bill as lines, the fare with how far the trip went or, if the meter
// does not tell, how long it took.
func (b Bill) lines(rate int) []Line {
	return measured(b.sums().lines(rate), b.Fare.Distance, b.Fare.Duration)
}

// on are the lines of what came on top of an earlier bill; false if there is no
// saying, because an item shrank or only one of the two tells the items apart.
func (b Bill) on(before Bill, rate int) ([]Line, bool) {
	grown, ok := b.sums().less(before.sums())
	if !ok || b.detailed() != before.detailed() {
		return nil, false
	}
	return measured(grown.lines(rate),
		further(b.Fare.Distance, before.Fare.Distance, before.total()),
		further(b.Fare.Duration, before.Fare.Duration, before.total())), true
}

// further is how much a measure grew since a bill that asked for something; 0 if
// one of the two is not known.
func further(now, then int64, asked money.Minor) int64 {
	if now <= 0 || then <= 0 && asked > 0 {
		return 0
	}
	return now - then
}

// For are the lines of one payment of a trip, as the payment app shows them. They
// add up to exactly what that payment asks for, which is what State.Attempts says
// of attempt n; nil if there is none. Call it with the state in which the payment
// is asked: the lines of an older one follow the bill as it is now.
//
// A payment of everything has the lines of the whole bill. One that asks for a
// difference, because the meter went on after something was paid, has the growth of
// each item since the bill that was paid. Which bill that was is not in the state:
// earlier are bills that the passenger was shown before, in any order, and the one
// that was paid is recognised by its total. Where none fits or an item shrank, all
// of the difference is one line, and what was paid before counts towards the fare
// first: a tip is in the last payment.
func For(s trip.State, n int, rules Rules, earlier ...Bill) []Line {
	if n < 1 || n > len(s.Attempts) {
		return nil
	}
	asked, bill, rate := s.Attempts[n-1].Asked, BillOf(s), rules.Rate(s)
	if asked == bill.total() {
		return bill.lines(rate)
	}
	for _, before := range slices.Backward(earlier) {
		if bill.total()-asked != before.total() {
			continue
		}
		if lines, ok := bill.on(before, rate); ok {
			return lines
		}
	}
	tip := min(bill.sums()[Tip], asked)
	return sums{Rest: asked - tip, Tip: tip}.lines(rate)
}

// measured puts a quantity on the fare's line, which is the first if there is one.
func measured(lines []Line, metres, seconds int64) []Line {
	if len(lines) == 0 || lines[0].Item != Fare {
		return lines
	}
	if q := kilometres(metres); q != "" {
		lines[0].Quantity, lines[0].Unit = q, Kilometres
	} else if q := minutes(seconds); q != "" {
		lines[0].Quantity, lines[0].Unit = q, Minutes
	}
	return lines
}

// MaxQuantity is the longest Quantity in characters (the API's unitInfo.quantity).
const MaxQuantity = 10

// kilometres is a distance to the metre, without zeros at the end: "12.4".
func kilometres(metres int64) string {
	if metres <= 0 {
		return ""
	}
	whole, part := metres/1000, strconv.FormatInt(1000+metres%1000, 10)[1:]
	return fits(strings.TrimRight(strings.TrimRight(strconv.FormatInt(whole, 10)+"."+part, "0"), "."))
}

// minutes is a duration to the nearest minute, at least one.
func minutes(seconds int64) string {
	if seconds <= 0 {
		return ""
	}
	return fits(strconv.FormatInt(max(1, seconds/60+(seconds%60+30)/60), 10))
}

// fits drops a figure that is too long to be true.
func fits(quantity string) string {
	if len(quantity) > MaxQuantity {
		return ""
	}
	return quantity
}
