package metertest

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/money"
)

// rig is one driver, one meter and whatever line is between them at present.
type rig struct {
	t      *testing.T
	s      Subject
	driver meter.Driver
	meter  Meter
	unplug func() // pulls the line and waits for both ends
	shown  map[money.Minor]bool

	mu     sync.Mutex
	events []meter.Event
}

func newRig(t *testing.T, s Subject) *rig {
	return &rig{t: t, s: s, driver: s.Driver(), meter: s.Meter(), shown: map[money.Minor]bool{}}
}

// tell is the driver's sink. Like a terminal, it says when it has a record for good.
func (r *rig) tell(e meter.Event) {
	r.mu.Lock()
	r.events = append(r.events, e)
	r.mu.Unlock()
	if rec, ok := e.(meter.TripRecord); ok && rec.Committed != nil {
		go rec.Committed()
	}
}

func (r *rig) told() []meter.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]meter.Event(nil), r.events...)
}

// plug connects driver and meter over a line in memory. It must be called in a
// synctest bubble.
func (r *rig) plug(rng *rand.Rand, fromMeter, fromHost Fault) {
	r.t.Helper()
	line := NewLine(rng, fromMeter, fromHost)
	ctx, cancel := context.WithCancel(r.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = r.driver.Run(ctx, line.Host(), r.tell) }) // testEnd looks at what it returns
	wg.Go(func() { _ = r.meter.Run(ctx, line.Meter()) })
	r.unplug = func() { line.Cut(); wg.Wait(); cancel() }
}

// news are the events that say something about a trip.
func news(events []meter.Event) (out []meter.Event) {
	for _, e := range events {
		switch e.(type) {
		case meter.PositionChanged, meter.TripRecord:
			out = append(out, e)
		}
	}
	return out
}

// healths are the states of health in the order in which they were told.
func healths(events []meter.Event) (out []meter.HealthState) {
	for _, e := range events {
		if h, ok := e.(meter.Health); ok {
			out = append(out, h.State)
		}
	}
	return out
}

// key is one key press of a script.
type key struct {
	name  string
	press func(Meter)
	fare  money.Minor // set if press is nil
}

func fare(v money.Minor) key { return key{name: "fare " + v.Decimal(), fare: v} }

var (
	hire   = key{name: "hire", press: Meter.Hire}
	stop   = key{name: "stop", press: Meter.Stop}
	resume = key{name: "resume", press: Meter.Resume}
	vacate = key{name: "vacate", press: Meter.Vacate}
)

// day is the script that most tests play: a plain trip, one that is resumed, and one
// that is closed without a stop.
var day = []key{
	hire, fare(2090), stop, vacate,
	hire, fare(15000), stop, resume, fare(18040), stop, vacate,
	hire, fare(777), vacate,
}

// play presses the keys, with a pause after each.
func (r *rig) play(keys []key, pause time.Duration) {
	for _, k := range keys {
		r.press(k)
		time.Sleep(pause)
	}
}

// press presses one key and notes what the meter shows.
func (r *rig) press(k key) {
	if k.press != nil {
		k.press(r.meter)
	} else {
		r.meter.SetFare(r.s.round(k.fare))
	}
	r.shown[r.meter.Total()] = true
}

// check holds everything told so far against the contract.
func (r *rig) check() {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	c := Contract{Capabilities: r.driver.Capabilities(), Shown: r.shown}
	if r.s.NoChecksum {
		c.Shown = nil
	}
	for i, e := range r.events {
		if fault := c.Event(e); fault != "" {
			require.Fail(r.t, "contract broken", "%s, by event %d of:\n%s", fault, i, list(r.events))
		}
	}
}
