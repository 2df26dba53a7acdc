package vipps

import (
	"sync"
	"time"
)

// The API's published limits, counted for each operation and reference.
const (
	writesPerMinute = 5
	readsPerMinute  = 120
	// limitWindow is a second more than the API's, because requests do not arrive
	// at the distance at which they were sent.
	limitWindow = 61 * time.Second
)

// limiter knows when each reference's last calls were sent. It is exact where a
// token bucket would not be: five at once and one every twelve seconds after that
// would make nine in the first minute.
type limiter struct {
	mu    sync.Mutex
	sent  map[limitKey][]time.Time // oldest first
	swept time.Time
}

type limitKey struct {
	op        Op
	reference string
}

// take notes a call that is about to be sent, or says how long to wait.
func (l *limiter) take(op Op, reference string, now time.Time) (wait time.Duration) {
	most := op.perMinute()
	if most == 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	k := limitKey{op, reference}
	times := recent(l.sent[k], now)
	if len(times) >= most {
		l.sent[k] = times
		return limitWindow - now.Sub(times[len(times)-most])
	}
	if l.sent == nil {
		l.sent = map[limitKey][]time.Time{}
	}
	l.sent[k] = append(times, now)
	return 0
}

// giveBack forgets a call that certainly did not reach the API, so that tries
// without a network do not use up the calls for when it returns.
func (l *limiter) giveBack(op Op, reference string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := limitKey{op, reference}
	times := l.sent[k]
	for i := len(times) - 1; i >= 0; i-- {
		if times[i].Equal(at) {
			l.sent[k] = append(times[:i:i], times[i+1:]...)
			return
		}
	}
}

// sweep forgets references without a call in the last window, once a window, so
// that a terminal that runs for a year stays small.
func (l *limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < limitWindow {
		return
	}
	l.swept = now
	for k, times := range l.sent {
		if len(recent(times, now)) == 0 {
			delete(l.sent, k)
		}
	}
}

func recent(times []time.Time, now time.Time) []time.Time {
	for len(times) > 0 && now.Sub(times[0]) >= limitWindow {
		times = times[1:]
	}
	return times
}
