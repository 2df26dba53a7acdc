package sim

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/serialport/ptycable"
)

// printerBehind is the real printer of a taxi whose terminal stands between it and the
// meter.
type printerBehind struct {
	mu    sync.Mutex
	paper bytes.Buffer
}

func (p *printerBehind) print(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paper.Write(b)
}

func (p *printerBehind) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paper.String()
}

// TestAReceiptIsPaidAndPrinted drives a trip with the terminal between meter and
// printer: the receipt comes out of the printer and is paid, and what the printer says
// comes to the meter.
func TestAReceiptIsPaidAndPrinted(t *testing.T) {
	t.Parallel()
	ctx := withTimeout(t, time.Minute)
	cable := ptycable.New(filepath.Join(t.TempDir(), "printer"))
	end, err := cable.Plug()
	require.NoError(t, err)
	var printer printerBehind
	var reading sync.WaitGroup
	reading.Go(func() {
		for buf := make([]byte, 256); ; {
			n, err := end.Read(buf)
			printer.print(buf[:n])
			if err != nil {
				return
			}
		}
	})
	t.Cleanup(func() { require.NoError(t, cable.Pull()); reading.Wait() })

	trip := started(t, func(o *Options) {
		o.Meter = MeterOptions{Protocol: "capture", More: "mode = \"tee\"\nprinter = \"" + cable.Link() + `"`}
	})
	require.NoError(t, trip.Ride(ctx, fare))
	require.NoError(t, trip.Approve(ctx))
	require.NoError(t, trip.Shows(ctx, "paid"))
	require.NoError(t, Poll(ctx, Patience, "receipt printed", func() (bool, error) {
		return strings.Contains(printer.text(), "286,50"), nil
	}))
	const paperOut = "\x72"
	_, err = end.WriteString(paperOut)
	require.NoError(t, err)
	require.NoError(t, Poll(ctx, Patience, "printer heard by the meter", func() (bool, error) {
		return string(trip.Meter.(captureMeter).Heard()) == paperOut, nil
	}))
	require.NoError(t, trip.Settle(ctx))
	require.NoError(t, trip.API.Check())
}

// TestReceiptsThatCannotBeTaken lets go wrong what can, and looks that the passenger can
// still pay: with the driver's word, or with a fare that the driver types.
func TestReceiptsThatCannotBeTaken(t *testing.T) {
	t.Parallel()
	word := func(ctx context.Context, trip *Trip) error {
		return play(
			func() error { return trip.Shows(ctx, "failed") },
			func() error { return trip.Press(ctx, "new") },
		)
	}
	typed := func(ctx context.Context, trip *Trip) error { return trip.Typed(ctx, fare) }
	for fault, remedy := range map[string]func(context.Context, *Trip) error{
		"skew": word, "cutshort": typed, "picture": typed,
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			ctx := withTimeout(t, time.Minute)
			trip := started(t, func(o *Options) {
				o.Meter.Protocol, o.PIN, o.FareByHand = "capture", "4711", true
			})
			k, ok := FindKey(trip.Meter, fault)
			require.True(t, ok)
			require.NoError(t, k.Press())
			require.NoError(t, trip.Ride(ctx, fare))
			require.NoError(t, remedy(ctx, trip))
			require.NoError(t, trip.Approve(ctx))
			require.NoError(t, trip.Shows(ctx, "paid"))
			require.NoError(t, trip.Settle(ctx))
			require.NoError(t, trip.API.Check())
		})
	}
}

// TestAMeterThatDoesNotFitIsRefused checks what the parts of the configuration must
// agree on.
func TestAMeterThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]MeterOptions{
		"payment.currency: is NOK, and the meter's receipts are in DKK": {Profile: "dk-42"},
		"meter.printer: is the meter's own port":                        {More: "mode = \"tee\"\nprinter = \"/dev/x\""},
		"meter.printer_line: ":                                          {More: "mode = \"tee\"\nprinter = \"/dev/y\"\nprinter_line = \"fast\""},
	} {
		o.Protocol = "capture"
		table, err := Table(o, "NOK", "/dev/x")
		require.NoError(t, err)
		d, err := newDaemon(Options{Dir: t.TempDir(), Terminal: program, Meter: o}, table, "http://127.0.0.1:1")
		require.NoError(t, err)
		_, errs, code := d.command("config", "check")
		require.Equal(t, 78, code, errs)
		require.Contains(t, errs, want)
	}
}
