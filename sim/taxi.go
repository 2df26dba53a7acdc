// Package sim puts a whole taxi on a desk: a meter on a pseudo-terminal, the payment
// API on a loopback port, and the real daemon as a process of its own between them.
// Scripts and people operate it with the meter's keys, the passenger's phone, the
// driver's buttons, the network and the power switch.
package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"taxiterminal/device/serialport/ptycable"
	"taxiterminal/money"
	"taxiterminal/vipps/vippstest"
)

// Options of a Taxi.
type Options struct {
	Dir      string // everything is kept in here; it must exist
	Storage  string // folder of the outbox; empty for Dir
	Terminal string // the taxiterm program
	Listen   string // address of the screens; "127.0.0.1:0" for any port
	APIPort  string // address of the payment API, as Listen
	Vehicle  string // what the car is called; empty for T122
	// World is the payment API of a car whose payments are made by a fleet's gateway:
	// the car has no keys, and where the API is served is not its business. Nil for
	// one of its own.
	World *vippstest.Sim
	PIN   string // of the driver's page; empty for none
	Poll  string // pause between two looks at a payment; empty for the default
	Grace string // after For Hire; empty for what suits the meter
	More  string // further tables of the configuration, as TOML
	// FareByHand lets the driver type a fare; it needs a PIN.
	FareByHand bool
	Meter      MeterOptions
	// Frame is told of each frame that the meter has written to its line; nil for nobody.
	Frame func()
	API   vippstest.Options
	// Way puts something between the car and the payment API: given where that is, it
	// says where the car will find it. Nil for nothing.
	Way func(api string) (string, error)
	Log io.Writer // the daemon's log; nil discards it
	Env []string  // on top of this program's, for the daemon
}

// Taxi is the car, its passenger and the world around them. Its methods are used
// from one goroutine, but for those of its parts, which allow more.
type Taxi struct {
	Meter  Meter
	API    *vippstest.Sim
	Daemon *Daemon

	vehicle string
	frame   func()
	server  *vippstest.Server // nil when it is not ours
	cable   *ptycable.Cable
	ctx     context.Context
	stop    context.CancelFunc
	meter   sync.WaitGroup // runs while the cable is plugged in
}

// New builds a taxi and starts everything but the daemon.
func New(o Options) (t *Taxi, err error) {
	o.Vehicle = orDefault(o.Vehicle, "T122")
	t = &Taxi{API: o.World, vehicle: o.Vehicle, frame: o.Frame}
	t.ctx, t.stop = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Close())
		}
	}()
	if t.Meter, err = NewMeter(o.Meter, currencyOf(o)); err != nil {
		return t, err
	}
	o.Grace = orDefault(o.Grace, graceFor(t.Meter))
	apiURL := ""
	if o.World == nil {
		t.API = vippstest.New(o.API)
		if t.server, err = t.API.Listen(orDefault(o.APIPort, "127.0.0.1:0")); err != nil {
			return t, fmt.Errorf("payment api: %w", err)
		}
		apiURL = t.server.URL()
	}
	if o.Way != nil {
		if apiURL, err = o.Way(apiURL); err != nil {
			return t, err
		}
	}
	t.cable = ptycable.New(filepath.Join(o.Dir, "meter"))
	if err = t.Plug(); err != nil {
		return t, err
	}
	table, err := Table(o.Meter, currencyOf(o), t.cable.Link())
	if err != nil {
		return t, err
	}
	t.Daemon, err = newDaemon(o, table, apiURL)
	return t, err
}

// graceFor is longer where the passenger pays with the meter back at For Hire.
func graceFor(m Meter) string {
	if m.Tells().Stop {
		return "2m"
	}
	return "10m"
}

// Close ends everything.
func (t *Taxi) Close() error {
	var errs []error
	if t.Daemon != nil {
		errs = append(errs, t.Daemon.Stop())
	}
	t.stop()
	if t.cable != nil {
		errs = append(errs, t.cable.Pull())
	}
	t.meter.Wait()
	if t.server != nil {
		errs = append(errs, t.server.Close())
		t.API.Close()
	}
	return errors.Join(errs...)
}

// Plug connects the meter.
func (t *Taxi) Plug() error {
	end, err := t.cable.Plug()
	if err != nil {
		return err
	}
	var line io.ReadWriter = end
	if t.frame != nil {
		line = heard{end, t.frame}
	}
	t.meter.Go(func() { _ = t.Meter.Run(t.ctx, line) }) // ends with the cable
	return nil
}

// heard tells of what has been written.
type heard struct {
	*os.File
	frame func()
}

func (h heard) Write(p []byte) (int, error) {
	n, err := h.File.Write(p)
	h.frame()
	return n, err
}

// Pull disconnects the meter.
func (t *Taxi) Pull() error { return t.cable.Pull() }

// Payments are those of this car, as they were made.
func (t *Taxi) Payments() []vippstest.Payment {
	return slices.DeleteFunc(t.API.Payments(), func(p vippstest.Payment) bool { return !strings.HasPrefix(p.Reference, t.vehicle+"-") })
}

// Network changes the line between whoever makes the payments and the payment API.
func (t *Taxi) Network(n vippstest.Network) error { return t.API.SetNetwork(n, 0) }

// configuration is the daemon's, as a person would write it.
func configuration(o Options, meterTable []string, apiURL string) string {
	c := []string{fmt.Sprintf("vehicle = %q", o.Vehicle), "[payment]", fmt.Sprintf("currency = %q", currencyOf(o))}
	if o.World == nil {
		c = append(c, `environment = "simulator"`, fmt.Sprintf("url = %q", apiURL), fmt.Sprintf("msn = %q", vippstest.DefaultMSN))
	}
	if o.Poll != "" {
		c = append(c, fmt.Sprintf("poll = %q", o.Poll))
	}
	if o.World != nil {
		c = append(c, "[fleet]", "enabled = true", fmt.Sprintf("state = %q", filepath.Join(o.Dir, "fleet.json")))
	}
	c = append(c,
		"[trip]", fmt.Sprintf("grace = %q", o.Grace), fmt.Sprintf("fare_by_hand = %t", o.FareByHand),
		"[meter]", strings.Join(meterTable, "\n"),
		"[display]", fmt.Sprintf("listen = %q", orDefault(o.Listen, "127.0.0.1:0")),
		"[control]", fmt.Sprintf("socket = %q", filepath.Join(o.Dir, "control.sock")),
		"[storage]", fmt.Sprintf("path = %q", outboxOf(o)),
	)
	return strings.Join(c, "\n") + "\n" + o.More
}

func outboxOf(o Options) string { return filepath.Join(orDefault(o.Storage, o.Dir), "outbox.db") }

func currencyOf(o Options) money.Currency {
	if o.API.Currency != "" {
		return o.API.Currency
	}
	return money.NOK
}

func credentials(o Options) string {
	text := ""
	if o.World == nil {
		text = fmt.Sprintf("client_id = %q\nclient_secret = %q\nsubscription_key = %q\n",
			vippstest.DefaultClientID, vippstest.DefaultClientSecret, vippstest.DefaultSubscriptionKey)
	}
	text += "data_key = \"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\"\n" // of the simulator only
	if o.PIN != "" {
		text += fmt.Sprintf("driver_pin = %q\n", o.PIN)
	}
	return text
}

func writeFiles(dir string, files map[string]string) error {
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
