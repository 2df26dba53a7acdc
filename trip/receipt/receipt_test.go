package receipt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
)

var norway = receipt.Rules{Country: receipt.Norway}

func utc(y int, m time.Month, d, hour, minute int) time.Time {
	return time.Date(y, m, d, hour, minute, 0, 0, time.UTC)
}

func TestRate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		country receipt.Country
		at      time.Time
		want    int
	}{
		{"Norway now", receipt.Norway, utc(2026, 10, 12, 12, 0), 1200},
		{"the last second of 6 % in Oslo", receipt.Norway, utc(2021, 9, 30, 22, 0).Add(-time.Second), 600},
		{"midnight in Oslo, not in Greenwich", receipt.Norway, utc(2021, 9, 30, 22, 0), 1200},
		{"before 6 %", receipt.Norway, utc(2020, 3, 31, 21, 59), 1200},
		{"first day of 6 %", receipt.Norway, utc(2020, 3, 31, 22, 0), 600},
		{"a clock that was never set", receipt.Norway, time.Unix(0, 0), 1200},
		{"Sweden", receipt.Sweden, utc(2026, 10, 12, 12, 0), 600},
		{"Denmark is exempt", receipt.Denmark, utc(2026, 10, 12, 12, 0), 0},
		{"Finland 2024", receipt.Finland, utc(2024, 12, 31, 21, 59), 1000},
		{"Finland 2025", receipt.Finland, utc(2024, 12, 31, 22, 0), 1400},
		{"Finland 2026", receipt.Finland, utc(2025, 12, 31, 22, 0), 1350},
		{"Finland without a clock", receipt.Finland, time.Time{}, 1350},
		{"nowhere", "XX", utc(2026, 10, 12, 12, 0), 0},
	} {
		require.Equal(t, tt.want, receipt.Rate(tt.country, tt.at), tt.name)
	}
}

func TestParseCountry(t *testing.T) {
	t.Parallel()
	for _, c := range receipt.Countries() {
		got, err := receipt.ParseCountry(string(c))
		require.NoError(t, err)
		require.Equal(t, c, got)
	}
	for _, code := range []string{"", "no", "NOR", "IS"} {
		_, err := receipt.ParseCountry(code)
		require.ErrorContains(t, err, "want NO, SE, DK or FI")
	}
}

// TestRulesRate: a trip is taxed by its end, an operator's own rate beats the
// country's, and a clock that runs in the past does not bring an old rate back.
func TestRulesRate(t *testing.T) {
	t.Parallel()
	finland := receipt.Rules{Country: receipt.Finland}
	ended := func(at time.Time) trip.State {
		return trip.State{BegunAt: at.Add(-time.Hour), Attempts: []trip.Attempt{{N: 1, RequestedAt: at}}}
	}
	own, exempt, wild := 2500, 0, 99999
	require.Equal(t, 1350, finland.Rate(ended(utc(2026, 1, 1, 0, 30))))
	require.Equal(t, 1350, finland.Rate(ended(utc(2024, 6, 1, 0, 0))), "the clock is wrong, not the year")
	require.Equal(t, 1350, finland.Rate(trip.State{}))
	require.Equal(t, 2500, receipt.Rules{Country: receipt.Finland, Fixed: &own}.Rate(ended(utc(2026, 5, 1, 0, 0))))
	require.Equal(t, 0, receipt.Rules{Country: receipt.Finland, Fixed: &exempt}.Rate(trip.State{}))
	require.Equal(t, 10000, receipt.Rules{Fixed: &wild}.Rate(trip.State{}))
}

// TestTaxIsSplitFromTheGross has figures worked by hand.
func TestTaxIsSplitFromTheGross(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		gross    money.Minor
		rate     int
		net, tax money.Minor
	}{
		{28650, 1200, 25580, 3070},
		{150000, 1200, 133929, 16071},
		{150000, 2500, 120000, 30000},
		{29900, 2500, 23920, 5980},
		{46800, 1200, 41786, 5014},
		{28650, 600, 27028, 1622},
		{28650, 1350, 25242, 3408},
		{1, 1200, 1, 0},
		{3, 10000, 2, 1}, // half an øre goes to the net
		{28650, 0, 28650, 0},
		{1 << 60, 1200, 1029394200541827657, 123527304065019319}, // nothing overflows
	} {
		s := trip.State{Phase: trip.Due, Fare: trip.Fare{Total: tt.gross}}
		r := receipt.Of(s, receipt.Rules{Fixed: &tt.rate})
		require.Equal(t, []receipt.Line{{Item: receipt.Fare, Total: tt.gross, Net: tt.net, Tax: tt.tax, Rate: tt.rate}}, r.Lines)
		if tt.rate == 0 {
			require.Empty(t, r.Taxes)
			continue
		}
		require.Equal(t, []receipt.Tax{{Rate: tt.rate, Gross: tt.gross, Net: tt.net, Tax: tt.tax}}, r.Taxes)
	}
}

