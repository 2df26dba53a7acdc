package linktest

import (
	"net"
	"sync"
	"testing"
)

// Line carries TCP connections to a server and can be spoiled.
type Line struct {
	to       string
	listener net.Listener
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	cut   bool
	muted bool // what the server says is lost
	deaf  bool // what the car says is lost
}

// NewLine opens one. It ends with the test.
func NewLine(t testing.TB, to string) *Line {
	l := &Line{to: to, listener: listen(t), conns: map[net.Conn]struct{}{}}
	l.wg.Go(l.run)
	t.Cleanup(func() {
		_ = l.listener.Close()
		l.Cut()
		l.wg.Wait()
	})
	return l
}

// Address is where the car connects to.
func (l *Line) Address() string { return l.listener.Addr().String() }

// Cut ends all connections; new ones end at once until Mend.
func (l *Line) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	for c := range l.conns {
		_ = c.Close()
	}
}

// Drop ends all connections; new ones are fine.
func (l *Line) Drop() { l.Cut(); l.Mend() }

// Mend makes the line good for new connections, and the old ones speak again.
func (l *Line) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut, l.muted, l.deaf = false, false, false
}

// Mute loses what the server says from now on.
func (l *Line) Mute() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.muted = true
}

// Deafen loses what the car says from now on.
func (l *Line) Deafen() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deaf = true
}

func (l *Line) run() {
	for {
		car, err := l.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.to)
		if err != nil || !l.add(car, server) {
			_ = car.Close()
			if server != nil {
				_ = server.Close()
			}
			continue
		}
		l.wg.Go(func() { l.carry(car, server, func() bool { return l.deaf }) })
		l.wg.Go(func() { l.carry(server, car, func() bool { return l.muted }) })
	}
}

func (l *Line) add(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		if !l.cut {
			l.conns[c] = struct{}{}
		}
	}
	return !l.cut
}

// carry copies one direction; lost says, with the lock, whether the bytes are lost.
func (l *Line) carry(from, to net.Conn, lost func() bool) {
	defer func() {
		_ = from.Close()
		_ = to.Close()
		l.mu.Lock()
		delete(l.conns, from)
		l.mu.Unlock()
	}()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		l.mu.Lock()
		gone := lost()
		l.mu.Unlock()
		if n > 0 && !gone {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
