package jtt905

import (
	"log/slog"
	"time"

	"taxiterminal/device/meter"
)

// trip makes events out of what the meter says. It is the part of the driver that
// outlives a line: a trip goes on while the cable is out. It is pure but for what it
// asks of its link.
type trip struct {
	cfg  Config
	link link
	log  *slog.Logger

	position meter.Position // ForHire, Hired, or empty until known
	start    time.Time      // of the open trip, by its E7; zero if that was not heard
	hired    time.Time      // when its E7 was heard, or Hired was told
	last     time.Time      // start of the trip before, if it was known
	seen     time.Time      // when a heartbeat said hired last

	inherited bool   // the open trip is from the process before, and may be over already
	next      uint32 // number of the open trip or the next one, 0 if that is not known
	newest    key    // of the records that were told

	heard  time.Time // when the meter was last in contact
	resync bool      // the position may have changed unseen: the next says so
	gap    bool      // so long that a record may be of another trip

	vacant time.Time // a heartbeat said vacant: until then the record is awaited
	early  *early    // a record that may be the open trip's
	ledger ledger
}

// early is an F2 that came while the start of the open trip was not known.
type early struct {
	trip   Trip
	record meter.Record
}

// link is how a trip reaches its meter and its terminal.
type link interface {
	// lookUp asks the meter for its last trip, if it can be asked.
	lookUp()
	tell(meter.Event)
}

const (
	// recordWait is how long the record of a trip is waited for when a heartbeat says
	// that it is over: three repetitions at 5 s, which is what one public terminal uses.
	recordWait = 15 * time.Second
	// shortGap is how long the meter may be out of contact without another trip having
	// been driven in between.
	shortGap = 30 * time.Second
)

// contact notes that the meter was heard.
func (t *trip) contact(now time.Time) { t.heard = now }

// opened says that a new line leads to the meter.
func (t *trip) opened(l link, now time.Time) {
	t.link = l
	t.interrupted(now)
}

// interrupted says that keys may have been pressed unseen since the meter was heard last.
func (t *trip) interrupted(now time.Time) {
	if t.position == "" {
		return
	}
	t.resync = true
	t.gap = t.gap || t.heard.IsZero() || now.Sub(t.heard) > shortGap
}

// restore says where the meter was when the program ended.
func (t *trip) restore(p meter.Position) {
	if p == meter.Stopped {
		p = meter.Hired // this protocol knows no difference
	}
	t.position, t.inherited = p, true
}

// recall takes what the process before has told of trips that are over, newest first.
func (t *trip) recall(closed []meter.Record) {
	for i := len(closed) - 1; i >= 0; i-- {
		k, known := parseKey(closed[i].Key)
		if !known {
			t.next = 0 // a trip, or none of the meter's: who knows
			continue
		}
		t.ledger.add(k, closed[i].Total)
		t.ledger.commit(k)
		t.note(k, true)
	}
}

// note looks at the key of a record: which number comes next, if all goes on as it should.
func (t *trip) note(k key, closing bool) {
	if !k.before(t.newest) {
		t.newest = k
	}
	if closing || k.number == t.next {
		t.next = k.number + 1
	}
}

// started takes an E7.
func (t *trip) started(at, now time.Time) {
	same := t.start.Equal(at) || t.start.IsZero() && t.vacant.IsZero()
	switch {
	case at.Equal(t.last) && now.Sub(t.hired) > 2*time.Second:
		return // of the trip before, once more; sooner, it is another in the same second
	case t.position == meter.Hired && same:
		if t.start.IsZero() {
			t.start, t.hired = at, now
		}
		t.stillHired()
		return
	case t.position == meter.Hired:
		t.lose()
	}
	t.hire(at, t.resync || t.position == "", now)
}

// heartbeat takes what an E9 says about the position.
func (t *trip) heartbeat(hired bool, now time.Time) {
	switch {
	case hired && t.position == meter.Hired && t.vacant.IsZero():
		t.seen = now
		t.stillHired()
	case hired:
		t.lose() // the next one has begun
		t.hire(time.Time{}, true, now)
	case t.position == meter.Hired && t.early != nil:
		e := t.early
		t.early = nil
		t.close(e.trip, e.record, meter.DoubtGap)
	case t.position == meter.Hired && t.vacant.IsZero():
		t.vacant = now.Add(recordWait)
		t.link.lookUp()
	case t.position == meter.Hired:
	case t.position == "" || t.resync:
		t.forHire(true)
	}
}

