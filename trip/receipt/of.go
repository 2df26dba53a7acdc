package receipt

import (
	"taxiterminal/money"
	"taxiterminal/trip"
)

// Of is the whole receipt of a trip as it stands.
//
// Total is what the meter showed at its last stop and the tip; a trip that is void
// cost nothing. The payments are, in this order:
//
//   - what was captured, one for each payment of the app that took money;
//   - what the driver took in another way, but at most what the app left to take:
//     what was handed over beyond that was handed back as change;
//   - what nobody paid, once the trip is settled without it;
//   - what the app gave back, negative, one for each payment.
//
// Those before the refunds add up to less than Total while the trip is not settled,
// and to more if the meter's amount went down after it was captured. A refund does
// not change Total or the taxes here: what a trip costs after it is the business of
// whoever sums up, see Reduce.
func Of(s trip.State, rules Rules) Receipt {
	if s.Phase == trip.Vacant {
		return Receipt{}
	}
	r := Receipt{
		Vehicle: s.ID.Vehicle, Number: s.ID.Short(), Currency: s.Currency,
		Begun: BeginOf(s), Ended: EndOf(s), Typed: s.Fare.Typed,
	}
	if s.Phase != trip.Settled || s.Settlement != trip.Void {
		r.Lines = BillOf(s).lines(rules.Rate(s))
	}
	r.Total, r.Taxes = Sum(r.Lines), TaxesOf(r.Lines)
	r.Payments = payments(s, r.Total)
	return r
}

func payments(s trip.State, total money.Minor) []Payment {
	var list []Payment
	add := func(m Means, amount money.Minor, reference string) {
		if amount != 0 {
			list = append(list, Payment{m, amount, reference})
		}
	}
	for _, a := range s.Attempts {
		add(Vipps, a.Captured, s.ID.Reference(a.N))
	}
	left := max(0, total-s.Captured())
	byHand := min(s.Otherwise, left)
	add(hand(s.Means), byHand, "")
	if s.Phase == trip.Settled {
		add(Unpaid, left-byHand, "")
	}
	for _, a := range s.Attempts {
		add(Refund, -a.Refunded, s.ID.Reference(a.N))
	}
	return list
}

// hand is how the driver took money. A trip that went on after it, or that was
// confirmed anew, forgets the means but not the money; then it is called cash.
func hand(m trip.Means) Means {
	switch m {
	case trip.Card:
		return Card
	case trip.Invoice:
		return Invoice
	}
	return Cash
}
