package mdt

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

	position meter.Position // empty until known
	gap      bool           // the line was down or silent since position was known
	seen     *meter.Record  // what the meter gave since the time went off
	suspect  *meter.Record  // a record with a wrong sum, asked for again
	tariff   string         // from the long form of 41
	running  *meter.RunningFare
	closing  *closing      // vacant was pressed, the record is being waited for
	last     *meter.Record // the record that closed the last trip, if it had one
	former   *meter.Record // the same, of a trip at whose end this stop began: was there a Hired between?
	lost     bool          // the last trip was closed without a record
	askAgain time.Time     // while stopped without a record
}

// link is how a trip reaches its meter and its terminal.
type link interface {
	// ask requests the trip data, at once. It is false when the meter cannot be asked.
	ask() bool
	// asking says whether a request is under way.
	asking() bool
	// lastTry says that the request under way must not be repeated.
	lastTry()
	// verify asks for the status at once. It is false when the meter does not tell it.
	verify() bool
	// withdraw forgets the request under way. Its answer, if it comes in time, must
	// not be taken for the answer to the next.
	withdraw()
	tell(meter.Event)
}

// change is news of the meter's position.
type change struct {
	position meter.Position
	display  *Display
	missed   bool // not from a key press but from a status: keys may have been missed
}

const (
	maxHeld       = 8                // key presses while a record is waited for
	stoppedRetry  = 10 * time.Second // pause between attempts to get a record while stopped
	passiveAnswer = answerWait       // for a record that another terminal asked for
)

// key takes a key press.
func (t *trip) key(m StateChange, now time.Time) {
	t.apply(change{position: positions[m.State], display: m.Display}, now)
}

// status takes the answer to a status request.
func (t *trip) status(s State, now time.Time) {
	if s == Payment {
		return // statistics mode: somebody reads the totals, which is no position
	}
	p := positions[s]
	if t.closing == nil && !t.gap && p == t.position {
		return
	}
	t.apply(change{position: p, missed: true}, now)
}

var positions = map[State]meter.Position{Vacant: meter.ForHire, TimeOn: meter.Hired, TimeOff: meter.Stopped, Payment: meter.Stopped}

func (t *trip) apply(c change, now time.Time) {
	gap := t.gap
	t.gap = false
	c.missed = c.missed || gap || t.position == ""
	if t.closing != nil {
		t.closing.missed = t.closing.missed || gap
		t.hold(c, now)
		return
	}
	switch c.position {
	case meter.Hired:
		t.hired(c)
	case meter.Stopped:
		t.stopped(c)
	default:
		t.vacant(c, now)
	}
}

func (t *trip) hired(c change) {
	if t.position != meter.Hired || c.missed {
		if t.position == meter.Stopped {
			t.link.withdraw()
		}
		if t.position != meter.Hired {
			t.forget()
		}
		t.position = meter.Hired
		t.link.tell(meter.PositionChanged{Position: meter.Hired, Resync: c.missed})
	}
	if c.display != nil {
		t.runningFare(RunningFare{Fare: c.display.Fare, Extras: c.display.Extras})
	}
}

// forget begins a new part of a trip, whose figures are not known yet.
func (t *trip) forget() {
	t.seen, t.suspect, t.running, t.last, t.former = nil, nil, nil, nil, nil
	t.tariff, t.lost, t.askAgain = "", false, time.Time{}
}

func (t *trip) stopped(c change) {
	c.missed = c.missed || t.position == meter.ForHire // then hired was missed
	news := t.position != meter.Stopped || c.missed
	if t.position != meter.Stopped {
		former := t.last
		t.forget()
		t.former = former
	}
	t.position = meter.Stopped
	// A repeated key press may be a lost ACK or a corrected amount: asking tells.
	if t.cfg.TripQuery == QueryAtStop && !t.link.asking() {
		t.link.ask()
	}
	if news {
		t.link.tell(meter.PositionChanged{Position: meter.Stopped, Resync: c.missed})
	}
	if c.display != nil {
		t.shown(*c.display)
	}
}

// shown takes the amounts that came with the key press.
func (t *trip) shown(d Display) {
	r := displayRecord(d)
	t.tariff = r.Tariff
	if t.seen != nil && t.seen.Fare == r.Fare && t.seen.Supplements == r.Supplements {
		return
	}
	t.publish(r)
}

