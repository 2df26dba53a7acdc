package jtt905

import (
	"time"

	"taxiterminal/money"
)

// hear takes a frame from the host.
func (s *Simulator) hear(f Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard[f.Command]++
	if !s.on {
		return
	}
	m, err := Parse(f)
	if err != nil {
		return
	}
	switch m := m.(type) {
	case Answer:
		if m.OK {
			s.acknowledged(m.To)
		}
	case SignAnswer:
		s.acknowledged(m.To)
	case HeartbeatAnswer:
	case StatusRequest:
		s.reply(s.status())
	case HistoryRequest:
		s.reply(s.history(m.Number))
	default:
		s.offences = append(s.offences, f.Command)
	}
}

func (s *Simulator) reply(m Message) {
	if s.loseRequests > 0 {
		s.loseRequests--
		return
	}
	s.link.answers = append(s.link.answers, said{message: m, at: time.Now().Add(s.cfg.Delay)})
}

func (s *Simulator) status() Status {
	return Status{
		Vendor: 12, Kind: 2, Serial: 3456, Hardware: 1, Software: 1, State: s.fault, Work: pick[byte](s.signedIn, 0, 1),
		Plate: s.cfg.Plate, Licence: s.cfg.Licence, Certificate: s.cfg.Certificate, Trips: s.closed.Number,
	}
}

func (s *Simulator) history(number uint32) History {
	if t, ok := s.records[number]; ok {
		return History{&t}
	}
	return History{}
}

// acknowledged takes the host's answer to what was sent last.
func (s *Simulator) acknowledged(c Command) {
	l := &s.link
	if len(l.waiting) == 0 || l.waiting[0].tries == 0 || l.waiting[0].sentAs != c {
		return
	}
	if s.loseAnswers > 0 {
		s.loseAnswers--
		return
	}
	l.waiting = l.waiting[1:]
	s.poke()
}

// count brings the fare up to now.
func (s *Simulator) count(now time.Time) {
	seconds := int64(now.Sub(s.counted) / time.Second)
	if !s.on || s.state != TimeOn || s.counted.IsZero() {
		s.counted = now
		return
	}
	s.counted = s.counted.Add(time.Duration(seconds) * time.Second)
	s.trip.Amount = min(s.trip.Amount+s.cfg.PerSecond*money.Minor(seconds), most)
	s.metres += seconds * s.cfg.Speed
}

// record is the present trip as the meter keeps it.
func (s *Simulator) record() Trip {
	t := s.trip
	t.Alighted = s.now().Truncate(time.Minute)
	t.Distance = min(s.metres/100, 999_999)
	t.Amount -= t.Amount % 10
	if !s.cfg.SurchargeApart {
		t.Amount = min(t.Amount+t.Surcharge, most)
	}
	if s.card > 0 {
		t.Payment, t.CardLen, s.card = PaidM1Card, s.card, 0
	}
	return t
}

// remembered is how many records the meter has for 0006.
const remembered = 100

func (s *Simulator) keep(t Trip) {
	s.records[t.Number] = t
	delete(s.records, t.Number-remembered)
}
