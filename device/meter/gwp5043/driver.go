package gwp5043

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"taxiterminal/device/meter"
)

// Driver is a meter.Driver for this protocol. It is used by one goroutine at a time.
type Driver struct {
	cfg     Config
	log     *slog.Logger
	witness witness
	trip    trip // goes on while the line is down
}

var (
	_ meter.Driver   = (*Driver)(nil)
	_ meter.Restorer = (*Driver)(nil)
	_ meter.Masker   = (*Driver)(nil)
)

// New makes a driver. It touches no hardware.
func New(cfg Config, log *slog.Logger) *Driver {
	return &Driver{cfg: cfg, log: log, witness: witness{serial: cfg.Serial}, trip: trip{cfg: cfg, log: log}}
}

// Capabilities says what can be learned from this meter.
func (d *Driver) Capabilities() meter.Capabilities {
	return meter.Capabilities{LiveState: true, RunningFare: true}
}

// Restore implements meter.Restorer. This meter knows no Stopped: such a trip is under way.
func (d *Driver) Restore(p meter.Position) {
	if p == meter.Stopped {
		p = meter.Hired
	}
	d.trip.position = p
}

// MaskTrace implements meter.Masker.
func (d *Driver) MaskTrace() func(in bool, chunk []byte) {
	var m mask
	return func(in bool, chunk []byte) {
		if in {
			m.hide(chunk)
		}
	}
}

// Run implements meter.Driver.
func (d *Driver) Run(ctx context.Context, port meter.Port, sink meter.Sink) error {
	var line io.Reader = port // nothing beyond this point can send
	s := newSession(d, sink, meter.CharTime(port), meter.Now(port))
	var buf [512]byte
	for ctx.Err() == nil {
		n, err := line.Read(buf[:])
		if n > 0 {
			s.bytes(buf[:n], meter.Now(port))
			clear(buf[:n]) // it may have held a driver's id
		} else if err == nil {
			s.idle(meter.Now(port))
		}
		if err != nil {
			return fmt.Errorf("meter line: %w", err)
		}
	}
	return ctx.Err()
}
