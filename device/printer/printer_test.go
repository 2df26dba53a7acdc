package printer_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"taxiterminal/device/printer"
)

// long is more than a pipe or a pseudo-terminal takes without a reader.
func long() printer.Document {
	d := printer.Document{Code: board(177)}
	for range 600 {
		d.Lines = append(d.Lines, printer.Line{Text: string(make([]byte, 300))})
	}
	return d
}

var short = printer.Document{Lines: []printer.Line{{Text: "Tur 0042", Bold: true}, {Text: "æøå"}}, Code: board(21)}

func newPrinter(t *testing.T, path string) *printer.Printer {
	p, err := printer.New(printer.Config{Path: path, Baud: 9600})
	require.NoError(t, err)
	p.SetStall(50 * time.Millisecond)
	return p
}

func encoded(t *testing.T, d printer.Document) []byte {
	job, err := printer.Encode(d, narrow(printer.PC858))
	require.NoError(t, err)
	return job
}

// fifo is a device with a reader that reads nothing by itself.
func fifo(t *testing.T) (path string, reader *os.File) {
	path = filepath.Join(t.TempDir(), "lp0")
	require.NoError(t, unix.Mkfifo(path, 0o600))
	// For writing too, so that a read waits for the printer instead of ending.
	reader, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	require.NoError(t, err)
	t.Cleanup(func() { reader.Close() })
	return path, reader
}

func fault(t *testing.T, err error) *printer.Error {
	var e *printer.Error
	require.ErrorAs(t, err, &e)
	require.NotEmpty(t, e.Fault.Hint())
	require.Contains(t, e.Error(), e.Fault.Hint())
	return e
}

func TestAJobArrivesAsItIs(t *testing.T) {
	t.Parallel()
	for _, d := range []printer.Document{short, long()} {
		path, reader := fifo(t)
		got := make(chan []byte, 1)
		go func() {
			bytes := make([]byte, len(encoded(t, d)))
			_, _ = io.ReadFull(reader, bytes)
			got <- bytes
		}()
		require.NoError(t, newPrinter(t, path).Print(t.Context(), d))
		require.Equal(t, encoded(t, d), <-got)
	}
}

// TestASerialLineChangesNothing: a picture is full of bytes that a terminal would
// turn into others.
func TestASerialLineChangesNothing(t *testing.T) {
	t.Parallel()
	master, slave, err := pty.Open()
	require.NoError(t, err)
	t.Cleanup(func() { master.Close(); slave.Close() })
	got := make(chan []byte, 1)
	go func() {
		bytes := make([]byte, len(encoded(t, short)))
		_, _ = io.ReadFull(master, bytes)
		got <- bytes
	}()
	require.NoError(t, newPrinter(t, slave.Name()).Print(t.Context(), short))
	require.Equal(t, encoded(t, short), <-got)
	settings, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	require.NoError(t, err)
	require.Equal(t, uint32(unix.B9600|unix.CS8), settings.Cflag&(unix.CBAUD|unix.CSIZE|unix.PARENB|unix.CSTOPB))
}

func TestAPrinterThatTakesNothingIsStuck(t *testing.T) {
	t.Parallel()
	path, reader := fifo(t)
	e := fault(t, newPrinter(t, path).Print(t.Context(), long()))
	require.Equal(t, printer.Stuck, e.Fault)
	require.True(t, e.Partial)
	waiting, err := unix.IoctlGetInt(int(reader.Fd()), unix.TIOCINQ)
	require.NoError(t, err)
	require.Positive(t, waiting)
	require.Less(t, waiting, len(encoded(t, long())))

	master, slave, err := pty.Open()
	require.NoError(t, err)
	t.Cleanup(func() { master.Close(); slave.Close() })
	e = fault(t, newPrinter(t, slave.Name()).Print(t.Context(), long()))
	require.Equal(t, printer.Stuck, e.Fault)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	nobody := filepath.Join(dir, "nobody")
	require.NoError(t, unix.Mkfifo(nobody, 0o600))
	held, _ := fifo(t)
	other, err := os.OpenFile(held, os.O_WRONLY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { other.Close() })
	require.NoError(t, unix.Flock(int(other.Fd()), unix.LOCK_EX))
	for path, want := range map[string]printer.Fault{
		filepath.Join(dir, "lp9"): printer.Missing,
		nobody:                    printer.Missing,
		filepath.Join(file, "lp"): printer.Missing,
		file:                      printer.NotPrinter,
		dir:                       printer.NotPrinter,
		held:                      printer.Busy,
	} {
		e := fault(t, newPrinter(t, path).Print(t.Context(), short))
		require.Equal(t, want, e.Fault, path)
		require.False(t, e.Partial)
		require.NotContains(t, e.Error(), "0042", "an error does not quote the job")
	}
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Empty(t, content, "a file is not printed into")
}

func TestFaultsOfTheSystem(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]printer.Fault{
		unix.EACCES: printer.Denied, unix.EPERM: printer.Denied, unix.EBUSY: printer.Busy,
		unix.ENODEV: printer.Missing, unix.ENOSPC: printer.Stuck, unix.EIO: printer.Lost, unix.EPIPE: printer.Lost,
		context.Canceled: printer.Stopped, errors.New("new"): printer.Lost,
	} {
		require.Equal(t, want, printer.FaultOf(&os.PathError{Op: "write", Path: "/dev/usb/lp0", Err: err}), err)
	}
	for _, f := range printer.Faults() {
		require.NotEmpty(t, f.Hint(), f)
	}
}

// TestOneJobAtATime: a second job is refused while the first is under way, and a job
// that is called off ends at once; a reader that goes away is a lost device.
func TestOneJobAtATime(t *testing.T) {
	t.Parallel()
	path, reader := fifo(t)
	p := newPrinter(t, path)
	p.SetStall(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Print(ctx, long()) }()
	_, err := io.ReadFull(reader, make([]byte, 4096)) // the first job has begun
	require.NoError(t, err)
	require.Equal(t, printer.Busy, fault(t, p.Print(t.Context(), short)).Fault)
	cancel()
	e := fault(t, <-done)
	require.Equal(t, printer.Stopped, e.Fault)
	require.True(t, e.Partial)

	go func() { done <- p.Print(t.Context(), long()) }()
	_, err = io.ReadFull(reader, make([]byte, 100_000))
	require.NoError(t, err)
	require.NoError(t, reader.Close())
	require.Equal(t, printer.Lost, fault(t, <-done).Fault)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]printer.Config{
		"want a whole path":       {Path: "lp0"},
		"want one of [cp858":      {Path: "/dev/usb/lp0", Page: "cp437"},
		"want 128 to 1280":        {Path: "/dev/usb/lp0", Dots: 12},
		"want a usual rate such":  {Path: "/dev/usb/lp0", Baud: 9601},
		"printer path \"\": want": {},
	} {
		_, err := printer.New(cfg)
		require.ErrorContains(t, err, want)
	}
}
