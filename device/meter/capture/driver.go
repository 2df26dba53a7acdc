package capture

import (
	"context"
	"fmt"
	"log/slog"

	"taxiterminal/device/meter"
	"taxiterminal/money"
)

func init() { meter.Register("capture", newFromTable) }

// newFromTable is the meter.Factory.
func newFromTable(raw map[string]any, log *slog.Logger) (meter.Driver, error) {
	cfg, err := parseConfig(raw)
	if err != nil {
		return nil, err
	}
	return New(cfg, log), nil
}

// Driver is a meter.Driver that reads what the meter prints. It is used by one
// goroutine at a time, but for Downstream.
type Driver struct {
	cfg  Config
	log  *slog.Logger
	seen seen // goes on while the line is down
	tee  *tee // mode tee only
}

var (
	_ meter.Driver = (*Driver)(nil)
	_ meter.Masker = (*Driver)(nil)
)

// New makes a driver. It touches no hardware.
func New(cfg Config, log *slog.Logger) *Driver {
	d := &Driver{cfg: cfg, log: log}
	if cfg.Mode == Tee {
		d.tee = new(tee)
	}
	return d
}

// Capabilities says that nothing is known before the receipt: no positions as the
// keys are pressed, no fare at Stopped, nothing to ask.
func (d *Driver) Capabilities() meter.Capabilities { return meter.Capabilities{} }

// Currency is what the receipts are in. It must be the terminal's.
func (d *Driver) Currency() money.Currency { return d.cfg.Numbers.Currency }

// MaskTrace implements meter.Masker. Both directions are receipts or harmless, but
// only the meter's have anything to hide.
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
	s := newSession(d.cfg, d.log, port, sink, &d.seen, meter.Now(port))
	var buf [512]byte
	for ctx.Err() == nil && s.err == nil {
		n, err := port.Read(buf[:])
		if n > 0 {
			d.tee.toPrinter(buf[:n])
			s.bytes(buf[:n], meter.Now(port))
			clear(buf[:n]) // it may have held a card
		} else if err == nil {
			s.idle(meter.Now(port))
		}
		if err != nil {
			return fmt.Errorf("meter line: %w", err)
		}
		d.passOn(s)
	}
	if s.err != nil {
		return fmt.Errorf("meter line: %w", s.err)
	}
	return ctx.Err()
}

// passOn gives the meter what the printer of a tee has said.
func (d *Driver) passOn(s *session) {
	if p := d.tee.fromPrinter(); len(p) > 0 {
		s.send(p)
	}
	s.health.printer = d.tee.fault()
}
