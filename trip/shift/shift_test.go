package shift_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
	"taxiterminal/trip/shift"
)

// pay stops the meter and lets the passenger approve what is asked.
func (w *world) pay(total money.Minor) {
	w.step(trip.FareShown{Fare: trip.Fare{Total: total}})
	w.deliver()
	w.passenger(len(w.s.Attempts), "AUTHORIZED")
	w.deliver()
}

func TestAShift(t *testing.T) {
	t.Parallel()
	app := newWorld(41, morning)
	app.step(trip.TipChosen{Tip: 1000})
	app.pay(28650)

	cash := newWorld(42, morning.Add(time.Hour))
	cash.step(trip.FareShown{Fare: trip.Fare{Total: 12000, Typed: true}})
	cash.deliver()
	cash.step(trip.SettledBy{Means: trip.Cash})
	cash.deliver()

	both := newWorld(43, morning.Add(2*time.Hour))
	both.pay(10000)
	both.step(trip.Resumed{})
	both.step(trip.FareShown{Fare: trip.Fare{Total: 15000}})
	both.step(trip.SettledBy{Means: trip.Card})

	void := newWorld(44, morning.Add(3*time.Hour))
	void.step(trip.MeterLost{})

	refunded := newWorld(45, morning.Add(4*time.Hour))
	refunded.pay(20000)
	refunded.step(trip.RefundAsked{Amount: 5000})
	refunded.deliver()

	waiting := newWorld(46, morning.Add(5*time.Hour))
	waiting.step(trip.FareShown{Fare: trip.Fare{Total: 9000}})

	sum := shift.Sum([]trip.State{app.s, cash.s, both.s, void.s, refunded.s, waiting.s}, norway, morning, time.Time{})
	require.Equal(t, shift.Summary{
		Currency: money.NOK, From: morning, First: 41, Last: 46, Trips: 6, Typed: 1, Void: 1,
		Takings: []shift.Taking{
			{Means: receipt.Vipps, Trips: 3, Amount: 29650 + 10000 + 20000},
			{Means: receipt.Cash, Trips: 1, Amount: 12000},
			{Means: receipt.Card, Trips: 1, Amount: 5000},
			{Means: receipt.Refund, Trips: 1, Amount: -5000},
		},
		Total: 29650 + 12000 + 15000 + 15000 + 9000, Tips: 1000, Due: 9000,
		Taxes: []receipt.Tax{{
			Rate: 1200, Gross: 79650, Net: 25580 + 10714 + 13393 + 13393 + 8036, Tax: 3070 + 1286 + 1607 + 1607 + 964,
		}},
		Open: []shift.Open{
			// The request of the rest, withdrawn for the card and not answered yet.
			{Trip: "0043", Reference: "T122-K7Q2X-0043-2", Kind: shift.Unanswered, Amount: 5000, Since: morning.Add(2*time.Hour + 7*time.Minute)},
			{Trip: "0046", Reference: "T122-K7Q2X-0046-1", Kind: shift.Unanswered, Amount: 9000, Since: morning.Add(5*time.Hour + 2*time.Minute)},
		},
	}, sum)
}

func TestWhatIsOpen(t *testing.T) {
	t.Parallel()
	at := morning.Add(2 * time.Minute) // of the first stop
	ref := "T122-K7Q2X-0042-1"
	for _, tt := range []struct {
		name string
		do   func(w *world)
		want []shift.Open
	}{
		{"reserved while the trip goes on", func(w *world) {
			w.step(trip.FareShown{Fare: trip.Fare{Total: 10000}})
			w.deliver()
			w.step(trip.Resumed{})
			w.passenger(1, "AUTHORIZED")
		}, []shift.Open{{Trip: "0042", Reference: ref, Kind: shift.Uncaptured, Amount: 10000, Since: at}}},
		{"a refund under way", func(w *world) {
			w.pay(10000)
			w.step(trip.RefundAsked{Amount: 4000})
		}, []shift.Open{{Trip: "0042", Reference: ref, Kind: shift.Refunding, Amount: 4000, Since: at}}},
		{"parked", func(w *world) {
			w.step(trip.FareShown{Fare: trip.Fare{Total: 10000}})
			w.refuse(true)
		}, []shift.Open{{Trip: "0042", Kind: shift.Parked, Amount: 10000, Since: at}}},
		{"withdrawn, and declined before the answer", func(w *world) {
			w.step(trip.FareShown{Fare: trip.Fare{Total: 10000}})
			w.deliver()
			w.step(trip.SettledBy{Means: trip.Cash})
			w.passenger(1, "ABORTED")
		}, []shift.Open{{Trip: "0042", Reference: ref, Kind: shift.Unanswered, Amount: 10000, Since: at}}},
		{"declined and nothing asked since", func(w *world) {
			w.step(trip.FareShown{Fare: trip.Fare{Total: 10000}})
			w.deliver()
			w.passenger(1, "ABORTED")
		}, []shift.Open{{Trip: "0042", Kind: shift.Unsettled, Amount: 10000, Since: at}}},
		{"the meter went down after the payment", func(w *world) {
			w.pay(10000)
			w.step(trip.FareShown{Fare: trip.Fare{Total: 8000}})
		}, []shift.Open{{Trip: "0042", Kind: shift.Overpaid, Amount: 2000, Since: at}}},
		{"and was given back", func(w *world) {
			w.pay(10000)
			w.step(trip.FareShown{Fare: trip.Fare{Total: 8000}})
			w.step(trip.RefundAsked{Amount: 2000})
			w.deliver()
		}, nil},
		{"nothing", func(w *world) { w.pay(10000) }, nil},
	} {
		w := newWorld(42, morning)
		tt.do(w)
		require.Equal(t, tt.want, shift.Sum([]trip.State{w.s}, norway, morning, time.Time{}).Open, tt.name)
	}
}

