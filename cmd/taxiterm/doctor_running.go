package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/device/serialport"
	"taxiterminal/display"
	"taxiterminal/display/locale"
	"taxiterminal/display/web"
	"taxiterminal/terminal"
	"taxiterminal/terminal/control"
)

// examiner looks at the running terminal.
type examiner struct {
	daemon  *terminalDaemon
	term    *terminal.Terminal
	line    *meterLine
	screens *web.Server
}

func (e *examiner) examine(ctx context.Context) []control.Check {
	c := e.daemon.config
	view := e.term.View()
	checks := []control.Check{
		okay(control.CheckDaemon, "taxiterm %s runs, vehicle %s, %s", version, c.Vehicle, c.Payment.Environment),
		credentialsCheck(e.daemon.credentials, nil),
		e.lineCheck(),
		e.meterCheck(),
		e.screenCheck(),
		step(ctx, control.CheckAPI, func() control.Check { return e.apiCheck(ctx) }),
		e.clockCheck(),
		step(ctx, control.CheckFlush, func() control.Check { return flushCheck(c.Storage.Path, e.daemon.commits.String()) }),
		spaceCheck(c.Storage.Path),
		step(ctx, control.CheckOutbox, func() control.Check { return e.outboxCheck(ctx, view) }),
	}
	return append(checks, otherFaults(view)...)
}

func (e *examiner) lineCheck() control.Check {
	s := e.line.status.Load()
	switch {
	case s == nil || s.State == serialport.Opening:
		return skipped(control.CheckLine, "", "%s is being opened", e.daemon.config.Meter.Port)
	case s.State == serialport.Open:
		return okay(control.CheckLine, "%s is open at %s", s.Path, e.daemon.config.Meter.Line)
	}
	return fault(control.CheckLine, s.Hint, "%s: %v", s.State, s.Err)
}

func (e *examiner) meterCheck() control.Check {
	if s := e.line.status.Load(); s == nil || s.State != serialport.Open {
		return skipped(control.CheckMeter, "", "the line is not open")
	}
	var ago time.Duration
	if heard := time.Duration(e.line.heard.Load()); heard > 0 {
		ago = max(time.Since(e.line.start)-heard, time.Millisecond)
	}
	var h meter.Health
	if known := e.line.health.Load(); known != nil {
		h = *known
	}
	return meterCheck(h, ago)
}

// meterDo says what to do about a conversation that does not go well.
var meterDo = map[meter.HealthState]string{
	meter.HealthSilent:   "is the meter on, the cable in, TX and RX the right way round",
	meter.HealthGarbled:  "correct line in the configuration: baud rate, 7 or 8 bits, parity; look for RS-232 against TTL",
	meter.HealthNoisy:    "look at screen and ground of the cable, and keep it away from the ignition",
	meter.HealthDegraded: "look at the wire to the meter, and whether the driver's keys fit the meter",
	meter.HealthAlarm:    "it is the meter's own failure, or another car's meter on the line",
}

// meterCheck judges what is known of the conversation; ago is when a byte last came, 0
// for never.
func meterCheck(h meter.Health, ago time.Duration) control.Check {
	heard := "heard " + ago.Round(time.Second).String() + " ago"
	switch {
	case meterDo[h.State] != "":
		return fault(control.CheckMeter, meterDo[h.State], "%s: %s", h.State, h.Detail)
	case ago == 0:
		return skipped(control.CheckMeter, "press a key of the meter, or print, and look again", "nothing was heard yet, which is normal for some meters")
	case h.State == "":
		return skipped(control.CheckMeter, "press a key of the meter, or print, and look again", "%s, but nothing that was understood yet", heard)
	}
	return okay(control.CheckMeter, "is understood, %s", heard)
}

// screenLate is more than a page takes to say that it is there.
const screenLate = 15 * time.Second

func (e *examiner) screenCheck() control.Check {
	const do = "open http://%s/ on the passenger's screen; if a browser starts by itself, look at its service"
	seen, at := e.screens.Seen(), e.screens.Addr()
	switch {
	case seen.IsZero():
		return fault(control.CheckScreen, fmt.Sprintf(do, at), "no passenger's page has been open since the terminal started")
	case time.Since(seen) > screenLate:
		return fault(control.CheckScreen, fmt.Sprintf(do, at), "the passenger's page was last seen %s ago", time.Since(seen).Round(time.Second))
	}
	return okay(control.CheckScreen, "the passenger's page is open")
}

func (e *examiner) apiCheck(ctx context.Context) control.Check {
	began := time.Now()
	res, ok := e.term.Ask(ctx)
	if !ok {
		return skipped(control.CheckAPI, "", "nobody can be asked without merchant keys")
	}
	return apiCheck(res, time.Since(began))
}

func (e *examiner) clockCheck() control.Check {
	now, trusted := e.term.Clock()
	switch {
	case slices.Contains(e.term.View().Faults, display.FaultClock):
		return clockRefused(time.Now())
	case !trusted:
		return skipped(control.CheckClock, "look again when the payment API can be reached", "nobody has said what time it is")
	}
	return clockCheck(time.Since(now))
}

func (e *examiner) outboxCheck(ctx context.Context, view display.View) control.Check {
	check, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := e.term.Healthy(check); err != nil {
		return fault(control.CheckOutbox, cmp.Or(knownHint(err), "journalctl -u taxiterm says more"), "%v", err)
	}
	return okay(control.CheckOutbox, "every commit is flushed (WAL, synchronous FULL: read back at the start); %d commands on their way",
		view.Driver.Queue.Pending)
}

// covered are the faults that the checks above speak about.
var covered = []display.Fault{
	display.FaultMeterMissing, display.FaultMeterBusy, display.FaultMeterDenied, display.FaultMeterNotTTY,
	display.FaultMeterSilent, display.FaultMeterGarbled, display.FaultMeterNoisy, display.FaultMeterAlarm, display.FaultMeterDegraded,
	display.FaultNetwork, display.FaultCertificate, display.FaultPortal, display.FaultClock, display.FaultUnavailable, display.FaultNoCredentials, display.FaultCredentials,
}

// otherFaults are what else the driver's screen complains about, in its words.
func otherFaults(view display.View) (checks []control.Check) {
	en, args := english(), locale.Args{"brand": view.Brand}
	for _, f := range view.Faults {
		if !slices.Contains(covered, f) {
			key := "fault." + string(f)
			checks = append(checks, fault(control.CheckFaults, en.Text(key+".do", args), "%s: %s", f, en.Text(key, args)))
		}
	}
	if len(checks) == 0 {
		checks = append(checks, okay(control.CheckFaults, "none"))
	}
	return checks
}

// commits remembers how long the last commits took.
type commits struct {
	mu   sync.Mutex
	took [64]time.Duration
	n    int
}

func (c *commits) add(took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.took[c.n%len(c.took)] = took
	c.n++
}

func (c *commits) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(c.n, len(c.took))
	if n == 0 {
		return ""
	}
	all := slices.Sorted(slices.Values(c.took[:n]))
	return fmt.Sprintf("; last %d commits: median %s, longest %s", n, short(all[n/2]), short(all[n-1]))
}
