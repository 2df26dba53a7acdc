package kill

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/sim"
	"taxiterminal/sim/fleet"
	"taxiterminal/terminal/control"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

// taxi is a car with a passenger and a driver who take it as it comes: whatever they
// want, they go on wanting while the terminal is away.
type taxi struct {
	*sim.Trip
	desk    *fleet.Desk // nil for a car that makes its own payments
	sticker string      // where the car's leads
	offers  bool        // see style
	victims map[string]*victim
	traps   *traps
	seen    *witness
	calls   *calls
	driver  *control.Client
	found   func(error)            // ends the day
	number  int64                  // of the trip that is on
	frames  atomic.Pointer[string] // the key that was pressed last, whose frames count
}

// patience is far more than any step takes.
const patience = 60 * time.Second

// strike kills at a point that was set, if what is happening is one.
func (t *taxi) strike(f Family, what, when string) {
	if p, ok := t.traps.sprung(f, what, when); ok {
		t.kill(p)
	}
}

func (t *taxi) kill(p Point) {
	for _, name := range p.Victims {
		t.victims[name].kill(p)
	}
}

// tapped is told by the payment API of each call.
func (t *taxi) tapped(ctx context.Context) vippstest.Tap {
	return func(v vippstest.Visit) {
		if v.Moment == vippstest.Arrived {
			if err := t.calls.arrived(v); err != nil {
				t.found(err)
			}
			if p, ok := t.traps.sprung(API, string(v.Op), string(Late)); ok {
				t.kill(p)
				// The request is under way all the while; its sender lives again.
				_ = t.victims[p.Victims[0]].up(ctx)
				rest(ctx, p.After)
				return
			}
		}
		t.strike(API, string(v.Op), string(v.Moment))
	}
}

// sees is told of each picture of the passenger's screen.
func (t *taxi) sees(html string) {
	p := pictureOf(html)
	t.seen.saw(p)
	t.strike(Screen, string(p.screen), "")
}

// wrote is told of each frame that the meter has written.
func (t *taxi) wrote() {
	if key := t.frames.Load(); key != nil {
		t.strike(Meter, *key, "")
	}
}

// press presses a key of the meter.
func (t *taxi) press(key string, press func() error) error {
	t.frames.Store(&key)
	return press()
}

// until waits for something, in spite of everything.
func until(ctx context.Context, what string, done func() (bool, error)) error {
	deadline := time.Now().Add(patience)
	for {
		ok, err := done()
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", what, err)
		case ok:
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("%s: not within %s", what, patience)
		}
		if rest(ctx, 15*time.Millisecond); ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// shows waits until the screen shows one of these pictures of the trip that is on.
func (t *taxi) shows(ctx context.Context, screens ...display.Screen) (p picture, err error) {
	err = until(ctx, fmt.Sprintf("trip %04d shown as %v", t.number, screens), func() (bool, error) {
		html, _, _ := t.Passenger.HTML()
		p = pictureOf(html)
		if p.trip != t.number {
			return false, nil
		}
		for _, s := range screens {
			if p.screen == s {
				return true, nil
			}
		}
		return false, nil
	})
	return p, err
}

// begun waits until the terminal has a trip that it did not have before.
func (t *taxi) begun(ctx context.Context) error {
	return until(ctx, "a new trip", func() (bool, error) {
		html, _, _ := t.Passenger.HTML()
		p := pictureOf(html)
		if p.trip <= t.number {
			return false, nil
		}
		if p.trip != t.number+1 {
			return false, fmt.Errorf("trip %04d after %04d", p.trip, t.number)
		}
		t.number = p.trip
		return true, nil
	})
}

// ask asks the terminal about the trip that is on, until it answers.
func (t *taxi) ask(ctx context.Context, what string, done func(control.Trip) bool) error {
	return until(ctx, what, func() (bool, error) {
		c, err := t.driver.Trip(ctx, strconv.FormatInt(t.number, 10))
		return err == nil && done(c), nil // an error is a terminal that is away
	})
}

func count(c control.Trip, k trip.Kind) (n int) {
	for _, e := range c.Events {
		if e.Kind == string(k) {
			n++
		}
	}
	return n
}

// deeds are what the driver's buttons come to in the journal.
var deeds = map[display.Action]trip.Kind{
	display.ActionNew: trip.NewAsked{}.Kind(), display.ActionCancel: trip.CancelAsked{}.Kind(),
	display.ActionCash: trip.SettledBy{}.Kind(), display.ActionCard: trip.SettledBy{}.Kind(), display.ActionInvoice: trip.SettledBy{}.Kind(),
}

// act presses one of the driver's buttons. It is false if the terminal will not have it.
func (t *taxi) act(ctx context.Context, a display.Action) (taken bool, err error) {
	return t.demand(ctx, string(a), deeds[a], func(number string) error { return t.driver.Act(ctx, a, number) })
}

// refund gives money back.
func (t *taxi) refund(ctx context.Context, amount money.Minor) (taken bool, err error) {
	return t.demand(ctx, "refund", trip.RefundAsked{}.Kind(), func(number string) error {
		return t.driver.Refund(ctx, number, amount, "wrong way")
	})
}

// demand asks for something once. Whoever gets no answer looks before asking again, as
// a person does.
func (t *taxi) demand(ctx context.Context, name string, kind trip.Kind, ask func(number string) error) (taken bool, err error) {
	before := 0
	if err := t.ask(ctx, name, func(c control.Trip) bool { before = count(c, kind); return true }); err != nil {
		return false, err
	}
	err = until(ctx, name+" taken or refused", func() (bool, error) {
		if p, ok := t.traps.sprung(Act, name, "sent"); ok {
			time.AfterFunc(p.After, func() { t.kill(p) })
		}
		err := ask(fmt.Sprintf("%04d", t.number))
		var refused *control.Error
		var there *sim.PageRefused
		switch {
		case err == nil:
			t.seen.told(word{t.number, kind, before + 1})
			t.strike(Act, name, "answered")
			taken = true
			return true, nil
		case errors.As(err, &refused), errors.As(err, &there):
			return true, nil
		}
		err = t.ask(ctx, name+" looked for", func(c control.Trip) bool { taken = count(c, kind) > before; return true })
		return taken, err
	})
	return taken, err
}

// say lets the passenger scan what is shown and answer it.
func (t *taxi) say(a vippstest.Action) bool {
	html, _, _ := t.Passenger.HTML()
	reference, ok := t.Scanned(html)
	return ok && t.API.Act(reference, a, 0) == nil
}
