package enrol

import (
	"net/netip"
	"sync"
	"time"
)

const (
	burst = 10              // attempts at once
	every = 3 * time.Second // until another one is allowed
	total = 50              // attempts at once, of all together
	// known is how many senders are told apart; the limit for all holds beyond.
	known = 4096
)

// limiter keeps attempts few. It is there for the sake of the registry: a token cannot
// be guessed at any rate.
type limiter struct {
	now func() time.Time

	mu   sync.Mutex
	all  bucket
	each map[netip.Prefix]bucket
}

// bucket fills up with time; full is when it will be.
type bucket struct{ full time.Time }

func newLimiter() *limiter {
	return &limiter{now: time.Now, each: map[netip.Prefix]bucket{}}
}

// allow counts an attempt. Refused ones do not count.
func (l *limiter) allow(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, sender := l.now(), network(from)
	if len(l.each) >= known {
		l.forget(now)
	}
	one, may := l.take(now, sender)
	all, ok := l.all.take(now, every/10, total)
	if !may || !ok {
		return false
	}
	l.all = all
	if one != (bucket{}) {
		l.each[sender] = one
	}
	return true
}

// take looks into the bucket of one sender; who comes when the table is full has none.
func (l *limiter) take(now time.Time, sender netip.Prefix) (bucket, bool) {
	b, ok := l.each[sender]
	if !ok && len(l.each) >= known {
		return bucket{}, true
	}
	return b.take(now, every, burst)
}

// take is the bucket after one more attempt, or false if it is empty.
func (b bucket) take(now time.Time, every time.Duration, burst int) (bucket, bool) {
	full := b.full
	if full.Before(now) {
		full = now
	}
	full = full.Add(every)
	return bucket{full}, full.Sub(now) <= time.Duration(burst)*every
}

// forget drops the senders whose buckets are full again.
func (l *limiter) forget(now time.Time) {
	for sender, b := range l.each {
		if !b.full.After(now) {
			delete(l.each, sender)
		}
	}
}

// network is whom an address stands for: one of IPv4, a /64 of IPv6.
func network(a netip.Addr) netip.Prefix {
	a = a.Unmap()
	bits := 64
	if a.Is4() {
		bits = 32
	}
	p, _ := a.Prefix(bits)
	return p
}
