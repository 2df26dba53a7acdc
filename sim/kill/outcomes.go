package kill

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/terminal/control"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

// outcome is a way in which a trip can go, and what it adds to the points at which it
// can be struck.
type outcome struct {
	name    string
	weight  int
	play    func(context.Context, *taxi, plan) (expected, error)
	ops     []vippstest.Op
	screens []string
	keys    []string
	acts    []string
	pages   []string // of the gateway
	fleet   bool     // only there
	offers  bool     // only with a car that offers everything
	stops   bool     // only with a meter that tells the fare before it is for hire
}

var (
	captures = []vippstest.Op{vippstest.OpCapture, vippstest.OpCapture, vippstest.OpGet}
	cancels  = []vippstest.Op{vippstest.OpCancel, vippstest.OpCancel}
	pays     = []string{"approved", "paid"}
)

// outcomes are all of them. The last trip of a day is the first of these.
var outcomes = []outcome{
	{name: "paid", weight: 30, play: paid, ops: captures, screens: pays},
	{name: "declined, then paid", weight: 10, play: declined, ops: captures, screens: append(pays, "failed"), acts: []string{"new"}},
	{name: "cash before approval", weight: 12, play: cash, ops: cancels, screens: []string{"settled"}, acts: []string{"cash", "card", "invoice"}},
	{name: "cash after approval", weight: 12, play: cashLate, ops: append(cancels, captures...), screens: append(pays, "settled"), acts: []string{"cash"}},
	{name: "driver's cancel", weight: 10, play: cancelled, ops: append(cancels, captures...), screens: []string{"releasing", "failed", "settled", "approved"}, acts: []string{"cancel", "cash"}},
	{name: "resumed after PAID", weight: 10, play: resumed, stops: true, ops: captures, screens: pays, keys: []string{"resumed"}},
	{name: "corrected down", weight: 10, play: corrected, stops: true, ops: append(cancels, captures...), screens: pays, keys: []string{"resumed"}},
	{name: "vacant, unpaid", weight: 6, play: unpaid, ops: cancels},
	{name: "refunded", weight: 10, play: refunded, ops: append([]vippstest.Op{vippstest.OpRefund, vippstest.OpRefund}, captures...), screens: pays, acts: []string{"refund"}},
	{name: "tip", weight: 15, play: tipped, offers: true, ops: append(cancels, captures...), screens: append(pays, "tipping"), acts: []string{"tip", "tip"}},
	{name: "sent to a phone", weight: 30, play: sent, offers: true, ops: append(append(cancels, captures...), vippstest.OpUserinfo), screens: append(pays, "sent"), acts: []string{"send", "send"}},
	{name: "paid on the page", weight: 12, play: onPage, fleet: true, ops: append(cancels, captures...), screens: append(pays, "sent"), pages: stickerPages},
	{name: "claim, paid by the phone", weight: 16, play: claimed, fleet: true, ops: captures, screens: pays, acts: []string{"confirm"}, pages: claimPages},
	{name: "claim, cash instead", weight: 4, play: claimedInVain, fleet: true, ops: cancels, screens: []string{"settled"}, acts: []string{"cash"}},
	{name: "refunded by the office", weight: 10, play: byOffice, fleet: true, ops: append([]vippstest.Op{vippstest.OpRefund, vippstest.OpRefund}, captures...), screens: pays, acts: []string{orders, orders}},
}

var (
	stickerPages = []string{"due", "open", "approved", "paid", "button", "button"}
	claimPages   = []string{"due", "open", "paid", "button", "button"}
)

// ride takes a passenger from the kerb to where the fare is told.
func (t *taxi) ride(ctx context.Context, p plan) error {
	if err := t.press("hired", t.Meter.Hired); err != nil {
		return err
	}
	tells := t.Meter.Tells()
	if tells.Live && !tells.Stop {
		if err := t.begun(ctx); err != nil { // or nobody ever hears of it
			return err
		}
	}
	rest(ctx, p.hurry)
	if err := t.stop(p.fare); err != nil {
		return err
	}
	if !tells.Stop {
		return t.told(ctx)
	}
	if err := t.begun(ctx); err != nil || !t.offers {
		return err
	}
	return t.chooses(ctx, p.tip)
}

func (t *taxi) stop(total money.Minor) error {
	return t.press("stopped", func() error { return t.Stop(total) })
}

// leave lets the passenger out, and waits until the terminal has seen that.
func (t *taxi) leave(ctx context.Context) error {
	if err := t.press("vacant", t.Leave); err != nil {
		return err
	}
	return t.ask(ctx, "the meter For Hire", func(c control.Trip) bool {
		return count(c, trip.Vacated{}.Kind())+count(c, trip.MeterLost{}.Kind()) > 0
	})
}

