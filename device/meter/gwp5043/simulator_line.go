package gwp5043

import (
	"context"
	"fmt"
	"io"
	"time"
)

// sendEvery is the pause between two frames.
const sendEvery = time.Second

// Run plugs a cable in and sends over it until ctx ends, which it returns as ctx.Err(), or
// the cable fails. There is one socket: a second Run waits until the cable of the first is
// out. Each frame is one write. When ctx ends, Run needs to wake its reader, which counts
// what the host sends: it sets a read deadline in the past if line has one, and closes line
// if it has not.
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
		frame, wait := s.due()
		if frame != nil {
			if _, err := line.Write(frame); err != nil {
				return fmt.Errorf("meter cable write: %w", err)
			}
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:
			return fmt.Errorf("meter cable read: %w", err)
		case <-s.wake:
		case <-time.After(wait):
		}
	}
}

// listen counts what the host sends until line fails.
func (s *Simulator) listen(line io.Reader) error {
	var buf [256]byte
	for {
		n, err := line.Read(buf[:])
		s.mu.Lock()
		s.heard += n
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

func wakeReader(line io.ReadWriter) {
	if d, ok := line.(interface{ SetReadDeadline(time.Time) error }); ok && d.SetReadDeadline(time.Unix(1, 0)) == nil {
		return
	}
	if c, ok := line.(io.Closer); ok {
		_ = c.Close() // the cable is being given up; there is nothing to do about an error
	}
}

func (s *Simulator) plug(in bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plugged = in
}

func (s *Simulator) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// due is the frame to be sent now, or nil and how long to wait.
func (s *Simulator) due() (frame []byte, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if left := s.nextFrame.Sub(now); left > 0 {
		return nil, left
	}
	frame = s.faults.befall(s.next(s.clock()))
	if s.prints == 0 {
		s.nextFrame = now.Add(sendEvery)
	}
	return frame, sendEvery
}