// publish tells the amount at Stopped. The same as the last trip's, with nobody seen to
// get in between, may be that trip's.
func (t *trip) publish(r *meter.Record) {
	if t.former != nil && sameAmounts(*t.former, *r) {
		r.Doubts = append(r.Doubts, meter.DoubtStale)
	}
	t.seen = r
	t.link.tell(meter.TripRecord{Record: *r})
}

// record takes trip data from the meter.
func (t *trip) record(m TripData, now time.Time) {
	r, sound := t.cfg.record(m)
	if t.wanted() {
		r.Tariff = t.tariff
		if !sound && t.suspect == nil && !t.overtaken() && t.link.ask() {
			t.suspect = r
			return
		}
	}
	if !sound {
		r.Doubts = append(r.Doubts, meter.DoubtSum)
	}
	t.suspect = nil
	t.accept(r, now)
}

// wanted says whether a record would be news about an open trip.
func (t *trip) wanted() bool { return t.position == meter.Stopped || t.closing != nil }

// overtaken says whether keys of the next trip were pressed before the record came.
func (t *trip) overtaken() bool { return t.closing != nil && len(t.closing.held) > 0 }

// accept finds out what the record is about.
func (t *trip) accept(r *meter.Record, now time.Time) {
	switch {
	case t.closing != nil:
		t.close(r, now)
	case t.position == meter.Stopped && t.seen != nil && sameAmounts(*t.seen, *r):
		r.Doubts = t.seen.Doubts
		t.seen = r // the same amounts, perhaps now with a distance
	case t.position == meter.Stopped:
		if t.gap {
			r.Doubts = append(r.Doubts, meter.DoubtGap)
		}
		t.publish(r)
	case t.position == meter.ForHire:
		t.late(r)
	default:
		t.log.Debug("trip data left aside", "position", t.position)
	}
}

// late is a record when no trip is open. One that repeats the last is no news.
func (t *trip) late(r *meter.Record) {
	if t.last != nil && sameAmounts(*t.last, *r) {
		return
	}
	r.Doubts = append(r.Doubts, meter.DoubtStale)
	t.last = r
	t.link.tell(meter.TripRecord{Record: *r, Final: true})
}

// noRecord says that the request for trip data came to nothing.
func (t *trip) noRecord(now time.Time) {
	if r := t.suspect; r != nil {
		t.suspect = nil
		r.Doubts = append(r.Doubts, meter.DoubtSum)
		t.accept(r, now)
		return
	}
	switch {
	case t.closing != nil:
		r := t.closing.fallback
		if r != nil {
			r.Doubts = append(r.Doubts, meter.DoubtGap)
		}
		t.finish(r, t.closing.missed, now)
	case t.position == meter.Stopped:
		t.askAgain = now.Add(stoppedRetry)
	}
}

func (t *trip) runningFare(m RunningFare) {
	r := meter.RunningFare{Fare: m.Fare, Supplements: m.Extras}
	if t.position != meter.Hired || t.gap || (t.running != nil && *t.running == r) {
		return
	}
	t.running = &r
	t.link.tell(r)
}

// tick looks at the time.
func (t *trip) tick(now time.Time) {
	switch {
	case t.closing != nil && !t.closing.until.IsZero() && !now.Before(t.closing.until):
		t.noRecord(now)
	case t.closing == nil && !t.askAgain.IsZero() && !now.Before(t.askAgain):
		t.askAgain = time.Time{}
		if !t.link.asking() {
			t.link.ask()
		}
	}
}

// opened says that a new line leads to the meter.
func (t *trip) opened(l link, now time.Time) {
	t.link = l
	t.interrupted()
	t.unverified(now)
	if t.closing != nil {
		t.closing.doubt = true
		t.closing.until = now.Add(passiveAnswer)
		if l.ask() {
			t.closing.until = time.Time{}
		}
	}
}

// interrupted says that the meter may have done anything since it was heard last.
func (t *trip) interrupted() {
	t.gap = t.position != ""
	t.suspect = nil
}

// wantsRecord says whether it makes sense to ask for the trip data after the meter
// said that a message was missed.
func (t *trip) wantsRecord() bool {
	return t.closing != nil || t.position == meter.Stopped && t.cfg.TripQuery == QueryAtStop || t.position == meter.ForHire && t.lost
}
