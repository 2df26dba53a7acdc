package carry

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/vipps"
)

const (
	poll = 2 * time.Second
	// patience is longer than a payment lives unapproved.
	patience = 15 * time.Minute
	// stubborn is the pause after that: approved, and the capture does not get through.
	stubborn = time.Minute
)

// Run looks after every payment that a phone has carried, until it is captured or over:
// those of this process, those from before it began, and those of another gateway, which
// may be gone. It ends with ctx, or when the records cannot be watched.
func (c *Carrier) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer func() { stop(); all.Wait() }()
	return c.cfg.Records.Watch(ctx, func(reference string, r Record) {
		if j, begins := c.begins(reference, r); begins {
			all.Go(func() {
				c.carry(ctx, reference, j)
				c.mu.Lock()
				defer c.mu.Unlock()
				delete(c.home, reference)
			})
		}
	})
}

// journey is one payment on its way.
type journey struct {
	wake    chan struct{} // a send looks at once
	presses int
	since   time.Time // the last press that this process knows of
}

// begins is true for a payment that nobody here looks after yet. Every press of one that
// is looked after makes it young again: its create may be under way.
func (c *Carrier) begins(reference string, r Record) (*journey, bool) {
	if !r.Pressed || r.Over {
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	j, runs := c.home[reference]
	if !runs {
		j = &journey{wake: make(chan struct{}, 1)}
		c.home[reference] = j
	}
	if !runs || r.Presses != j.presses {
		j.presses, j.since = r.Presses, time.Now()
	}
	return j, !runs
}

// age is how long ago the last press was.
func (c *Carrier) age(j *journey) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(j.since)
}

// Look looks at a carried payment now: something has happened to it.
func (c *Carrier) Look(reference string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if j, ok := c.home[reference]; ok {
		select {
		case j.wake <- struct{}{}:
		default:
		}
	}
}

// carry captures a payment once it is approved, under the car's own key.
func (c *Carrier) carry(ctx context.Context, reference string, j *journey) {
	vehicle, _, _ := strings.Cut(reference, "-")
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-j.wake:
		case <-pause.C:
		}
		m, err := c.cfg.Merchant(ctx, vehicle)
		switch {
		case err == nil && c.step(ctx, m.API, reference, c.age(j)):
			return
		case err != nil && !errors.Is(err, ErrUnavailable):
			c.cfg.Log.Error("carried payment has no owner", "reference", reference, "err", err)
			return
		}
		if c.age(j) > patience {
			pause.Reset(stubborn)
			continue
		}
		pause.Reset(poll)
	}
}

// step does what is to be done now; true when nothing is left. age is how long ago the
// passenger pressed.
func (c *Carrier) step(ctx context.Context, api API, reference string, age time.Duration) bool {
	res := api.Get(ctx, reference)
	switch {
	case res.Kind == vipps.Rejected && res.Err.Class == vipps.ClassNotFound:
		return age > patience && c.neverMade(ctx, reference)
	case res.Kind != vipps.Done:
		return false
	case res.Payment.State.Ended(), res.Payment.Captured > 0, res.Payment.State == vipps.Authorized && res.Payment.Reserved() == 0:
		return c.over(ctx, reference)
	case res.Payment.State != vipps.Authorized:
		return false
	}
	body, err := vipps.Modification{Amount: money.Of(res.Payment.Authorized, res.Payment.Currency)}.Encode()
	if err != nil {
		c.cfg.Log.Error("carried payment cannot be captured", "reference", reference, "err", err)
		return true
	}
	res = api.Capture(ctx, reference, trip.Key(reference, trip.OpCapture, 1), body)
	if res.Kind == vipps.Done && res.Payment.Captured > 0 {
		c.cfg.Log.Info("carried payment captured", "reference", reference)
		return c.over(ctx, reference)
	}
	return false
}

// over notes that nothing is left to do.
func (c *Carrier) over(ctx context.Context, reference string) bool {
	return c.rewrite(ctx, reference, func(r *Record) { r.Over = true })
}

// neverMade notes that the payment of a press did not come to be: its create got lost.
func (c *Carrier) neverMade(ctx context.Context, reference string) bool {
	c.cfg.Log.Info("carried payment was never made", "reference", reference)
	return c.rewrite(ctx, reference, func(r *Record) { r.Pressed = false })
}
