package jtt905

import (
	"context"
	"fmt"
	"log/slog"

	"taxiterminal/device/meter"
)

// Driver is a meter.Driver for this protocol. It is used by one goroutine at a time.
type Driver struct {
	cfg  Config
	log  *slog.Logger
	trip trip // goes on while the line is down
}

var (
	_ meter.Driver   = (*Driver)(nil)
	_ meter.Restorer = (*Driver)(nil)
	_ meter.Recaller = (*Driver)(nil)
	_ meter.Masker   = (*Driver)(nil)
)

// New makes a driver. It touches no hardware.
func New(cfg Config, log *slog.Logger) *Driver {
	return &Driver{cfg: cfg, log: log, trip: trip{cfg: cfg, log: log}}
}

// Capabilities says what the role can learn.
func (d *Driver) Capabilities() meter.Capabilities {
	return meter.Capabilities{LiveState: true, Query: d.cfg.Role == RoleISU, Ack: d.cfg.Role == RoleISU}
}

// Restore implements meter.Restorer.
func (d *Driver) Restore(p meter.Position) { d.trip.restore(p) }

// Recall implements meter.Recaller.
func (d *Driver) Recall(closed []meter.Record) { d.trip.recall(closed) }

// MaskTrace implements meter.Masker.
func (d *Driver) MaskTrace() func(in bool, chunk []byte) {
	var in, out mask
	return func(fromMeter bool, chunk []byte) {
		if fromMeter {
			in.cover(chunk)
		} else {
			out.cover(chunk)
		}
	}
}

// Run implements meter.Driver.
func (d *Driver) Run(ctx context.Context, port meter.Port, sink meter.Sink) error {
	s := newSession(d.cfg, d.log, port, sink, &d.trip, meter.CharTime(port))
	s.open(meter.Now(port))
	var buf [512]byte
	for ctx.Err() == nil && s.err == nil {
		n, err := port.Read(buf[:])
		if n > 0 {
			s.bytes(buf[:n], meter.Now(port))
			clear(buf[:n]) // it may have held a certificate
		} else if err == nil {
			s.idle(meter.Now(port))
		}
		if err != nil {
			return fmt.Errorf("meter line: %w", err)
		}
	}
	if s.err != nil {
		return fmt.Errorf("meter line: %w", s.err)
	}
	return ctx.Err()
}
