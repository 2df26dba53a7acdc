package kill

import (
	"context"
	"fmt"
	"slices"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/terminal/control"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

// offering is a car that offers everything: a tip is asked for on every trip, numbers
// are shared, and requests can go to phones.
const offering = "[tip]\npercent = [5, 10]\n[sharing]\nscope = \"phoneNumber name\"\n[send]\nenabled = true\n"

func (s style) more() string {
	if s.offers {
		return offering
	}
	return ""
}

// chooses presses one of the tips on the passenger's screen; zero is "no tip".
func (t *taxi) chooses(ctx context.Context, tip money.Minor) error {
	return until(ctx, fmt.Sprintf("trip %04d: a tip of %d", t.number, tip), func() (bool, error) {
		p, err := t.shows(ctx, display.Tipping, display.Connecting, display.Due)
		if err != nil || tip == 0 && p.screen != display.Tipping || p.screen == display.Connecting {
			return err == nil && tip == 0, err
		}
		return t.demand(ctx, "tip", trip.TipChosen{}.Kind(), func(number string) error { return t.AddTip(ctx, number, tip) })
	})
}

// percentOf is a tip as the screen offers it: whole kroner, half up.
func percentOf(fare money.Minor, percent money.Minor) money.Minor {
	return (fare*percent + 5000) / 10000 * 100
}

// tipped: ten per cent or five, and some think better of it with the code on the screen.
func tipped(ctx context.Context, t *taxi, p plan) (expected, error) {
	ten, five := percentOf(p.fare, 10), percentOf(p.fare, 5)
	p.tip = five
	if p.more%2 == 0 {
		p.tip = ten
	}
	want := expected{ways: []way{paidWay}}
	err := steps(
		func() error { return t.ride(ctx, p) },
		func() error {
			if p.tip == five {
				return nil
			}
			if _, err := t.shows(ctx, display.Due); err != nil {
				return err
			}
			return t.chooses(ctx, five)
		},
		// The code of the first tip stands for a moment longer, and may be said yes to.
		func() (err error) { want.captured, err = t.pay(ctx, p.fare+five, p.fare+p.tip); return err },
		func() error { return t.leave(ctx) },
	)
	return want, err
}

// sent: the driver lets the request go to the passenger's phone, by a number that is
// typed, or by one that was shared on an earlier trip.
func sent(ctx context.Context, t *taxi, p plan) (expected, error) {
	return expected{ways: []way{paidWay}, captured: p.fare}, steps(
		func() error { return t.ride(ctx, p) },
		func() error {
			if p.more%3 == 0 {
				return nil // before there is a code
			}
			_, err := t.shows(ctx, display.Due)
			return err
		},
		func() error { return t.send(ctx, p.more%2 == 0) },
		func() error { _, err := t.pay(ctx, p.fare); return err },
		func() error { return t.leave(ctx) },
	)
}

func (t *taxi) send(ctx context.Context, known bool) error {
	var to control.SendRequest
	err := until(ctx, "the passengers who are known", func() (bool, error) {
		list, err := t.driver.Contacts(ctx, false)
		if to = (control.SendRequest{Number: vippstest.DefaultPassenger.Phone}); known && len(list) > 0 {
			to = control.SendRequest{Contact: list[0].ID}
		}
		return err == nil, nil
	})
	if err != nil {
		return err
	}
	taken, err := t.demand(ctx, "send", trip.SendAsked{}.Kind(), func(number string) error { return t.driver.Send(ctx, number, to) })
	if err == nil && !taken {
		err = fmt.Errorf("trip %04d: the request to a phone was refused", t.number)
	}
	return err
}

// answer says yes to the newest request of this trip on the passenger's phone.
func (t *taxi) answer() {
	for _, b := range slices.Backward(t.API.Pushed(vippstest.DefaultPassenger.Phone)) {
		if id, _, err := parse(b.Reference); err == nil && id.Number == t.number {
			_ = t.API.Act(b.Reference, vippstest.Approve, 0) // it may be withdrawn already
			return
		}
	}
}
