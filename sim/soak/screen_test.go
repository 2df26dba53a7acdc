package soak

import (
	"strconv"
	"sync"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/trip"
)

// screen is what people see.
type screen struct {
	mu   sync.Mutex
	view display.View
	paid map[int64]money.Minor // the last PAID of each trip
}

func newScreen() *screen {
	return &screen{paid: map[int64]money.Minor{}}
}

// shows looks at a new picture at the moment it appears.
func (l *life) shows(v display.View) {
	s := l.screen
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.Screen != s.view.Screen || v.Amount != s.view.Amount || v.Trip != s.view.Trip {
		l.tell("screen %s %s %s %s", v.Screen, v.Trip, v.Amount, v.Reason)
	}
	s.view = v
	number, _ := strconv.ParseInt(v.Trip, 10, 64)
	switch v.Screen {
	case display.Paid:
		s.paid[number] = v.Amount.Value
		if captured := l.captured(number); captured < v.Amount.Value {
			l.broken("rule 7: trip %s shows PAID %s, the API has captured %d", v.Trip, v.Amount, captured)
		}
	case display.Connecting, display.Due, display.Sent:
		l.codeIsOurs(v)
		if s := l.audit.trips[number]; s.Phase != trip.Due || s.Owed() < v.Amount.Value {
			l.broken("trip %s shows %s to be paid, the journal has %s of %d", v.Trip, v.Amount, s.Phase, s.Owed())
		}
	}
}

// codeIsOurs: what a passenger scans asks for what the screen says.
func (l *life) codeIsOurs(v display.View) {
	bill, err := l.api.Scan(v.QR)
	if err == nil && (bill.Amount != v.Amount.Value || l.anonymous(bill.Reference)[:len("T122-FILE-")+len(v.Trip)] != "T122-FILE-"+v.Trip) {
		l.broken("trip %s shows %s, its code asks for %d of %s", v.Trip, v.Amount, bill.Amount, bill.Reference)
	}
}

func (s *screen) now() display.View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view
}

// captured is what the API has taken for a trip, over all attempts that the journal
// knows.
func (l *life) captured(number int64) (sum money.Minor) {
	s := l.audit.trips[number]
	for n := range s.Attempts {
		p, _ := l.api.Payment(s.ID.Reference(n + 1))
		sum += p.Captured
	}
	return sum
}
