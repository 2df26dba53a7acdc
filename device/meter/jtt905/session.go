package jtt905

import (
	"io"
	"log/slog"
	"time"

	"taxiterminal/device/meter"
)

// session is the conversation over one open line. It is pure but for the writer and
// the sink: the driver feeds it bytes and the time.
type session struct {
	cfg  Config
	log  *slog.Logger
	out  io.Writer
	sink meter.Sink
	trip *trip
	dec  *Decoder
	now  time.Time // of the bytes or the tick being worked on
	err  error     // the first error of sending

	status, history request
	nextPoll        time.Time
	wanted          bool // the status is needed to know which trip to ask for
	owed            owed
	health          health
}

// owed is the acknowledgement of the record that the meter sent last.
type owed struct {
	key   key
	to    Command
	until time.Time // zero: none
}

// ackWithin is how late an acknowledgement may go out. It does not say which trip it is
// for: later, the meter may have gone on to the next.
const ackWithin = 2 * time.Second

func newSession(cfg Config, log *slog.Logger, out io.Writer, sink meter.Sink, t *trip, char time.Duration) *session {
	return &session{cfg: cfg, log: log, out: newGuard(out, cfg.Role), sink: sink, trip: t, dec: NewDecoder(char)}
}

// open begins the conversation.
func (s *session) open(now time.Time) {
	s.now = now
	s.health = newHealth(s.cfg, now)
	s.trip.opened(s, now)
	s.nextPoll = now
	s.routine()
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
		s.refuse(f.Command)
		return
	}
	s.health.heard(s.now)
	s.message(m)
	s.trip.contact(s.now)
}

func (s *session) message(m Message) {
	switch m := m.(type) {
	case Started:
		s.trip.started(m.At, s.now)
		s.answer(Answer{To: CmdStarted, OK: true})
	case Ended:
		s.ended(m)
	case Heartbeat:
		s.health.flags = m.Flags
		s.answer(s.beat())
		s.trip.heartbeat(m.Hired, s.now)
	case SignIn:
		s.answer(s.sign(CmdSignIn))
	case SignOut:
		s.answer(s.sign(CmdSignOut))
	case ShiftTotals:
		s.shift(m)
	case Status:
		s.statusAnswer(m)
	case History:
		s.historyAnswer(m)
	case Opaque:
		s.log.Debug("frame ignored", "device", m.Device, "vendor", m.Vendor, "command", m.Command.String(), "len", m.Len)
	}
}

// ended tells a record and acknowledges it as soon as the terminal has it.
func (s *session) ended(m Ended) {
	s.trip.ended(m, s.now)
	if s.cfg.Role == RoleISU {
		s.owed = owed{key: m.key(), to: pick(m.Resent, CmdEndedAgain, CmdEnded), until: s.now.Add(ackWithin)}
		s.settle()
	}
}

// settle sends the acknowledgement that is owed, if it may go out by now.
func (s *session) settle() {
	switch {
	case s.owed.until.IsZero():
	case s.now.After(s.owed.until):
		s.owed = owed{} // the meter sends the record again
	case s.trip.ledger.committed(s.owed.key):
		s.answer(Answer{To: s.owed.to, OK: true})
		s.health.answered(s.trip.ledger.answered(s.owed.key))
		s.owed = owed{}
	}
}

// refusable are the frames that can be answered with an error.
var refusable = map[Command]bool{CmdStarted: true, CmdEnded: true, CmdEndedAgain: true, CmdShift: true}

// refuse answers a record whose content makes no sense, so that the meter knows.
func (s *session) refuse(c Command) {
	if refusable[c] {
		s.answer(Answer{To: c})
	}
}

func (s *session) shift(m ShiftTotals) {
	s.log.Info("shift totals", "resent", m.Resent, "in", s.cfg.local(m.In), "out", s.cfg.local(m.Out),
		"trips", m.Trips, "total", m.Total.Decimal(), "card_trips", m.CardTrips, "card_total", m.CardTotal.Decimal(),
		"distance", m.Distance, "business_distance", m.BusinessDistance, "life_trips", m.LifeTrips)
	if m.Resent {
		s.answer(s.sign(CmdShiftAgain)) // by one public terminal
		return
	}
	s.answer(Answer{To: CmdShift, OK: true})
}

func (s *session) statusAnswer(m Status) {
	s.status.end() // or another terminal asked, which tells as much
	s.health.status(m)
	if s.wanted && m.Trips > 0 {
		s.history.begin(must(HistoryRequest{m.Trips}), s.now)
		s.send(s.history.frame)
	}
	s.wanted = false
}

func (s *session) historyAnswer(m History) {
	asked := s.history.active
	s.history.end()
	if asked && m.Trip != nil {
		s.trip.found(*m.Trip, s.now)
	}
}
