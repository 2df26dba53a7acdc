package serialport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"taxiterminal/device/serialport/ptycable"
)

const patience = 10 * time.Second

// bench is one supervised line on a cable, with everything that it reports.
type bench struct {
	t      *testing.T
	states chan Status
	read   chan []byte
	write  chan []byte
	done   chan error
	cancel context.CancelFunc
}

// start runs a supervisor whose session passes on what it reads and writes what
// the test gives it. Its pauses are short, so that tests need not wait for them.
func start(t *testing.T, path string, change func(*Supervisor)) *bench {
	t.Helper()
	b := &bench{t: t, states: make(chan Status, 4096), read: make(chan []byte, 64), write: make(chan []byte, 64), done: make(chan error, 1)}
	line, err := ParseLine("9600 8N1")
	require.NoError(t, err)
	s := New(Config{Path: path, Line: line, Log: slog.New(slog.DiscardHandler), OnState: func(st Status) { b.states <- st }})
	s.backoff.min, s.backoff.max = time.Millisecond, 5*time.Millisecond
	if change != nil {
		change(s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	b.cancel = cancel
	go func() { b.done <- s.Run(ctx, b.session) }()
	t.Cleanup(b.stop)
	return b
}

func (b *bench) session(ctx context.Context, port *Port) error {
	buf := make([]byte, 256)
	for ctx.Err() == nil {
		n, err := port.Read(buf)
		if n > 0 {
			b.read <- bytes.Clone(buf[:n])
		}
		if err != nil {
			return err
		}
		select {
		case p := <-b.write:
			if _, err := port.Write(p); err != nil {
				return err
			}
		default:
		}
	}
	return ctx.Err()
}

func (b *bench) stop() {
	b.cancel()
	select {
	case err := <-b.done:
		require.ErrorIs(b.t, err, context.Canceled)
		b.done <- err
	case <-time.After(patience):
		b.t.Error("Run did not end")
	}
}

// expect waits for the next changes of state and demands exactly these.
func (b *bench) expect(want ...State) (last Status) {
	b.t.Helper()
	for _, w := range want {
		select {
		case last = <-b.states:
			require.Equal(b.t, w, last.State, "%v", last)
		case <-time.After(patience):
			require.Fail(b.t, "no change of state", "want %s", w)
		}
	}
	return last
}

// plugged gives a cable with the device's end.
func plugged(t *testing.T) (*ptycable.Cable, *os.File) {
	t.Helper()
	cable := ptycable.New(filepath.Join(t.TempDir(), "ttyMETER"))
	t.Cleanup(func() { require.NoError(t, cable.Pull()) })
	device, err := cable.Plug()
	require.NoError(t, err)
	return cable, device
}

// waitRead collects n bytes that the session read.
func waitRead(t *testing.T, b *bench, n int) []byte {
	t.Helper()
	var got []byte
	for len(got) < n {
		select {
		case p := <-b.read:
			got = append(got, p...)
		case <-time.After(patience):
			require.Fail(t, "too few bytes", "%x", got)
		}
	}
	return got
}

func TestBytesPassUnchanged(t *testing.T) {
	t.Parallel()
	cable, device := plugged(t)
	b := start(t, cable.Link(), nil)
	b.expect(Opening, Open)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	_, err := device.Write(all)
	require.NoError(t, err)
	require.Equal(t, all, waitRead(t, b, 256), "no byte value means anything to the line")
	b.write <- all
	got := make([]byte, 256)
	require.NoError(t, device.SetReadDeadline(time.Now().Add(patience)))
	_, err = io.ReadFull(device, got)
	require.NoError(t, err)
	require.Equal(t, all, got)
}

func TestUnplugAndPlug(t *testing.T) {
	t.Parallel()
	cable, _ := plugged(t)
	b := start(t, cable.Link(), nil)
	b.expect(Opening, Open)
	require.NoError(t, cable.Pull())
	lost := b.expect(Lost)
	require.Error(t, lost.Err)
	require.NotEmpty(t, lost.Hint)
	missing := b.expect(Missing)
	require.ErrorIs(t, missing.Err, os.ErrNotExist)
	require.Empty(t, b.states, "a state that goes on is told once")
	device, err := cable.Plug()
	require.NoError(t, err)
	b.expect(Open)
	_, err = device.Write([]byte("back"))
	require.NoError(t, err)
	require.Equal(t, "back", string(waitRead(t, b, 4)))
}

func TestOldBytesAreThrownAway(t *testing.T) {
	t.Parallel()
	cable, device := plugged(t)
	_, err := device.Write([]byte("old"))
	require.NoError(t, err)
	b := start(t, cable.Link(), nil)
	b.expect(Opening, Open)
	_, err = device.Write([]byte("new"))
	require.NoError(t, err)
	require.Equal(t, "new", string(waitRead(t, b, 3)))
}

func TestMissing(t *testing.T) {
	t.Parallel()
	b := start(t, filepath.Join(t.TempDir(), "nothing"), nil)
	st := b.expect(Opening, Missing)
	require.ErrorIs(t, st.Err, os.ErrNotExist)
	require.Contains(t, st.Hint, "taxiterm meter ports")
}

func TestNotTTY(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, path := range []string{file, t.TempDir(), "/dev/null"} {
		st := start(t, path, nil).expect(Opening, NotTTY)
		require.NotEmpty(t, st.Hint)
	}
}

func TestBusy(t *testing.T) {
	t.Parallel()
	cable, _ := plugged(t)
	first := start(t, cable.Link(), nil)
	first.expect(Opening, Open)
	second := start(t, cable.Link(), nil)
	st := second.expect(Opening, Busy)
	require.ErrorIs(t, st.Err, ErrBusy)
	first.stop()
	second.expect(Open)
}

func TestDenied(t *testing.T) {
	t.Parallel()
	cable, _ := plugged(t)
	require.NoError(t, os.Chmod(cable.Link(), 0))
	s := New(Config{Path: cable.Link(), Log: slog.New(slog.DiscardHandler)})
	got := make(chan Status, 1)
	go func() {
		// Root may open anything. The thread that gives up its identity for files is
		// locked to this goroutine and dies with it.
		runtime.LockOSThread()
		_ = unix.Setfsuid(65534)
		_, err := open(s.cfg)
		got <- s.statusOf(err)
	}()
	st := <-got
	require.Equal(t, Denied, st.State, "%v", st)
	require.Contains(t, st.Hint, "dialout")
}

func TestSessionErrorReopens(t *testing.T) {
	t.Parallel()
	cable, _ := plugged(t)
	boom := errors.New("boom")
	states := make(chan Status, 64)
	line, _ := ParseLine("9600 8N1")
	s := New(Config{Path: cable.Link(), Line: line, Log: slog.New(slog.DiscardHandler), OnState: func(st Status) { states <- st }})
	s.backoff.min, s.backoff.max = time.Millisecond, time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	runs := 0
	err := s.Run(ctx, func(context.Context, *Port) error {
		if runs++; runs == 3 {
			cancel()
			return nil
		}
		return boom
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 3, runs)
	for _, want := range []State{Opening, Open, Lost, Open, Lost, Open} {
		st := <-states
		require.Equal(t, want, st.State)
		if want == Lost {
			require.ErrorIs(t, st.Err, boom)
		}
	}
}

func TestStuckLine(t *testing.T) {
	t.Parallel()
	cable, _ := plugged(t)
	line, _ := ParseLine("9600 8N1")
	port, err := open(Config{Path: cable.Link(), Line: line})
	require.NoError(t, err)
	defer func() { require.NoError(t, port.close()) }()
	began := time.Now()
	for range 100_000 { // nobody reads the other end
		if _, err = port.Write(make([]byte, 8)); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, ErrStuck)
	require.Less(t, time.Since(began), patience)
}

// TestNothingLeaks reconnects 200 times and compares what the process holds. It is
// not parallel, because it counts what belongs to the whole process.
func TestNothingLeaks(t *testing.T) {
	cable := ptycable.New(filepath.Join(t.TempDir(), "ttyMETER"))
	_, err := cable.Plug()
	require.NoError(t, err)
	b := start(t, cable.Link(), nil)
	b.expect(Opening, Open)
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for i := range 200 {
		if i%4 == 0 {
			require.NoError(t, cable.Pull())
			b.expect(Lost)
		}
		_, err := cable.Plug()
		require.NoError(t, err)
		for st := b.expectAny(); st.State != Open; st = b.expectAny() {
			require.Contains(t, []State{Lost, Missing}, st.State)
		}
	}
	// require.Eventually would count a goroutine of its own.
	for deadline := time.Now().Add(patience); runtime.NumGoroutine() > goroutines && time.Now().Before(deadline); {
		<-time.After(time.Millisecond)
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), goroutines)
	require.LessOrEqual(t, openFiles(t), files)
	b.stop()
	require.NoError(t, cable.Pull())
}

func (b *bench) expectAny() Status {
	b.t.Helper()
	select {
	case st := <-b.states:
		return st
	case <-time.After(patience):
		require.Fail(b.t, "no change of state")
		return Status{}
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	dir, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(dir)
}
