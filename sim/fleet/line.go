package fleet

import (
	"fmt"
	"net"
	"sync"

	"taxiterminal/vipps/vippstest"
)

// Line is the way from the cars to the gateway, through a port of its own. It can be
// cut, and it can go silent as a tunnel does: then connections stand, nothing comes
// through, and what was sent comes through when it is over.
type Line struct {
	addr, target string

	mu       sync.Mutex
	state    vippstest.Network
	flows    chan struct{} // closed while bytes pass
	listener net.Listener  // nil while cut
	conns    map[net.Conn]struct{}
	wg       sync.WaitGroup
}

// newLine opens a port that leads to target.
func newLine(target string) (*Line, error) {
	l := &Line{target: target, flows: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	close(l.flows)
	return l, l.Set(vippstest.Up)
}

// Addr is where cars connect.
func (l *Line) Addr() string { return l.addr }

// State is as it was set.
func (l *Line) State() vippstest.Network {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Set changes the line.
func (l *Line) Set(n vippstest.Network) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n == l.state {
		return nil
	}
	switch n {
	case vippstest.Up, vippstest.Blackhole:
		if err := l.open(); err != nil {
			return err
		}
	case vippstest.Refused:
		l.cut()
	default:
		return fmt.Errorf("line %q: want %s, %s or %s", n, vippstest.Up, vippstest.Refused, vippstest.Blackhole)
	}
	if n == vippstest.Blackhole {
		l.flows = make(chan struct{})
	} else if l.state == vippstest.Blackhole {
		close(l.flows)
	}
	l.state = n
	return nil
}

func (l *Line) open() error {
	if l.listener != nil {
		return nil
	}
	addr := l.addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("line: %w", err)
	}
	l.listener, l.addr = listener, listener.Addr().String()
	l.wg.Go(func() { l.accept(listener) })
	return nil
}

// cut closes the port and resets what is connected.
func (l *Line) cut() {
	if l.listener == nil {
		return
	}
	_ = l.listener.Close()
	l.listener = nil
	for c := range l.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
	clear(l.conns)
}

func (l *Line) accept(listener net.Listener) {
	for {
		car, err := listener.Accept()
		if err != nil {
			return
		}
		l.wg.Go(func() { l.carry(listener, car) })
	}
}

// carry joins one connection with one to the gateway until either ends.
func (l *Line) carry(listener net.Listener, car net.Conn) {
	defer car.Close()
	gateway, err := net.Dial("tcp", l.target)
	if err != nil {
		return
	}
	defer gateway.Close()
	if !l.keep(listener, car, gateway) {
		return
	}
	defer l.drop(car, gateway)
	var both sync.WaitGroup
	both.Go(func() { l.pump(gateway, car) })
	both.Go(func() { l.pump(car, gateway) })
	both.Wait()
}

func (l *Line) keep(listener net.Listener, conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != listener {
		return false // it was cut meanwhile
	}
	for _, c := range conns {
		l.conns[c] = struct{}{}
	}
	return true
}

func (l *Line) drop(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		delete(l.conns, c)
	}
}

func (l *Line) pump(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		<-l.passing()
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (l *Line) passing() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flows
}

// Close cuts the line for good.
func (l *Line) Close() error {
	err := l.Set(vippstest.Refused)
	l.wg.Wait()
	return err
}
