package soak

import (
	"taxiterminal/device/meter"
	"taxiterminal/display"
	"taxiterminal/money"
)

// taximeter is the meter as a driver of the meter's protocol tells of it. It goes on
// while the car has no power.
type taximeter struct {
	position meter.Position
	ride     int
	total    money.Minor // of the ride, once it was stopped
	doubts   []meter.Doubt
	away     bool // the cable is out, or the car has no power
}

func newMeter() *taximeter { return &taximeter{position: meter.ForHire} }

func (m *taximeter) tell(l *life, events ...meter.Event) {
	for _, e := range events {
		l.tell("meter %+v", e)
		if l.car != nil && !m.away {
			l.car.term.Meter(e)
		}
	}
}

// reconnect is what a driver tells once the line is open.
func (m *taximeter) reconnect(l *life) {
	m.away = false
	if l.car == nil {
		return
	}
	l.car.term.Line(display.HealthOK)
	if l.rides%2 == 0 { // else its first word is the position
		m.tell(l, meter.Health{State: meter.HealthOK})
	}
	m.tell(l, meter.PositionChanged{Position: m.position, Resync: true})
	if m.position == meter.Stopped {
		m.tell(l, m.record(false))
	}
}

func (m *taximeter) unplug(l *life) {
	m.away = true
	l.tell("meter unplugged")
	l.car.term.Line(display.HealthMissing)
}

func (m *taximeter) record(final bool) meter.TripRecord {
	return meter.TripRecord{Record: meter.Record{Total: m.total, Fare: m.total, Doubts: m.doubts}, Final: final}
}

func (m *taximeter) hire(l *life) {
	if m.position == meter.ForHire {
		m.ride++
		m.total, m.doubts = 0, nil
	}
	m.position = meter.Hired
	m.tell(l, meter.PositionChanged{Position: meter.Hired})
}

// stop ends the time part of the fare and gives the amount.
func (m *taximeter) stop(l *life) {
	m.position = meter.Stopped
	m.amount(l)
	m.tell(l, meter.PositionChanged{Position: meter.Stopped}, m.record(false))
}

// amount is a new total of the ride.
func (m *taximeter) amount(l *life) {
	m.doubts = nil
	if l.chance(4) {
		m.doubts = []meter.Doubt{meter.DoubtSum}
	}
	kroner := 60 + l.random.IntN(900)
	if l.chance(2) {
		kroner = 0 // less than can be asked for
	}
	m.total = l.truth.next(kroner, m.ride, len(m.doubts) > 0)
}

// vacate ends the ride, as meters do: with its record, or without.
func (m *taximeter) vacate(l *life) {
	m.position = meter.ForHire
	if m.total == 0 && l.chance(70) {
		m.amount(l) // a meter that goes from Hired to For Hire
	}
	if m.total != 0 && l.chance(70) {
		m.tell(l, m.record(true))
	}
	m.tell(l, meter.PositionChanged{Position: meter.ForHire})
}

// lose is a meter whose own power failed while hired: it has forgotten the ride.
func (m *taximeter) lose(l *life) {
	m.tell(l, meter.Health{State: meter.HealthSilent})
	m.position, m.total = meter.ForHire, 0
	m.tell(l, meter.Health{State: meter.HealthOK}, meter.PositionChanged{Position: meter.ForHire, Resync: true})
}

// moves is the next thing that happens at the meter.
func (m *taximeter) moves(l *life) {
	done := l.screen.now().Screen == display.Paid || l.screen.now().Screen == display.Settled
	switch {
	case m.position == meter.ForHire && l.truth.count+4 < mostAmounts && l.rides < ridesOfALife:
		l.rides++
		m.hire(l)
	case m.position == meter.Hired && l.chance(30):
		m.tell(l, meter.RunningFare{Fare: money.Minor(5000 + l.random.IntN(20000))})
	case m.position == meter.Hired && l.chance(85):
		m.stop(l)
	case m.position == meter.Hired && l.chance(30):
		m.lose(l)
	case m.position == meter.Hired:
		m.vacate(l)
	case m.position == meter.Stopped && (done && l.chance(60) || l.chance(8)):
		m.vacate(l)
	case m.position == meter.Stopped && l.chance(8) && l.truth.count+4 < mostAmounts:
		m.hire(l) // resumed
	case m.position == meter.Stopped && l.chance(5) && l.truth.count+4 < mostAmounts:
		m.amount(l) // corrected
		m.tell(l, m.record(false))
	case m.position == meter.Stopped && l.chance(10):
		m.tell(l, m.record(false)) // the same frame once more
	case l.chance(5):
		stale := m.record(true)
		stale.Record.Total, stale.Record.Doubts = 77700, []meter.Doubt{meter.DoubtStale}
		m.tell(l, stale)
	}
}
