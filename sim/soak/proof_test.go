package soak

import (
	"strings"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

// mostCalm is how long a car may take to bring everything to its end once nothing is
// in its way: an errand's longest pause, and a payment's life.
const mostCalm = 26 * time.Hour

// calmDown takes the faults away, lets the passenger leave, and waits until nothing is
// open.
func (l *life) calmDown() {
	l.tell("calm")
	l.api.RemoveFault(0)
	l.must(l.api.SetNetwork(vippstest.Up, 0))
	l.meter.reconnect(l)
	if l.meter.position != meter.ForHire {
		l.meter.position = meter.ForHire
		l.meter.tell(l, meter.PositionChanged{Position: meter.ForHire})
	}
	for end := time.Now().Add(mostCalm); ; {
		l.settle()
		if waiting := l.waiting(); len(waiting) > 0 {
			l.release(waiting[:1])
			continue
		}
		if l.atRest() {
			return
		}
		if time.Now().After(end) {
			l.broken("not everything comes to an end: %s", l.leftovers())
			l.stopIfBroken()
		}
		l.wait(700*time.Millisecond + 137*time.Nanosecond)
		l.office()
	}
}

// office looks after the car now and then: what waits for a person is tried again, and
// a fare that the driver typed ends with the next ride.
func (l *life) office() {
	if l.calm++; l.calm%300 != 0 {
		return
	}
	l.retry()
	for _, s := range l.audit.trips {
		if s.Phase == trip.Due && s.Fare.Typed {
			l.meter.tell(l, meter.PositionChanged{Position: meter.Hired}, meter.PositionChanged{Position: meter.ForHire})
			return
		}
	}
}

func (l *life) atRest() bool {
	open, err := l.car.store.OpenStreams(background)
	l.must(err)
	d := l.car.store.Depth()
	return len(open) == 0 && d.Pending == 0 && d.Aside == 0
}

func (l *life) leftovers() string {
	var b strings.Builder
	open, _ := l.car.store.OpenStreams(background)
	for _, stream := range open {
		b.WriteString(" trip ")
		s := l.audit.trips[stream]
		b.WriteString(s.ID.Short() + " " + string(s.Phase) + " " + string(s.Problem.Kind))
	}
	items, _ := l.car.store.List(background, outbox.Filter{Open: true})
	for _, i := range items {
		b.WriteString(" command " + l.anonymous(i.Key) + " " + string(i.State) + " " + i.LastError)
	}
	return b.String()
}

// proof is what must hold when everything has come to its end: ledger, journal and
// screens agree on every øre.
func (l *life) proof() {
	l.must(l.api.Check())
	known := map[string]bool{}
	for number, s := range l.audit.trips {
		l.ended(s)
		for _, a := range s.Attempts {
			known[s.ID.Reference(a.N)] = true
		}
		if shown := l.screen.paid[number]; shown > s.Captured() {
			l.broken("trip %s: the screen's last PAID was %d, captured is %d", s.ID.Short(), shown, s.Captured())
		}
	}
	for _, p := range l.api.Payments() {
		if !known[p.Reference] {
			l.broken("payment %s belongs to no trip of the journal", l.anonymous(p.Reference))
		}
		if p.Authorized != p.Captured+min(p.Cancelled, p.Authorized) {
			l.broken("payment %s: %d authorized, %d captured, %d given back: something stays reserved",
				l.anonymous(p.Reference), p.Authorized, p.Captured, p.Cancelled)
		}
	}
	l.list()
	l.commands()
	l.kept()
	rows, err := l.car.store.Verify(background)
	l.must(err)
	if rows != l.audit.end.Seq {
		l.broken("%d rows verified, %d were read", rows, l.audit.end.Seq)
	}
	l.stopIfBroken()
}

// list is what the driver's screen says of the last trips.
func (l *life) list() {
	for _, line := range l.screen.now().Driver.Trips {
		s := l.audit.trips[numberOf(line.Trip)]
		if line.Captured.Value != s.Captured() || line.Refunded.Value != s.Refunded() || line.Captured.Value != l.captured(s.ID.Number) {
			l.broken("trip %s: the list says %s captured and %s refunded, the journal %d and %d, the ledger %d", line.Trip,
				line.Captured, line.Refunded, s.Captured(), s.Refunded(), l.captured(s.ID.Number))
		}
	}
}

// ended is one trip against the ledger.
func (l *life) ended(s trip.State) {
	var captured, held money.Minor
	for _, a := range s.Attempts {
		p, _ := l.api.Payment(s.ID.Reference(a.N))
		captured += p.Captured
		held += heldOf(p)
		given := p.Cancelled
		if p.Authorized == 0 {
			given = 0
		}
		if p.Authorized != a.Authorized || p.Captured != a.Captured || p.Refunded != a.Refunded || given != a.Cancelled {
			l.broken("trip %s attempt %d: the journal says %d/%d/%d/%d, the ledger %d/%d/%d/%d", s.ID.Short(), a.N,
				a.Authorized, a.Captured, a.Cancelled, a.Refunded, p.Authorized, p.Captured, given, p.Refunded)
		}
	}
	switch {
	case s.Phase != trip.Settled:
		l.broken("trip %s ends as %s", s.ID.Short(), s.Phase)
	case s.Settlement == trip.Paid && captured+s.Otherwise < s.Owed():
		l.broken("rule 7: trip %s is paid, %d captured, %d otherwise, %d owed", s.ID.Short(), captured, s.Otherwise, s.Owed())
	case s.Settlement == trip.Void && captured > 0:
		l.broken("rule 10: trip %s is void, %d captured", s.ID.Short(), captured)
	case held != captured:
		l.broken("rule 8: trip %s: %d still stands of what was approved, %d captured", s.ID.Short(), held, captured)
	}
	if s.Otherwise > 0 && captured > s.Refunded() && captured-s.Refunded()+s.Otherwise > s.Owed() && !l.audit.over[s.ID.Number] {
		l.broken("charged twice: trip %s: %d captured, %d paid otherwise, %d owed, and nobody was told", s.ID.Short(), captured, s.Otherwise, s.Owed())
	}
	if most := l.most(s); captured > most {
		l.broken("rule 3: trip %s: %d captured, never more than %d was shown", s.ID.Short(), captured, most)
	}
}

// most is the highest amount that a passenger of the trip has ever been shown.
func (l *life) most(s trip.State) (most money.Minor) {
	var tip money.Minor
	for _, a := range s.Attempts {
		most, tip = max(most, a.Fare.Total), max(tip, a.Tip)
	}
	return max(most, s.Fare.Total) + max(tip, s.Tip)
}

// commands is rule 5: nothing is given up but a create that never had an effect.
func (l *life) commands() {
	items, err := l.car.store.List(background, outbox.Filter{})
	l.must(err)
	for _, c := range items {
		if c.State != outbox.Void {
			continue
		}
		reference, _, ok := strings.Cut(c.Key, "-create-")
		if !ok {
			l.broken("rule 5: %s was dropped", l.anonymous(c.Key))
		}
		if _, made := l.api.Payment(reference); made {
			l.broken("rule 5: %s was dropped, and the payment exists", l.anonymous(c.Key))
		}
	}
}

// kept: what the car said yes to is in the journal.
func (l *life) kept() {
	for kind, n := range l.promised {
		if kind != "" && l.audit.kinds[kind] < n {
			l.broken("%d times %s was taken, the journal has %d", n, kind, l.audit.kinds[kind])
		}
	}
}