// pay takes whatever code is shown and says yes, until the screen says that one of these
// sums is paid, and gives that. The driver gives his word where it is wanted.
func (t *taxi) pay(ctx context.Context, totals ...money.Minor) (sum money.Minor, err error) {
	err = until(ctx, fmt.Sprintf("trip %04d paid with %d", t.number, totals), func() (bool, error) {
		html, _, _ := t.Passenger.HTML()
		p := pictureOf(html)
		switch {
		case p.trip != t.number:
		case p.screen == display.Due:
			t.say(vippstest.Approve)
		case p.screen == display.Sent:
			t.answer()
		case p.screen == display.Failed, p.screen == display.Approved && t.doubtful(ctx):
			_, err := t.act(ctx, display.ActionNew)
			return false, err
		case p.screen == display.Paid:
			sum = p.sum
			return slices.Contains(totals, sum), nil
		}
		if p.screen == display.Idle && t.over(ctx) {
			err := t.ask(ctx, "paid meanwhile", func(c control.Trip) bool { sum = c.Captured; return true })
			return true, err
		}
		return false, nil
	})
	return sum, err
}

// over: the trip was settled while the terminal was down, and the meter has left it, so
// that the screen never tells.
func (t *taxi) over(ctx context.Context) bool {
	c, err := t.driver.Trip(ctx, strconv.FormatInt(t.number, 10))
	return err == nil && c.Settlement != ""
}

// doubtful: the driver is told that the amount needs his word.
func (t *taxi) doubtful(ctx context.Context) bool {
	s, err := t.driver.Status(ctx)
	return err == nil && strings.HasPrefix(s.Notice, "doubtful")
}

// wish presses a button for as long as the screen shows that it could be of use, until it
// shows one of these.
func (t *taxi) wish(ctx context.Context, a display.Action, shown ...display.Screen) error {
	return until(ctx, fmt.Sprintf("trip %04d: %s", t.number, a), func() (bool, error) {
		html, _, _ := t.Passenger.HTML()
		p := pictureOf(html)
		switch {
		case p.screen == display.Idle:
			return t.over(ctx), nil
		case p.trip != t.number:
			return false, nil
		case slices.Contains(shown, p.screen):
			return true, nil
		case p.screen == display.Hired, p.screen == display.Reading:
			return false, nil
		}
		_, err := t.act(ctx, a)
		return false, err
	})
}

func (t *taxi) settleBy(ctx context.Context, a display.Action) error {
	return t.wish(ctx, a, display.Settled, display.Paid)
}

