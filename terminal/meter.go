package terminal

import (
	"slices"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/trip"
)

// meterState is what is known about the meter at the moment. None of it is
// journaled; the meter is asked again after a restart.
type meterState struct {
	line     display.Health // of the serial line
	health   meter.Health   // of the conversation on it
	position meter.Position // empty until known
	running  meter.RunningFare
	reading  bool      // Stopped, the amount has not come yet
	heard    time.Time // when the meter last told of its trip, or was still in contact
	// guessed is true from a trip that the meter knows nothing of until the meter is
	// seen For Hire: an amount that it shows meanwhile may be that trip's.
	guessed bool
	// blind is true for a meter that tells of trips only when they are over.
	blind bool
}

// longGap is how long the meter may be out of contact without another trip having
// been driven in between.
const longGap = 30 * time.Second

// Expect says what can be learnt from the meter. It is called before Run; until then
// the meter is one that tells its positions.
func (t *Terminal) Expect(c meter.Capabilities) { t.meter.blind = !c.LiveState }

func (t *Terminal) meterEvent(e meter.Event) {
	switch e := e.(type) {
	case meter.PositionChanged:
		t.position(e)
	case meter.RunningFare:
		t.meter.running = e
	case meter.TripRecord:
		t.record(e)
	case meter.Health:
		if e.State == meter.HealthSilent && t.meter.health.State != meter.HealthSilent {
			t.meter.heard = time.Now() // until now
		}
		t.meter.health = e
		t.log.Info("meter", "health", e.State, "detail", e.Detail)
		return // that it is heard again says nothing of what it did meanwhile
	}
	t.meter.heard = time.Now()
}

func (t *Terminal) lineState(h display.Health) {
	if t.meter.line == display.HealthOK && h != display.HealthOK {
		t.meter.heard = time.Now() // until now
	}
	t.meter.line = h
	if h != display.HealthOK {
		t.meter.health = meter.Health{}
	}
}

func (t *Terminal) position(e meter.PositionChanged) {
	before := t.meter.position
	t.meter.position = e.Position
	t.meter.reading = false
	if e.Resync {
		t.gap(before == "")
	}
	switch e.Position {
	case meter.Hired:
		t.hired(before)
	case meter.Stopped:
		t.meter.reading = true
		t.begin()
	case meter.ForHire:
		t.meter.guessed = false
		t.vacated(e.Resync)
	}
}

// meterGone: the meter cannot tell a fare now, or told one that cannot be read.
func (t *Terminal) meterGone() bool {
	switch t.meterHealth() {
	case display.HealthOK, display.HealthNoisy, display.HealthStarting:
		return false
	case display.HealthDegraded:
		return t.meter.blind
	}
	return true
}

// gap tells the current trip when the meter was out of contact for so long that
// another one may have been driven. After a restart nobody knows for how long.
func (t *Terminal) gap(restarted bool) {
	if t.current != nil && (restarted || time.Since(t.meter.heard) > longGap) {
		t.hear(t.current, trip.GapSeen{})
	}
}

func (t *Terminal) hired(before meter.Position) {
	t.meter.running = meter.RunningFare{}
	switch {
	case t.current == nil:
		t.begin()
	case before == meter.Stopped || t.current.state.Position == trip.Stopped:
		t.current.final = nil
		t.hear(t.current, trip.Resumed{})
	}
}

// begin makes a trip for a meter that is not For Hire, if there is none. The next
// passenger is in the car then, so the last trip gets no more time.
func (t *Terminal) begin() {
	if t.current != nil {
		return
	}
	t.windUp()
	t.shown = nil
	t.current = newRide()
	t.hear(t.current, t.begun())
	t.warmUp()
}

// windUp gives trips that the meter has left no more time: the next passenger is in
// the car.
func (t *Terminal) windUp() {
	for _, r := range t.rides {
		if r.state.Phase == trip.Due && r.state.Position == trip.ForHire && !r.state.Winding {
			t.notice = display.Notice{Key: display.NoticeEndedByHire, Trip: r.state.ID.Short()}
			t.hear(r, trip.GraceOver{})
		}
	}
}

// begun opens a trip on the terms of now. Nothing is asked to be shared that could
// not be kept.
func (t *Terminal) begun() trip.Begun {
	terms := t.cfg.Terms
	if t.book.err != nil {
		terms.Share = ""
	}
	return trip.Begun{
		ID:       trip.ID{Vehicle: t.cfg.Vehicle, File: t.store.ID()},
		Currency: t.cfg.Currency, Terms: terms,
	}
}

// record takes an amount. The one that closes a trip waits for the For Hire that
// follows it, so that both are one commit. One that is late belongs to no open trip,
// unless the meter tells of trips only when they are over: then its clock, or the car's,
// may be wrong, and the driver knows. A meter that keeps its records until they
// are acknowledged is told when what came of this one is on the disk.
func (t *Terminal) record(e meter.TripRecord) {
	f := fareOf(e.Record)
	if t.meter.guessed && f.Doubt == "" {
		f.Doubt = trip.DoubtGap
	}
	switch {
	case e.Final && (t.current == nil || f.Doubt == trip.DoubtStale && !t.meter.blind || t.known(f.Key)):
		// Nobody is asked for it: the trip that it belongs to is over.
		t.log.Warn("meter sent a record of no open trip", "doubts", e.Record.Doubts)
		t.notice = display.Notice{Key: display.NoticeDoubtfulStale, Amount: money.Of(f.Total, t.cfg.Currency)}
		t.kept(e.Committed)
	case e.Final:
		t.current.final, t.current.keep = &f, e.Committed
	default:
		t.meter.reading = false
		t.begin()
		t.hear(t.current, trip.FareShown{Fare: f})
		t.kept(e.Committed)
	}
}

// known: the record with this key was taken already. The meter may have missed the
// acknowledgement.
func (t *Terminal) known(key string) bool {
	return key != "" && slices.ContainsFunc(t.recent, func(r *ride) bool {
		return r != t.current && r.state.Fare.Key == key
	})
}

// vacated ends the current trip. A meter that was away and comes back For Hire with
// nothing to show for it has lost the trip: rule 10.
func (t *Terminal) vacated(away bool) {
	r := t.current
	if r == nil {
		return
	}
	t.current = nil
	t.shown = r
	if away && (r.final == nil || r.final.Total == 0) {
		t.hear(r, trip.MeterLost{})
	} else {
		t.hear(r, trip.Vacated{Fare: r.final})
	}
	t.kept(r.keep)
	r.final, r.keep = nil, nil
	t.linger(r)
}

// maxTrip is longer than any trip; a meter whose clock was set meanwhile says more.
const maxTrip = 48 * time.Hour

// fareOf translates the meter's record.
func fareOf(r meter.Record) trip.Fare {
	f := trip.Fare{Total: r.Total, Fare: r.Fare, Supplements: r.Supplements, Tax: r.Tax, Tariff: r.Tariff, Key: r.Key}
	if took := r.Finish.Sub(r.Start); !r.Start.IsZero() && took > 0 && took < maxTrip {
		f.Duration = int64(took / time.Second)
	}
	if r.Distance != nil {
		f.Distance = *r.Distance
	}
	for _, d := range r.Doubts {
		switch d {
		case meter.DoubtSum:
			f.Doubt = trip.DoubtSum
		case meter.DoubtGap:
			f.Doubt = trip.DoubtGap
		case meter.DoubtStale:
			f.Doubt = trip.DoubtStale
		case meter.DoubtPaid:
			f.Doubt = trip.DoubtPaid
		}
	}
	return f
}
