package jtt905

import (
	"time"

	"taxiterminal/device/meter"
)

// verdict is what a record is about.
type verdict uint8

const (
	historical verdict = iota // a trip that is over
	ours                      // the open trip
	likely                    // the open trip, unless something was missed
	unclear                   // the next heartbeat tells
)

const (
	// hasty is how long a trip must have been open before an F2 is surely not of one that
	// was over already when its E7 came.
	hasty = time.Minute
	// slack is how much longer than it has been open a trip can seem: it is counted in
	// minutes, and the E7 may have been sent three times.
	slack = time.Minute + recordWait
)

// judge finds out what a record that is new is about. Its minute of boarding alone does
// not tell: a meter that waited for the terminal sends start and end of trips that are
// over, and who hires by mistake makes two trips in one minute.
func (t *trip) judge(m Ended, now time.Time) verdict {
	switch {
	case t.position != meter.Hired, m.key().before(t.newest):
		return historical
	case t.start.IsZero():
		return t.byNumber(m)
	}
	return t.byTime(m, now.Sub(t.hired))
}

// expected: it has the number after that of the trip before.
func (t *trip) expected(m Ended) bool { return t.next != 0 && m.Number == t.next }

// byNumber judges where the start was not heard. An E8 comes at once, but may have had to
// wait for the answer to another frame; an F2 comes at any time.
func (t *trip) byNumber(m Ended) verdict {
	switch {
	case t.expected(m) && !m.Resent:
		return ours
	case t.expected(m), !m.Resent, !t.vacant.IsZero():
		return likely
	}
	return unclear
}

// byTime judges by the start, which was heard so long ago. It and the minute of boarding
// are two looks at a clock; in an F2 they have to be the same.
func (t *trip) byTime(m Ended, open time.Duration) verdict {
	minute := t.start.Truncate(time.Minute)
	off := m.Boarded.Sub(minute)
	switch {
	case m.Resent && off != 0, off < -time.Minute, m.Alighted.Before(minute):
		return historical
	case off > time.Minute:
		return likely
	case !m.Alighted.After(minute):
		return t.brief(m, minute, off)
	case m.Resent && open < hasty, m.Alighted.Sub(m.Boarded) > open+slack:
		return likely // the E7 came late: another passenger may be in the car
	case t.inherited && !t.expected(m):
		return likely
	}
	return ours
}

// brief judges a record of a trip that ended in the minute in which the open trip began:
// that is a very short one, or the one before it.
func (t *trip) brief(m Ended, minute time.Time, off time.Duration) verdict {
	running := t.start.Add(t.seen.Sub(t.hired)) // by the meter's clock; later, if the E7 came late
	switch {
	case t.expected(m):
		return ours
	case !running.Before(minute.Add(time.Minute)):
		return historical
	case off != 0, m.Resent, t.inherited, t.next != 0:
		return likely
	}
	return ours
}
