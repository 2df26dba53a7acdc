package mdt

import "time"

// hear takes a frame from the host.
func (s *Simulator) hear(f Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard[f.ID]++
	if !s.on {
		return
	}
	m, err := Parse(f, FromHost)
	if err != nil {
		return
	}
	switch m := m.(type) {
	case Ack:
		s.acknowledged()
		return
	case Unsupported:
		return
	case Opaque:
		s.offences = append(s.offences, m.ID)
	case Configuration:
		if m.Validation {
			s.offences = append(s.offences, f.ID)
		}
	}
	if s.loseRequests > 0 {
		s.loseRequests--
		return
	}
	s.answer(m)
}

// answer acknowledges a request and answers it, or refuses it.
func (s *Simulator) answer(m Message) {
	reply, ok := s.reply(m)
	if !ok {
		s.link.write = append(s.link.write, must(Unsupported{}))
		return
	}
	s.link.write = append(s.link.write, ackFrame)
	if reply == nil {
		return
	}
	s.link.answers = append(s.link.answers, said{frame: must(reply), at: time.Now().Add(s.cfg.Delay)})
}

// reply is the answer to a request: nil where the acknowledgement is all, false
// where the meter does not know the request.
func (s *Simulator) reply(m Message) (Message, bool) {
	s.count(time.Now())
	switch m := m.(type) {
	case TripRequest:
		if s.cfg.NoTripData || s.cfg.FareAtVacant && s.state != Vacant {
			return nil, false
		}
		if s.busy {
			return Busy{true}, true
		}
		return s.answerTrip(), true
	case StatusRequest:
		if s.busy {
			return Busy{true}, true
		}
		return MeterStatus{State: s.status(), Failure: s.failure, Enabled: true}, !s.cfg.NoStatus
	case PrinterRequest:
		return PrinterStatus{'2'}, true
	case StatisticsRequest:
		t := s.totals
		t.Unit = '1'
		return t, true
	case RateRequest:
		return Rate{'1'}, true
	case Configuration:
		if s.cfg.NoConfiguration {
			return nil, false
		}
		s.reports = m
		return nil, true
	}
	return nil, false
}

// status is the state as 4A tells it, where the digit of payment means something else.
func (s *Simulator) status() State {
	if s.state == Payment {
		return TimeOff
	}
	return s.state
}

// answerTrip is the record of the open trip, or of the last.
func (s *Simulator) answerTrip() TripData {
	r := s.closed
	if s.state != Vacant {
		r = s.record()
	}
	if s.miscounts > 0 {
		s.miscounts--
		r.NetTotal += 100
	}
	r.TLC = s.cfg.TLC
	return r
}

// acknowledged takes the host's ACK for the oldest frame in flight.
func (s *Simulator) acknowledged() {
	for i, f := range s.link.flight {
		if f.lost {
			continue
		}
		if s.loseAcks > 0 {
			s.loseAcks--
			f.lost = true
			return
		}
		s.link.flight = append(s.link.flight[:i], s.link.flight[i+1:]...)
		return
	}
}
