package web

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/trip/receipt"
	"taxiterminal/trip/shift"
)

// desk is a display.Desk that records what it is asked and answers with err.
type desk struct {
	err error
	// on, if set, is called with every request.
	on func(context.Context)
	// calls also go to made, if it is set.
	made chan string

	mu    sync.Mutex
	calls []string
	to    []display.Recipient
}

func withDesk(d *desk) func(*Options) { return func(o *Options) { o.Desk = d } }

func (d *desk) called(ctx context.Context, format string, args ...any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	call := fmt.Sprintf(format, args...)
	d.calls = append(d.calls, call)
	if d.made != nil {
		d.made <- call
	}
	if d.on != nil {
		d.on(ctx)
	}
	return d.err
}

// refuse sets the answer to what comes next.
func (d *desk) refuse(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

// all are the calls so far.
func (d *desk) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.calls)
}

// next is the next call; it fails the test if none comes.
func (d *desk) next(t *testing.T) string {
	t.Helper()
	select {
	case call := <-d.made:
		return call
	case <-time.After(20 * time.Second):
		require.FailNow(t, "the desk was not asked")
		return ""
	}
}

// last is whom the last request was sent to.
func (d *desk) last() display.Recipient {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.to[len(d.to)-1]
}

func (d *desk) Act(ctx context.Context, a display.Action, trip string) error {
	return d.called(ctx, "%s %s", a, trip)
}

func (d *desk) Tip(ctx context.Context, trip string, tip money.Minor) error {
	return d.called(ctx, "tip %s %d", trip, tip)
}

func (d *desk) Send(ctx context.Context, trip string, to display.Recipient) error {
	d.mu.Lock()
	d.to = append(d.to, to)
	d.mu.Unlock()
	return d.called(ctx, "send %s to %v", trip, to)
}

func (d *desk) Contacts(ctx context.Context, digits string) ([]display.Contact, error) {
	err := d.called(ctx, "contacts %d digits", len(digits))
	if digits == "000" {
		return nil, err
	}
	return []display.Contact{
		{ID: 7, Masked: "+47 ••• •• 678", Name: "Kari Nordmann"},
		{ID: 9_007_199_254_740_993, Masked: "+47 ••• •• 678"},
	}, err
}

func (d *desk) TypeFare(ctx context.Context, trip string, total money.Minor) error {
	return d.called(ctx, "fare %q %d", trip, total)
}

func (d *desk) Confirm(ctx context.Context, trip, code string) error {
	return d.called(ctx, "confirm %s %s", trip, code)
}

func (d *desk) Trip(ctx context.Context, trip string) (display.TripDetail, error) {
	return tripDetail(trip), d.called(ctx, "trip %s", trip)
}

func (d *desk) Refund(ctx context.Context, trip string, amount money.Minor, reason string) error {
	return d.called(ctx, "refund %s %d %s", trip, amount, reason)
}

func (d *desk) Print(ctx context.Context, trip string) error {
	return d.called(ctx, "print %s", trip)
}

func (d *desk) Retry(ctx context.Context, trip string) error {
	return d.called(ctx, "retry %s", trip)
}

func (d *desk) Shift(ctx context.Context) (shift.Summary, error) {
	return summary(), d.called(ctx, "shift")
}

func (d *desk) EndShift(ctx context.Context) (shift.Summary, error) {
	sum := summary()
	sum.To = sum.From.Add(8 * time.Hour)
	return sum, d.called(ctx, "end shift")
}

func (d *desk) VehicleCode(version string) []byte {
	if version != codeVersion {
		return nil
	}
	return codeSVG()
}

// day is when the trips of the tests are.
var day = time.Date(2026, 10, 7, 14, 0, 0, 0, time.UTC)

// paidReceipt is an ordinary one: fare and extras with VAT, a tip without.
func paidReceipt(number string) receipt.Receipt {
	return receipt.Receipt{
		Vehicle: "T122", Number: number, Currency: money.NOK, Begun: day.Add(-23 * time.Minute), Ended: day,
		Lines: []receipt.Line{
			{Item: receipt.Fare, Total: 24650, Net: 22009, Tax: 2641, Rate: 1200, Quantity: "12.4", Unit: receipt.Kilometres},
			{Item: receipt.Supplements, Total: 4000, Net: 3571, Tax: 429, Rate: 1200},
			{Item: receipt.Tip, Total: 1430, Net: 1430},
		},
		Total:    30080,
		Taxes:    []receipt.Tax{{Rate: 1200, Gross: 28650, Net: 25580, Tax: 3070}},
		Payments: []receipt.Payment{{Means: receipt.Vipps, Amount: 30080, Reference: "T122-K7Q2X-" + number + "-1"}},
	}
}

