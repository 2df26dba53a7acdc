package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"taxiterminal/sim"
	"taxiterminal/vipps/vippstest"
)

// pushLimit is far less than the ten seconds between two looks of the car.
const pushLimit = 3 * time.Second

// webhookFirst measures from the approval to PAID.
func webhookFirst(ctx context.Context, d *Desk, c *Car) error {
	var approved, paid time.Time
	return play(
		func() error { return c.Ride(ctx, fare) },
		func() error {
			reference, err := c.Scan(ctx)
			if err != nil {
				return err
			}
			approved = time.Now()
			return d.API.Act(reference, vippstest.Approve, 0)
		},
		func() (err error) {
			paid, err = c.Passenger.Await(ctx, sim.Patience, "paid", func(html string) bool { return sim.Kind(html) == "paid" })
			return err
		},
		func() error {
			if took := paid.Sub(approved); took > pushLimit {
				return fmt.Errorf("PAID came %s after the approval: the webhook did not bring it", took)
			}
			return nil
		},
		func() error { return finish(ctx, c) },
	)
}

func webhookNever(ctx context.Context, d *Desk, c *Car) error {
	lost, err := d.API.AddFault(vippstest.Fault{Op: vippstest.OpWebhookPost, Kind: vippstest.LostRequest, Times: vippstest.Forever})
	return play(
		func() error { return err },
		func() error { return c.Ride(ctx, fare) },
		func() error { return c.Approve(ctx) },
		func() error { return finish(ctx, c) },
		func() error { return d.struck(ctx, lost) },
	)
}

// struck waits until a fault has had its effect.
func (d *Desk) struck(ctx context.Context, fault int) error {
	return sim.Poll(ctx, sim.Patience, "fault struck", func() (bool, error) {
		i := slices.IndexFunc(d.API.Faults(), func(f vippstest.Fault) bool { return f.ID == fault })
		return i >= 0 && d.API.Faults()[i].Hits > 0, nil
	})
}

// gatewayRestart kills the gateway while it waits for the answer to the capture.
func gatewayRestart(ctx context.Context, d *Desk, c *Car) error {
	_, err := d.API.AddFault(vippstest.Fault{Op: vippstest.OpCapture, Kind: vippstest.Delay, After: vippstest.Duration(3 * time.Second)})
	return play(
		func() error { return err },
		func() error { return c.Ride(ctx, fare) },
		func() error { return c.Approve(ctx) },
		func() error { return c.Seen(ctx, vippstest.OpCapture, 1) },
		d.Gateway.Kill,
		func() error { return c.Connected(ctx, false) },
		func() error { return d.Gateway.Start(ctx) },
		func() error { return c.Connected(ctx, true) },
		func() error { return finish(ctx, c) },
	)
}

// revoked: what the trip costs is taken in cash, because nothing else is left.
func revoked(ctx context.Context, d *Desk, c *Car) error {
	return play(
		func() error { return c.Shows(ctx, "idle") },
		c.Meter.Hired,
		func() error { return c.Shows(ctx, "hired") },
		func() error {
			cut, err := d.Gateway.Revoke(ctx, c.Terminal)
			if err == nil && cut != 1 {
				err = fmt.Errorf("revoke cut %d connections, want 1", cut)
			}
			return err
		},
		func() error { return c.Connected(ctx, false) },
		func() error { return c.Stop(fare) },
		func() error { return c.saysRevoked(ctx) },
		func() error { return d.nothingAsked() },
		func() error { return c.Press(ctx, "cash") },
		func() error { return c.Shows(ctx, "settled") },
		c.Meter.Vacant,
		func() error { return d.nothingAsked() },
	)
}

// notEnrolled is what the driver's screen says then.
const notEnrolled = "C4"

func (c *Car) saysRevoked(ctx context.Context) error {
	_, err := c.Driver.Await(ctx, sim.Patience, "the fault "+notEnrolled, func(html string) bool { return strings.Contains(html, notEnrolled) })
	if err != nil {
		return err
	}
	var status struct {
		Faults  []string
		Gateway struct {
			Refused bool `json:"refused"`
		} `json:"gateway"`
	}
	err = c.Daemon.Command(ctx, &status, "status")
	if err == nil && !(status.Gateway.Refused && slices.Contains(status.Faults, notEnrolled)) {
		err = fmt.Errorf("status does not say that the gateway refuses this terminal: %+v", status)
	}
	return err
}

// nothingAsked: the payment API has never heard of a payment.
func (d *Desk) nothingAsked() error {
	if n := len(d.API.Payments()); n > 0 {
		return fmt.Errorf("%d payments were made, want none", n)
	}
	return nil
}

func checkedIn(ctx context.Context, d *Desk, c *Car) error {
	text := d.API.PrintCallback("taxi-"+c.Name+"-7GK2QX", "Taxi "+c.Name)
	phone := vippstest.DefaultPassenger.Phone
	return play(
		func() error { return c.Ride(ctx, fare) },
		func() error { _, err := c.Scan(ctx); return err },
		func() error { return d.API.CheckIn(text, phone) },
		func() error { return c.ApprovePush(ctx) },
		func() error { return finish(ctx, c) },
	)
}
