// Package serialport keeps one serial line open for ever.
//
// A taxi's serial adapter disappears when the engine is cranked, comes back under
// another device number, is held by a forgotten terminal program or belongs to
// the wrong group. A Supervisor opens the line by its stable name, hands it to a
// session, closes it at the first error, waits a little and opens it again, until
// its context ends. What is wrong with the line at present has a name (State) and
// a hint for the person who can mend it.
//
//	s := serialport.New(serialport.Config{
//		Path: "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0",
//		Line: serialport.Line{Baud: 9600, DataBits: 8, Parity: serialport.NoParity, StopBits: 1},
//		Log:  log,
//	})
//	err := s.Run(ctx, func(ctx context.Context, port *serialport.Port) error {
//		return driver.Run(ctx, port, sink)
//	})
//
// Run, the session and the port live in one goroutine, so that nothing reads,
// writes and closes a file descriptor at the same time. Read returns (0, nil)
// after a tick without bytes: never put bufio or io.ReadFull on a Port, for they
// take empty reads for a broken reader.
//
// The line is taken exclusively twice: by flock on the device, which other
// well-behaved programs and a second copy of this one respect even as root, and
// by TIOCEXCL, which the kernel enforces against everybody but root.
//
// A Recorder writes down what passes over the line, for the bench; a Player lets a
// driver read it again. Ports lists what lines there are.
package serialport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	tick       = 100 * time.Millisecond // longest wait of a Read without bytes
	writeLimit = time.Second            // longest wait for room in the output queue
	closeLimit = 2 * time.Second        // a UART that drains may take 30 s to close

	minBackoff = 200 * time.Millisecond
	maxBackoff = 2 * time.Second
	// steady is how long a session must last before a new failure counts as new
	// and not as one more of a series.
	steady = 5 * time.Second
)

// Config says which line to keep open.
type Config struct {
	Path string // a stable name: below /dev/serial/by-id, by-path or a udev symlink
	Line Line
	// OnState is told every change of state, from the goroutine of Run. Nil is allowed.
	OnState func(Status)
	// Tape records the bytes of the line. Nil records nothing.
	Tape *Recorder
	Log  *slog.Logger
}

// Session talks over an open line until ctx ends or the line fails. It must not
// keep the port after it returned.
type Session func(ctx context.Context, port *Port) error

// Supervisor keeps one line open. Create it with New.
type Supervisor struct {
	cfg     Config
	status  Status
	backoff backoff
	closers sync.WaitGroup // closings that outlived closeLimit
}

// New prepares a supervisor. It touches no hardware.
func New(cfg Config) *Supervisor {
	return &Supervisor{cfg: cfg, backoff: backoff{min: minBackoff, max: maxBackoff, jitter: rand.Float64}}
}

// Run opens the line, runs session on it, and does so again after every failure,
// until ctx ends; it returns ctx.Err(). A session that returns early, with an
// error or without, is a failure of the line.
func (s *Supervisor) Run(ctx context.Context, session Session) error {
	defer s.waitClosers()
	s.tell(Status{State: Opening, Path: s.cfg.Path})
	for ctx.Err() == nil {
		began := time.Now()
		status := s.once(ctx, session)
		if ctx.Err() != nil {
			break
		}
		s.tell(status)
		if time.Since(began) >= steady {
			s.backoff.reset()
		}
		wait(ctx, s.backoff.next())
	}
	return ctx.Err()
}

// once runs one session and says why it ended.
func (s *Supervisor) once(ctx context.Context, session Session) Status {
	port, err := open(s.cfg)
	if err != nil {
		return s.statusOf(err)
	}
	s.tell(Status{State: Open, Path: s.cfg.Path})
	err = session(ctx, port)
	if err == nil {
		err = errSessionEnded
	}
	s.close(port)
	return Status{State: Lost, Path: s.cfg.Path, Err: err, Hint: hints[Lost]}
}

// statusOf names the reason why the line could not be opened.
func (s *Supervisor) statusOf(err error) Status {
	state := stateOf(err)
	return Status{State: state, Path: s.cfg.Path, Err: err, Hint: hints[state]}
}

// tell reports a state when it is not the one reported last.
func (s *Supervisor) tell(st Status) {
	if st.State == s.status.State {
		return
	}
	s.status = st
	level := slog.LevelWarn
	if st.State == Open || st.State == Opening {
		level = slog.LevelInfo
	}
	s.cfg.Log.Log(context.Background(), level, "serial line", "state", st.State, "path", st.Path, "err", st.Err, "hint", st.Hint)
	if s.cfg.OnState != nil {
		s.cfg.OnState(st)
	}
}

// close closes the port in a goroutine of its own, because close(2) on a UART
// waits for its output to drain, which takes for ever when the other end is gone.
func (s *Supervisor) close(port *Port) {
	done := make(chan error, 1)
	s.closers.Go(func() { done <- port.close() })
	select {
	case err := <-done:
		if err != nil {
			s.cfg.Log.Debug("serial line close", "path", s.cfg.Path, "err", err)
		}
	case <-time.After(closeLimit):
		s.cfg.Log.Warn("serial line close takes long, going on without it", "path", s.cfg.Path, "after", closeLimit)
	}
}

// waitClosers gives slow closings one more chance, so that Run leaves nothing
// behind unless the kernel holds it.
func (s *Supervisor) waitClosers() {
	done := make(chan struct{})
	go func() { s.closers.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(closeLimit):
		s.cfg.Log.Warn("serial line still closing at the end", "path", s.cfg.Path)
	}
}

// wait sleeps for d or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// backoff is the pause before the next try: doubling from min to max, plus up to
// a quarter of itself so that several lines do not try in step.
type backoff struct {
	min, max time.Duration
	jitter   func() float64 // in [0, 1)
	last     time.Duration
}

func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, b.min), b.max)
	return b.last + time.Duration(b.jitter()*float64(b.last)/4)
}

func (b *backoff) reset() { b.last = 0 }

var errSessionEnded = errors.New("session ended without an error")

func (st Status) String() string {
	if st.Err == nil {
		return fmt.Sprintf("%s: %s", st.Path, st.State)
	}
	return fmt.Sprintf("%s: %s: %v", st.Path, st.State, st.Err)
}
