package capture

import (
	"context"
	"fmt"
	"sync"
	"time"

	"taxiterminal/device/meter"
)

// tee is what stands between the meter and its real printer: two queues of bytes, so
// that a printer that is slow or away never holds up the meter's line. A nil tee does
// nothing.
type tee struct {
	mu       sync.Mutex
	down, up []byte    // to the printer, to the meter
	lost     bool      // bytes for the printer had to be dropped
	open     bool      // the printer's line is
	waits    time.Time // since when down has not been empty
}

// maxQueue is more than one receipt with a picture.
const maxQueue = 32 << 10

// Downstream gives the port and the line parameters of the real printer in mode tee;
// otherwise ok is false. Whoever runs the driver opens that port too and hands it to
// ServeDownstream.
func (d *Driver) Downstream() (port, line string, ok bool) {
	return d.cfg.PrinterPort, d.cfg.PrinterLine, d.tee != nil
}

// ServeDownstream passes bytes on to the real printer and back until ctx ends or the
// port fails. It runs beside Run, on a goroutine of its own.
func (d *Driver) ServeDownstream(ctx context.Context, port meter.Port) error {
	if d.tee == nil {
		return fmt.Errorf("printer line: mode %s has no printer behind it", d.cfg.Mode)
	}
	return d.tee.serve(ctx, port)
}

// serve reads and writes in turn. A read gives up after a tick, so what the meter
// prints waits a tenth of a second at most.
func (t *tee) serve(ctx context.Context, port meter.Port) error {
	t.setOpen(true)
	defer t.setOpen(false)
	var buf [256]byte
	for ctx.Err() == nil {
		if p := t.take(&t.down); len(p) > 0 {
			if _, err := port.Write(p); err != nil {
				return fmt.Errorf("printer line: %w", err)
			}
		}
		n, err := port.Read(buf[:])
		t.put(&t.up, buf[:n])
		if err != nil {
			return fmt.Errorf("printer line: %w", err)
		}
	}
	return ctx.Err()
}

func (t *tee) setOpen(open bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open, t.lost = open, false
}

// put appends to a queue as much as fits.
func (t *tee) put(queue *[]byte, p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	room := min(len(p), maxQueue-len(*queue))
	*queue = append(*queue, p[:room]...)
	t.lost = t.lost || room < len(p)
}

// take empties a queue.
func (t *tee) take(queue *[]byte) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := *queue
	*queue = nil
	return p
}

func (t *tee) toPrinter(p []byte) {
	if t == nil {
		return
	}
	t.mu.Lock()
	if len(t.down) == 0 {
		t.waits = time.Now()
	}
	t.mu.Unlock()
	t.put(&t.down, p)
}

func (t *tee) fromPrinter() []byte {
	if t == nil {
		return nil
	}
	return t.take(&t.up)
}

// patience is how long the printer's line may take to open before it is missed.
const patience = 3 * time.Second

// fault says what is wrong with the way to the printer.
func (t *tee) fault() string {
	if t == nil {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case !t.open && len(t.down) > 0 && time.Since(t.waits) > patience:
		return "the printer behind the terminal is away: check its cable and the key printer"
	case t.lost:
		return "the printer behind the terminal is too slow: part of a receipt was not printed"
	}
	return ""
}
