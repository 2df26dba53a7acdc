package kill

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"taxiterminal/sim"
	"taxiterminal/terminal/control"
	"taxiterminal/trip"
)

// tripsADay is how many trips a car drives before it is looked at as a whole and
// another one, with a fresh file, takes its place.
const tripsADay = 15

// day is one car from its first start to the end of its last trip, with all that is
// killed.
type day struct {
	o      Options
	tally  *tally
	number int
	port   int // counts those that were tried
	name   string
	dir    string
	log    *os.File
	grown  int64 // length of the log when all first starts were over
	dice   *dice
	style  style
	taxi   *taxi
	driven map[int64]expected
	before *file                              // what the last look has found
	office func(context.Context, *file) error // what is asked of the gateway in the evening; nil without one
	closes []func() error
}

func newDay(o Options, t *tally, number int, inFleet bool) (*day, error) {
	d := &day{o: o, tally: t, number: number, name: fmt.Sprintf("K%d", number), driven: map[int64]expected{}}
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
	d.style = d.dice.style(o.Seed, number)
	if o.Meter != "" && !inFleet {
		d.style = style{meter: o.Meter}
	}
	d.taxi = &taxi{offers: d.style.offers, victims: map[string]*victim{}, traps: &traps{}, seen: &witness{}, calls: &calls{}}
	return d, nil
}

// firstPort and ports are below those that the system gives to connections that go out:
// one of those could take the port of a program while it is down. They are below those of
// sim.Fixed, too.
const (
	firstPort = 12000
	ports     = 8000
)

// listen is an address for a program that is started again and again.
func (d *day) listen() string {
	for {
		d.port++
		of := d.number * 8
		if d.dice.fleet {
			of += ports / 2
		}
		addr := fmt.Sprintf("127.0.0.1:%d", firstPort+(os.Getpid()*101+of+d.port)%ports)
		if l, err := net.Listen("tcp", addr); err == nil {
			_ = l.Close()
			return addr
		}
	}
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
		last := n == tripsADay-1 || d.tally.enough() && (n > 0 || !d.dice.fleet) // births are rounds, too
		if !last {
			o = d.draw()
		}
		p := d.dice.trip(o, d.style)
		d.taxi.traps.arm(p.points)
		d.alarms(ctx, p.points)
		want, err := o.play(ctx, d.taxi, p)
		if errors.Is(err, errLost) {
			o, want, err = outcome{name: o.name + ": lost by the meter"}, expected{ways: []way{{settlement: trip.Void}}}, nil
		}
		if err != nil {
			return fmt.Errorf("trip %04d (%s, points %+v): %w", d.taxi.number, o.name, p.points, err)
		}
		want.outcome = o.name
		d.driven[d.taxi.number] = want
		d.tally.ended(strings.TrimSpace(d.style.meter + " " + o.name))
		if last {
			break
		}
	}
	d.taxi.traps.arm(nil)
	return nil
}

func (d *day) draw() outcome {
	var offered []outcome
	total := 0
	for _, o := range outcomes {
		if o.fleet && !d.dice.fleet || o.offers && !d.style.offers || o.stops && d.style.meter != "" || !strings.Contains(o.name, d.o.Only) {
			continue
		}
		offered = append(offered, o)
		total += o.weight
	}
	n := d.dice.trips.IntN(max(total, 1))
	for _, o := range offered {
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

func (d *day) close() error {
	var errs []error
	for i := len(d.closes) - 1; i >= 0; i-- {
		errs = append(errs, d.closes[i]())
	}
	return errors.Join(append(errs, d.log.Close())...)
}

// join puts the car together with whoever watches it.
func (d *day) join(taxi *sim.Taxi) {
	t := d.taxi
	t.Trip = &sim.Trip{Taxi: taxi}
	v := newVictim(car, taxi.Daemon.Process, d.dice.starts[car], d.tally)
	v.look = d.look
	t.victims[car] = v
	t.driver = control.NewClient(taxi.Daemon.Socket)
	t.Passenger = taxi.Daemon.OpenFor("/", t.sees)
	d.closes = append(d.closes, func() error { t.Passenger.Close(); return nil })
}
