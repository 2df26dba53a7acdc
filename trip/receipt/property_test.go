package receipt_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
)

// quantity is what the payment API takes (unitInfo.quantity).
var quantity = regexp.MustCompile(`^\d+([.]\d{1,8})?$`)

// checkLines is what holds for the lines of anything: they add up, each in itself,
// each item once and in order, nothing negative, nothing empty.
func checkLines(t require.TestingT, lines []receipt.Line, total money.Minor, rate int) {
	require.Equal(t, total, receipt.Sum(lines))
	last := -1
	for _, l := range lines {
		require.Equal(t, l.Total, l.Net+l.Tax, "%+v", l)
		require.Positive(t, l.Total, "%+v", l)
		require.GreaterOrEqual(t, l.Tax, money.Minor(0), "%+v", l)
		place := position(l.Item)
		require.Greater(t, place, last, "%s is out of place or there twice", l.Item)
		last = place
		if l.Item == receipt.Tip {
			require.Zero(t, l.Rate)
			require.Zero(t, l.Tax, "a tip is never in a tax base")
		} else {
			require.Equal(t, rate, l.Rate)
		}
		require.Equal(t, l.Quantity == "", l.Unit == "")
		if l.Quantity != "" {
			require.Equal(t, receipt.Fare, l.Item)
			require.Regexp(t, quantity, l.Quantity)
			require.LessOrEqual(t, len(l.Quantity), receipt.MaxQuantity)
		}
	}
}

func position(item receipt.Item) int {
	for i, x := range receipt.Items() {
		if x == item {
			return i
		}
	}
	return -1
}

// TestPaymentsAddUp: whatever happened on the trip, the lines of every payment add
// up to what it asks, when it is asked and ever after, whichever earlier bills are
// handed in.
func TestPaymentsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := receipt.Rules{Country: rapid.SampledFrom(receipt.Countries()).Draw(t, "country")}
		w := newWorld()
		var bills []receipt.Bill
		w.onCreate = func(s trip.State, n int) {
			lines := receipt.For(s, n, rules, bills...)
			checkLines(t, lines, s.Attempts[n-1].Asked, rules.Rate(s))
			require.LessOrEqual(t, itemOf(lines, receipt.Tip), s.Tip, "no more tip than was given")
			if bill := receipt.BillOf(s); s.Attempts[n-1].Asked == s.Owed() {
				require.Equal(t, s.Tip, itemOf(lines, receipt.Tip))
				require.NotContains(t, itemsOf(lines), receipt.Rest)
				bills = append(bills, bill)
			}
		}
		steps := w.anything()
		steps[""] = func(t *rapid.T) {
			for _, a := range w.s.Attempts {
				checkLines(t, receipt.For(w.s, a.N, rules), a.Asked, rules.Rate(w.s))
			}
			require.Nil(t, receipt.For(w.s, len(w.s.Attempts)+1, rules))
		}
		t.Repeat(steps)
	})
}

func itemOf(lines []receipt.Line, item receipt.Item) money.Minor {
	for _, l := range lines {
		if l.Item == item {
			return l.Total
		}
	}
	return 0
}

func itemsOf(lines []receipt.Line) []receipt.Item {
	items := make([]receipt.Item, len(lines))
	for i, l := range lines {
		items[i] = l.Item
	}
	return items
}

// TestReceiptsAgreeWithTheTrip holds the receipt against the state at every moment.
func TestReceiptsAgreeWithTheTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := receipt.Rules{Country: receipt.Norway}
		w := newWorld()
		steps := w.anything()
		steps[""] = func(t *rapid.T) {
			r := receipt.Of(w.s, rules)
			checkLines(t, r.Lines, r.Total, rules.Rate(w.s))
			if w.s.Settlement == trip.Void {
				require.Zero(t, r.Total)
			} else {
				require.Equal(t, max(0, w.s.Owed()), r.Total)
				require.Equal(t, w.s.Tip, itemOf(r.Lines, receipt.Tip))
			}
			by := byMeans(r)
			require.Equal(t, w.s.Captured(), by[receipt.Vipps])
			require.Equal(t, -w.s.Refunded(), by[receipt.Refund])
			settled := by[receipt.Vipps] + by[receipt.Cash] + by[receipt.Card] + by[receipt.Invoice] + by[receipt.Unpaid]
			switch {
			case w.s.Captured() > r.Total:
				require.Equal(t, w.s.Captured(), settled, "taken too much, and nothing by hand")
			case w.s.Phase == trip.Settled:
				require.Equal(t, r.Total, settled, "settled to the last øre")
			default:
				require.LessOrEqual(t, settled, r.Total)
			}
			if w.s.Settlement == trip.Paid {
				require.Zero(t, by[receipt.Unpaid])
			}
		}
		t.Repeat(steps)
	})
}

func byMeans(r receipt.Receipt) map[receipt.Means]money.Minor {
	by := map[receipt.Means]money.Minor{}
	for _, p := range r.Payments {
		by[p.Means] += p.Amount
	}
	return by
}

// TestReduceGivesBackToTheLastOre: what is left and what was given back make what
// there was, and the lines that are left are as good as any.
func TestReduceGivesBackToTheLastOre(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := trip.State{Phase: trip.Due, Fare: fare(t), Tip: 2000, BegunAt: newWorld().at}
		r := receipt.Of(s, receipt.Rules{Country: receipt.Norway})
		back := money.Minor(rapid.Int64Range(0, int64(r.Total)+100).Draw(t, "back"))
		left := receipt.Reduce(r.Lines, back)
		checkLines(t, left, max(0, r.Total-back), 1200)
		if receipt.Sum(left) > 2000 {
			require.Equal(t, money.Minor(2000), itemOf(left, receipt.Tip), "the tip goes last")
		}
	})
}