// hire begins a trip.
func (t *trip) hire(at time.Time, missed bool, now time.Time) {
	t.position, t.start, t.hired, t.seen = meter.Hired, at, now, now
	t.resync, t.gap, t.inherited = false, false, false
	if missed {
		t.next = 0
	}
	t.link.tell(meter.PositionChanged{Position: meter.Hired, Resync: missed})
}

// stillHired confirms the position. A record that was held for the open trip is then of
// one before.
func (t *trip) stillHired() {
	if e := t.early; e != nil {
		t.early = nil
		t.late(e.trip, e.record)
	}
	if t.resync {
		t.link.tell(meter.PositionChanged{Position: meter.Hired, Resync: true})
	}
	t.resync, t.gap = false, false
}

// ended takes an E8 or F2. Whoever calls it sees in the ledger whether it was told.
func (t *trip) ended(m Ended, now time.Time) {
	r := t.cfg.record(m.Trip)
	k := m.key()
	if e := t.ledger.told(k); e != nil {
		if e.total == r.Total {
			return
		}
		t.log.Warn("meter tells another amount for a trip that it told before", "trip", m.Number)
		t.late(m.Trip, r)
		return
	}
	switch v := t.judge(m, now); {
	case v == likely, v == ours && t.gap:
		t.close(m.Trip, r, meter.DoubtGap)
	case v == ours:
		t.close(m.Trip, r)
	case v == unclear:
		t.hold(m.Trip, r)
	default:
		t.late(m.Trip, r)
	}
}

// hold keeps a record until a heartbeat tells whether the open trip is over.
func (t *trip) hold(m Trip, r meter.Record) {
	if e := t.early; e != nil && e.trip.key() != m.key() {
		t.late(e.trip, e.record)
	}
	t.early = &early{m, r}
}

// found takes a trip that the meter was asked for. It counts only if it is the one that
// is waited for: the meter sends the others by itself.
func (t *trip) found(m Trip, now time.Time) {
	again := Ended{Trip: m, Resent: true}
	if v := t.judge(again, now); v == ours || v == likely {
		t.ended(again, now)
	}
}

// close ends the open trip with its record.
func (t *trip) close(m Trip, r meter.Record, doubts ...meter.Doubt) {
	r.Doubts = append(r.Doubts, doubts...)
	if e := t.early; e != nil && e.trip.key() != m.key() {
		t.late(e.trip, e.record)
	}
	t.note(m.key(), true)
	t.tellRecord(m, r)
	t.forHire(t.resync || !t.vacant.IsZero())
}

// lose ends an open trip whose end was not heard.
func (t *trip) lose() {
	if t.position != meter.Hired {
		return
	}
	if e := t.early; e != nil {
		t.close(e.trip, e.record, meter.DoubtGap)
		return
	}
	t.log.Warn("trip ended without a record")
	t.next = 0
	t.forHire(true)
}

func (t *trip) forHire(missed bool) {
	if t.position == meter.Hired {
		t.last = t.start
	}
	t.position, t.start, t.vacant, t.early = meter.ForHire, time.Time{}, time.Time{}, nil
	t.resync, t.gap = false, false
	t.link.tell(meter.PositionChanged{Position: meter.ForHire, Resync: missed})
}

// late is a record of a trip that is over.
func (t *trip) late(m Trip, r meter.Record) {
	r.Doubts = append(r.Doubts, meter.DoubtStale)
	if t.position != meter.Hired { // or it may be of one after the open trip
		t.note(m.key(), false)
	}
	t.tellRecord(m, r)
}

// tellRecord tells a record and remembers it.
func (t *trip) tellRecord(m Trip, r meter.Record) {
	k := m.key()
	t.ledger.add(k, r.Total)
	e := meter.TripRecord{Record: r, Final: true}
	if t.cfg.Role == RoleISU {
		e.Committed = func() { t.ledger.commit(k) }
	}
	t.link.tell(e)
}

// tick looks at the time.
func (t *trip) tick(now time.Time) {
	if !t.vacant.IsZero() && !now.Before(t.vacant) {
		t.lose()
	}
}
