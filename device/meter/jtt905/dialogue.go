package jtt905

import (
	"time"

	"taxiterminal/device/meter"
)

// Limits that the terminal sets the meter: none that it would reach.
var noTimeLimit = time.Date(2099, 12, 31, 23, 0, 0, 0, time.UTC)

const (
	beatTrips = 99   // two digits in the answer to a heartbeat
	signTrips = 9999 // four digits at sign-in
)

// beat answers a heartbeat.
func (s *session) beat() Message {
	return HeartbeatAnswer{Until: noTimeLimit, Count: beatTrips, Short: s.cfg.ShortBeat}
}

// sign lets the driver sign in or out. The standard's layout is known from one public
// terminal only.
func (s *session) sign(c Command) Message {
	return SignAnswer{
		To: c, Licence: s.cfg.Licence, Certificate: s.cfg.Certificate, Plate: s.cfg.Plate,
		At: s.cfg.wall(s.now), Until: noTimeLimit, Count: signTrips, Result: answerOK,
	}
}

// answer sends an answer, where the role has one to give.
func (s *session) answer(m Message) {
	if s.cfg.Role != RoleISU {
		return
	}
	frame, err := Encode(m)
	if err != nil {
		s.log.Error("answer to the meter", "err", err) // a clock outside this century
		return
	}
	s.send(frame)
}

func (s *session) send(frame []byte) {
	if s.err == nil {
		_, s.err = s.out.Write(frame)
	}
}

// timers does what is due by now.
func (s *session) timers() {
	for _, r := range []*request{&s.status, &s.history} {
		switch r.due(s.now) {
		case send:
			s.send(r.frame)
		case fail:
			s.log.Warn("meter does not answer", "request", parts(r.frame).Command.String(), "tries", sendings)
			s.health.unanswered(parts(r.frame).Command, r.began)
		}
	}
	s.settle()
	s.trip.tick(s.now)
	s.routine()
	s.observe()
}

// routine asks for the status when it is time.
func (s *session) routine() {
	if s.cfg.Poll > 0 && !s.status.active && !s.now.Before(s.nextPoll) {
		s.askStatus()
	}
}

func (s *session) askStatus() {
	s.nextPoll = s.now.Add(s.cfg.Poll)
	frame, err := Encode(StatusRequest{s.cfg.wall(s.now)})
	if err != nil {
		s.log.Warn("status request", "err", err) // a clock outside this century: set it, then ask
		return
	}
	s.status.begin(frame, s.now)
	s.send(frame)
}

// observe tells the health when it changed.
func (s *session) observe() {
	before := s.health.monitor.State()
	h, changed := s.health.observe(s.dec.Stats(), s.now)
	switch after := s.health.monitor.State(); {
	case after == meter.HealthSilent && before != after:
		s.trip.interrupted(s.now)
	case before == meter.HealthSilent && before != after:
		s.nextPoll = s.now // it may have been switched off and on
	}
	if changed {
		s.tell(h)
	}
}

// The methods from here on are the link of the trip.

// lookUp asks how many trips there are, then for the last.
func (s *session) lookUp() {
	if s.cfg.Role != RoleISU {
		return
	}
	s.wanted = true
	if !s.status.active {
		s.askStatus()
	}
}

func (s *session) tell(e meter.Event) { s.sink(e) }
