package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"taxiterminal/display"
)

// Limits of the server. Reading and writing an ordinary request is bounded by
// requestTime; a stream lives on and bounds every single write instead.
const (
	requestTime  = 10 * time.Second
	idleTime     = time.Minute
	stopTime     = 2 * time.Second
	maxHeader    = 8 << 10 // bytes
	maxBody      = 4 << 10 // bytes
	maxStreams   = 16      // pages open at once, both kinds together
	actionTime   = 10 * time.Second
	beatInterval = time.Second
	stallTime    = 5 * time.Second // a page that takes no bytes for so long is dropped
)

// Server serves both pages. Make one with New, call Run once, Show at any time
// and from any goroutine.
type Server struct {
	options  Options
	addr     netip.AddrPort
	log      *slog.Logger
	renderer *renderer
	hub      hub
	door     *door // nil without a PIN
	streams  atomic.Int32
	seen     atomic.Pointer[time.Time]

	mu       sync.Mutex
	listener net.Listener // nil until Listen
}

// New checks the options and prepares the pages; it opens nothing.
func New(o Options) (*Server, error) {
	addr, err := loopback(o.Addr)
	if err != nil {
		return nil, err
	}
	if err := checkPIN(o.PIN); err != nil {
		return nil, err
	}
	if o.Log == nil {
		return nil, errors.New("web screens: no logger given")
	}
	r, err := newRenderer(o)
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, addr: addr, log: o.Log, renderer: r}
	if o.PIN != "" {
		s.door = newDoor(o.PIN)
	}
	s.hub.show(r.frame(display.View{}))
	return s, nil
}

// Show makes v the View of all pages, now and for those that connect later. It
// never waits for a page.
func (s *Server) Show(v display.View) { s.hub.show(s.renderer.frame(v)) }

// Seen is when a passenger's page last took what was sent to it, with a monotonic
// reading; zero if none ever did. While a page is open it is at most a few seconds
// ago.
func (s *Server) Seen() time.Time {
	if t := s.seen.Load(); t != nil {
		return *t
	}
	return time.Time{}
}

// Listen opens the port, so that Addr is known before Run. Run does it otherwise.
func (s *Server) Listen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return nil
	}
	l, err := net.Listen("tcp", s.addr.String())
	if err != nil {
		return fmt.Errorf("screens: %w; another terminal runs, or [display] listen names a port that is taken", err)
	}
	s.listener = l
	return nil
}

// Addr is host:port once the server listens, before that empty.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Run serves until ctx ends, then closes the streams, lets requests finish for a
// moment and returns nil. It returns early with an error if the port cannot be
// opened or breaks.
func (s *Server) Run(ctx context.Context) error {
	if err := s.Listen(); err != nil {
		return err
	}
	server := s.httpServer(ctx)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(s.listener) }()
	s.log.Info("screens are served", "addr", s.Addr(), "pin", s.door != nil)

	select {
	case err := <-failed:
		return fmt.Errorf("serve screens: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		server.Close()
	}
	<-failed
	return nil
}

// httpServer ends every request's context with ctx, which is what closes streams.
func (s *Server) httpServer(ctx context.Context) *http.Server {
	return &http.Server{
		Handler:           s.handler(),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: requestTime,
		ReadTimeout:       requestTime,
		WriteTimeout:      requestTime + actionTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// handler is every route behind the guard.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page(passenger))
	mux.HandleFunc("GET /driver", s.page(driver))
	mux.HandleFunc("GET /events", s.stream(passenger))
	mux.HandleFunc("GET /driver/events", s.stream(driver))
	mux.HandleFunc("POST /tip", posted(s, false, s.tip))
	mux.HandleFunc("GET /code/{file}", s.vehicleCode)
	mux.HandleFunc("POST /driver/actions", posted(s, true, s.act))
	mux.HandleFunc("POST /driver/contacts", posted(s, true, s.contacts))
	mux.HandleFunc("POST /driver/send", posted(s, true, s.send))
	mux.HandleFunc("POST /driver/fare", posted(s, true, s.fare))
	mux.HandleFunc("POST /driver/confirm", posted(s, true, s.confirm))
	mux.HandleFunc("POST /driver/refund", posted(s, true, s.refund))
	mux.HandleFunc("POST /driver/print", posted(s, true, s.print))
	mux.HandleFunc("POST /driver/retry", posted(s, true, s.retry))
	mux.HandleFunc("POST /driver/shift/end", posted(s, true, s.endShift))
	mux.HandleFunc("GET /driver/trip", s.fragment(s.tripSheet))
	mux.HandleFunc("GET /driver/shift", s.fragment(s.shiftSheet))
	mux.HandleFunc("POST /driver/pin", s.unlock)
	mux.HandleFunc("POST /driver/lock", s.lock)
	mux.HandleFunc("GET /static/{file}", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, static, "static/"+r.PathValue("file"))
	})
	return s.guard(mux)
}
