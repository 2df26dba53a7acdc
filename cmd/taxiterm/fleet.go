package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"taxiterminal/config"
	"taxiterminal/fleet/link"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/terminal"
	"taxiterminal/terminal/control"
	"taxiterminal/trip"
)

// fleet is the car's end of its fleet: the connection to the gateway, the copy of the
// journal, and what the gateway tells.
type fleet struct {
	log  *slog.Logger
	file stateFile
	key  deviceKey
	// currency is the one in force until the next start.
	currency money.Currency
	car      *link.Car // nil: not enrolled
	// asks are what passengers have asked for at the gateway; each takes a commit.
	asks   chan link.Hint
	uplink atomic.Pointer[link.Uplink]

	// who has no lock: the terminal asks for it in the middle of its own work.
	who atomic.Pointer[enrolment]

	mu    sync.Mutex
	state link.State
	term  *terminal.Terminal
}

// maxAsks is how many presses of passengers may wait. There is one trip.
const maxAsks = 8

// newFleet begins to connect, if this terminal is enrolled. If it is not, the screens
// say so.
func newFleet(c config.Config, log *slog.Logger) *fleet {
	f := &fleet{log: log, file: stateFile{c.Fleet.State}, currency: c.Payment.Currency, asks: make(chan link.Hint, maxAsks)}
	err := f.connect(c)
	if err != nil {
		f.car, f.state = nil, link.State{Err: err}
		log.Error("payments are not possible without the gateway", "err", err)
	}
	return f
}

func (f *fleet) connect(c config.Config) (err error) {
	who, key, err := f.file.load()
	if err != nil {
		return err
	}
	if who.Vehicle != c.Vehicle {
		return fmt.Errorf("this terminal is enrolled for vehicle %s and configured as %s; put the configuration right, or enrol it anew", who.Vehicle, c.Vehicle)
	}
	f.key, f.currency = key, cmp.Or(who.Currency, c.Payment.Currency)
	f.who.Store(&who)
	cfg, err := who.link(key)
	if err != nil {
		return err
	}
	cfg.Log, cfg.OnState, cfg.OnHint = f.log, f.changed, f.hint
	f.car, err = link.Dial(cfg)
	return err
}

// link is how the gateway is reached.
func (e enrolment) link(k deviceKey) (link.Config, error) {
	cfg := link.Config{URLs: e.URLs, Terminal: e.Terminal, Sign: k.pair.Sign}
	if e.CA != "" {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM([]byte(e.CA)) {
			return cfg, errors.New("the gateway's certificate authority cannot be read; enrol this terminal anew")
		}
		cfg.TLS = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return cfg, nil
}

// check finds what a gateway cannot mean, before anything is kept.
func (e enrolment) check(k deviceKey) error {
	cfg, err := e.link(k)
	if err != nil {
		return err
	}
	return cfg.Check()
}

// inFleet adds to a terminal's configuration what is different in a fleet.
func (d *terminalDaemon) inFleet(c *terminal.Config) (err error) {
	if d.fleet == nil {
		return nil
	}
	c.Fleet = true
	if there := d.fleet.currency; there != c.Currency {
		if c.Brand == config.BrandOf(c.Currency) {
			c.Brand = config.BrandOf(there)
		}
		c.Currency = there
	}
	c.Copied = d.fleet.copied
	c.Claims, err = d.fleet.claims(c.Store)
	return err
}

// payments is the way to the payment API; nil if this terminal is not enrolled.
func (f *fleet) payments() terminal.Payments {
	if f.car == nil {
		return nil
	}
	return f.car
}

// claims is nil if this terminal is not enrolled.
func (f *fleet) claims(store *outbox.Store) (terminal.Claims, error) {
	if f.car == nil {
		return nil, nil
	}
	public, err := f.key.public()
	if err != nil {
		return nil, err
	}
	return &claims{public: public, sign: f.key.pair.Sign, told: f.enrolment, serial: func() int64 { return store.End().Seq }}, nil
}

func (f *fleet) enrolment() enrolment {
	if who := f.who.Load(); who != nil {
		return *who
	}
	return enrolment{}
}

// committed tells the copy that there may be more to send.
func (f *fleet) committed() {
	if u := f.uplink.Load(); u != nil {
		u.Wake()
	}
}

// copied is the last row of the journal that the gateway has said it has verified; 0 as
// long as it has not.
func (f *fleet) copied() int64 {
	if u := f.uplink.Load(); u != nil {
		return u.Status().Verified
	}
	return 0
}

// run copies the journal and passes on what passengers ask for, until ctx ends.
func (f *fleet) run(ctx context.Context, store *outbox.Store, term *terminal.Terminal) error {
	f.serve(term)
	if f.car == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	uplink := link.NewUplink(f.car, store, link.UplinkOptions{Version: version, Welcome: f.welcome, Log: f.log})
	f.uplink.Store(uplink)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return uplink.Run(ctx) })
	group.Go(func() error { return f.orders(ctx, term) })
	return group.Wait()
}

