package gwp5043

import (
	"log/slog"
	"slices"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/money"
)

// trip makes events out of what the meter says and the witness believes. It is the part of
// the driver that outlives a line: a trip goes on while the cable is out. It is pure but for
// its sink.
type trip struct {
	cfg  Config
	log  *slog.Logger
	sink meter.Sink

	position meter.Position // empty until known
	gap      bool           // the line was down or silent since position was known
	live     *live          // the trip under way; nil if none of its frames was heard
	known    *Record        // the last trip that was closed

	pending *Record // closes the trip under way, but nothing vouches for it yet
	since   time.Time
}

// live is what was heard of the trip under way.
type live struct {
	first  int64 // when it began, by its first frame
	last   Live
	frames int
	sure   uint16       // fare that two frames have
	told   *money.Minor // running fare
}

const (
	startSlack = 3               // seconds between two accounts of when a trip began
	patience   = 5 * time.Second // for a second record like the first
	recentTrip = 2 * time.Minute // a record this young may still have its passenger in the car
)

// began is when the trip began, by this frame.
func (l *Live) began() int64 { return int64(l.Now) - int64(l.Travel) }

// hear takes a message, and the one before that agrees with it.
func (t *trip) hear(agrees, m Message, now time.Time) {
	switch m := m.(type) {
	case *Live:
		before, _ := agrees.(*Live)
		t.running(before, m)
	case *Record:
		before, _ := agrees.(*Record)
		t.closed(before, m, now)
	}
}

// running takes a frame of a trip that goes on.
func (t *trip) running(before, m *Live) {
	missed := t.gap || t.position == ""
	if t.pending != nil || t.live != nil && !t.live.goesOn(m, t.gap) {
		t.ended()
	}
	if t.position != meter.Hired || missed {
		t.position = meter.Hired
		t.sink(meter.PositionChanged{Position: meter.Hired, Resync: missed})
	}
	t.gap = false
	if t.live == nil {
		t.live = &live{first: m.began()}
	}
	t.live.follow(m)
	if before != nil {
		t.fare(min(before.Fare, m.Fare))
	}
}

// goesOn says whether m is of the same trip: it began at the same time, or its counters go
// on and it began before it was heard last.
func (l *live) goesOn(m *Live, gap bool) bool {
	apart := int16(m.began() - l.last.began()) // travel time starts again after 18 hours
	switch {
	case apart >= -startSlack && apart <= startSlack:
		return true
	case m.Travel >= l.last.Travel && m.Distance >= l.last.Distance && m.Fare >= l.last.Fare && m.began() <= int64(l.last.Now):
		return true // a meter that does not count the time while the fare stands still
	}
	return l.frames == 1 && !gap // of the two, the one that nothing agreed with was wrong
}

func (l *live) follow(m *Live) {
	if apart := m.began() - l.last.began(); l.frames == 1 && (apart < -startSlack || apart > startSlack) {
		l.first = m.began()
	}
	l.last = *m
	l.frames++
}

// fare takes a running fare that two frames have.
func (t *trip) fare(counts uint16) {
	l := t.live
	l.sure = counts
	amount := t.cfg.amount(int64(counts))
	if l.told == nil || *l.told != amount {
		l.told = &amount
		t.sink(meter.RunningFare{Fare: amount})
	}
}

// closed takes a record: of the trip under way, of the last one, or of one that was not
// heard. before is a record just before it, if there was one.
func (t *trip) closed(before, r *Record, now time.Time) {
	sure := before != nil && before.same(r) && before.Now < r.Now
	if r.Printed && (t.position != meter.ForHire || t.gap) {
		return // PRINT says nothing about the position
	}
	if t.position == meter.Hired {
		t.closing(r, sure, now)
		return
	}
	if t.position == "" || t.gap {
		t.position, t.gap = meter.ForHire, false
		t.sink(meter.PositionChanged{Position: meter.ForHire, Resync: true})
	}
	if sure && !t.repeats(r) {
		t.late(r)
	}
}