func steps(list ...func() error) error {
	for _, step := range list {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func paid(ctx context.Context, t *taxi, p plan) (expected, error) {
	return expected{ways: []way{paidWay}, captured: p.fare}, steps(
		func() error { return t.ride(ctx, p) },
		func() error { _, err := t.pay(ctx, p.fare); return err },
		func() error { return t.leave(ctx) },
	)
}

func declined(ctx context.Context, t *taxi, p plan) (expected, error) {
	return expected{ways: []way{paidWay}, captured: p.fare}, steps(
		func() error { return t.ride(ctx, p) },
		func() error {
			return until(ctx, "a code to say no to", func() (bool, error) { return t.say(vippstest.Reject), nil })
		},
		func() error { _, err := t.pay(ctx, p.fare); return err },
		func() error { return t.leave(ctx) },
	)
}

func cash(ctx context.Context, t *taxi, p plan) (expected, error) {
	means := []display.Action{display.ActionCash, display.ActionCard, display.ActionInvoice}[p.more%3]
	return expected{ways: []way{{trip.Otherwise, trip.Means(means)}}}, steps(
		func() error { return t.ride(ctx, p) },
		func() error {
			// With the code on the screen, or while it is still on its way.
			wait := []display.Screen{display.Due}
			if p.more%2 == 0 {
				wait = append(wait, display.Connecting)
			}
			_, err := t.shows(ctx, wait...)
			return err
		},
		func() error { return t.settleBy(ctx, means) },
		func() error { return t.leave(ctx) },
	)
}

// cashLate: the driver takes cash just after the passenger has said yes.
func cashLate(ctx context.Context, t *taxi, p plan) (expected, error) {
	return expected{ways: []way{paidWay, {trip.Otherwise, trip.Cash}}, captured: p.fare}, steps(
		func() error { return t.ride(ctx, p) },
		func() error {
			return until(ctx, "a code to say yes to", func() (bool, error) { return t.say(vippstest.Approve), nil })
		},
		func() error { rest(ctx, time.Duration(p.more%1500)*time.Millisecond); return nil },
		func() error { return t.settleBy(ctx, display.ActionCash) },
		func() error { return t.leave(ctx) },
	)
}

// cancelled: the driver withdraws the code, then takes cash. Some passengers say yes at
// the same moment, and may be faster.
func cancelled(ctx context.Context, t *taxi, p plan) (expected, error) {
	return expected{ways: []way{paidWay, {trip.Otherwise, trip.Cash}}, captured: p.fare}, steps(
		func() error { return t.ride(ctx, p) },
		func() error { _, err := t.shows(ctx, display.Due); return err },
		func() error {
			if p.more%3 == 0 {
				time.AfterFunc(time.Duration(p.more%40)*time.Millisecond, func() { t.say(vippstest.Approve) })
			}
			return t.wish(ctx, display.ActionCancel, display.Failed, display.Releasing, display.Approved, display.Paid)
		},
		func() error { return t.settleBy(ctx, display.ActionCash) },
		func() error { return t.leave(ctx) },
	)
}

// resumed: the trip goes on after PAID, the difference is asked for.
func resumed(ctx context.Context, t *taxi, p plan) (expected, error) {
	return expected{ways: []way{paidWay}, captured: p.fare + p.more}, steps(
		func() error { return t.ride(ctx, p) },
		func() error { _, err := t.pay(ctx, p.fare); return err },
		func() error { return t.press("resumed", t.Meter.Resume) },
		func() error { _, err := t.shows(ctx, display.Hired); return err },
		func() error { return t.stop(p.fare + p.more) },
		func() error { _, err := t.pay(ctx, p.fare+p.more); return err },
		func() error { return t.leave(ctx) },
	)
}

// corrected: the trip goes on with a code on the screen, and comes to less. Some
// passengers say yes to the old code. If it was captured before the meter went on, the
// driver is told and gives the difference back.
func corrected(ctx context.Context, t *taxi, p plan) (expected, error) {
	less := p.fare - 100 - p.more%1000
	want := expected{ways: []way{paidWay}}
	err := steps(
		func() error { return t.ride(ctx, p) },
		func() error { _, err := t.shows(ctx, display.Due); return err },
		func() error {
			html, _, _ := t.Passenger.HTML()
			reference, ok := t.Scanned(html)
			if err := t.press("resumed", t.Meter.Resume); err != nil || !ok || p.more%2 == 0 {
				return err
			}
			rest(ctx, time.Duration(p.more%200)*time.Millisecond)
			_ = t.API.Act(reference, vippstest.Approve, 0) // it may be withdrawn already
			return nil
		},
		func() error { _, err := t.shows(ctx, display.Hired); return err },
		func() error { return t.stop(less) },
		func() (err error) { want.captured, err = t.pay(ctx, less, p.fare); return err },
		func() error { return t.leave(ctx) },
		func() error {
			if want.refunded = want.captured - less; want.refunded == 0 {
				return nil
			}
			return t.giveBack(ctx, want.refunded)
		},
	)
	return want, err
}

// unpaid: the passenger is gone. The next one ends the wait.
func unpaid(ctx context.Context, t *taxi, p plan) (expected, error) {
	return expected{ways: []way{{trip.Otherwise, trip.Unpaid}, {settlement: trip.Void}}}, steps(
		func() error { return t.ride(ctx, p) },
		func() error { _, err := t.shows(ctx, display.Due, display.Connecting); return err },
		func() error { return t.leave(ctx) },
	)
}

func refunded(ctx context.Context, t *taxi, p plan) (expected, error) {
	back := p.fare
	if p.more%2 == 0 {
		back = min(p.fare, p.more)
	}
	return expected{ways: []way{paidWay}, captured: p.fare, refunded: back}, steps(
		func() error { return t.ride(ctx, p) },
		func() error { _, err := t.pay(ctx, p.fare); return err },
		func() error { return t.leave(ctx) },
		func() error { return t.giveBack(ctx, back) },
	)
}

// giveBack refunds and waits until the journal says so.
func (t *taxi) giveBack(ctx context.Context, amount money.Minor) error {
	taken, err := t.refund(ctx, amount)
	if err == nil && !taken {
		err = fmt.Errorf("trip %04d: a refund of %d was refused", t.number, amount)
	}
	if err != nil {
		return err
	}
	return t.ask(ctx, "refunded", func(c control.Trip) bool { return c.Refunded == amount })
}
