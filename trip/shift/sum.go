package shift

import (
	"time"

	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
)

// Sum sums up the trips that began from from (inclusive) to to (exclusive); a zero
// time has no limit on its side. states are all trips that may matter, in the order
// in which they began, in one currency.
//
// A trip whose clock was not set belongs where the trip before it belongs, or the
// one after it if there is none before, so that a trip that was driven before the
// clock was right is in no report twice and missing from none.
//
// How one trip counts:
//
//   - It costs the receipt's total (what the meter showed at the last stop, and the
//     tip), also while it goes on; a void one costs nothing. What is given back makes
//     it cost less, the fare first and the tip last, except for what had been taken
//     beyond its cost.
//   - Taken is what the API says was captured, and what the driver took by hand,
//     counted like receipt.Of does. The rest of a settled trip is a taking of its own,
//     by the means Unpaid.
//   - Due is the rest of a trip that is not settled. Over is what was taken beyond
//     the cost and not given back yet.
//
// So for each trip, and for the sum, Takings + Due = Total + Over.
//
// Open is about now and not about the period: whatever is open on a trip that
// began before to is in it, however long ago that was.
func Sum(states []trip.State, rules receipt.Rules, from, to time.Time) Summary {
	sum := Summary{From: from, To: to}
	takings := takings{}
	for i, began := range begins(states) {
		s := states[i]
		if s.Phase == trip.Vacant || !to.IsZero() && !began.Before(to) {
			continue
		}
		r := receipt.Of(s, rules)
		b := balanceOf(r)
		sum.Open = append(sum.Open, openOf(s, b)...)
		if !began.Before(from) {
			sum.count(s)
			sum.cost(r.Lines, b)
			takings.add(r.Payments)
		}
	}
	sum.Takings = takings.list()
	return sum
}

// begins are when trips began, those without a clock put next to their neighbours.
func begins(states []trip.State) []time.Time {
	times := make([]time.Time, len(states))
	var last time.Time
	unset := 0 // so many at the start have no neighbour before
	for i, s := range states {
		if t := receipt.BeginOf(s); !t.IsZero() {
			last = t
		}
		if times[i] = last; last.IsZero() {
			unset++
		}
	}
	for i := range unset {
		if unset < len(times) {
			times[i] = times[unset]
		}
	}
	return times
}

// balance is how a trip's cost and its payments compare. None is negative.
type balance struct {
	due   money.Minor // not settled
	over  money.Minor // taken beyond the cost, and still there
	waive money.Minor // given back of the cost itself
}

func balanceOf(r receipt.Receipt) balance {
	var taken, refunded money.Minor
	for _, p := range r.Payments {
		if p.Means == receipt.Refund {
			refunded -= p.Amount
		} else {
			taken += p.Amount
		}
	}
	over := max(0, taken-r.Total)
	return balance{
		due:   max(0, r.Total-taken),
		over:  max(0, over-refunded),
		waive: max(0, refunded-over),
	}
}

func (sum *Summary) count(s trip.State) {
	if sum.Trips++; sum.Trips == 1 {
		sum.First, sum.Currency = s.ID.Number, s.Currency
	}
	sum.Last = s.ID.Number
	if s.Fare.Typed {
		sum.Typed++
	}
	if s.Phase == trip.Settled && s.Settlement == trip.Void {
		sum.Void++
	}
}

func (sum *Summary) cost(lines []receipt.Line, b balance) {
	lines = receipt.Reduce(lines, b.waive)
	sum.Total += receipt.Sum(lines)
	sum.Due += b.due
	sum.Over += b.over
	for _, t := range receipt.TaxesOf(lines) {
		sum.Taxes = receipt.AddTax(sum.Taxes, t)
	}
	for _, l := range lines {
		if l.Item == receipt.Tip {
			sum.Tips += l.Total
		}
	}
}

type takings map[receipt.Means]Taking

// add counts a trip once for each means, however many payments it took.
func (t takings) add(payments []receipt.Payment) {
	trip := map[receipt.Means]money.Minor{}
	for _, p := range payments {
		trip[p.Means] += p.Amount
	}
	for m, amount := range trip {
		t[m] = Taking{Means: m, Trips: t[m].Trips + 1, Amount: t[m].Amount + amount}
	}
}

func (t takings) list() []Taking {
	var list []Taking
	for _, m := range receipt.AllMeans() {
		if taking, ok := t[m]; ok {
			list = append(list, taking)
		}
	}
	return list
}
