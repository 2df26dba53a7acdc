package shift

import (
	"time"

	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
)

// openOf is what is open on one trip: everything about each payment that is not
// final, then the trip itself if a person has to do something.
func openOf(s trip.State, b balance) []Open {
	var list []Open
	for _, a := range s.Attempts {
		list = append(list, openPayment(s, a)...)
	}
	add := func(k OpenKind, amount money.Minor) {
		list = append(list, Open{Trip: s.ID.Short(), Kind: k, Amount: amount, Since: since(s, receipt.EndOf(s))})
	}
	_, live := s.Live()
	switch {
	case s.Phase == trip.Parked:
		add(Parked, b.due)
	case s.Phase == trip.Due && !live && s.Outstanding() > 0:
		add(Unsettled, s.Outstanding())
	}
	if b.over > 0 {
		add(Overpaid, b.over)
	}
	return list
}

// openPayment is what is open about one payment; nothing if and only if it is final.
func openPayment(s trip.State, a trip.Attempt) []Open {
	var list []Open
	add := func(k OpenKind, amount money.Minor) {
		list = append(list, Open{s.ID.Short(), s.ID.Reference(a.N), k, amount, since(s, a.RequestedAt)})
	}
	switch {
	case a.State.Live():
		add(Unanswered, a.Asked)
	case a.Uncaptured() > 0:
		add(Uncaptured, a.Uncaptured())
	case a.Capture.Open || a.Cancel.Open:
		add(Unanswered, a.Asked)
	}
	if a.Refund.Open {
		add(Refunding, a.Refund.Target-a.Refunded)
	}
	return list
}

// since is the best that a state tells about when something began to be open; zero
// if the clock was not set then.
func since(s trip.State, at time.Time) time.Time {
	if at = receipt.Known(at); at.IsZero() {
		return receipt.BeginOf(s)
	}
	return at
}
