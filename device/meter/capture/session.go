package capture

import (
	"io"
	"log/slog"
	"slices"
	"time"

	"taxiterminal/device/meter"
)

// session reads one open line. It is pure but for the writer and the sink: the
// driver feeds it bytes and the time.
type session struct {
	cfg    Config
	log    *slog.Logger
	out    io.Writer
	sink   meter.Sink
	seen   *seen
	split  *splitter
	health health
	now    time.Time
	err    error // the first error of sending
}

func newSession(cfg Config, log *slog.Logger, out io.Writer, sink meter.Sink, seen *seen, now time.Time) *session {
	s := &session{cfg: cfg, log: log, out: &guard{out, cfg}, sink: sink, seen: seen, health: newHealth(now), now: now}
	s.split = newSplitter(cfg, s.job, s.status)
	return s
}

// bytes takes what was read at now.
func (s *session) bytes(p []byte, now time.Time) {
	s.now = now
	s.split.Feed(p, now)
	s.tellHealth()
}

// idle says that nothing was there to be read at now.
func (s *session) idle(now time.Time) {
	s.now = now
	s.split.Idle(now)
	s.tellHealth()
}

func (s *session) tellHealth() {
	if h, changed := s.health.observe(s.split, s.now); changed {
		s.sink(h)
	}
}

// status answers a request at once, where the driver is the printer.
func (s *session) status(request []byte) {
	if s.cfg.Mode != Printer {
		return
	}
	if a := s.cfg.answer(request); a != nil {
		s.send(a)
	}
}

func (s *session) send(p []byte) {
	if _, err := s.out.Write(p); err != nil && s.err == nil {
		s.err = err
	}
}

// job takes one print job.
func (s *session) job(j Job) {
	kind := s.cfg.Classify(j)
	s.log.Debug("meter printed", "kind", kind, "lines", j.Lines, "dirt", j.Dirt, "pictures", j.Pictures, "end", j.End)
	switch kind {
	case Receipt, PartReceipt:
		s.receipt(j, kind)
	case Copy:
		if s.seen.missed {
			s.receipt(j, kind)
		}
	case Graphic:
		s.fault(meter.HealthDegraded, "the meter prints receipts as pictures, which cannot be read: set it to print text")
	case Other:
		if garbled(j) {
			s.fault(meter.HealthGarbled, "a print without readable text: check baud rate and parity")
		}
	case Void:
		s.log.Info("meter printed a cancelled trip")
	}
}

func (s *session) fault(state meter.HealthState, detail string) {
	s.health.last = meter.Health{State: state, Detail: detail}
}

// receipt tells what a receipt says, once. A copy counts only where the receipt itself
// could not be read, and never without the driver's word.
func (s *session) receipt(j Job, kind Kind) {
	r, err := s.cfg.Read(j)
	if err != nil {
		s.seen.missed = true
		s.log.Warn("meter receipt not readable", "err", err, "lines", j.Lines, "end", j.End)
		s.fault(meter.HealthDegraded, err.Error()+": print a copy, or type the amount")
		return
	}
	s.seen.missed = false
	s.health.last = meter.Health{}
	rec := r.record()
	rec.Doubts = s.cfg.Checks.doubts(r, s.now)
	v := s.seen.judge(r, len(rec.Doubts) > 0)
	if v == duplicate {
		s.log.Info("meter printed a receipt once more")
		return
	}
	if (v == suspect || kind == Copy) && !slices.Contains(rec.Doubts, meter.DoubtStale) {
		rec.Doubts = append(rec.Doubts, meter.DoubtStale)
	}
	if r.Dirt > 0 {
		s.log.Info("meter receipt with unknown commands", "dirt", r.Dirt)
	}
	s.sink(meter.PositionChanged{Position: meter.Stopped, Resync: true})
	s.sink(meter.TripRecord{Record: rec, Final: true})
	s.sink(meter.PositionChanged{Position: meter.ForHire})
}
