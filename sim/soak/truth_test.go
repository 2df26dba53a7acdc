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
	rides     map[int64]int        // whose newest amount a trip has, by its number
	strange   map[int64]int        // a ride that was driven while the car was dark, by the trip that it may be taken for
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
	return &truth{amounts: map[money.Minor]*amount{}, tips: map[money.Minor]bool{}, confirmed: map[int64]bool{}, rides: map[int64]int{}, strange: map[int64]int{}}
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

// shown notes whose ride's amount a trip has.
func (t *truth) shown(number int64, total money.Minor) {
	if a := t.amounts[total]; a != nil && a.ride > 0 {
		t.rides[number] = a.ride
	}
}

// lights: the car has power again, and its meter is in another ride than when it went
// dark. That is then for the driver to say.
func (t *truth) lights(number int64, ride int) {
	if before := t.rides[number]; before != 0 && before != ride {
		t.strange[number] = ride
	}
}

// stranger: a ride that was driven while the car was dark is asked for as the rest of a
// trip that somebody else has paid.
func (t *truth) stranger(g amount, number int64) bool {
	return g.ride > 0 && t.strange[number] == g.ride
}

// confirms is the driver's word that the amount of a trip is right.
func (t *truth) confirms(number int64) {
	t.confirmed[number] = true
	delete(t.strange, number)
}