// paid is a trip that a passenger paid with the app, in one go.
func paid(f trip.Fare, tip money.Minor) *world {
	w := newWorld()
	w.step(trip.TipChosen{Tip: tip})
	w.pay(f)
	return w
}

// pay stops the meter and lets the passenger approve what is asked.
func (w *world) pay(f trip.Fare) {
	w.step(trip.FareShown{Fare: f})
	w.deliver()
	w.passenger(len(w.s.Attempts), "AUTHORIZED")
	w.deliver()
}

var whole = trip.Fare{
	Total: 46800, Fare: 41200, Supplements: 5600, Tolls: 3100, Distance: 7400, Duration: 1080,
}

func TestOfAPaidTrip(t *testing.T) {
	t.Parallel()
	w := paid(whole, 2000)
	require.Equal(t, receipt.Receipt{
		Vehicle: "T122", Number: "0042", Currency: money.NOK,
		Begun: utc(2026, 10, 12, 12, 1), Ended: utc(2026, 10, 12, 12, 3),
		Lines: []receipt.Line{
			{Item: receipt.Fare, Total: 41200, Net: 36786, Tax: 4414, Rate: 1200, Quantity: "7.4", Unit: receipt.Kilometres},
			{Item: receipt.Supplements, Total: 2500, Net: 2232, Tax: 268, Rate: 1200},
			{Item: receipt.Tolls, Total: 3100, Net: 2768, Tax: 332, Rate: 1200},
			{Item: receipt.Tip, Total: 2000, Net: 2000},
		},
		Total:    48800,
		Taxes:    []receipt.Tax{{Rate: 1200, Gross: 46800, Net: 41786, Tax: 5014}},
		Payments: []receipt.Payment{{Means: receipt.Vipps, Amount: 48800, Reference: "T122-K7Q2X-0042-1"}},
	}, receipt.Of(w.s, norway))

	on, _ := trip.Step(w.s, w.at, trip.Resumed{})
	require.Zero(t, receipt.Of(on, norway).Ended, "the meter runs again")

	w.step(trip.RefundAsked{Amount: 1000})
	w.deliver()
	require.Equal(t, []receipt.Payment{
		{Means: receipt.Vipps, Amount: 48800, Reference: "T122-K7Q2X-0042-1"},
		{Means: receipt.Refund, Amount: -1000, Reference: "T122-K7Q2X-0042-1"},
	}, receipt.Of(w.s, norway).Payments)
}

func TestPaymentsByOtherMeans(t *testing.T) {
	t.Parallel()
	bare := trip.Fare{Total: 20000}
	more := trip.Fare{Total: 30000}
	for _, tt := range []struct {
		name string
		do   func(w *world)
		want []receipt.Payment
	}{
		{"nothing yet", func(w *world) { w.step(trip.FareShown{Fare: bare}) }, nil},
		{"card", func(w *world) {
			w.step(trip.FareShown{Fare: bare})
			w.step(trip.SettledBy{Means: trip.Card})
		}, []receipt.Payment{{Means: receipt.Card, Amount: 20000}}},
		{"cash for the rest", func(w *world) {
			w.pay(bare)
			w.step(trip.Resumed{})
			w.step(trip.FareShown{Fare: more})
			w.step(trip.SettledBy{Means: trip.Cash})
		}, []receipt.Payment{
			{Means: receipt.Vipps, Amount: 20000, Reference: "T122-K7Q2X-0042-1"}, {Means: receipt.Cash, Amount: 10000},
		}},
		{"cash, and the app for the rest", func(w *world) {
			w.step(trip.FareShown{Fare: bare})
			w.step(trip.SettledBy{Means: trip.Cash})
			w.deliver()
			w.deliver()
			w.step(trip.Resumed{})
			w.pay(more)
		}, []receipt.Payment{
			{Means: receipt.Vipps, Amount: 10000, Reference: "T122-K7Q2X-0042-2"}, {Means: receipt.Cash, Amount: 20000},
		}},
		{"change is given back by hand", func(w *world) {
			w.step(trip.FareShown{Fare: more})
			w.step(trip.SettledBy{Means: trip.Cash})
			w.step(trip.FareShown{Fare: bare})
		}, []receipt.Payment{{Means: receipt.Cash, Amount: 20000}}},
		{"nobody paid", func(w *world) {
			w.step(trip.Vacated{Fare: &bare})
			w.deliver()
			w.passenger(1, "ABORTED")
			w.step(trip.GraceOver{})
		}, []receipt.Payment{{Means: receipt.Unpaid, Amount: 20000}}},
		{"the meter went down after the payment", func(w *world) {
			w.pay(more)
			w.step(trip.FareShown{Fare: bare})
		}, []receipt.Payment{{Means: receipt.Vipps, Amount: 30000, Reference: "T122-K7Q2X-0042-1"}}},
	} {
		w := newWorld()
		tt.do(w)
		require.Equal(t, tt.want, receipt.Of(w.s, norway).Payments, tt.name)
	}
}

