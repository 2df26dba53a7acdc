package vippstest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is the simulator on a TCP port. When the network is Refused, the port is
// closed and every connection on it is reset; in a Blackhole connections are taken
// and nothing ever comes back on them.
type Server struct {
	sim  *Sim
	addr string
	http *http.Server
	gate *gate
	done chan struct{}
	wg   sync.WaitGroup
}

// relookEvery is how often a server looks for the end of an outage that was limited
// in time, on the process's clock.
const relookEvery = 10 * time.Millisecond

// Listen serves the simulator on addr, "127.0.0.1:0" for any free port.
func (s *Sim) Listen(addr string) (*Server, error) {
	g := &gate{accepted: make(chan net.Conn), closed: make(chan struct{})}
	if err := g.open(addr); err != nil {
		return nil, err
	}
	v := &Server{sim: s, addr: g.Addr().String(), gate: g, done: make(chan struct{})}
	v.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	v.wg.Go(func() { _ = v.http.Serve(g) }) // ends by Close, with ErrServerClosed
	v.wg.Go(v.supervise)
	s.watch(v.apply)
	v.apply()
	return v, nil
}

// URL is the base URL for clients.
func (v *Server) URL() string { return "http://" + v.addr }

// Close frees the port and waits for the server's goroutines. Requests that hang
// are cut. The simulator lives on.
func (v *Server) Close() error {
	close(v.done)
	err := v.http.Close()
	v.wg.Wait()
	v.gate.wg.Wait()
	return err
}

func (v *Server) supervise() {
	tick := time.NewTicker(relookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			v.apply()
		case <-v.done:
			return
		}
	}
}

// apply opens or closes the port to fit the line. If the port cannot be opened
// again, because another program took it, the next look tries again.
func (v *Server) apply() {
	if v.sim.Network() == Refused {
		v.gate.shut()
		return
	}
	_ = v.gate.open(v.addr)
}

// gate is a listener whose port can be closed and opened again under a running
// http.Server.
type gate struct {
	accepted chan net.Conn
	closed   chan struct{}
	wg       sync.WaitGroup

	mu       sync.Mutex
	addr     net.Addr
	listener net.Listener // nil while shut
	conns    map[*gateConn]struct{}
	over     bool
}

func (g *gate) open(addr string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener != nil || g.over {
		return nil
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("open simulator port: %w", err)
	}
	g.listener, g.addr, g.conns = l, l.Addr(), map[*gateConn]struct{}{}
	g.wg.Go(func() { g.pass(l) })
	return nil
}

// pass hands connections of one listener to the server until it is closed.
func (g *gate) pass(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		conn := &gateConn{Conn: c, gate: g}
		g.mu.Lock()
		current := g.listener == l
		if current {
			g.conns[conn] = struct{}{}
		}
		g.mu.Unlock()
		if !current {
			_ = c.Close()
			continue
		}
		select {
		case g.accepted <- conn:
		case <-g.closed:
			_ = c.Close()
		}
	}
}

// shut closes the port and resets what is connected.
func (g *gate) shut() {
	g.mu.Lock()
	l, conns := g.listener, g.conns
	g.listener, g.conns = nil, nil
	g.mu.Unlock()
	if l == nil {
		return
	}
	_ = l.Close()
	for c := range conns {
		if tcp, ok := c.Conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Conn.Close()
	}
}

// Accept gives the next connection, over all openings of the port.
func (g *gate) Accept() (net.Conn, error) {
	select {
	case c := <-g.accepted:
		return c, nil
	case <-g.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the gate for good.
func (g *gate) Close() error {
	g.mu.Lock()
	if g.over {
		g.mu.Unlock()
		return errors.New("close gate: closed already")
	}
	g.over = true
	g.mu.Unlock()
	close(g.closed)
	g.shut()
	return nil
}

// Addr is the port, also while it is closed.
func (g *gate) Addr() net.Addr {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.addr
}

// gateConn forgets itself when it is closed.
type gateConn struct {
	net.Conn
	gate *gate
}

func (c *gateConn) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.conns, c)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}
