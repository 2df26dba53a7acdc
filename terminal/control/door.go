package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// Door is the control socket for as long as the daemon lives. It opens as soon as there is
// something to tell; who is behind it changes, from Unusable to a Server.
type Door struct {
	http   http.Server
	behind atomic.Pointer[answering]
	served chan error
}

// Behind is who answers at the door: a Server, or Unusable while there cannot be one.
type Behind interface{ Handler() http.Handler }

type answering struct {
	Behind
	handler http.Handler
}

// Open makes the socket as Listen does, and has it answered.
func Open(path string, b Behind) (*Door, error) {
	l, err := Listen(path)
	if err != nil {
		return nil, err
	}
	d := &Door{served: make(chan error, 1)}
	d.http = http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.behind.Load().handler.ServeHTTP(w, r) }),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
	}
	d.http.RegisterOnShutdown(func() {
		if s, ok := d.behind.Load().Behind.(*Server); ok {
			s.end()
		}
	})
	d.Lead(b)
	go func() { d.served <- d.http.Serve(l) }()
	return d, nil
}

// Lead has b answer from now on.
func (d *Door) Lead(b Behind) { d.behind.Store(&answering{b, b.Handler()}) }

// Run waits until ctx ends, and closes the door.
func (d *Door) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return d.Close()
	case err := <-d.served:
		return fmt.Errorf("control socket: %w", err)
	}
}

// Close lets nobody in any more, and waits for a moment for those who are. It can be done
// again.
func (d *Door) Close() error {
	deadline, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return d.http.Shutdown(deadline)
}

// Listen makes the socket, mode 0600. A socket that a dead daemon has left behind is
// replaced; one that answers is not.
func Listen(path string) (net.Listener, error) {
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		conn.Close()
		return nil, fmt.Errorf("control socket %s: another taxiterm is running", path)
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&os.ModeSocket == 0 {
			return nil, fmt.Errorf("control socket %s: something else is there; remove it", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("control socket: %w", err)
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w; its folder must exist and belong to the daemon's user", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("control socket: %w", err), l.Close())
	}
	return l, nil
}
