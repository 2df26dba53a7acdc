package gwp5043

import (
	"log/slog"
	"time"

	"taxiterminal/device/meter"
)

// session is what is heard on one open line. It is pure but for the sink: the driver feeds
// it bytes and the time. It has nothing to send with.
type session struct {
	cfg     Config
	log     *slog.Logger
	sink    meter.Sink
	dec     *Decoder
	witness *witness
	trip    *trip
	health  health
	now     time.Time // of the bytes or the tick being worked on
	skewed  bool      // the meter's clock was compared with ours
}

func newSession(d *Driver, sink meter.Sink, char time.Duration, now time.Time) *session {
	s := &session{cfg: d.cfg, log: d.log, sink: sink, dec: NewDecoder(char), witness: &d.witness, trip: &d.trip,
		health: health{monitor: meter.NewMonitor(0, now)}, now: now}
	s.trip.opened(sink, now)
	return s
}

// bytes takes what was read at now.
func (s *session) bytes(p []byte, now time.Time) {
	s.now = now
	s.dec.Feed(p, now, s.frame)
	s.timers()
}

// idle says that nothing was there to be read at now.
func (s *session) idle(now time.Time) {
	s.now = now
	s.dec.Idle(now, s.frame)
	s.timers()
}

// frame takes one whole frame.
func (s *session) frame(f Frame) {
	m, err := Parse(f)
	if err != nil {
		s.health.misread(f)
		s.log.Warn("meter frame not understood", "err", err)
		return
	}
	agrees, ok := s.witness.believe(m, s.now)
	if !ok {
		s.log.Debug("meter frame not believed", "now", m.head().Now)
		return
	}
	s.compareClocks(m.head().Now)
	s.trip.hear(agrees, m, s.now)
}

// timers looks at everything that is due by now.
func (s *session) timers() {
	s.trip.tick(s.now)
	s.health.hired(s.trip.position == meter.Hired)
	if h, changed := s.health.observe(s.dec.Stats(), s.witness, s.now); changed {
		if h.State == meter.HealthSilent {
			s.trip.interrupted()
		}
		s.sink(h)
	}
}

// wrongZone is a difference between clocks that a zone may explain.
const wrongZone = 30 * time.Minute

// compareClocks warns once on each line. Which of the two clocks is wrong is not known.
func (s *session) compareClocks(stamp uint32) {
	if s.skewed {
		return
	}
	s.skewed = true
	if skew := s.cfg.when(stamp).Sub(s.now).Round(time.Minute); skew.Abs() >= wrongZone {
		s.log.Warn("meter clock differs from this computer's; if the meter counts in local time, set zone", "by", skew)
	}
}
