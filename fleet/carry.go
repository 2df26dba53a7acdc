package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"taxiterminal/fleet/page"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/vipps"
)

// carriers look after payments that a phone has carried here, until they are captured
// or over. Each is a goroutine, and a record that survives this process.
type carriers struct {
	wg sync.WaitGroup
	mu sync.Mutex
	on map[string]chan struct{} // by reference; a send looks at once
}

const (
	carryPoll = 2 * time.Second
	carryFor  = 15 * time.Minute // longer than a payment lives unapproved
)

func (c *carriers) start(g *Gateway, reference string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.on == nil {
		c.on = map[string]chan struct{}{}
	}
	if _, runs := c.on[reference]; runs || g.ctx.Err() != nil {
		return
	}
	wake := make(chan struct{}, 1)
	c.on[reference] = wake
	c.wg.Go(func() {
		g.carryHome(g.ctx, reference, wake)
		c.mu.Lock()
		delete(c.on, reference)
		c.mu.Unlock()
	})
}

func (c *carriers) wake(reference string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if wake, ok := c.on[reference]; ok {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// carryHome captures a carried payment once it is approved, under the car's own key.
func (g *Gateway) carryHome(ctx context.Context, reference string, wake <-chan struct{}) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for start := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-pause.C:
		}
		_, m, err := fares{g}.owner(ctx, reference)
		switch {
		case errors.Is(err, page.ErrUnknown):
			g.log.Error("carried payment has no owner", "reference", reference)
			return
		case err == nil && g.carryOn(ctx, m, reference, time.Since(start)):
			return
		}
		if time.Since(start) > carryFor {
			pause.Reset(time.Minute) // approved, and the capture does not get through
			continue
		}
		pause.Reset(carryPoll)
	}
}

// carryOn does what is to be done now; true when nothing is left. age is how long the
// payment has been carried.
func (g *Gateway) carryOn(ctx context.Context, m *merchant, reference string, age time.Duration) bool {
	res := m.client.Get(ctx, reference)
	switch {
	case res.Kind == vipps.Rejected && res.Err.Class == vipps.ClassNotFound:
		return age > carryFor && g.neverMade(ctx, reference)
	case res.Kind != vipps.Done:
		return false
	case res.Payment.State.Ended(), res.Payment.Captured > 0, res.Payment.State == vipps.Authorized && res.Payment.Reserved() == 0:
		return g.carriedHome(ctx, reference)
	case res.Payment.State != vipps.Authorized:
		return false
	}
	body, err := vipps.Modification{Amount: money.Of(res.Payment.Authorized, res.Payment.Currency)}.Encode()
	if err != nil {
		g.log.Error("carried payment cannot be captured", "reference", reference, "err", err)
		return true
	}
	res = m.client.Capture(ctx, reference, trip.Key(reference, trip.OpCapture, 1), body)
	if res.Kind == vipps.Done && res.Payment.Captured > 0 {
		g.log.Info("carried payment captured", "reference", reference)
		return g.carriedHome(ctx, reference)
	}
	return false
}

// carriedHome notes that nothing is left to do.
func (g *Gateway) carriedHome(ctx context.Context, reference string) bool {
	return g.rewrite(ctx, reference, func(c *carried) { c.Over = true })
}

// neverMade notes that the payment of a press did not come to be: its create got lost.
func (g *Gateway) neverMade(ctx context.Context, reference string) bool {
	g.log.Info("carried payment was never made", "reference", reference)
	return g.rewrite(ctx, reference, func(c *carried) { c.Pressed = false })
}

func (g *Gateway) rewrite(ctx context.Context, reference string, f func(*carried)) bool {
	c, revision, err := g.recall(ctx, reference)
	if err != nil {
		return false
	}
	f(&c)
	return g.remember(ctx, reference, c, revision) == nil
}

// carryClaims carries what passengers have pressed: here, before this process began, or
// at another gateway, which may be gone. That two carry one payment is harmless: they
// use the same key.
func (g *Gateway) carryClaims(ctx context.Context) error {
	w, err := g.claims.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return fmt.Errorf("claims watch: %w", err)
	}
	defer func() { _ = w.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, ok := <-w.Updates():
			if !ok {
				return errors.New("claims watch: ended")
			}
			if e == nil { // everything old has been seen
				continue
			}
			var c carried
			if json.Unmarshal(e.Value(), &c) == nil && c.Pressed && !c.Over {
				g.carry.start(g, e.Key())
			}
		}
	}
}
