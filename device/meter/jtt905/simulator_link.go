package jtt905

import (
	"context"
	"fmt"
	"io"
	"time"
)

// simulatedLink is the meter's side of the protocol: what it still has to say.
type simulatedLink struct {
	plugged  bool
	waiting  []said // one after the other, each until it is answered
	answers  []said // to be sent when their time has come
	nextBeat time.Time
}

// said is one frame from the meter.
type said struct {
	message Message
	at      time.Time // when it happened or, for answers, is to be sent
	sent    time.Time
	sentAs  Command
	tries   int
}

// record says whether this is kept until it is acknowledged; other news is given up.
func (w said) record() bool {
	switch w.message.(type) {
	case Ended, ShiftTotals:
		return true
	}
	return false
}

// mostTries is how often news that is no record is sent.
const mostTries = 3

// command is what a frame is sent as: a record that is not new any more, as a resend.
func (w said) command(now time.Time, timeout time.Duration) Command {
	late := w.tries > 1 || now.Sub(w.at) > timeout
	switch m := w.message.(type) {
	case Started:
		return CmdStarted
	case SignIn:
		return CmdSignIn
	case SignOut:
		return CmdSignOut
	case ShiftTotals:
		return pick(late || m.Resent, CmdShiftAgain, CmdShift)
	case Ended:
		return pick(late || m.Resent, CmdEndedAgain, CmdEnded)
	}
	return 0
}

// Run plugs a cable in and talks over it until ctx ends, which it returns as ctx.Err(),
// or the cable fails. There is one socket: a second Run waits until the cable of the
// first is out. Frames are written one at a time. When ctx ends, Run needs to wake its
// reader: it sets a read deadline in the past if line has one, and closes line if it has
// not.
func (s *Simulator) Run(ctx context.Context, line io.ReadWriter) error {
	select {
	case s.socket <- struct{}{}:
		defer func() { <-s.socket }()
	case <-ctx.Done():
		return ctx.Err()
	}
	s.plug(true)
	defer s.plug(false)
	chunks, failed := make(chan []byte), make(chan error, 1)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		failed <- readAll(line, chunks, stop)
	}()
	defer func() { close(stop); wakeReader(line); <-done }()

	host := NewDecoder(0)
	for {
		next, err := s.flush(line)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:
			return fmt.Errorf("meter cable read: %w", err)
		case p := <-chunks:
			host.Feed(p, time.Now(), s.hear)
		case <-s.wake:
		case <-time.After(time.Until(next)):
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

func (s *Simulator) plug(in bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link.plugged = in
	s.link.answers = nil
	for i := range s.link.waiting {
		s.link.waiting[i].sent = time.Time{}
	}
}

// forget lets go all but the records.
func (l *simulatedLink) forget() {
	var kept []said
	for _, w := range l.waiting {
		if w.record() {
			kept = append(kept, w)
		}
	}
	l.waiting, l.answers = kept, nil
}

// records are the trips that wait for an acknowledgement.
func (l *simulatedLink) records() (n int) {
	for _, w := range l.waiting {
		if _, ok := w.message.(Ended); ok {
			n++
		}
	}
	return n
}

// maxWaiting bounds what a meter without a host remembers.
const maxWaiting = 1000

// push queues news for the host. A meter that has another terminal too tells it that one
// at the same time, and is done with it.
func (s *Simulator) push(w said) {
	if _, err := Encode(w.message); err != nil || s.cfg.OwnTerminal && !s.link.plugged {
		return // what has no frame, such as a date of another century, cannot be told
	}
	w.at = time.Now()
	s.link.waiting = append(s.link.waiting, w)
	if len(s.link.waiting) > maxWaiting {
		s.link.waiting = s.link.waiting[1:]
	}
	s.poke()
}

func (s *Simulator) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// flush writes all that is due, and says when it wants to be called again.
func (s *Simulator) flush(line io.Writer) (next time.Time, err error) {
	s.mu.Lock()
	frames, next := s.due(time.Now())
	s.mu.Unlock()
	for _, f := range frames {
		if _, err := line.Write(f); err != nil {
			return next, fmt.Errorf("meter cable write: %w", err)
		}
	}
	return next, nil
}

// due gives what has to be sent by now, and the time of the next.
func (s *Simulator) due(now time.Time) (frames [][]byte, next time.Time) {
	next = now.Add(time.Minute)
	if !s.on {
		return nil, next
	}
	s.count(now)
	l := &s.link
	soonest := func(t time.Time) {
		if t.Before(next) {
			next = t
		}
	}
	for len(l.answers) > 0 && !now.Before(l.answers[0].at) {
		frames = append(frames, must(l.answers[0].message))
		l.answers = l.answers[1:]
	}
	for w := l.head(now, s.cfg.AnswerTimeout); w != nil; w = l.head(now, s.cfg.AnswerTimeout) {
		frames = append(frames, s.launch(w, now))
		if !s.cfg.OwnTerminal {
			break
		}
		l.waiting = l.waiting[1:]
	}
	if len(l.waiting) > 0 {
		soonest(l.waiting[0].sent.Add(s.cfg.AnswerTimeout))
	}
	if !now.Before(l.nextBeat) {
		l.nextBeat = now.Add(s.cfg.Heartbeat)
		frames = append(frames, must(s.beat()))
	}
	soonest(l.nextBeat)
	if len(l.answers) > 0 {
		soonest(l.answers[0].at)
	}
	return frames, next
}

// head is the news to be sent now, after those that are given up.
func (l *simulatedLink) head(now time.Time, timeout time.Duration) *said {
	for len(l.waiting) > 0 {
		w := &l.waiting[0]
		switch {
		case w.record(), w.tries == 0, w.tries < mostTries && len(l.waiting) == 1:
			if now.Before(w.sent.Add(timeout)) {
				return nil
			}
			return w
		case now.Before(w.sent.Add(timeout)) && len(l.waiting) == 1:
			return nil
		}
		l.waiting = l.waiting[1:]
	}
	return nil
}

// launch makes the frame.
func (s *Simulator) launch(w *said, now time.Time) []byte {
	w.tries++
	w.sent = now
	w.sentAs = w.command(now, s.cfg.AnswerTimeout)
	switch m := w.message.(type) {
	case ShiftTotals:
		m.Resent = w.sentAs == CmdShiftAgain
		return must(m)
	case Ended:
		m.Resent = w.sentAs == CmdEndedAgain
		frame := withCard(must(m), m.CardLen)
		if s.misprints > 0 {
			s.misprints--
			frame = misprinted(frame)
		}
		return frame
	}
	return must(w.message)
}

func (s *Simulator) beat() Heartbeat {
	return Heartbeat{
		Flags:   Flags{Hired: s.state != Vacant, Operating: s.signedIn, BadSpeed: s.badSpeed},
		Licence: s.cfg.Licence, Certificate: s.cfg.Certificate,
	}
}
