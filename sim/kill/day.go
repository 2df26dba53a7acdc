package kill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"taxiterminal/sim"
	"taxiterminal/terminal/control"
	"taxiterminal/vipps/vippstest"
)

// tripsADay is how many trips a car drives before it is looked at as a whole and
// another one, with a fresh file, takes its place.
const tripsADay = 15

// day is one car from its first start to the end of its last trip, with all that is
// killed.
type day struct {
	o      Options
	tally  *tally
	name   string
	dir    string
	log    *os.File
	dice   *dice
	taxi   *taxi
	driven map[int64]expected
	before *file                              // what the last look has found
	office func(context.Context, *file) error // what is asked of the gateway in the evening; nil without one
	closes []func() error
}

func newDay(o Options, t *tally, number int, inFleet bool) (*day, error) {
	d := &day{o: o, tally: t, name: fmt.Sprintf("K%d", number), driven: map[int64]expected{}}
	if inFleet {
		d.name = fmt.Sprintf("F%d", number)
	}
	d.dir = filepath.Join(o.Dir, d.name)
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(d.dir, "programs.log"))
	if err != nil {
		return nil, err
	}
	d.log = log
	d.dice = newDice(o.Seed, number, inFleet, o.tracer)
	d.taxi = &taxi{victims: map[string]*victim{}, traps: &traps{}, seen: &witness{}, calls: &calls{}}
	return d, nil
}

// drive plays the whole day. What it leaves behind is kept if something is wrong.
func (d *day) drive(ctx context.Context, prepare func(context.Context, *day) error) (err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	d.taxi.found = func(err error) { stop(err) }
	if err := prepare(ctx, d); err != nil {
		return errors.Join(err, d.close())
	}
	var watch sync.WaitGroup
	for _, v := range d.taxi.victims {
		watch.Go(func() {
			if err := v.supervise(ctx); err != nil {
				stop(err)
			}
		})
	}
	err = d.trips(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err == nil {
		err = errors.Join(d.evening(ctx), d.logs())
	}
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", d.name, err, d.state())
	}
	d.taxi.traps.arm(nil)
	stop(nil)
	watch.Wait()
	if err = errors.Join(err, d.close()); err != nil || d.o.Keep {
		return err
	}
	return os.RemoveAll(d.dir)
}

func (d *day) trips(ctx context.Context) error {
	for n := range tripsADay {
		o := outcomes[0]
		last := n == tripsADay-1 || d.tally.enough()
		if !last {
			o = d.draw()
		}
		p := d.dice.trip(o)
		d.taxi.traps.arm(p.points)
		d.alarms(ctx, p.points)
		want, err := o.play(ctx, d.taxi, p)
		if err != nil {
			return fmt.Errorf("trip %04d (%s, points %+v): %w", d.taxi.number, o.name, p.points, err)
		}
		want.outcome = o.name
		d.driven[d.taxi.number] = want
		d.tally.ended(o.name)
		if last {
			break
		}
	}
	d.taxi.traps.arm(nil)
	return nil
}

func (d *day) draw() outcome {
	total := 0
	for _, o := range outcomes {
		total += o.weight
	}
	n := d.dice.trips.IntN(total)
	for _, o := range outcomes {
		if n -= o.weight; n < 0 {
			return o
		}
	}
	return outcomes[0]
}

// alarms set off the points that are moments of time.
func (d *day) alarms(ctx context.Context, points []Point) {
	for _, p := range points {
		if p.Family != Random {
			continue
		}
		time.AfterFunc(p.After, func() {
			if ctx.Err() == nil {
				d.taxi.strike(Random, "", "")
			}
		})
	}
}

// look is what is examined after each kill of the car.
func (d *day) look(ctx context.Context) error {
	f, err := inspect(ctx, d.taxi.Daemon.Outbox())
	if err != nil {
		return err
	}
	if err := f.follows(d.before); err != nil {
		return err
	}
	if err := d.taxi.seen.check(f); err != nil {
		return err
	}
	d.before = f
	return known(f, d.taxi.Payments())
}