// TestTheLinesOfADifference: the meter goes on after a payment, and the next one
// shows what came on top.
func TestTheLinesOfADifference(t *testing.T) {
	t.Parallel()
	type want struct {
		item     receipt.Item
		total    money.Minor
		quantity string
	}
	later := trip.Fare{Total: 60000, Fare: 50000, Supplements: 10000, Tolls: 3100, Distance: 9000, Duration: 1300}
	fewer := trip.Fare{Total: 60000, Fare: 57000, Supplements: 3000}
	for _, tt := range []struct {
		name    string
		next    trip.Fare
		tip     money.Minor
		earlier []receipt.Bill
		want    []want
	}{
		{"each item's growth", later, 0, []receipt.Bill{{Fare: whole}},
			[]want{{receipt.Fare, 8800, "1.6"}, {receipt.Supplements, 4400, ""}}},
		{"a tip that came later", later, 500, []receipt.Bill{{Fare: whole}},
			[]want{{receipt.Fare, 8800, "1.6"}, {receipt.Supplements, 4400, ""}, {receipt.Tip, 500, ""}}},
		{"among bills that were not paid", later, 0, []receipt.Bill{{Fare: trip.Fare{Total: 1}}, {Fare: whole}, {Fare: later}},
			[]want{{receipt.Fare, 8800, "1.6"}, {receipt.Supplements, 4400, ""}}},
		{"an item shrank", fewer, 0, []receipt.Bill{{Fare: whole}}, []want{{receipt.Rest, 13200, ""}}},
		{"nobody knows the earlier bill", later, 500, nil, []want{{receipt.Rest, 13200, ""}, {receipt.Tip, 500, ""}}},
		{"no parts before", later, 0, []receipt.Bill{{Fare: trip.Fare{Total: 46800}}},
			[]want{{receipt.Rest, 13200, ""}}},
		{"never any parts", trip.Fare{Total: 60000, Distance: 9000}, 0, []receipt.Bill{{Fare: trip.Fare{Total: 46800}}},
			[]want{{receipt.Fare, 13200, ""}}},
	} {
		w := paid(whole, 0)
		w.step(trip.Resumed{})
		w.step(trip.TipChosen{Tip: tt.tip})
		w.step(trip.FareShown{Fare: tt.next})
		var got []want
		for _, l := range receipt.For(w.s, 2, norway, tt.earlier...) {
			got = append(got, want{l.Item, l.Total, l.Quantity})
		}
		require.Equal(t, tt.want, got, tt.name)
	}
}

func TestQuantities(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		metres, seconds int64
		quantity        string
		unit            receipt.Unit
	}{
		{12400, 600, "12.4", receipt.Kilometres},
		{12412, 0, "12.412", receipt.Kilometres},
		{100000, 0, "100", receipt.Kilometres},
		{5, 0, "0.005", receipt.Kilometres},
		{0, 1069, "18", receipt.Minutes},
		{0, 1, "1", receipt.Minutes},
		{-5, -5, "", ""},
		{1 << 62, 0, "", ""},
	} {
		s := trip.State{Phase: trip.Due, Fare: trip.Fare{Total: 100, Distance: tt.metres, Duration: tt.seconds}}
		l := receipt.Of(s, norway).Lines[0]
		require.Equal(t, tt.quantity, l.Quantity)
		require.Equal(t, tt.unit, l.Unit)
	}
}

// TestNothingHappened: no trip, and a trip that cost nothing.
func TestNothingHappened(t *testing.T) {
	t.Parallel()
	require.Equal(t, receipt.Receipt{}, receipt.Of(trip.State{}, norway))
	w := newWorld()
	w.step(trip.TipChosen{Tip: 500})
	w.step(trip.Vacated{})
	require.Equal(t, trip.Void, w.s.Settlement)
	r := receipt.Of(w.s, norway)
	require.Zero(t, r.Total)
	require.Empty(t, r.Lines)
	require.Empty(t, r.Payments)
}
