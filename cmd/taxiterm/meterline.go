package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"taxiterminal/device/meter"
	"taxiterminal/device/serialport"
	"taxiterminal/display"
	"taxiterminal/terminal"
	"taxiterminal/terminal/control"
)

// meterLine is the supervised serial line with the driver on it.
type meterLine struct {
	supervisor *serialport.Supervisor
	downstream *serialport.Supervisor // nil if nothing is behind the driver
	driver     meter.Driver
	sink       meter.Sink
	tape       io.Closer
	beat       atomic.Int64 // nanoseconds since start when the loop last came by
	start      time.Time
	open       atomic.Bool

	feed   control.Feed // for those who watch
	status atomic.Pointer[serialport.Status]
	health atomic.Pointer[meter.Health] // on the present line; nil before anything is known
	heard  atomic.Int64                 // as beat, when a byte last came; 0: never
}

// newMeterLine prepares the line. It touches no hardware.
func (d *terminalDaemon) newMeterLine(term *terminal.Terminal) (*meterLine, error) {
	log := part(d.log, "meter")
	driver, err := meter.New(d.config.Meter.Driver, d.config.Meter.Table, log)
	if err != nil {
		return nil, err
	}
	term.Expect(driver.Capabilities())
	if r, ok := driver.(meter.Restorer); ok {
		if p := term.Position(); p != "" {
			r.Restore(p)
		}
	}
	if r, ok := driver.(meter.Recaller); ok {
		r.Recall(term.Closed())
	}
	line, err := serialport.ParseLine(d.config.Meter.Line)
	if err != nil {
		return nil, err
	}
	behind, err := newDownstream(driver, log)
	if err != nil {
		return nil, err
	}
	m := &meterLine{downstream: behind, driver: driver, start: time.Now()}
	m.sink = func(e meter.Event) {
		m.note(e)
		term.Meter(e)
	}
	cfg := serialport.Config{Path: d.config.Meter.Port, Line: line, Log: log}
	cfg.OnState = func(s serialport.Status) {
		m.open.Store(s.State == serialport.Open)
		m.beat.Store(int64(time.Since(m.start)))
		m.status.Store(&s)
		m.health.Store(nil)
		m.feed.Tell(lineEvent(s, time.Now()))
		if h, ok := lineHealth[s.State]; ok {
			term.Line(h)
		}
	}
	if cfg.Tape, err = m.record(d.config.Meter.Tape); err != nil {
		return nil, err
	}
	m.supervisor = serialport.New(cfg)
	return m, nil
}

var lineHealth = map[serialport.State]display.Health{
	serialport.Opening: display.HealthStarting,
	serialport.Open:    display.HealthOK,
	serialport.Missing: display.HealthMissing,
	serialport.Busy:    display.HealthBusy,
	serialport.Denied:  display.HealthDenied,
	serialport.NotTTY:  display.HealthNotTTY,
	serialport.Lost:    display.HealthMissing,
}

// record makes the tape, masked by the driver that knows what must not be kept.
func (m *meterLine) record(path string) (*serialport.Recorder, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("meter tape: %w", err)
	}
	m.tape = f
	return serialport.NewRecorder(f, maskOf(m.driver)), nil
}

// note keeps what a technician may ask for.
func (m *meterLine) note(e meter.Event) {
	if h, ok := e.(meter.Health); ok {
		m.health.Store(&h)
	}
	m.feed.Tell(meterEvent(e, time.Now()))
}

func (m *meterLine) run(ctx context.Context) error {
	if m.tape != nil {
		defer m.tape.Close()
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return m.runDownstream(ctx) })
	group.Go(func() error {
		return m.supervisor.Run(ctx, func(ctx context.Context, port *serialport.Port) error {
			return m.driver.Run(ctx, &beating{port, m}, m.sink)
		})
	})
	return group.Wait()
}

// stuckAfter is how long an open line may go without the driver coming back to read.
const stuckAfter = 5 * time.Second

var errMeterStuck = errors.New("meter loop does not come back to the line")

// alive is nil unless the driver hangs. A line that cannot be opened is a fault on
// the screen, not a reason to start the daemon anew.
func (m *meterLine) alive() error {
	if m.open.Load() && time.Since(m.start)-time.Duration(m.beat.Load()) > stuckAfter {
		return errMeterStuck
	}
	return nil
}

// beating notes each time that the driver comes to read.
type beating struct {
	*serialport.Port
	line *meterLine
}

func (b *beating) Read(p []byte) (int, error) {
	b.line.beat.Store(int64(time.Since(b.line.start)))
	n, err := b.Port.Read(p)
	if n > 0 {
		b.line.heard.Store(int64(time.Since(b.line.start)))
	}
	return n, err
}
