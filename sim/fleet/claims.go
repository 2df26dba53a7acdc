package fleet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"taxiterminal/sim"
	"taxiterminal/vipps/vippstest"
)

// Claim waits until the passenger's screen shows a signed claim to the fare, and reads
// it with the camera.
func (c *Car) Claim(ctx context.Context) (address string, err error) {
	_, err = c.Passenger.Await(ctx, sim.Patience, "a claim", func(html string) bool {
		text, err := Read(html)
		address = text
		return err == nil && strings.Contains(text, "/p/")
	})
	return address, err
}

// rideOffline is a ride into a dead zone; it ends with the claim on the screen.
func rideOffline(ctx context.Context, d *Desk, c *Car) (claim string, err error) {
	err = play(
		func() error { return c.Shows(ctx, "idle") },
		c.Meter.Hired,
		func() error { return c.Shows(ctx, "hired") },
		func() error { return d.Line.Set(vippstest.Refused) },
		func() error { return c.Connected(ctx, false) },
		func() error { return c.Stop(fare) },
		func() (err error) { claim, err = c.Claim(ctx); return err },
	)
	return claim, err
}

// typed types the code of the phone and sees that the driver may let the passenger go.
func typed(ctx context.Context, c *Car, page Page) error {
	if len(page.Digits) != 6 {
		return fmt.Errorf("phone shows %q, want six digits for the driver", page.Digits)
	}
	return play(
		func() error { return c.Confirm(ctx, "0001", page.Digits) },
		func() error { return c.Shows(ctx, "approved") },
	)
}

func carOfflineClaim(ctx context.Context, d *Desk, c *Car) error {
	var claim string
	var page Page
	return play(
		func() (err error) { claim, err = rideOffline(ctx, d, c); return err },
		func() (err error) { page, err = d.Phone.Shows(ctx, claim, "due"); return err },
		func() error { return page.asks(c.Name, "286.50") },
		func() error { _, err := d.Phone.Pay(ctx, page); return err },
		func() (err error) { page, err = d.Phone.Shows(ctx, claim, "paid"); return err },
		func() error { return typed(ctx, c, page) },
		func() error { return d.Line.Set(vippstest.Up) },
		func() error { return finish(ctx, c) },
	)
}

// claimReplayed: the code was photographed, altered, and opened again.
func claimReplayed(ctx context.Context, d *Desk, c *Car) error {
	second := newPhone(d.Gateway.URL(), d.API)
	var claim, first, again string
	var page, other Page
	return play(
		func() (err error) { claim, err = rideOffline(ctx, d, c); return err },
		func() error { return d.altered(ctx, claim) },
		func() (err error) { page, err = d.Phone.Shows(ctx, claim, "due"); return err },
		func() (err error) { other, err = second.Shows(ctx, claim, "due"); return err },
		func() (err error) { first, err = d.Phone.Press(ctx, page); return err },
		func() (err error) { again, err = second.Press(ctx, other); return err },
		func() error {
			if first != again {
				return errors.New("the second phone was led to another payment")
			}
			return nil
		},
		func() error { _, err := d.Phone.App(first, vippstest.Approve); return err },
		func() (err error) { page, err = d.Phone.Shows(ctx, claim, "paid"); return err },
		func() error { return pressedLate(ctx, second, other) },
		func() (err error) { other, err = second.Open(ctx, claim); return err },
		func() error {
			if other.State != "paid" || other.Payable() {
				return fmt.Errorf("a claim that is paid shows %q, with a button: %t", other.State, other.Payable())
			}
			return nil
		},
		func() error { return typed(ctx, c, page) },
		func() error { return d.Line.Set(vippstest.Up) },
		func() error { return finish(ctx, c) },
		func() error { return d.onePayment() },
	)
}

// pressedLate presses the button of a page that has stood since before the payment.
func pressedLate(ctx context.Context, p *Phone, old Page) error {
	to, err := p.Press(ctx, old)
	if err == nil && !strings.HasPrefix(to, "/p/") {
		err = errors.New("a claim that is paid led into the app again")
	}
	return err
}

// altered opens the claim with each of its parts changed.
func (d *Desk) altered(ctx context.Context, claim string) error {
	at := strings.LastIndexByte(claim, '/') + 1
	for _, i := range []int{at, at + 8, at + 16, at + 30, len(claim) - 40, len(claim) - 2} {
		text := []byte(claim)
		if text[i] = 'A'; claim[i] == 'A' {
			text[i] = 'B'
		}
		page, err := d.Phone.Open(ctx, string(text))
		if err != nil {
			return err
		}
		if page.Status != http.StatusNotFound || page.Payable() {
			return fmt.Errorf("an altered claim (character %d) is answered %d, want 404", i-at, page.Status)
		}
	}
	return nil
}

func (d *Desk) onePayment() error {
	if n := len(d.API.Payments()); n != 1 {
		return fmt.Errorf("%d payments were made of one claim, want 1", n)
	}
	return nil
}

// claimAndCarRace: the car's own request is on its way when the phone presses.
func claimAndCarRace(ctx context.Context, d *Desk, c *Car) error {
	var claim string
	var page Page
	var slow int
	return play(
		func() (err error) { claim, err = rideOffline(ctx, d, c); return err },
		func() (err error) { page, err = d.Phone.Shows(ctx, claim, "due"); return err },
		func() (err error) {
			slow, err = d.API.AddFault(vippstest.Fault{Op: vippstest.OpCreate, Kind: vippstest.Delay, Before: vippstest.Duration(pressAgain / 2)})
			return err
		},
		func() error { return d.Line.Set(vippstest.Up) },
		func() error { return d.struck(ctx, slow) },
		func() error { return d.payClaim(ctx, claim, page) },
		func() error { return finish(ctx, c) },
		func() error { return d.onePayment() },
	)
}

// pressAgain is how long a person looks at a page before pressing again.
const pressAgain = 700 * time.Millisecond

// payClaim pays as a person does, who presses again when the page says so.
func (d *Desk) payClaim(ctx context.Context, claim string, page Page) error {
	for range 5 {
		to, err := d.Phone.Press(ctx, page)
		if err != nil {
			return err
		}
		if strings.HasPrefix(to, "https://") {
			_, err = d.Phone.App(to, vippstest.Approve)
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pressAgain):
		}
		if page, err = d.Phone.Await(ctx, claim, "payable", Page.Payable); err != nil {
			return err
		}
	}
	return errors.New("the claim could not be paid")
}
