package mdt

import (
	"time"

	"taxiterminal/device/meter"
)

// closing is a trip between the vacant key and its record.
type closing struct {
	missed   bool          // the key press itself was not seen
	doubt    bool          // what comes now may belong to another trip
	fallback *meter.Record // to be told if nothing comes
	record   *meter.Record // has come; the meter is being asked whether it is still vacant
	held     []change      // keys pressed meanwhile
	until    time.Time     // without a request: how long to wait for the meter's own record
}

// vacant ends a trip, at once if its record is known.
func (t *trip) vacant(c change, now time.Time) {
	switch {
	case t.position == meter.ForHire && !c.missed:
		return // repeated
	case t.position == meter.ForHire, t.position == "":
		t.position = meter.ForHire
		t.link.tell(meter.PositionChanged{Position: meter.ForHire, Resync: c.missed})
		return
	case t.seen != nil && !c.missed:
		t.finish(t.seen, false, now)
		return
	}
	cl := &closing{missed: c.missed, doubt: c.missed, fallback: t.seen, until: now.Add(passiveAnswer)}
	if t.seen == nil && c.display != nil && c.display.Fare > 0 {
		cl.fallback = displayRecord(*c.display)
		if !c.missed {
			t.finish(cl.fallback, false, now)
			return
		}
	}
	t.closing = cl
	if t.link.asking() || t.link.ask() {
		cl.until = time.Time{}
	}
}

// vacated is true as long as the last that is known of the meter is that it is For Hire.
func (t *trip) vacated() bool {
	if t.closing != nil {
		return len(t.closing.held) == 0
	}
	return t.position == meter.ForHire
}

// hold keeps a key press until the trip before it is closed.
func (t *trip) hold(c change, now time.Time) {
	cl := t.closing
	before := meter.ForHire
	if len(cl.held) > 0 {
		before = cl.held[len(cl.held)-1].position
	}
	switch {
	case c.position == before && c.missed && cl.record != nil:
		t.finish(cl.record, cl.missed, now) // still vacant
		return
	case c.position == before:
		return
	}
	// From here on the meter may answer with the next trip.
	cl.doubt = true
	t.link.lastTry()
	if cl.record != nil {
		t.unverified(now)
		t.apply(c, now)
		return
	}
	if len(cl.held) == maxHeld {
		t.link.withdraw()
		t.noRecord(now)
		t.apply(c, now)
		return
	}
	cl.held = append(cl.held, c)
}

// close takes the record that a closing trip waits for. A new passenger may have been
// quicker than the request, so the record is only sound if the meter is still vacant
// after it was given, or if it only confirms what was seen at the stop.
func (t *trip) close(r *meter.Record, now time.Time) {
	cl := t.closing
	switch {
	case cl.record != nil:
		return // a repeated answer, while the first is being verified
	case t.seen != nil && sameAmounts(*t.seen, *r):
	case cl.doubt:
		r.Doubts = append(r.Doubts, meter.DoubtGap)
	case t.link.verify():
		cl.record = r
		cl.until = time.Time{}
		return
	}
	t.finish(r, cl.missed, now)
}

// unverified says that it will not become known whether the meter was still vacant.
func (t *trip) unverified(now time.Time) {
	if cl := t.closing; cl != nil && cl.record != nil {
		cl.record.Doubts = append(cl.record.Doubts, meter.DoubtGap)
		t.finish(cl.record, cl.missed, now)
	}
}

// finish closes the trip, with its record or without, and then lets the key presses
// count that were held back.
func (t *trip) finish(r *meter.Record, missed bool, now time.Time) {
	var held []change
	if t.closing != nil {
		held, t.closing = t.closing.held, nil
	}
	t.forget()
	t.position = meter.ForHire
	t.last, t.lost = r, r == nil
	if r != nil {
		t.link.tell(meter.TripRecord{Record: *r, Final: true})
	} else {
		t.log.Warn("trip ended without a record")
	}
	t.link.tell(meter.PositionChanged{Position: meter.ForHire, Resync: missed})
	for _, c := range held {
		t.apply(c, now)
	}
}