// longReceipt has everything that a receipt can have.
func longReceipt(number string) receipt.Receipt {
	r := paidReceipt(number)
	r.Typed = true
	r.Lines = []receipt.Line{
		{Item: receipt.Fare, Total: 1124650, Net: 1004152, Tax: 120498, Rate: 1200, Quantity: "112.4", Unit: receipt.Kilometres},
		{Item: receipt.Supplements, Total: 4000, Net: 3571, Tax: 429, Rate: 1200},
		{Item: receipt.Tolls, Total: 9000, Net: 9000},
		{Item: receipt.MeterTax, Total: 12000, Net: 9600, Tax: 2400, Rate: 2500},
		{Item: receipt.Rest, Total: 8000, Net: 7143, Tax: 857, Rate: 1200},
		{Item: receipt.Tip, Total: 5000, Net: 5000},
	}
	r.Total = 1162650
	r.Taxes = []receipt.Tax{{Rate: 1200, Gross: 1136650, Net: 1014866, Tax: 121784}, {Rate: 2550, Gross: 12000, Net: 9600, Tax: 2400}}
	r.Payments = []receipt.Payment{
		{Means: receipt.Vipps, Amount: 17000, Reference: "T122-K7Q2X-" + number + "-1"},
		{Means: receipt.Vipps, Amount: 1145650, Reference: "T122-K7Q2X-" + number + "-2"},
		{Means: receipt.Refund, Amount: -12000, Reference: "T122-K7Q2X-" + number + "-2"},
	}
	return r
}

// tripDetail is a paid trip, or with the number 0038 one that the office has.
func tripDetail(trip string) display.TripDetail {
	d := display.TripDetail{
		Line:    display.TripLine{Trip: trip, Screen: display.Paid, Total: nok(30080), Captured: nok(30080), Finished: day},
		Receipt: paidReceipt(trip), Refundable: nok(30080), CanPrint: true,
	}
	if trip == "0038" {
		d.Line = display.TripLine{Trip: trip, Screen: display.Failed, Reason: display.ReasonParked, Total: nok(1162650), Finished: day, Typed: true, Refunded: nok(12000)}
		d.Receipt, d.Refundable, d.CanRetry = longReceipt(trip), nok(1150650), true
		d.Actions = []display.Action{display.ActionCash, display.ActionCard}
	}
	return d
}

// summary is a shift with one of everything.
func summary() shift.Summary {
	return shift.Summary{
		Currency: money.NOK, From: day.Add(-8 * time.Hour), First: 31, Last: 42, Trips: 12, Typed: 1, Void: 1,
		Takings: []shift.Taking{
			{Means: receipt.Vipps, Trips: 6, Amount: 216600}, {Means: receipt.Cash, Trips: 2, Amount: 41000},
			{Means: receipt.Card, Trips: 1, Amount: 28650}, {Means: receipt.Unpaid, Trips: 1, Amount: 8700},
			{Means: receipt.Refund, Trips: 1, Amount: -12000},
		},
		Total: 354800, Tips: 4330, Due: 73850, Over: 2000,
		Taxes: []receipt.Tax{{Rate: 1200, Gross: 350470, Net: 312920, Tax: 37550}},
		Open: []shift.Open{
			{Trip: "0042", Reference: "T122-K7Q2X-0042-1", Kind: shift.Unanswered, Amount: 28650, Since: day},
			{Trip: "0038", Kind: shift.Parked, Amount: 45200, Since: day.Add(-3 * time.Hour)},
			{Trip: "0036", Kind: shift.Overpaid, Amount: 2000, Since: day.Add(-4 * time.Hour)},
			{Trip: "0033", Reference: "T122-K7Q2X-0033-1", Kind: shift.Refunding, Amount: 12000, Since: day.Add(-50 * time.Hour)},
		},
	}
}
