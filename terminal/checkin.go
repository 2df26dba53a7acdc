package terminal

import (
	"taxiterminal/display"
	"taxiterminal/trip"
)

// CheckIn lets the request that is on the screen go to a passenger who has scanned the
// car's printed code; token stands for them for a quarter of an hour. A picture of that
// code can be scanned from anywhere, so it is done once in a trip, and never in place of
// somebody whom the driver has chosen. Whoever stands in the car finds the code again
// with the driver's "new code". The error is a *Refused.
func (t *Terminal) CheckIn(token string) error {
	var err error = &Refused{Refusal: display.RefusedInternal}
	t.do(func() {
		r := t.onScreen()
		switch {
		case r == nil || token == "" || wasSent(r.state):
			err = &Refused{Refusal: display.RefusedNotNow}
		case !t.pushWorks():
			err = &Refused{Refusal: display.RefusedNoPush}
		default:
			err = t.askRide(r, trip.SendAsked{To: placeholder(display.Recipient{})}, sendTo(recipient{CustomerToken: token}))
		}
	})
	return err
}

// wasSent: a request of the trip went to somebody in person, or is about to.
func wasSent(s trip.State) bool {
	for _, a := range s.Attempts {
		if !a.To.Nobody() {
			return true
		}
	}
	return !s.SendTo.Nobody()
}

// pushWorks: requests can go to persons, and there is a place to keep whom.
func (t *Terminal) pushWorks() bool {
	return !t.own.pushRefused && t.book.err == nil && t.cfg.Payments != nil
}
