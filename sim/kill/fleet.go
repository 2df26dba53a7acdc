package kill

import (
	"context"
	"time"

	"taxiterminal/sim"
	"taxiterminal/sim/fleet"
	"taxiterminal/vipps/vippstest"
)

// inFleet prepares a gateway with one car, both to be killed.
func inFleet(ctx context.Context, d *day) error {
	t := d.taxi
	desk, err := fleet.New(ctx, fleet.Options{
		Dir: d.dir, Terminal: d.o.Terminal, Gateway: d.o.Gateway, Log: d.log,
		API: vippstest.Options{Seed: d.o.Seed, WebhookRetry: []time.Duration{200 * time.Millisecond, time.Second}},
		Car: sim.Options{Frame: t.wrote},
	})
	if err != nil {
		return err
	}
	d.closes = append(d.closes, desk.Close)
	c, err := desk.AddCar(ctx, d.name)
	if err != nil {
		return err
	}
	if err := c.Connected(ctx, true); err != nil {
		return err
	}
	d.ready(ctx, c.Taxi)
	v := newVictim(gateway, desk.Gateway.Process, d.dice, d.tally)
	v.answers = func(ctx context.Context) error {
		if err := desk.Gateway.Answers(ctx); err != nil {
			return err
		}
		return desk.Gateway.Ready(ctx)
	}
	v.startup = 400 * time.Millisecond
	t.victims[gateway] = v
	desk.API.SetTap(t.tapped(ctx))
	return nil
}
