package kill

import (
	"context"
	"fmt"
	"strings"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/sim/fleet"
	"taxiterminal/terminal/control"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

// back is when the line to the gateway comes back on a trip that is paid by a claim.
type back int

const (
	backClaim   back = iota // the claim has just been shown
	backPressed             // the phone has pressed the button
	backPaid                // the phone shows the digits
	backTyped               // the driver has typed them
	backLeft                // the passenger has gone
	backs
)

// claimed: the car has no way to its gateway. The passenger's phone carries the fare,
// the driver types what it shows, unless the car is back before.
func claimed(ctx context.Context, t *taxi, p plan) (expected, error) {
	c := carriage{taxi: t, fare: p.fare, back: back(p.more) % backs}
	var text, digits string
	return expected{ways: []way{paidWay}, captured: p.fare}, steps(
		func() error { return t.cutOff(ctx) },
		func() error { return t.ride(ctx, p) },
		func() (err error) { text, err = t.claim(ctx); return err },
		func() error { return c.at(backClaim) },
		func() (err error) { digits, err = c.pay(ctx, text); return err },
		func() error { return c.at(backPaid) },
		func() error { return c.confirm(ctx, digits) },
		func() error { return c.at(backTyped) },
		func() error {
			if c.back == backLeft {
				return nil
			}
			return until(ctx, fmt.Sprintf("trip %04d paid with %d", t.number, p.fare), func() (bool, error) { return t.hasPaid(p.fare), nil })
		},
		func() error { return t.leave(ctx) },
		func() error { return c.at(backLeft) },
		func() error {
			return t.ask(ctx, "the claim's payment in the journal", func(c control.Trip) bool { return c.Captured == p.fare })
		},
	)
}

// cutOff takes the car's way to its gateway away, and waits until it knows.
func (t *taxi) cutOff(ctx context.Context) error {
	if err := t.desk.Line.Set(vippstest.Refused); err != nil {
		return err
	}
	return until(ctx, "the car cut off", func() (bool, error) {
		s, err := t.driver.Status(ctx)
		return err == nil && !s.Gateway.Connected, nil
	})
}

// claim reads the claim from the car's screen.
func (t *taxi) claim(ctx context.Context) (text string, err error) {
	err = until(ctx, fmt.Sprintf("trip %04d: a claim", t.number), func() (bool, error) {
		html, _, _ := t.Passenger.HTML()
		if pictureOf(html).trip != t.number {
			return false, nil
		}
		text, err = fleet.Read(html)
		return err == nil && strings.Contains(text, "/p/"), nil
	})
	return text, err
}

// carriage is the way of one claim.
type carriage struct {
	*taxi
	fare money.Minor
	back back
	up   bool // the line is
}

func (c *carriage) at(b back) error {
	if b != c.back || c.up {
		return nil
	}
	c.up = true
	return c.desk.Line.Set(vippstest.Up)
}

// pay lets the phone carry the claim, until it shows digits or the car's screen PAID. If
// the car is back and shows a code of its own, that is scanned. Nobody says yes twice.
func (c *carriage) pay(ctx context.Context, text string) (digits string, err error) {
	said := false
	err = until(ctx, fmt.Sprintf("trip %04d: claim paid", c.number), func() (bool, error) {
		if c.hasPaid(c.fare) {
			return true, nil
		}
		page, ok := c.open(ctx, text)
		switch {
		case ok && page.State == "paid":
			digits = page.Digits
			return true, c.proven(page)
		case ok && !said && page.Payable():
			c.calls.carried(c.number)
			app, ok := c.button(ctx, page)
			if ok {
				_, err := c.desk.Phone.App(app, vippstest.Approve)
				said = err == nil
			}
			return false, c.at(backPressed)
		case !said && c.up:
			said = c.say(vippstest.Approve)
		}
		return false, nil
	})
	return digits, err
}

// proven: a page that says PAID is right, and has the digits for the driver.
func (c *carriage) proven(page fleet.Page) error {
	var captured money.Minor
	for _, p := range c.Payments() {
		if id, _, err := parse(p.Reference); err == nil && id.Number == c.number {
			captured += p.Captured
		}
	}
	if captured != c.fare || sumOf(page) != c.fare {
		return fmt.Errorf("trip %04d: the claim's page says that %s is paid, the API has captured %d of %d", c.number, page.Amount, captured, c.fare)
	}
	return nil
}

// confirm lets the driver type what the phone shows. While the car is cut off it must
// be taken.
func (c *carriage) confirm(ctx context.Context, digits string) error {
	if digits == "" || c.hasPaid(c.fare) {
		return nil
	}
	taken, err := c.demand(ctx, "confirm", trip.CodeTaken{}.Kind(), func(number string) error { return c.Confirm(ctx, number, digits) })
	if err != nil || c.up {
		return err
	}
	if !taken {
		return fmt.Errorf("trip %04d: the digits of the phone were refused", c.number)
	}
	_, err = c.shows(ctx, display.Approved, display.Paid)
	return err
}

// claimedInVain: the passenger's phone has no network either, and the driver takes cash.
func claimedInVain(ctx context.Context, t *taxi, p plan) (expected, error) {
	c := carriage{taxi: t, fare: p.fare, back: backs}
	if p.more%2 == 0 {
		c.back = backLeft
	}
	return expected{ways: []way{{trip.Otherwise, trip.Cash}}}, steps(
		func() error { return t.cutOff(ctx) },
		func() error { return t.ride(ctx, p) },
		func() error { _, err := t.claim(ctx); return err },
		func() error { return t.settleBy(ctx, display.ActionCash) },
		func() error { return c.at(backs) },
		func() error { return t.leave(ctx) },
		func() error { return c.at(backLeft) },
	)
}
