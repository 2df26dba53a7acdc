package mdt

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

	query, poll, conf request
	atStop, atVacant  support // for the query
	unsure            bool    // the query was refused at vacant, if the meter was vacant
	nextPoll          time.Time
	stale             bool         // the answer to the poll under way may be older than other news
	lastKey           time.Time    // when a key press was heard
	fresh             time.Time    // until then, key presses may be repeats of old ones
	held              *StateChange // a key press that the status has to confirm
	configure         bool         // the meter is to be told to report running fares
	owed              time.Time    // until then, trip data may answer a withdrawn request
	ackDue            bool         // the frame being worked on is not acknowledged yet
	busyUntil         time.Time
	busyStep          time.Duration

	health health
}

func newSession(cfg Config, log *slog.Logger, out io.Writer, sink meter.Sink, t *trip, char time.Duration) *session {
	return &session{
		cfg: cfg, log: log, out: newGuard(out, cfg), sink: sink, trip: t,
		dec:       NewDecoder(FromMeter, char),
		query:     request{id: IDTripRequest, frame: must(TripRequest{}), answers: true},
		poll:      request{id: IDStatusRequest, frame: must(StatusRequest{}), answers: true},
		conf:      request{id: IDConfiguration, frame: must(Configuration{RunningFare: true})},
		configure: cfg.RunningFare,
	}
}

// open begins the conversation: what is the position?
func (s *session) open(now time.Time) {
	s.now = now
	s.fresh = now.Add(repeatsFor)
	s.health = newHealth(s.cfg, now)
	if s.cfg.Poll > 0 {
		s.startPoll()
	}
	s.trip.opened(s, now)
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

var ackFrame = must(Ack{})

// frame takes one whole frame.
func (s *session) frame(f Frame) {
	m, err := Parse(f, FromMeter)
	if err != nil {
		// Not acknowledged: a meter that sends it again may send it whole.
		s.health.misread(f)
		s.log.Warn("meter frame not understood", "err", err)
		return
	}
	s.health.heard(s.now)
	switch m := m.(type) {
	case Ack:
		s.acked()
		return
	case Unsupported:
		s.refused()
		return
	case TripData:
		// The record is with the terminal before the meter may forget it.
		s.ackDue = true
		s.tripData(m)
		s.ack()
		return
	}
	s.ackDue = true
	s.ack()
	s.message(m)
}

// message takes what is acknowledged first.
func (s *session) message(m Message) {
	switch m := m.(type) {
	case StateChange:
		if m.Unknown {
			s.log.Info("meter state in an unknown form", "state", string(rune(m.State)))
		}
		s.unsure, s.stale, s.lastKey = false, true, s.now
		s.key(m)
	case MeterStatus:
		s.answered()
		s.health.status(m)
		s.meterStatus(m)
	case RunningFare:
		s.trip.runningFare(m)
	case Failure:
		s.health.failure = m.Code
	case TimedOut:
		s.health.timedOut = true
	case Busy:
		s.busy(m.Busy)
	case MissedMessage:
		s.log.Info("meter says that a message was missed")
		s.nextPoll = s.now
		if s.trip.wantsRecord() {
			s.ask()
		}
	case Statistics:
		s.log.Info("meter statistics", "fare", m.Fare, "extras", m.Extras, "tax", m.Tax,
			"distance", m.TotalDistance, "paid_distance", m.PaidDistance, "trips", m.Trips)
	case PrinterStatus, Rate, Ping:
	case Opaque:
		s.log.Debug("meter frame ignored", "id", m.ID, "len", m.Len)
	}
}

// repeatsFor is how long a meter goes on repeating what nobody has acknowledged.
const repeatsFor = sendings * time.Second

// key takes a key press. One whose acknowledgement was lost comes again when it is long
// over, and a For Hire would end the trip of the next passenger, or a Stopped begin one
// that nobody has driven, with the fare of the last: somebody would be asked twice. So
// what may be such a repeat the status has to confirm. What was really pressed, another
// key that comes before the status leaves open: that is a gap.
func (s *session) key(m StateChange) {
	if s.held != nil {
		s.held = nil
		s.trip.interrupted()
	}
	if !s.repeated(m) || s.cfg.Silent || s.cfg.Poll == 0 || s.poll.off {
		s.trip.key(m, s.now)
		return
	}
	s.held = &m
	if !s.poll.active {
		s.startPoll()
	}
}

// repeated says that a key press may be over long ago. Whoever was on this line before may
// have taken a For Hire and died before the meter had its acknowledgement. And no key leads
// from For Hire to Stopped.
func (s *session) repeated(m StateChange) bool {
	switch m.State {
	case Vacant:
		return s.now.Before(s.fresh) && s.trip.position != meter.ForHire && s.trip.position != "" && s.trip.closing == nil
	case TimeOff:
		return s.trip.vacated()
	}
	return false
}

// confirm compares the key press that is held with what the meter says now.
func (s *session) confirm(now State) {
	m := s.held
	s.held = nil
	if positions[now] == positions[m.State] || now == Payment { // the last is no position
		s.judgeRefusal(now)
		s.trip.key(*m, s.now)
		return
	}
	s.log.Info("meter repeats a key press that is over", "key", positions[m.State], "position", positions[now])
	s.trip.status(now, s.now)
}

// unconfirmed lets a key press count that no status can confirm.
func (s *session) unconfirmed() {
	if m := s.held; m != nil {
		s.held = nil
		s.trip.key(*m, s.now)
	}
}

// meterStatus takes the position from a status, unless it may have been worked out
// before a key press that came first: then it would take the trip back.
func (s *session) meterStatus(m MeterStatus) {
	asked := s.poll.active
	s.poll.end()
	switch {
	case asked && s.stale:
		s.startPoll()
	case asked && s.held != nil:
		s.confirm(m.State)
	case asked, s.cfg.Silent && s.now.Sub(s.lastKey) > answerWait:
		s.judgeRefusal(m.State)
		s.trip.status(m.State, s.now)
	}
}

func (s *session) tripData(m TripData) {
	if s.now.Before(s.owed) {
		s.owed = time.Time{}
		s.log.Debug("answer to a withdrawn request left aside")
		return
	}
	s.busyStep = 0
	*s.support() = support{}
	s.query.end()
	s.answered()
	s.trip.record(m, s.now)
}

// answered notes that the meter answers what it is asked.
func (s *session) answered() {
	s.health.degraded = ""
}

// The methods up to tell are the link of the trip.

func (s *session) ask() bool {
	if s.cfg.TripQuery == QueryNever || s.support().none() {
		return false
	}
	s.start(&s.query)
	return true
}

// support is what is known about trip data in the present position.
func (s *session) support() *support {
	if s.trip.closing != nil {
		return &s.atVacant
	}
	return &s.atStop
}

func (s *session) asking() bool { return s.query.active }

func (s *session) verify() bool {
	if s.cfg.Poll == 0 || s.poll.off || !s.health.polled {
		return false
	}
	if s.stale = s.poll.active; !s.stale {
		s.startPoll()
	}
	return true
}

func (s *session) lastTry() { s.query.last = true }

func (s *session) withdraw() {
	if s.query.active {
		s.owed = s.query.sent.Add(answerWait)
		s.query.end()
	}
}

func (s *session) tell(e meter.Event) { s.sink(e) }
