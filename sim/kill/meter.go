package kill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"taxiterminal/display"
	"taxiterminal/sim"
	"taxiterminal/terminal/control"
	"taxiterminal/trip"
)

// errLost ends a trip whose record came while nobody listened, from a meter that only
// sends. The terminal says so and asks for nothing.
var errLost = errors.New("the meter told the fare while the terminal was down")

// toldLate is how long a driver waits for a receipt before printing it again.
const toldLate = 1500 * time.Millisecond

// told waits until the terminal has the fare of a trip that is closed already. The driver
// prints a receipt again that nobody has read, and gives his word where it is wanted.
func (t *taxi) told(ctx context.Context) error {
	before, printed := t.number, time.Now()
	reprint, prints := sim.FindKey(t.Meter, "reprint")
	return until(ctx, fmt.Sprintf("the fare of the trip after %04d", before), func() (bool, error) {
		html, _, _ := t.Passenger.HTML()
		p := pictureOf(html)
		if !t.Meter.Tells().Live && p.trip == before+1 {
			t.number = p.trip
		}
		if t.number == 0 || p.trip != t.number || t.number == before && !t.Meter.Tells().Live || p.screen == display.Hired || p.screen == display.Reading {
			if prints && time.Since(printed) > toldLate {
				printed = time.Now()
				return false, reprint.Press()
			}
			return false, nil
		}
		switch p.screen {
		case display.Failed:
			_, err := t.act(ctx, display.ActionNew)
			return false, err
		case display.Settled:
			if t.Meter.Tells().Keep {
				return false, errors.New("lost, although the meter has its record")
			}
			err := t.ask(ctx, "the trip that was lost", func(c control.Trip) bool { return count(c, trip.MeterLost{}.Kind()) > 0 })
			return true, errors.Join(errLost, err)
		}
		return true, nil
	})
}
