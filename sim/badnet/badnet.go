// Package badnet carries TCP connections over a network that is as bad as it is told
// to be. It is a test kit: one [Line] is a port that leads to a server, and [Toxics] is
// what happens to the bytes on their way. They can be changed at any time and count for
// the connections that stand, as rain does.
//
// Chance comes from the seed. When bytes meet is up to the system, so a seed makes the
// same kind of day again and not the same day.
package badnet

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// Toxics are what is wrong with a line. The zero Toxics are a good line.
type Toxics struct {
	Latency time.Duration // of every segment, each way
	Loss    float64       // chance that a segment is lost and sent again: after 200 ms, 400 ms and so on
	Cut     float64       // chance that a segment is the last one, in its middle: both ends are reset
	// Stall: nothing passes, and what was sent comes through when it is over; a tunnel.
	Stall bool
	// Vanish: what is sent is lost and nobody is told, not even when it is over; the
	// other end is gone, and the connection is half open for ever.
	Vanish bool
	Refuse bool // the port is closed, connections are reset
	// Instead is the address of whoever answers in place of the server: a portal,
	// somebody in the middle. Connections that stand are reset.
	Instead string
}

// Line is a port that leads to a server.
type Line struct {
	target string

	mu       sync.Mutex
	addr     string
	toxics   Toxics
	changed  chan struct{} // closed at the next change
	chance   *rand.Rand
	listener net.Listener // nil while refused
	links    map[*link]struct{}
	wg       sync.WaitGroup
}

// New opens a line on addr, "127.0.0.1:0" for any free port, to target.
func New(addr, target string, seed uint64) (*Line, error) {
	l := &Line{target: target, addr: addr, changed: make(chan struct{}), chance: rand.New(rand.NewPCG(seed, 2)), links: map[*link]struct{}{}}
	return l, l.Set(Toxics{})
}

// Addr is where to connect, also while that is refused.
func (l *Line) Addr() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.addr
}

// Set changes the line.
func (l *Line) Set(t Toxics) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.Refuse || t.Instead != l.toxics.Instead {
		l.reset()
	}
	if t.Vanish {
		for k := range l.links {
			k.gone.Store(true)
		}
	}
	switch {
	case t.Refuse && l.listener != nil:
		_ = l.listener.Close()
		l.listener = nil
	case !t.Refuse && l.listener == nil:
		if err := l.open(); err != nil {
			return err
		}
	}
	l.toxics = t
	close(l.changed)
	l.changed = make(chan struct{})
	return nil
}

// Close ends the line.
func (l *Line) Close() error {
	err := l.Set(Toxics{Refuse: true})
	l.wg.Wait()
	return err
}

// open is called with the lock.
func (l *Line) open() error {
	listener, err := net.Listen("tcp", l.addr)
	if err != nil {
		return fmt.Errorf("line: %w", err)
	}
	l.listener, l.addr = listener, listener.Addr().String()
	l.wg.Go(func() { l.accept(listener) })
	return nil
}

// reset is called with the lock.
func (l *Line) reset() {
	for k := range l.links {
		k.reset()
	}
	clear(l.links)
}

func (l *Line) accept(listener net.Listener) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		l.wg.Go(func() { l.carry(listener, near) })
	}
}

// carry joins one connection with one to the server until either ends.
func (l *Line) carry(listener net.Listener, near net.Conn) {
	defer near.Close()
	k := &link{line: l, near: near, over: make(chan struct{})}
	l.mu.Lock()
	t, target := l.toxics, l.target
	current := l.listener == listener
	if current {
		l.links[k] = struct{}{}
	}
	k.gone.Store(t.Vanish)
	l.mu.Unlock()
	if !current {
		return
	}
	if t.Instead != "" {
		target = t.Instead
	}
	defer l.drop(k)
	far, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	k.carry(far)
}

func (l *Line) drop(k *link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.links, k)
}

// fate is what happens to a segment that comes now.
type fate struct {
	late time.Duration
	cut  bool
}

const (
	resend = 200 * time.Millisecond // the first time; doubles
	giveUp = 6                      // sendings, then the connection is given up
)

func (l *Line) fate() fate {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := fate{late: l.toxics.Latency, cut: l.chance.Float64() < l.toxics.Cut}
	for n := 0; l.chance.Float64() < l.toxics.Loss; n++ {
		f.late += resend << n
		f.cut = f.cut || n == giveUp
	}
	return f
}

// stalled says whether nothing passes, until changed is closed.
func (l *Line) stalled() (stalled bool, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.toxics.Stall, l.changed
}
