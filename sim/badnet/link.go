package badnet

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// link is one connection over a line: near is the client's end, far the server's.
type link struct {
	line *Line
	gone atomic.Bool // half open
	over chan struct{}
	once sync.Once

	mu        sync.Mutex
	near, far net.Conn
}

// segmentSize is what goes into one packet of an ordinary network.
const segmentSize = 1460

type segment struct {
	bytes []byte
	due   time.Time
	cut   bool
}

func (k *link) carry(far net.Conn) {
	k.mu.Lock()
	k.far = far
	k.mu.Unlock()
	select {
	case <-k.over: // reset meanwhile
		_ = far.Close()
		return
	default:
	}
	var both sync.WaitGroup
	both.Go(func() { k.pump(far, k.near) })
	both.Go(func() { k.pump(k.near, far) })
	both.Wait()
}

// pump carries one direction: segments leave in their order, each when it is due, so
// that latency costs no throughput.
func (k *link) pump(to, from net.Conn) {
	flight := make(chan segment, 256)
	var sender sync.WaitGroup
	sender.Go(func() {
		for s := range flight {
			if !k.deliver(to, s) {
				k.end()
			}
		}
	})
	for {
		buf := make([]byte, segmentSize)
		n, err := from.Read(buf)
		if n > 0 {
			f := k.line.fate()
			flight <- segment{buf[:n], time.Now().Add(f.late), f.cut}
		}
		if err != nil {
			break
		}
	}
	close(flight)
	sender.Wait()
	if !k.gone.Load() {
		k.end() // the other end hears of it
		return
	}
	_ = from.Close()
}

func (k *link) deliver(to net.Conn, s segment) bool {
	if !k.wait(time.Until(s.due)) {
		return false
	}
	switch {
	case k.gone.Load():
		return true
	case s.cut:
		_, _ = to.Write(s.bytes[:len(s.bytes)/2])
		k.reset()
		return false
	}
	_, err := to.Write(s.bytes)
	return err == nil
}

// wait lets time pass, and then whatever keeps everything from passing.
func (k *link) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-k.over:
		return false
	}
	for {
		stalled, changed := k.line.stalled()
		if !stalled {
			return true
		}
		select {
		case <-changed:
		case <-k.over:
			return false
		}
	}
}

// reset ends both connections as a router does that has forgotten them.
func (k *link) reset() {
	k.mu.Lock()
	for _, c := range []net.Conn{k.near, k.far} {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	}
	k.mu.Unlock()
	k.end()
}

func (k *link) end() {
	k.once.Do(func() {
		close(k.over)
		k.mu.Lock()
		defer k.mu.Unlock()
		_ = k.near.Close()
		if k.far != nil {
			_ = k.far.Close()
		}
	})
}