// TestGivingBackTooMuchCapturedIsNoDiscount: the cost stays what the meter says.
func TestGivingBackTooMuchCapturedIsNoDiscount(t *testing.T) {
	t.Parallel()
	w := newWorld(42, morning)
	w.pay(10000)
	w.step(trip.FareShown{Fare: trip.Fare{Total: 8000}})
	sum := shift.Sum([]trip.State{w.s}, norway, morning, time.Time{})
	require.Equal(t, []money.Minor{8000, 2000}, []money.Minor{sum.Total, sum.Over})
	w.step(trip.RefundAsked{Amount: 3000})
	w.deliver()
	sum = shift.Sum([]trip.State{w.s}, norway, morning, time.Time{})
	require.Equal(t, []money.Minor{7000, 0}, []money.Minor{sum.Total, sum.Over})
}

// TestTheTripsOfAShift: from is in, to is out, a trip without a clock goes with its
// neighbours, and what is open is never too old.
func TestTheTripsOfAShift(t *testing.T) {
	t.Parallel()
	noClock := time.Unix(0, 0)
	var states []trip.State
	for i, at := range []time.Time{
		noClock, morning.Add(-time.Hour), noClock, morning, noClock, morning.Add(time.Hour), morning.Add(8 * time.Hour), noClock,
	} {
		w := newWorld(int64(i+1), at.Add(-time.Minute)) // begins a minute later
		if i == 1 {
			w.step(trip.FareShown{Fare: trip.Fare{Total: 9900}})
		}
		states = append(states, w.s)
	}
	numbers := func(from, to time.Time) []int64 {
		sum := shift.Sum(states, norway, from, to)
		return []int64{sum.First, sum.Last, int64(sum.Trips)}
	}
	require.Equal(t, []int64{1, 3, 3}, numbers(time.Time{}, morning))
	require.Equal(t, []int64{1, 3, 3}, numbers(morning.Add(-2*time.Hour), morning))
	require.Equal(t, []int64{4, 6, 3}, numbers(morning, morning.Add(8*time.Hour)))
	require.Equal(t, []int64{7, 8, 2}, numbers(morning.Add(8*time.Hour), time.Time{}))
	require.Equal(t, []int64{0, 0, 0}, numbers(morning.Add(9*time.Hour), time.Time{}))
	require.Equal(t, []int64{1, 8, 8}, numbers(time.Time{}, time.Time{}))

	require.Len(t, shift.Sum(states, norway, morning, time.Time{}).Open, 1, "the old request is still open")
	require.Empty(t, shift.Sum(states, norway, time.Time{}, morning.Add(-2*time.Hour)).Open)
}

// TestNobodyKnowsTheTime: without any clock all trips are in the shift that has no
// beginning, and an empty shift has nothing in it.
func TestNobodyKnowsTheTime(t *testing.T) {
	t.Parallel()
	states := []trip.State{newWorld(1, time.Unix(0, 0)).s, newWorld(2, time.Unix(9, 0)).s, {}}
	require.Equal(t, 2, shift.Sum(states, norway, time.Time{}, time.Time{}).Trips)
	require.Equal(t, shift.Summary{}, shift.Sum(nil, norway, time.Time{}, time.Time{}))
}