// evening: everything drains by itself, then all that is known about the day must agree.
func (d *day) evening(ctx context.Context) error {
	for _, v := range d.taxi.victims {
		if err := v.settle(ctx); err != nil {
			return err
		}
	}
	err := until(ctx, "queue drained", func() (bool, error) {
		s, err := d.taxi.driver.Status(ctx)
		return err == nil && s.Queue.Pending+s.Queue.Parked == 0, nil
	})
	if err != nil {
		return err
	}
	v, err := d.taxi.driver.Verify(ctx)
	if err != nil {
		return err
	}
	d.tally.verified(v.Entries)
	if err := d.look(ctx); err != nil {
		return err
	}
	if err := errors.Join(audit(d.before, d.taxi.Payments(), d.driven), d.taxi.API.Check()); err != nil || d.office == nil {
		return err
	}
	return d.office(ctx, d.before)
}

// never are what the programs do not write into their logs, whatever is done to them.
var never = []string{"DATA RACE", "panic:", "checksums do not match", "qr.vipps.no", vippstest.DefaultClientSecret}

// logs: nothing stands in the logs that must not.
func (d *day) logs() error {
	text, err := os.ReadFile(d.log.Name())
	if err != nil {
		return err
	}
	for _, word := range never {
		if strings.Contains(string(text), word) {
			return fmt.Errorf("%s says %q", d.log.Name(), word)
		}
	}
	return nil
}

// state is what is told when something is wrong.
func (d *day) state() string {
	text := "kept: " + d.dir + "\n"
	for name, v := range d.taxi.victims {
		v.mu.Lock()
		struck := v.struck[max(0, len(v.struck)-8):]
		text += fmt.Sprintf("%s, life %d, alive %t; the last kills:\n", name, v.life, v.alive)
		for _, p := range struck {
			text += fmt.Sprintf("  %+v\n", p)
		}
		v.mu.Unlock()
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	if f, err := inspect(ctx, d.taxi.Daemon.Outbox()); err == nil {
		if r := f.rides[d.taxi.number]; r != nil {
			text += fmt.Sprintf("trip %04d: %+v\n", d.taxi.number, r.now())
		}
		for _, row := range f.rows[max(0, len(f.rows)-12):] {
			text += fmt.Sprintf("  row %d, trip %04d: %s %s %.150s\n", row.Seq, row.Stream, row.At.Format("15:04:05.000"), row.Kind, row.Body)
		}
	}
	payments := d.taxi.Payments()
	for _, p := range payments[max(0, len(payments)-3):] {
		text += fmt.Sprintf("  payment %+v\n", p)
	}
	html, _, _ := d.taxi.Passenger.HTML()
	return text + fmt.Sprintf("  screen %+v\n", pictureOf(html))
}

func (d *day) close() error {
	var errs []error
	for i := len(d.closes) - 1; i >= 0; i-- {
		errs = append(errs, d.closes[i]())
	}
	return errors.Join(append(errs, d.log.Close())...)
}

// alone prepares a car that makes its own payments. Its first start is one of many.
func alone(ctx context.Context, d *day) error {
	t := d.taxi
	car, err := sim.New(sim.Options{
		Dir: d.dir, Terminal: d.o.Terminal, Vehicle: d.name, Frame: t.wrote, Log: d.log,
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
	for range d.dice.starts.IntN(4) {
		if err := p.Launch(); err != nil {
			return err
		}
		rest(ctx, time.Duration(d.dice.starts.Int64N(int64(30*time.Millisecond))))
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

// join puts the car together with whoever watches it.
func (d *day) join(taxi *sim.Taxi) {
	t := d.taxi
	t.Trip = &sim.Trip{Taxi: taxi}
	v := newVictim(car, taxi.Daemon.Process, d.dice, d.tally)
	v.look = d.look
	t.victims[car] = v
	t.driver = control.NewClient(taxi.Daemon.Socket)
	t.Passenger = taxi.Daemon.OpenFor("/", t.sees)
	d.closes = append(d.closes, func() error { t.Passenger.Close(); return nil })
}
