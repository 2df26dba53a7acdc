package shift_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
	"taxiterminal/trip/shift"
)

var (
	norway  = receipt.Rules{Country: receipt.Norway}
	morning = time.Date(2026, 10, 12, 6, 0, 0, 0, time.UTC)
)

// TestAShiftAddsUp drives random trips and holds their sum against their states.
func TestAShiftAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		worlds := []*world{newWorld(7, morning), newWorld(8, morning.Add(time.Hour)), newWorld(9, morning.Add(2*time.Hour))}
		which := rapid.IntRange(0, len(worlds)-1)
		steps := map[string]func(*rapid.T){}
		for name := range worlds[0].anything() {
			steps[name] = func(t *rapid.T) { worlds[which.Draw(t, "trip")].anything()[name](t) }
		}
		steps[""] = func(t *rapid.T) {
			var states []trip.State
			for _, w := range worlds {
				states = append(states, w.s)
			}
			check(t, states, shift.Sum(states, norway, time.Time{}, time.Time{}))
		}
		t.Repeat(steps)
	})
}

func check(t require.TestingT, states []trip.State, sum shift.Summary) {
	var taken, captured, refunded, cost, due money.Minor
	by := map[receipt.Means]money.Minor{}
	for _, row := range sum.Takings {
		taken += row.Amount
		by[row.Means] = row.Amount
		require.Positive(t, row.Trips)
		require.LessOrEqual(t, row.Trips, len(states))
	}
	var typed int
	for _, s := range states {
		captured += s.Captured()
		refunded += s.Refunded()
		if s.Settlement != trip.Void {
			cost += s.Owed()
		}
		if s.Phase != trip.Settled {
			due += max(0, s.Owed()-s.Captured()-s.Otherwise)
		}
		if s.Fare.Typed {
			typed++
		}
	}
	require.Equal(t, sum.Total+sum.Over, taken+sum.Due)
	require.Equal(t, captured, by[receipt.Vipps])
	require.Equal(t, -refunded, by[receipt.Refund])
	require.Equal(t, due, sum.Due)
	require.LessOrEqual(t, sum.Total, cost)
	require.GreaterOrEqual(t, sum.Total, cost-refunded)
	require.GreaterOrEqual(t, min(sum.Total, sum.Tips, sum.Due, sum.Over), money.Minor(0))
	require.Equal(t, len(states), sum.Trips)
	require.Equal(t, typed, sum.Typed)
	checkTaxes(t, sum)
	checkOpen(t, states, sum)
}

// checkTaxes: everything but the tips is taxed at Norway's one rate.
func checkTaxes(t require.TestingT, sum shift.Summary) {
	if sum.Total == sum.Tips {
		require.Empty(t, sum.Taxes)
		return
	}
	require.Len(t, sum.Taxes, 1)
	require.Equal(t, 1200, sum.Taxes[0].Rate)
	require.Equal(t, sum.Total, sum.Taxes[0].Gross+sum.Tips, "taxed and untaxed are everything")
	require.Equal(t, sum.Taxes[0].Gross, sum.Taxes[0].Net+sum.Taxes[0].Tax)
}

// checkOpen: what is not final is on the list, what is final is not.
func checkOpen(t require.TestingT, states []trip.State, sum shift.Summary) {
	payments, trips := map[string]bool{}, map[string]bool{}
	var over money.Minor
	for _, o := range sum.Open {
		require.GreaterOrEqual(t, o.Amount, money.Minor(0), "%+v", o)
		require.False(t, o.Since.IsZero(), "%+v", o)
		if o.Kind == shift.Overpaid {
			over += o.Amount
			continue
		}
		if o.Reference != "" {
			payments[o.Reference] = true
		} else {
			require.False(t, trips[o.Trip], "%s is there twice", o.Trip)
			trips[o.Trip] = true
		}
	}
	require.Equal(t, sum.Over, over)
	for _, s := range states {
		for _, a := range s.Attempts {
			require.Equal(t, !a.Final(), payments[s.ID.Reference(a.N)], "%s: %+v", s.ID.Reference(a.N), a)
		}
		_, live := s.Live()
		person := s.Phase == trip.Parked || s.Phase == trip.Due && !live && s.Outstanding() > 0
		require.Equal(t, person, trips[s.ID.Short()], "%s waits for a person", s.ID)
	}
}
