package kill

import (
	"context"
	"fmt"
	"time"

	"taxiterminal/sim"
	"taxiterminal/vipps/vippstest"
)

// alone prepares a car that makes its own payments. Its first start is one of many.
func alone(ctx context.Context, d *day) error {
	t := d.taxi
	car, err := sim.New(sim.Options{
		Dir: d.dir, Listen: d.listen(), Terminal: d.o.Terminal, Vehicle: d.name, Frame: t.wrote, Log: d.log,
		API: vippstest.Options{Seed: d.o.Seed},
	})
	if err != nil {
		return err
	}
	d.closes = append(d.closes, car.Close)
	d.join(car)
	if err := d.born(ctx, car.Daemon.Process); err != nil {
		return err
	}
	car.API.SetTap(t.tapped(ctx))
	return nil
}

// born kills the program while it makes its file, some times, before it may live.
func (d *day) born(ctx context.Context, p *sim.Process) error {
	starts := d.dice.starts[car]
	for range starts.IntN(4) {
		if err := p.Launch(); err != nil {
			return err
		}
		rest(ctx, time.Duration(starts.Int64N(int64(30*time.Millisecond))))
		if err := p.Kill(); err != nil {
			return err
		}
		if err := d.look(ctx); err != nil {
			return fmt.Errorf("after a kill at the first start: %w", err)
		}
		d.tally.killed(Point{Victims: []string{car}, Family: Startup, What: "first"})
	}
	return p.Start(ctx)
}