func (f *fleet) close() {
	if f.car != nil {
		f.car.Close()
	}
}

// serve gives the terminal what is known already and what comes from now on.
func (f *fleet) serve(term *terminal.Terminal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.term = term
	if f.car != nil {
		term.Linked(f.state.Up, f.state.Refused)
	}
}

// changed hears of the connection. The lock keeps what the terminal is told in order.
func (f *fleet) changed(s link.State) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = s
	if f.term != nil {
		f.term.Linked(s.Up, s.Refused)
	}
}

// welcome takes what the operator has decided, and keeps it for a start without a
// network.
func (f *fleet) welcome(s link.Settings) {
	before := f.enrolment()
	after := before.told(s)
	switch {
	case s.Vehicle != "" && s.Vehicle != before.Vehicle:
		f.log.Error("the gateway has this terminal in another vehicle", "here", before.Vehicle, "there", s.Vehicle, "hint", "enrol this terminal anew")
	case s.Currency != "" && s.Currency != f.currency:
		f.log.Warn("the gateway has another currency; it counts after a restart", "here", f.currency, "there", s.Currency)
	}
	if after.same(before) {
		return
	}
	f.who.Store(&after)
	if err := f.file.save(after); err != nil {
		f.log.Error("the gateway's settings are not kept over a restart", "err", err)
	}
}

// same compares what a gateway can change.
func (e enrolment) same(o enrolment) bool {
	return e.Currency == o.Currency && e.ClaimHost == o.ClaimHost && string(e.Secret) == string(o.Secret)
}

// hint takes what the gateway pushes. It must be quick.
func (f *fleet) hint(h link.Hint) {
	f.mu.Lock()
	term := f.term
	f.mu.Unlock()
	if term == nil {
		return // it looks at everything when it comes up
	}
	if h.Reference != "" {
		term.Hint(h.Reference)
	}
	if h.Ask == nil && h.CheckIn == nil && h.Refund == nil {
		return
	}
	select {
	case f.asks <- h:
	default:
		f.log.Warn("the gateway asks for more than this car can do at once")
	}
}

// orders does what passengers and the office have asked for at the gateway. What does
// not fit the trip any more is refused, and whoever asked sees how the trip is.
func (f *fleet) orders(ctx context.Context, term *terminal.Terminal) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case h := <-f.asks:
			if a := h.Ask; a != nil {
				err := term.AskWeb(ctx, a.Trip, trip.WebAsked{N: a.N, ReturnURL: a.ReturnURL, Tip: a.Tip, Share: a.Share})
				f.asked("page", err)
			}
			if h.CheckIn != nil {
				f.asked("check-in", term.CheckIn(h.CheckIn.CustomerToken))
			}
			if r := h.Refund; r != nil {
				f.asked("office", term.RefundOrdered(ctx, r.Trip, r.Already, r.Amount, r.Reason))
			}
		}
	}
}

func (f *fleet) asked(how string, err error) {
	if err != nil {
		f.log.Info("request not taken", "from", how, "err", err)
	}
}

// status is for people at the control socket.
func (f *fleet) status() control.Gateway {
	f.mu.Lock()
	defer f.mu.Unlock()
	g := control.Gateway{Connected: f.state.Up, Refused: f.state.Refused}
	if f.state.Err != nil {
		g.Problem = f.state.Err.Error()
	}
	if f.car != nil {
		who := f.enrolment()
		g.Name, g.Terminal = who.Server, who.Terminal
	}
	if u := f.uplink.Load(); u != nil {
		s := u.Status()
		g.Copied, g.Broken = s.Known, s.Broken
	}
	return g
}
