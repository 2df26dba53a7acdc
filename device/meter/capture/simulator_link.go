package capture

import (
	"context"
	"fmt"
	"io"
	"time"

	"taxiterminal/device/meter"
)

const (
	keeps     = time.Second            // how long a print waits for a printer that is not there
	pollAgain = 500 * time.Millisecond // how often a printer that does not answer is asked
)

// statusRequest asks whether the printer is there.
var statusRequest = []byte{dle, 0x04, 0x01}

// Run plugs a cable in and prints over it until ctx ends, which it returns as
// ctx.Err(), or the cable fails. There is one socket: a second Run waits until the
// cable of the first is out. Jobs are written one at a time. When ctx ends, Run needs
// to wake its reader: it sets a read deadline in the past if line has one, and closes
// line if it has not.
func (s *Simulator) Run(ctx context.Context, line io.ReadWriter) error {
	select {
	case s.socket <- struct{}{}:
		defer func() { <-s.socket }()
	case <-ctx.Done():
		return ctx.Err()
	}
	s.plug(true)
	defer s.plug(false)
	failed, done := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(done)
		failed <- s.listen(line)
	}()
	defer func() { wakeReader(line); <-done }()
	for {
		again, err := s.flush(line)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:
			return fmt.Errorf("meter cable read: %w", err)
		case <-s.wake:
		case <-again:
		}
	}
}

// listen notes what the printer says.
func (s *Simulator) listen(line io.Reader) error {
	buf := make([]byte, 64)
	for {
		n, err := line.Read(buf)
		if n > 0 {
			s.mu.Lock()
			s.heard = append(s.heard, buf[:n]...)
			s.heard = s.heard[max(0, len(s.heard)-maxHeard):]
			s.ready = true
			s.mu.Unlock()
			s.poke()
		}
		if err != nil {
			return err
		}
	}
}

const maxHeard = 256

func wakeReader(line io.ReadWriter) {
	if d, ok := line.(interface{ SetReadDeadline(time.Time) error }); ok && d.SetReadDeadline(time.Unix(1, 0)) == nil {
		return
	}
	if c, ok := line.(io.Closer); ok {
		_ = c.Close() // the cable is being given up; there is nothing to do about an error
	}
}

// plug begins or ends with a cable. Prints that nobody took are lost.
func (s *Simulator) plug(in bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plugged = in
	s.ready, s.asked = false, time.Time{}
	now := time.Now()
	for len(s.queue) > 0 && now.Sub(s.queue[0].at) > keeps {
		s.queue = s.queue[1:]
	}
}

func (s *Simulator) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// flush writes what is to be printed. A meter that polls writes its request first,
// and the job when an answer came; the channel tells when it wants to ask again.
func (s *Simulator) flush(line io.Writer) (again <-chan time.Time, err error) {
	for {
		p := s.next(time.Now())
		if p == nil {
			break
		}
		if _, err := line.Write(p); err != nil {
			return nil, fmt.Errorf("meter cable write: %w", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) > 0 {
		again = time.After(pollAgain)
	}
	return again, nil
}

// next is what has to be written now, nil for nothing.
func (s *Simulator) next(now time.Time) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.queue) == 0:
		return nil
	case s.cfg.Polls && !s.ready:
		if !s.asked.IsZero() && now.Sub(s.asked) < pollAgain {
			return nil
		}
		s.asked = now
		return statusRequest
	}
	s.ready, s.asked = false, time.Time{}
	p := s.queue[0].bytes
	s.queue = s.queue[1:]
	return p
}

// PowerOff cuts the meter's supply: a trip that was open is lost without a receipt.
func (s *Simulator) PowerOff() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on, s.state, s.queue = false, meter.ForHire, nil
}

// PowerOn brings the supply back.
func (s *Simulator) PowerOn() { s.set(func() { s.on = true }) }

// Pictures makes the next n prints pictures without text.
func (s *Simulator) Pictures(n int) { s.set(func() { s.pictures = n }) }

// Miscount makes the total of the next n receipts 1.00 too high.
func (s *Simulator) Miscount(n int) { s.set(func() { s.miscount = n }) }

// CutShort makes the next n prints end after two thirds, as when paper or power ends.
func (s *Simulator) CutShort(n int) { s.set(func() { s.cutShort = n }) }

// Skew makes the meter's clock wrong by d.
func (s *Simulator) Skew(d time.Duration) { s.set(func() { s.skew = d }) }

// Noise sends bytes that no meter meant to send.
func (s *Simulator) Noise(p []byte) {
	s.set(func() { s.queue = append(s.queue, printed{p, time.Now()}) })
}

func (s *Simulator) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(time.Now())
	change()
	s.poke()
}
