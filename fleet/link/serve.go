package link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"taxiterminal/vipps"
)

// Handler answers the cars. Its functions are called from many goroutines, with a
// context that ends before the car gives up.
type Handler struct {
	Pay   func(ctx context.Context, terminal string, p Pay) Outcome
	Hello func(ctx context.Context, terminal string, h Hello) (Welcome, error)
}

// ServeOptions limit what cars can ask at once. The zero value is good for a fleet of
// some hundred cars.
type ServeOptions struct {
	Parallel    int           // requests at once; 0 is 256
	PerTerminal int           // of one car; 0 is 16: its deliveries, its polls, and room
	Deadline    time.Duration // of one request; 0 is 25 s, within the car's 30 s
	Log         *slog.Logger  // nil: nothing is logged
}

const (
	parallel    = 256
	perTerminal = 16
	deadline    = 25 * time.Second
	// busyPause is what a car is told to wait when there are too many requests.
	busyPause = 2 * time.Second
)

type server struct {
	nc *nats.Conn
	h  Handler
	o  ServeOptions
	wg sync.WaitGroup

	mu   sync.Mutex
	busy map[string]int // by terminal
	all  int
}

// Serve answers the cars on nc until ctx ends; then it takes no more requests and
// returns when those under way are answered, which takes at most the deadline.
// Several gateways share the work.
func Serve(ctx context.Context, nc *nats.Conn, h Handler, o ServeOptions) error {
	s := &server{nc: nc, h: h, o: o.filled(), busy: map[string]int{}}
	var subs []*nats.Subscription
	for subject, answer := range map[string]func(string, *nats.Msg) []byte{AllPay: s.pay, AllHello: s.hello} {
		sub, err := nc.QueueSubscribe(subject, Queue, func(m *nats.Msg) { s.take(m, answer) })
		if err != nil {
			return fmt.Errorf("gateway serve %s: %w", subject, err)
		}
		subs = append(subs, sub)
	}
	if err := nc.FlushTimeout(deadline); err != nil {
		return fmt.Errorf("gateway serve: %w", err)
	}
	<-ctx.Done()
	for _, sub := range subs {
		drain(sub)
	}
	s.wg.Wait()
	return errors.Join(ctx.Err(), nc.FlushTimeout(time.Second))
}

// drain takes what the server has already given us, and no more. It fails only if the
// connection is gone, and then there is nothing to take.
func drain(sub *nats.Subscription) {
	done := sub.StatusChanged(nats.SubscriptionClosed)
	if sub.Drain() == nil {
		<-done
	}
}

func (o ServeOptions) filled() ServeOptions {
	if o.Parallel == 0 {
		o.Parallel = parallel
	}
	if o.PerTerminal == 0 {
		o.PerTerminal = perTerminal
	}
	if o.Deadline == 0 {
		o.Deadline = deadline
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// take starts the answer to a request, or refuses it at once: a request that waits in
// a line is one that the car may have given up already.
func (s *server) take(m *nats.Msg, answer func(string, *nats.Msg) []byte) {
	terminal, err := TerminalOf(m.Subject)
	if err != nil || m.Reply == "" {
		s.o.Log.Warn("request ignored", "err", err)
		return
	}
	if !s.enter(terminal) {
		s.o.Log.Warn("too many requests at once", "terminal", terminal)
		s.respond(m, tooBusy(m))
		return
	}
	s.wg.Go(func() {
		defer s.leave(terminal)
		s.respond(m, answer(terminal, m))
	})
}

func (s *server) enter(terminal string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= s.o.Parallel || s.busy[terminal] >= s.o.PerTerminal {
		return false
	}
	s.all++
	s.busy[terminal]++
	return true
}

func (s *server) leave(terminal string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.busy[terminal]--; s.busy[terminal] == 0 {
		delete(s.busy, terminal)
	}
}

func tooBusy(m *nats.Msg) []byte {
	if p, err := DecodePay(m.Data); err == nil {
		return NotNow(p.Op, vipps.ClassUnavailable, busyPause, "", "the gateway has too much to do").Encode()
	}
	return Welcome{Problem: "the gateway has too much to do"}.Encode()
}

func (s *server) pay(terminal string, m *nats.Msg) []byte {
	p, err := DecodePay(m.Data)
	if err != nil {
		s.o.Log.Warn("payment call refused", "terminal", terminal, "err", err)
		return Refused(p.Op, vipps.ClassInvalid, "update the terminal or the gateway, whichever is older", "%w", err).Encode()
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.o.Deadline)
	defer cancel()
	b := s.h.Pay(ctx, terminal, p).Encode()
	if int64(len(b)) > s.nc.MaxPayload() {
		// Only a picture can be as large as that, and reading it had no effect.
		return Refused(p.Op, vipps.ClassGarbled, "draw the code from its text instead", "the answer is larger than the link takes").Encode()
	}
	return b
}

func (s *server) hello(terminal string, m *nats.Msg) []byte {
	h, err := DecodeHello(m.Data)
	if err != nil {
		return Welcome{Problem: err.Error()}.Encode()
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.o.Deadline)
	defer cancel()
	w, err := s.h.Hello(ctx, terminal, h)
	if err != nil {
		s.o.Log.Error("hello not answered", "terminal", terminal, "err", err)
		return Welcome{Problem: "the gateway cannot answer now"}.Encode()
	}
	return w.Encode()
}

func (s *server) respond(m *nats.Msg, b []byte) {
	if err := m.Respond(b); err != nil {
		s.o.Log.Warn("answer not sent", "subject", m.Subject, "err", err)
	}
}

// Push sends a hint to a car. It is lost if the car is not connected: the car polls.
func Push(nc *nats.Conn, terminal string, h Hint) error {
	if !ValidTerminal(terminal) {
		return errors.New("hint push: not a terminal")
	}
	if err := nc.Publish(HintSubject(terminal), h.Encode()); err != nil {
		return fmt.Errorf("hint push: %w", err)
	}
	return nil
}

// flushTime is how long the server may take to say that it has what was pushed.
const flushTime = 5 * time.Second

// ErrAway: no car listens to what is pushed.
var ErrAway = errors.New("the car is not connected")

// Deliver is Push to a car that must be there: ErrAway says that it certainly did not
// get the hint. Otherwise it most likely did; a line that died a moment ago is not
// known to be dead yet, and may still deliver when it comes back.
func Deliver(ctx context.Context, nc *nats.Conn, terminal string, h Hint) error {
	if !ValidTerminal(terminal) {
		return errors.New("hint deliver: not a terminal")
	}
	ctx, cancel := context.WithTimeout(ctx, flushTime)
	defer cancel()
	inbox := nc.NewInbox() // nobody but the server answers there
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return fmt.Errorf("hint deliver: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := nc.PublishRequest(HintSubject(terminal), inbox, h.Encode()); err != nil {
		return fmt.Errorf("hint deliver: %w", err)
	}
	if err := nc.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("hint deliver: %w", err)
	}
	// That nobody listens is said before the flush is answered.
	if n, _, _ := sub.Pending(); n == 0 {
		return nil
	}
	if _, err := sub.NextMsgWithContext(ctx); errors.Is(err, nats.ErrNoResponders) {
		return ErrAway
	}
	return nil
}
