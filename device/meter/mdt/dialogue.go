package mdt

import (
	"time"

	"taxiterminal/device/meter"
)

func (s *session) startPoll() {
	s.nextPoll = s.now.Add(s.cfg.Poll)
	s.stale = false
	s.start(&s.poll)
}

// start asks, at once unless the meter is busy; then as soon as it is not.
func (s *session) start(r *request) {
	r.begin(s.now)
	if s.busyUntil.IsZero() {
		s.send(r.frame)
	}
}

func (s *session) ack() {
	if s.ackDue && !s.cfg.Silent {
		s.ackDue = false
		s.send(ackFrame)
	}
	s.ackDue = false
}

// send writes one frame, and before it the acknowledgement that is still due.
func (s *session) send(frame []byte) {
	if s.ackDue {
		s.ack()
	}
	if s.err == nil {
		_, s.err = s.out.Write(frame)
	}
}

func (s *session) requests() [3]*request { return [...]*request{&s.query, &s.poll, &s.conf} }

// pending is the request that an ACK or a 59, which do not say what they answer, is
// taken to answer: the oldest that has not been acknowledged, else the oldest.
func (s *session) pending() (found *request) {
	older := func(a, b *request) bool {
		return a.acked == b.acked && a.sent.Before(b.sent) || !a.acked && b.acked
	}
	for _, r := range s.requests() {
		if r.active && (found == nil || older(r, found)) {
			found = r
		}
	}
	return found
}

func (s *session) acked() {
	if r := s.pending(); r != nil && !r.acked {
		r.ack()
		s.answered()
	}
}

// refused takes a 59. It does not say what it refuses, so the request is repeated
// once before it is believed.
func (s *session) refused() {
	r := s.pending()
	if r == nil {
		return
	}
	s.answered()
	if r.tries == 1 {
		s.resend(r)
		return
	}
	r.end()
	switch r {
	case &s.query:
		s.queryRefused()
	case &s.poll:
		s.pollRefused()
	default:
		r.off = true
		s.log.Info("meter reports no running fare")
	}
}

// pollRefused notes that the status was refused, for good if it was never told.
func (s *session) pollRefused() {
	if s.poll.off = !s.health.polled; s.poll.off {
		s.log.Info("meter gives no status on request; its silence will not be noticed")
		s.health.monitor.SetLiveness(0)
	}
	s.trip.unverified(s.now)
	s.unconfirmed()
}

// queryRefused notes that trip data were refused. At vacant that only counts if the
// meter is vacant still: otherwise it may have been for a trip that just began.
func (s *session) queryRefused() {
	if s.trip.closing != nil {
		s.unsure = true
	} else {
		s.atStop.refused++
	}
	s.log.Warn("meter refuses trip data", "at", s.trip.position)
	s.trip.noRecord(s.now)
}

func (s *session) judgeRefusal(state State) {
	if s.unsure && state == Vacant {
		s.atVacant.refused++
	}
	s.unsure = false
}

func (s *session) resend(r *request) {
	r.again(s.now)
	r.tries++
	s.send(r.frame)
}

// busy takes a 4C.
func (s *session) busy(on bool) {
	if !on {
		s.resume()
		return
	}
	s.busyStep = min(max(2*s.busyStep, busyPause), busyMost)
	s.busyUntil = s.now.Add(s.busyStep)
}

// resume asks again for everything that a busy meter was asked for.
func (s *session) resume() {
	if s.busyUntil.IsZero() {
		return
	}
	s.busyUntil = time.Time{}
	for _, r := range s.requests() {
		if r.active {
			r.again(s.now)
			s.send(r.frame)
		}
	}
}

// timers does what is due by now.
func (s *session) timers() {
	if !s.busyUntil.IsZero() && !s.now.Before(s.busyUntil) {
		s.resume()
	}
	for _, r := range s.requests() {
		if s.now.Before(s.busyUntil) && s.now.Before(r.limit) {
			continue
		}
		switch r.due(s.now) {
		case send:
			s.send(r.frame)
		case fail:
			s.failed(r)
		}
	}
	s.trip.tick(s.now)
	s.routine()
	s.observe()
}

// failed draws the consequences of a request that was not answered.
func (s *session) failed(r *request) {
	s.log.Warn("meter does not answer", "request", r.id, "tries", r.tries)
	switch r {
	case &s.query:
		s.health.unanswered(r, s.now)
		s.trip.noRecord(s.now)
	case &s.poll:
		s.health.unanswered(r, s.now)
		s.trip.unverified(s.now)
		s.unconfirmed()
	default:
		r.off = true // silence is how some meters refuse a configuration
	}
}

// routine starts what is not urgent, one at a time.
func (s *session) routine() {
	switch {
	case s.query.active || s.poll.active || s.conf.active:
	case s.cfg.Poll > 0 && !s.poll.off && !s.now.Before(s.nextPoll):
		s.startPoll()
	case s.configure && !s.conf.off && s.health.frames > 0:
		s.configure = false
		s.start(&s.conf)
	}
}

// observe tells the health when it changed.
func (s *session) observe() {
	before := s.health.monitor.State()
	h, changed := s.health.observe(s.dec.Stats(), s.now)
	switch after := s.health.monitor.State(); {
	case after == meter.HealthSilent && before != after:
		s.trip.interrupted()
	case before == meter.HealthSilent && before != after:
		s.nextPoll = s.now // it may have been switched off and on
		s.configure = s.cfg.RunningFare
	}
	if changed {
		s.tell(h)
	}
}
