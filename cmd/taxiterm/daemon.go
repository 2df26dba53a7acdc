package main

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sync/errgroup"

	"taxiterminal/config"
	_ "taxiterminal/device/meter/capture" // the drivers register themselves
	_ "taxiterminal/device/meter/gwp5043"
	_ "taxiterminal/device/meter/jtt905"
	_ "taxiterminal/device/meter/mdt"
	"taxiterminal/display/web"
	"taxiterminal/outbox"
	"taxiterminal/terminal"
	"taxiterminal/terminal/control"
	"taxiterminal/terminal/phone"
	"taxiterminal/vipps"
)

// terminalDaemon puts the parts together. The screens come first, so that whatever
// is wrong with the rest can be said on them.
type terminalDaemon struct {
	config      config.Config
	credentials config.Credentials
	log         *slog.Logger
	metrics     *control.Metrics
	commits     commits
	fleet       *fleet // nil: the terminal calls the payment API itself
	trouble     trouble
	door        *control.Door // nil until there is something to tell
}

func newDaemon(c config.Config, credentials config.Credentials, log *slog.Logger) *terminalDaemon {
	return &terminalDaemon{config: c, credentials: credentials, log: log, metrics: control.NewMetrics(version)}
}

// garbage is how much of it may gather before it is collected, in per cent of what is
// alive. That is 3 MB only, and soon looked through; half of Go's usual 100 saves 1.5 MB.
const garbage = 50

func (d *terminalDaemon) run(ctx context.Context) error {
	debug.SetGCPercent(garbage)
	d.log.Info("taxiterm", "version", version, "vehicle", d.config.Vehicle, "environment", d.config.Payment.Environment, "fleet", d.config.Fleet.Enabled)
	if d.config.Fleet.Enabled {
		d.fleet = newFleet(d.config, part(d.log, "fleet"))
		defer d.fleet.close()
	}
	acts := &desk{}
	screens, err := web.New(web.Options{
		Addr: d.config.Display.Listen, Languages: d.config.Display.Languages,
		PIN: d.credentials.Get(config.DriverPIN), Version: version, Desk: acts,
		Log: part(d.log, "web"),
	})
	if err != nil {
		return err
	}
	if err := screens.Listen(); err != nil {
		return err
	}
	defer d.closeDoor()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return screens.Run(ctx) })
	group.Go(func() error {
		for {
			store, err := d.openOutbox(ctx, screens)
			if err != nil {
				return err
			}
			err = errors.Join(d.serve(ctx, store, screens, acts), store.Close())
			var unread *unreadable
			if !errors.As(err, &unread) {
				return err
			}
			if err := d.cannotUse(ctx, screens, err); err != nil {
				return err
			}
		}
	})
	return group.Wait()
}

func (d *terminalDaemon) committed(took time.Duration, err error) {
	d.metrics.Commit(took, err)
	if err == nil {
		d.commits.add(took)
	}
	if d.fleet != nil {
		d.fleet.committed()
	}
}

// serve runs everything that needs the outbox.
func (d *terminalDaemon) serve(ctx context.Context, store *outbox.Store, screens *web.Server, acts *desk) error {
	payments, err := d.payments()
	if err != nil {
		return err
	}
	cfg := terminal.Config{
		Vehicle: d.config.Vehicle, Currency: d.config.Payment.Currency, Brand: d.config.Payment.Brand,
		Describe: func(trip string) string { return d.config.Payment.Describe(d.config.Vehicle, trip) },
		Grace:    d.config.Trip.Grace, Linger: d.config.Display.Linger, Poll: d.config.Payment.Poll,
		History: d.config.Storage.Keep,
		Store:   store, Payments: payments, Show: screens.Show, Settled: d.metrics.Settled,
		Log: part(d.log, "terminal"),
	}
	if err := d.passenger(&cfg); err != nil {
		return err
	}
	if err := d.inFleet(&cfg); err != nil {
		return err
	}
	term, err := terminal.New(ctx, cfg)
	if err != nil {
		return &unreadable{err}
	}
	line, err := d.newMeterLine(term)
	if err != nil {
		return err
	}
	alive := func(ctx context.Context) error { return errors.Join(term.Alive(ctx), line.alive()) }
	healthy := func(ctx context.Context) error { return errors.Join(term.Healthy(ctx), line.alive()) }
	options := control.Options{
		Terminal: term, Store: store, Version: version, Healthy: healthy, Mask: phone.Mask,
		Metrics: d.metrics.Gatherer(term, store), Log: part(d.log, "control"),
		Meter: &line.feed, Examine: (&examiner{d, term, line, screens}).examine,
	}
	if d.fleet != nil {
		options.Gateway = d.fleet.status
	}
	if err := d.openDoor(control.New(options)); err != nil {
		return err
	}
	d.usable()
	acts.set(term)

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return term.Run(ctx) })
	group.Go(func() error { return line.run(ctx) })
	group.Go(func() error { return d.door.Run(ctx) })
	group.Go(func() error { return d.watchdog(ctx, alive) })
	if d.fleet != nil {
		group.Go(func() error { return d.fleet.run(ctx, store, term) })
	}
	d.notify(daemon.SdNotifyReady)
	return group.Wait()
}

// payments is the client of the payment API, or nil without merchant keys or gateway.
func (d *terminalDaemon) payments() (terminal.Payments, error) {
	if d.fleet != nil {
		return d.fleet.payments(), nil
	}
	if len(d.credentials.Missing()) > 0 {
		return nil, nil
	}
	return vipps.New(vipps.Config{
		BaseURL:         d.apiURL(),
		MSN:             d.config.Payment.MSN,
		ClientID:        d.credentials.Get(config.ClientID),
		ClientSecret:    vipps.NewSecret(d.credentials.Get(config.ClientSecret)),
		SubscriptionKey: vipps.NewSecret(d.credentials.Get(config.SubscriptionKey)),
		System:          vipps.System{Name: "taxi-terminal", Version: version, PluginName: "taxi-terminal-direct", PluginVersion: version},
		Log:             part(d.log, "vipps"),
		Observe:         d.metrics.Request,
	})
}

func (d *terminalDaemon) apiURL() string {
	switch d.config.Payment.Environment {
	case config.Simulator:
		return d.config.Payment.URL
	case config.Test:
		return vipps.TestURL
	}
	return vipps.ProductionURL
}

func part(log *slog.Logger, name string) *slog.Logger { return log.With("part", name) }
