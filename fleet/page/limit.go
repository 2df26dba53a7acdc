package page

import (
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"
)

// How much may be asked. Codes have 80 random bits and claims are signed, so nobody
// finds one by asking; the limits are there so that trying costs the gateway little.
// Passengers of one mobile operator may share one address, so what a single address
// may do is generous, and a link that was good lately is not held up by what others
// miss.
const (
	requestEvery, requestBurst = 100 * time.Millisecond, 120 // requests of one address
	missEvery, missBurst       = 6 * time.Second, 20         // unknown links of one address
	strayEvery, strayBurst     = 20 * time.Millisecond, 200  // unknown links of everybody
	pressEvery, pressBurst     = 6 * time.Second, 5          // payments started under one link
	maxAddresses               = 16 << 10
	maxLinks                   = 8 << 10
	maxGood                    = 8 << 10
	goodFor                    = 12 * time.Hour
	maxWorking                 = 256  // requests at work at once
	maxStreams                 = 2000 // pages followed live at once
	maxStreamsEach             = 64   // of one address
)

// limits are all limits of one handler.
type limits struct {
	requests *gate[netip.Prefix]
	misses   *gate[netip.Prefix]
	strays   *gate[struct{}]
	presses  *gate[digest]
	good     *recent
	working  chan struct{}
	streams  *tally[netip.Prefix]
}

func newLimits() *limits {
	return &limits{
		requests: newGate[netip.Prefix](requestEvery, requestBurst, maxAddresses),
		misses:   newGate[netip.Prefix](missEvery, missBurst, maxAddresses),
		strays:   newGate[struct{}](strayEvery, strayBurst, 1),
		presses:  newGate[digest](pressEvery, pressBurst, maxLinks),
		good:     &recent{at: map[digest]time.Time{}},
		working:  make(chan struct{}, maxWorking),
		streams:  &tally[netip.Prefix]{count: map[netip.Prefix]int{}},
	}
}

// network is what counts as one address: a subscriber has a whole /64 of IPv6.
func network(ip netip.Addr) netip.Prefix {
	bits := 32
	if ip.Is6() && !ip.Is4In6() {
		bits = 64
	}
	p, err := ip.Unmap().Prefix(bits)
	if err != nil {
		return netip.Prefix{} // whoever has no address shares one
	}
	return p
}

// mayLook: nobody has to be turned away before a link is looked up.
func (l *limits) mayLook(from netip.Prefix, link Link) bool {
	now := time.Now()
	return l.good.has(now, digestOf(link)) || l.misses.open(now, from) && l.strays.open(now, struct{}{})
}

// missed counts a link that is not known.
func (l *limits) missed(from netip.Prefix) {
	now := time.Now()
	l.misses.take(now, from)
	l.strays.take(now, struct{}{})
}

// digest stands for a link where links are remembered.
type digest [16]byte

func digestOf(l Link) digest {
	sum := sha256.Sum256([]byte(l.path()))
	return digest(sum[:16])
}

// gate lets each key through once every so often, and burst times in a row (GCRA:
// all it keeps of a key is when its next turn would be if it had not saved any up).
type gate[K comparable] struct {
	every time.Duration
	burst int
	size  int // most keys remembered

	mu    sync.Mutex
	turn  map[K]time.Time
	swept time.Time
}

func newGate[K comparable](every time.Duration, burst, size int) *gate[K] {
	return &gate[K]{every: every, burst: burst, size: size, turn: map[K]time.Time{}}
}

// open says whether take would succeed.
func (g *gate[K]) open(now time.Time, k K) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.admits(now, k)
}

// take uses one turn; false if there is none left.
func (g *gate[K]) take(now time.Time, k K) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.admits(now, k) {
		return false
	}
	turn, known := g.turn[k]
	if !known {
		g.room(now)
	}
	if turn.Before(now) {
		turn = now
	}
	g.turn[k] = turn.Add(g.every)
	return true
}

func (g *gate[K]) admits(now time.Time, k K) bool {
	return g.turn[k].Sub(now) <= time.Duration(g.burst-1)*g.every
}

// room forgets keys that have all their turns again, and if that is not enough
// whichever the map gives first: an address that is forgotten starts afresh, which
// the limit for everybody makes harmless.
func (g *gate[K]) room(now time.Time) {
	if len(g.turn) < g.size {
		return
	}
	if now.Sub(g.swept) >= time.Second {
		g.swept = now
		for k, turn := range g.turn {
			if !turn.After(now) {
				delete(g.turn, k)
			}
		}
	}
	for k := range g.turn {
		if len(g.turn) < g.size {
			return
		}
		delete(g.turn, k)
	}
}

// recent remembers links that were good lately.
type recent struct {
	mu sync.Mutex
	at map[digest]time.Time
}

func (r *recent) has(now time.Time, d digest) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.at[d]
	return ok && now.Sub(at) < goodFor
}

func (r *recent) add(now time.Time, d digest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at[d] = now
	for other := range r.at {
		if len(r.at) <= maxGood {
			return
		}
		if other != d {
			delete(r.at, other)
		}
	}
}

// drop forgets a link that is not good any more.
func (r *recent) drop(d digest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.at, d)
}

// tally counts what is open, of everybody and of each key.
type tally[K comparable] struct {
	mu    sync.Mutex
	total int
	count map[K]int
}

// begin is false if there are too many already; otherwise end must follow.
func (t *tally[K]) begin(k K, most, mostEach int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.total >= most || t.count[k] >= mostEach {
		return false
	}
	t.total++
	t.count[k]++
	return true
}

func (t *tally[K]) end(k K) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total--
	if t.count[k]--; t.count[k] == 0 {
		delete(t.count, k)
	}
}

func (t *tally[K]) open() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.total
}
