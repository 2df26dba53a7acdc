package fleet

import (
	"context"
	"fmt"
	"strings"

	"taxiterminal/money"
	"taxiterminal/sim"
)

// fare is what the trips of the scenarios cost.
const fare money.Minor = 28650

func paidOnce() sim.Result {
	return sim.Result{Asked: fare, Authorized: fare, Captured: fare, Captures: 1, Phase: "paid"}
}

// Scenarios are all that taxisim demo --fleet can play, in the order of its table.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "sticker", About: "the passenger scans the sticker and pays on the page", Want: paidOnce(), Play: sticker},
		{Name: "webhook-first", About: "the car looks every ten seconds, the webhook is faster", Want: paidOnce(), Play: webhookFirst,
			Options: func(o *Options) { o.Car.Poll = "10s" }},
		{Name: "webhook-never", About: "every webhook is lost, the car looks", Want: paidOnce(), Play: webhookNever},
		{Name: "car-offline-claim", About: "the car has no network, the phone carries the fare, the driver types its code", Want: paidOnce(), Play: carOfflineClaim},
		{Name: "claim-replayed", About: "a second phone, an altered claim, and the claim again when it is paid", Want: paidOnce(), Play: claimReplayed},
		{Name: "claim-and-car-race", About: "the car is back just when the phone pays the claim", Want: paidOnce(), Play: claimAndCarRace},
		{Name: "revoked", About: "the office revokes the terminal on a trip: it is cut off, and nothing is asked", Play: revoked,
			Want: sim.Result{Phase: "otherwise:cash"}},
		{Name: "checked-in", About: "the passenger scans the callback code in the car, the request comes to the phone", Want: paidOnce(), Play: checkedIn,
			Options: func(o *Options) { o.CheckIns, o.Car.More = true, "[send]\nenabled = true\n" }},
		{Name: "gateway-restart-mid-payment", About: "kill -9 of the gateway between approval and capture", Want: paidOnce(), Play: gatewayRestart},
	}
}

// finish sees PAID on both screens and lets the passenger out.
func finish(ctx context.Context, c *Car) error {
	return play(
		func() error { return c.Shows(ctx, "paid") },
		c.Meter.Vacant,
	)
}

func sticker(ctx context.Context, d *Desk, c *Car) error {
	var page Page
	return play(
		func() error { _, err := d.Phone.Shows(ctx, c.Page, "waiting"); return err },
		func() error { return c.Ride(ctx, fare) },
		func() (err error) { page, err = d.Phone.Shows(ctx, c.Page, "due"); return err },
		func() error { return page.asks(c.Name, "286.50") },
		func() error { _, err := d.Phone.Pay(ctx, page); return err },
		func() error { return finish(ctx, c) },
		func() error { _, err := d.Phone.Shows(ctx, c.Page, "paid"); return err },
	)
}

// asks checks whose page it is, and for what amount.
func (p Page) asks(car, amount string) error {
	if !strings.Contains(p.HTML, ">"+car+"<") || !strings.Contains(p.Amount, amount) || !p.Payable() {
		return fmt.Errorf("page asks for %q, want %s for %s and a button", p.Amount, amount, car)
	}
	return nil
}
