package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"taxiterminal/config"
	"taxiterminal/device/meter"
	"taxiterminal/device/serialport"
	"taxiterminal/outbox"
	"taxiterminal/terminal/control"
	"taxiterminal/vipps"
)

// examine looks at what can be seen without a terminal that could be asked; unasked is why.
func (o *options) examine(ctx context.Context, unasked error, listen time.Duration) []control.Check {
	checks := []control.Check{daemonCheck(unasked)}
	c, err := load(o.config)
	if err != nil {
		return append(checks, fault(control.CheckConfig, "correct it; taxiterm config example has every key", "%s", strings.TrimPrefix(err.Error(), "configuration ")))
	}
	checks = append(checks, okay(control.CheckConfig, "%s is good", o.config))
	credentials, credErr := config.LoadCredentials(o.config)
	checks = append(checks, credentialsCheck(credentials, credErr))
	checks = append(checks, o.listenTo(ctx, listen)...)
	checks = append(checks, askAPI(ctx, c, credentials, credErr)...)
	return append(checks,
		step(ctx, control.CheckFlush, func() control.Check { return flushCheck(c.Storage.Path, "") }),
		spaceCheck(c.Storage.Path),
		step(ctx, control.CheckOutbox, func() control.Check { return trialCheck(ctx, c.Storage.Path) }))
}

func daemonCheck(unasked error) control.Check {
	var refused *control.Error
	if errors.As(unasked, &refused) && refused.Fault != "" {
		return fault(control.CheckDaemon, "see outbox, below; it tries again every few seconds", "it runs without its outbox (%s); what only it knows was not looked at", refused.Fault)
	}
	return skipped(control.CheckDaemon, "start it with systemctl start taxiterm", "is not running; what only it knows was not looked at")
}

// listenTo opens the line for some seconds and lets the driver listen.
func (o *options) listenTo(ctx context.Context, listen time.Duration) []control.Check {
	s, err := o.setup(lineFlags{})
	if err != nil {
		return []control.Check{fault(control.CheckLine, "correct the configuration", "%v", err)}
	}
	ctx, cancel := context.WithTimeout(ctx, listen)
	defer cancel()
	began := time.Now()
	var last serialport.Status
	var health meter.Health
	ear := &ear{}
	supervisor := serialport.New(serialport.Config{Path: s.port, Line: s.line, Log: quiet, OnState: func(st serialport.Status) {
		if last = st; st.State != serialport.Open && st.State != serialport.Opening {
			cancel()
		}
	}})
	_ = supervisor.Run(ctx, func(ctx context.Context, port *serialport.Port) error {
		ear.Port = port
		return s.driver.Run(ctx, ear, func(e meter.Event) {
			if h, ok := e.(meter.Health); ok {
				health = h
			}
		})
	})
	if last.State != serialport.Open {
		return []control.Check{fault(control.CheckLine, last.Hint, "%s: %v", last.State, last.Err), skipped(control.CheckMeter, "", "the line is not open")}
	}
	var ago time.Duration
	if !ear.heard.IsZero() {
		ago = max(time.Since(ear.heard), time.Millisecond)
	}
	return []control.Check{
		okay(control.CheckLine, "%s was open at %s for %s", s.port, s.line, short(time.Since(began))),
		meterCheck(health, ago),
	}
}

// ear notes when bytes came.
type ear struct {
	*serialport.Port
	heard time.Time
}

func (e *ear) Read(p []byte) (int, error) {
	n, err := e.Port.Read(p)
	if n > 0 {
		e.heard = time.Now()
	}
	return n, err
}

// askAPI asks the payment API about a payment that cannot exist, and takes the time
// from its answer.
func askAPI(ctx context.Context, c config.Config, credentials config.Credentials, credErr error) []control.Check {
	unasked := []control.Check{
		skipped(control.CheckAPI, "", "nobody can be asked without merchant keys"),
		skipped(control.CheckClock, "", "nobody has said what time it is"),
	}
	if credErr != nil {
		return unasked
	}
	payments, err := newDaemon(c, credentials, quiet).payments()
	switch {
	case err != nil:
		return append([]control.Check{fault(control.CheckAPI, "correct the keys", "%v", err)}, unasked[1:]...)
	case payments == nil:
		return unasked
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	began := time.Now()
	res := payments.Get(ctx, c.Vehicle+"-00000-0000-0")
	checks := []control.Check{apiCheck(res, time.Since(began))}
	if res.Err != nil && res.Err.Class == vipps.ClassClock {
		return append(checks, clockRefused(time.Now()))
	}
	if res.Date.IsZero() || res.Kind != vipps.Done && res.Kind != vipps.Rejected {
		return append(checks, unasked[1:]...)
	}
	return append(checks, clockCheck(time.Since(res.Date)))
}

// trialCheck makes an outbox beside the real one, which it leaves alone, to see whether
// commits on this disk would survive a power cut.
func trialCheck(ctx context.Context, path string) control.Check {
	const do = "look at the disk and its mount options; the folder must belong to the terminal's user"
	folder, err := os.MkdirTemp(filepath.Dir(path), ".doctor-*")
	if err != nil {
		return fault(control.CheckOutbox, do, "%v", err)
	}
	store, err := outbox.Open(ctx, filepath.Join(folder, "trial.db"), outbox.Options{})
	if err == nil {
		err = store.Close()
	}
	if err = errors.Join(err, os.RemoveAll(folder)); err != nil {
		return fault(control.CheckOutbox, do, "%v", err)
	}
	if err := outbox.Inspect(ctx, path); err != nil {
		return fault(control.CheckOutbox, outboxHint(err), "%v", err)
	}
	if info, err := os.Stat(path); err == nil {
		return okay(control.CheckOutbox, "a trial file keeps its commits (WAL, synchronous FULL); %s, %d kB, is sound", path, info.Size()>>10)
	}
	return okay(control.CheckOutbox, "a trial file keeps its commits (WAL, synchronous FULL); %s is not there yet", path)
}
