package mdt

import (
	"context"
	"fmt"
	"io"
	"time"
)

// simulatedLink is the meter's side of the protocol: what it has said, and what it
// still has to say.
type simulatedLink struct {
	plugged bool
	waiting []said  // key presses and other news, to be sent one after the other
	answers []said  // to be sent when their time has come
	flight  []*said // sent, not acknowledged, in the order of sending
	write   [][]byte
}

// said is one frame from the meter.
type said struct {
	frame []byte
	at    time.Time // when it was, or is to be, sent
	tries int
	news  bool // sent again until it is acknowledged
	lost  bool // its acknowledgement was missed
}

const reportEvery = time.Second // running fares and pings

// Run plugs a cable in and talks over it until ctx ends, which it returns as
// ctx.Err(), or the cable fails. There is one socket: a second Run waits until the
// cable of the first is out. Frames are written one at a time. When ctx ends, Run
// needs to wake its reader: it sets a read deadline in the past if line has one, and
// closes line if it has not.
func (s *Simulator) Run(ctx context.Context, line io.ReadWriter) error {
	select {
	case s.socket <- struct{}{}:
		defer func() { <-s.socket }()
	case <-ctx.Done():
		return ctx.Err()
	}
	s.plug()
	defer s.unplug()
	chunks, failed := make(chan []byte), make(chan error, 1)
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		failed <- readAll(line, chunks, stop)
	}()
	defer func() { close(stop); wakeReader(line); <-done }()

	host := NewDecoder(FromHost, 0)
	for {
		next := s.flush(line)
		if next.err != nil {
			return next.err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:

			return fmt.Errorf("meter cable read: %w", err)
		case p := <-chunks:
			host.Feed(p, time.Now(), s.hear)
		case <-s.wake:
		case <-next.timer():
			host.Idle(time.Now(), s.hear)
		}
	}
}

// readAll passes on what it reads until line fails or nobody wants it.
func readAll(line io.Reader, chunks chan<- []byte, stop <-chan struct{}) error {
	for {
		buf := make([]byte, 256)
		n, err := line.Read(buf)
		if n > 0 {
			select {
			case chunks <- buf[:n]:
			case <-stop:
				return context.Canceled
			}
		}
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

// plug begins on a new cable. News that would have been given up by now are.
func (s *Simulator) plug() {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &s.link
	l.plugged = true
	now := time.Now()
	for len(l.waiting) > 0 && now.Sub(l.waiting[0].at) > sendings*s.cfg.AckTimeout {
		l.waiting = l.waiting[1:]
	}
}

func (s *Simulator) unplug() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link.plugged = false
	s.link.answers, s.link.write = nil, nil
	for _, f := range s.link.flight {
		if f.news {
			s.link.waiting = append([]said{*f}, s.link.waiting...)
		}
	}
	s.link.flight = nil
}

func (l *simulatedLink) forget() { l.waiting, l.answers, l.flight, l.write = nil, nil, nil, nil }

// push queues news for the host.
func (s *Simulator) push(frame []byte) {
	s.link.waiting = append(s.link.waiting, said{frame: frame, at: time.Now(), news: true})
	s.poke()
}

func (s *Simulator) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// pause is how long Run may sleep.
type pause struct {
	until time.Time
	err   error
}

func (p pause) timer() <-chan time.Time {
	if p.until.IsZero() {
		return nil
	}
	return time.After(time.Until(p.until))
}

// flush writes all that is due.
func (s *Simulator) flush(line io.Writer) pause {
	s.mu.Lock()
	next := s.due(time.Now())
	frames := s.link.write
	s.link.write = nil
	s.mu.Unlock()
	for _, f := range frames {
		if _, err := line.Write(f); err != nil {
			return pause{err: fmt.Errorf("meter cable write: %w", err)}
		}
	}
	return pause{until: next}
}

// due moves what has to be sent by now to write, and gives the time of the next.
func (s *Simulator) due(now time.Time) (next time.Time) {
	s.count(now)
	soonest := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	l := &s.link
	s.repeat(now)
	for len(l.answers) > 0 && !now.Before(l.answers[0].at) {
		l.launch(l.answers[0], now)
		l.answers = l.answers[1:]
	}
	if len(l.waiting) > 0 && !l.newsInFlight() {
		l.launch(l.waiting[0], now)
		l.waiting = l.waiting[1:]
	}
	s.report(now)
	for _, f := range l.flight {
		soonest(f.at.Add(s.cfg.AckTimeout))
	}
	if len(l.answers) > 0 {
		soonest(l.answers[0].at)
	}
	if s.reporting() {
		soonest(s.reported.Add(reportEvery))
	}
	return next
}

// repeat sends again what was not acknowledged in time, or gives it up.
func (s *Simulator) repeat(now time.Time) {
	old := s.link.flight
	s.link.flight = nil
	var again []said
	for _, f := range old {
		switch {
		case now.Before(f.at.Add(s.cfg.AckTimeout)):
			s.link.flight = append(s.link.flight, f)
		case f.news && f.tries < sendings:
			again = append(again, *f)
		}
	}
	for _, f := range again {
		s.link.launch(f, now)
	}
}

func (l *simulatedLink) newsInFlight() bool {
	for _, f := range l.flight {
		if f.news {
			return true
		}
	}
	return false
}

func (l *simulatedLink) launch(f said, now time.Time) {
	f.at, f.lost = now, false
	f.tries++
	l.flight = append(l.flight, &f)
	l.write = append(l.write, f.frame)
}

func (s *Simulator) reporting() bool {
	return s.on && s.link.plugged && s.state == TimeOn && (s.reports.RunningFare || s.reports.Ping)
}

// report sends what the host switched on.
func (s *Simulator) report(now time.Time) {
	if !s.reporting() || now.Sub(s.reported) < reportEvery {
		return
	}
	s.reported = now
	if s.reports.RunningFare {
		s.link.launch(said{frame: must(RunningFare{Fare: s.trip.Fare, Extras: s.trip.Extras})}, now)
	}
	if s.reports.Ping {
		s.link.launch(said{frame: must(Ping{})}, now)
	}
}
