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
	"strings"
	"sync"

	"taxiterminal/device/meter/mdt"
	"taxiterminal/device/serialport/ptycable"
	"taxiterminal/money"
	"taxiterminal/vipps/vippstest"
)

// Options of a Taxi.
type Options struct {
	Dir      string // everything is kept in here; it must exist
	Terminal string // the taxiterm program
	Listen   string // address of the screens; "127.0.0.1:0" for any port
	APIPort  string // address of the payment API, as Listen
	PIN      string // of the driver's page; empty for none
	Profile  string // of the meter driver; empty for pulsar
	Grace    string // after For Hire; empty for the default
	More     string // further tables of the configuration, as TOML
	// FareByHand lets the driver type a fare; it needs a PIN.
	FareByHand bool
	Meter      mdt.SimulatorConfig
	API        vippstest.Options
	Log        io.Writer // the daemon's log; nil discards it
}

// Taxi is the car, its passenger and the world around them. Its methods are used
// from one goroutine, but for those of its parts, which allow more.
type Taxi struct {
	Meter  *mdt.Simulator
	API    *vippstest.Sim
	Daemon *Daemon

	server *vippstest.Server
	cable  *ptycable.Cable
	ctx    context.Context
	stop   context.CancelFunc
	meter  sync.WaitGroup // runs while the cable is plugged in
}

// New builds a taxi and starts everything but the daemon.
func New(o Options) (t *Taxi, err error) {
	t = &Taxi{Meter: mdt.NewSimulator(o.Meter), API: vippstest.New(o.API)}
	t.ctx, t.stop = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Close())
		}
	}()
	if o.APIPort == "" {
		o.APIPort = "127.0.0.1:0"
	}
	if t.server, err = t.API.Listen(o.APIPort); err != nil {
		return t, fmt.Errorf("payment api: %w", err)
	}
	t.cable = ptycable.New(filepath.Join(o.Dir, "meter"))
	if err = t.Plug(); err != nil {
		return t, err
	}
	t.Daemon, err = newDaemon(o, t.cable.Link(), t.server.URL())
	return t, err
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
	}
	t.API.Close()
	return errors.Join(errs...)
}

// Plug connects the meter.
func (t *Taxi) Plug() error {
	end, err := t.cable.Plug()
	if err != nil {
		return err
	}
	t.meter.Go(func() { _ = t.Meter.Run(t.ctx, end) }) // ends with the cable
	return nil
}

// Pull disconnects the meter.
func (t *Taxi) Pull() error { return t.cable.Pull() }

// Network changes the line between the car and the payment API.
func (t *Taxi) Network(n vippstest.Network) error { return t.API.SetNetwork(n, 0) }

// configuration is the daemon's, as a person would write it.
func configuration(o Options, meterPort, apiURL string) string {
	c := []string{
		`vehicle = "T122"`,
		"[payment]", `environment = "simulator"`, fmt.Sprintf("url = %q", apiURL),
		fmt.Sprintf("msn = %q", vippstest.DefaultMSN), fmt.Sprintf("currency = %q", currencyOf(o)),
		"[trip]", fmt.Sprintf("grace = %q", orDefault(o.Grace, "2m")), fmt.Sprintf("fare_by_hand = %t", o.FareByHand),
		"[meter]", `driver = "mdt"`, fmt.Sprintf("port = %q", meterPort), fmt.Sprintf("profile = %q", orDefault(o.Profile, "pulsar")),
	}
	if o.Profile == "" || o.Profile == "pulsar" {
		c = append(c, "running_fare = true")
	}
	c = append(c,
		"[display]", fmt.Sprintf("listen = %q", orDefault(o.Listen, "127.0.0.1:0")),
		"[control]", fmt.Sprintf("socket = %q", filepath.Join(o.Dir, "control.sock")),
		"[storage]", fmt.Sprintf("path = %q", filepath.Join(o.Dir, "outbox.db")),
	)
	return strings.Join(c, "\n") + "\n" + o.More
}

func currencyOf(o Options) money.Currency {
	if o.API.Currency != "" {
		return o.API.Currency
	}
	return money.NOK
}

func credentials(o Options) string {
	text := fmt.Sprintf("client_id = %q\nclient_secret = %q\nsubscription_key = %q\n",
		vippstest.DefaultClientID, vippstest.DefaultClientSecret, vippstest.DefaultSubscriptionKey)
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
