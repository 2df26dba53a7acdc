package soak

import (
	"taxiterminal/money"
)

// truth is what meter, driver and passenger know themselves, whatever the car makes
// of it.
type truth struct {
	amounts   map[money.Minor]*amount
	tips      map[money.Minor]bool // that a passenger chose
	confirmed map[int64]bool       // trips whose doubtful amount the driver has confirmed, by number
	count     int
}

// amount is a total that the meter gave, or that the driver typed. No two of a life
// are equal, so that one says whose fare a payment is.
type amount struct {
	total    money.Minor
	ride     int
	doubtful bool
	trip     int64 // that asked for it; 0 while none has
}

// mostAmounts is how many totals can be told apart: by their last two digits, because
// tips are whole kroner.
const mostAmounts = 99

func newTruth() *truth {
	return &truth{amounts: map[money.Minor]*amount{}, tips: map[money.Minor]bool{}, confirmed: map[int64]bool{}}
}

// next makes a total of so many whole kroner that was never given before.
func (t *truth) next(kroner int, ride int, doubtful bool) money.Minor {
	t.count++
	total := money.Minor(kroner*100 + t.count)
	t.amounts[total] = &amount{total: total, ride: ride, doubtful: doubtful}
	return total
}

func (t *truth) given(total money.Minor) (amount, bool) {
	a, ok := t.amounts[total]
	if !ok {
		return amount{}, false
	}
	return *a, true
}

// charges: a fare is asked for by one trip only. That of a meter which comes back after
// a gap with an amount of a trip that is over is in doubt, and then the driver's to say.
func (t *truth) charges(l *life, g amount, number int64) {
	a := t.amounts[g.total]
	if a == nil {
		return
	}
	if a.trip != 0 && a.trip != number && !(l.audit.doubts[number] && t.confirmed[number]) {
		l.broken("charged twice: the fare of %d is asked for by trips %d and %d", g.total, a.trip, number)
	}
	a.trip = number
}
