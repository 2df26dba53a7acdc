package mdt

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
)

// desk is a session without a line: the test says what the meter sends and when, and
// sees what goes out and what is told.
type desk struct {
	t    *testing.T
	trip *trip
	s    *session
	now  time.Time
	log  []string // what went out, as ">44", and what was told, in order
}

// newDesk opens a session for a profile, changed by the functions given.
func newDesk(t *testing.T, profile string, change ...func(*Config)) *desk {
	t.Helper()
	cfg, ok := Profile(profile)
	require.True(t, ok)
	for _, f := range change {
		f(&cfg)
	}
	d := &desk{t: t, trip: &trip{cfg: cfg, log: quiet}, now: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)}
	d.open()
	return d
}

// open gives the driver a new line, on which no key press can be an old one any more.
func (d *desk) open() {
	d.openFresh()
	d.s.fresh = time.Time{}
}

// openFresh gives the driver a new line.
func (d *desk) openFresh() {
	d.s = newSession(d.trip.cfg, quiet, d, d.tell, d.trip, char9600)
	d.s.open(d.now)
	require.NoError(d.t, d.s.err)
}

func (d *desk) Write(p []byte) (int, error) {
	d.log = append(d.log, fmt.Sprintf(">%s", ID(p[1])))
	return len(p), nil
}

func (d *desk) tell(e meter.Event) {
	var s string
	switch e := e.(type) {
	case meter.PositionChanged:
		s = string(e.Position)
		if e.Resync {
			s += " resync"
		}
	case meter.RunningFare:
		s = fmt.Sprintf("running %d+%d", e.Fare, e.Supplements)
	case meter.TripRecord:
		s = fmt.Sprintf("record %d", e.Record.Total)
		if e.Final {
			s = fmt.Sprintf("final %d", e.Record.Total)
		}
		for _, doubt := range e.Record.Doubts {
			s += " " + string(doubt)
		}
	case meter.Health:
		s = "health " + string(e.State)
	}
	d.log = append(d.log, s)
}

// hear lets the meter say something.
func (d *desk) hear(messages ...Message) *desk {
	for _, m := range messages {
		d.s.bytes(must(m), d.now)
	}
	require.NoError(d.t, d.s.err)
	return d
}

// poll lets the driver ask for the status, and answers.
func (d *desk) poll(s State) *desk {
	d.s.startPoll()
	return d.hear(status(s))
}

// wait lets time pass in the ticks of an idle line.
func (d *desk) wait(dur time.Duration) *desk {
	const tick = 100 * time.Millisecond
	for ; dur >= tick; dur -= tick {
		d.now = d.now.Add(tick)
		d.s.idle(d.now)
	}
	require.NoError(d.t, d.s.err)
	return d
}

// want demands what happened since the last want, in order.
func (d *desk) want(log ...string) *desk {
	d.t.Helper()
	require.Equal(d.t, log, d.log)
	d.log = nil
	return d
}

// forget lets go what happened since the last want.
func (d *desk) forget() *desk { d.log = nil; return d }

var (
	vacantKey  = StateChange{State: Vacant}
	hiredKey   = StateChange{State: TimeOn}
	timeOffKey = StateChange{State: TimeOff}
)

func status(s State) MeterStatus { return MeterStatus{State: s, Enabled: true} }

// tripOf is trip data whose sum is right.
func tripOf(fare moneyMinor) TripData { return TripData{Fare: fare, NetTotal: fare, Distance: 62} }

// atHire is a desk whose meter is for hire.
func atHire(t *testing.T, profile string, change ...func(*Config)) *desk {
	t.Helper()
	d := newDesk(t, profile, change...)
	if d.trip.cfg.Poll > 0 {
		return d.hear(Ack{}, status(Vacant)).forget()
	}
	return d.hear(vacantKey).forget()
}

// atStop is a desk whose meter is stopped and has been asked for its trip data.
func atStop(t *testing.T, profile string, change ...func(*Config)) *desk {
	t.Helper()
	return atHire(t, profile, change...).hear(hiredKey, timeOffKey).forget()
}