// repeats says whether r is the record of the last trip once more. Its stamps may have been
// damaged by a second or two when it was taken.
func (t *trip) repeats(r *Record) bool {
	return t.known != nil && t.known.Fare == r.Fare && near(t.known.Board, r.Board) && near(t.known.Exit, r.Exit)
}

// closing takes a record while hired, which says that the meter is vacant.
func (t *trip) closing(r *Record, sure bool, now time.Time) {
	switch {
	case t.repeats(r):
		if sure {
			t.ended() // no new record: the trip is lost
		}
	case !t.gap && t.vouched(r):
		t.finish(r)
	case sure:
		t.finish(r, t.doubts(r)...)
	default:
		if t.pending == nil {
			t.since = now
		}
		t.pending = r
	}
}

// ours says whether r can be of the trip under way: boarding is when it began, by its first
// frame or its last, but not before the last trip ended; leaving is after it was heard last.
func (t *trip) ours(r *Record) bool {
	l, board := t.live, int64(r.Board)
	return l != nil && (t.known == nil || r.Board >= t.known.Exit) &&
		board >= l.first-startSlack && board <= l.last.began()+startSlack && r.Board <= l.last.Now &&
		int64(r.Exit) >= int64(l.last.Now)-timeSlack
}

// vouched says whether the trip under way says all that the record says.
func (t *trip) vouched(r *Record) bool {
	return t.ours(r) && r.exact() && int64(r.Board) == t.live.last.began() &&
		r.Exit >= t.live.last.Now && r.Exit <= r.Now && r.Fare == uint32(t.live.last.Fare)
}

// doubts are the reasons not to trust a record that no damage explains.
func (t *trip) doubts(r *Record) (doubts []meter.Doubt) {
	ours := t.ours(r)
	if !ours {
		doubts = append(doubts, meter.DoubtGap)
	}
	if !r.consistent() || ours && r.Fare < uint32(t.live.sure) {
		doubts = append(doubts, meter.DoubtSum)
	}
	return doubts
}

// finish closes the trip under way with its record.
func (t *trip) finish(r *Record, doubts ...meter.Doubt) {
	t.known = r
	t.sink(meter.TripRecord{Record: t.cfg.record(r, doubts...), Final: true})
	t.vacant(t.gap)
}

// ended closes the trip under way, which is over although nothing vouches for its record, if
// there was one at all.
func (t *trip) ended() {
	if t.pending != nil {
		t.unvouched()
		return
	}
	t.log.Warn("trip ended without a record")
	t.vacant(true)
}

// unvouched closes the trip under way with a record that may be damaged.
func (t *trip) unvouched() {
	doubts := t.doubts(t.pending)
	if !slices.Contains(doubts, meter.DoubtSum) {
		doubts = append(doubts, meter.DoubtSum)
	}
	t.finish(t.pending, doubts...)
}

func (t *trip) vacant(missed bool) {
	t.live, t.pending, t.gap = nil, nil, false
	t.position = meter.ForHire
	t.sink(meter.PositionChanged{Position: meter.ForHire, Resync: missed})
}

// late takes the record of a trip that was not heard while it ran. It is news if it is
// certain that the trip is new, or if its passenger may still be in the car.
func (t *trip) late(r *Record) {
	certain := t.known != nil
	t.known = r
	if !certain && (r.age() < 0 || r.age() > recentTrip) {
		t.log.Info("meter shows the record of an old trip", "trip", r.key(), "receipt", r.Receipt)
		return
	}
	doubts := []meter.Doubt{meter.DoubtStale}
	if !r.consistent() {
		doubts = append(doubts, meter.DoubtSum)
	}
	t.sink(meter.TripRecord{Record: t.cfg.record(r, doubts...), Final: true})
}

// opened says that a new line leads to the meter.
func (t *trip) opened(sink meter.Sink, now time.Time) {
	t.sink = sink
	t.since = now
	t.interrupted()
}

// interrupted says that the meter may have done anything since it was heard last.
func (t *trip) interrupted() { t.gap = t.position != "" }

// tick looks at the time.
func (t *trip) tick(now time.Time) {
	if t.pending != nil && now.Sub(t.since) >= patience {
		t.unvouched()
	}
}
