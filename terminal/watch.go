package terminal

import (
	"context"
	"time"

	"taxiterminal/trip"
	"taxiterminal/vipps"
)

const (
	// keenFor is how long a payment is looked at every Config.Poll: until the API
	// has ended it, and a margin.
	keenFor  = codeLifetime + 2*time.Minute
	slowPoll = 30 * time.Second
	// pollTimeout gives up a look on a connection that a tunnel has killed long
	// before the client's own limit; the next look starts on a new one.
	pollTimeout = 8 * time.Second
)

// armWatchers keeps one watcher for each attempt whose end only the API knows.
func (t *Terminal) armWatchers(r *ride) {
	if t.cfg.Payments == nil {
		return
	}
	for _, a := range r.state.Attempts {
		cancel, watched := r.watchers[a.N]
		switch wants := watchable(r.state, a); {
		case wants && !watched:
			n, reference, keen := a.N, r.state.ID.Reference(a.N), a.State.Live()
			r.watchers[a.N] = t.work(func(ctx context.Context) { t.watch(ctx, r, n, reference, keen) })
		case !wants && watched:
			cancel()
			delete(r.watchers, a.N)
		}
	}
}

// watchable: it exists and may still be approved, or it is approved and a person may
// be settling it in the API's portal.
func watchable(s trip.State, a trip.Attempt) bool {
	return a.Known && (a.State.Live() || s.Phase == trip.Parked && a.Uncaptured() > 0)
}

// watch reads a payment again and again and tells the loop what it sees.
func (t *Terminal) watch(ctx context.Context, r *ride, n int, reference string, keen bool) {
	start := time.Now()
	for pause := t.cfg.Poll; wait(ctx, pause); {
		res := t.observe(ctx, r, n, reference)
		if ctx.Err() != nil {
			return
		}
		pause = t.cfg.Poll
		if !keen || time.Since(start) > keenFor {
			pause = slowPoll
		}
		pause = max(pause, res.After)
	}
}

// observe looks at a payment and tells the loop what it sees.
func (t *Terminal) observe(ctx context.Context, r *ride, n int, reference string) vipps.Result {
	res := t.look(ctx, reference)
	if res.Kind == vipps.Done && ctx.Err() == nil {
		t.post(func() { _ = t.apply(r, nil, trip.Observed{N: n, Payment: paymentOf(res.Payment)}) })
	}
	return res
}

func (t *Terminal) look(ctx context.Context, reference string) vipps.Result {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	res := t.cfg.Payments.Get(ctx, reference)
	t.heard(vipps.OpGet, res)
	return res
}

// wait pauses and is false when the context has ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
