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
	c, err := sim.New(sim.Options{
		Dir: d.dir, Listen: d.listen(), Terminal: d.o.Terminal, Vehicle: d.name, Frame: t.wrote, Meter: sim.MeterOptions{Protocol: d.style.meter}, Log: d.log,
		More: d.style.more(), API: vippstest.Options{Seed: d.o.Seed},
	})
	if err != nil {
		return err
	}
	d.closes = append(d.closes, c.Close)
	d.join(c)
	if err := d.born(ctx, car, c.Daemon.Process, d.look); err != nil {
		return err
	}
	c.API.SetTap(t.tapped(ctx))
	return nil
}

// born kills a program while it makes its files, some times, before it may live.
func (d *day) born(ctx context.Context, name string, p *sim.Process, look func(context.Context) error) error {
	starts := d.dice.starts[name]
	for range starts.IntN(4) {
		if err := p.Launch(); err != nil {
			return err
		}
		rest(ctx, time.Duration(starts.Int64N(int64(birth[name]))))
		if err := p.Kill(); err != nil {
			return err
		}
		if err := look(ctx); err != nil {
			return fmt.Errorf("after a kill at the first start: %w", err)
		}
		d.tally.killed(Point{Victims: []string{name}, Family: Startup, What: "first"})
	}
	if err := p.Start(ctx); err != nil {
		return err
	}
	info, err := d.log.Stat()
	if err == nil {
		d.grown = info.Size()
	}
	return err
}

// birth is within what a first start takes.
var birth = map[string]time.Duration{car: 30 * time.Millisecond, gateway: 120 * time.Millisecond}
