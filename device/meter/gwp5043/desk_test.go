package gwp5043

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
)

// desk is a session without a line: the test says what the meter sends, one frame a second,
// and sees what is told.
type desk struct {
	t      require.TestingT
	driver *Driver
	s      *session
	now    time.Time
	skew   time.Duration // of the meter's clock
	log    []string      // what was told, in order

	board  uint32
	metres uint32
	fare   uint16
	record Record // of the last trip
}

func newDesk(t require.TestingT, change ...func(*Config)) *desk {
	cfg := Config{Zone: time.UTC}
	for _, f := range change {
		f(&cfg)
	}
	d := &desk{t: t, driver: New(cfg, quiet), now: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)}
	return d.open()
}

// open gives the driver a new line.
func (d *desk) open() *desk {
	d.s = newSession(d.driver, d.tell, char115200, d.now)
	return d
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
		s = fmt.Sprintf("running %d", e.Fare)
	case meter.TripRecord:
		s = fmt.Sprintf("final %d", e.Record.Total)
		for _, doubt := range e.Record.Doubts {
			s += " " + string(doubt)
		}
	case meter.Health:
		s = "health " + string(e.State)
	}
	d.log = append(d.log, s)
}

// stamp is the meter's clock.
func (d *desk) stamp() uint32 { return uint32(d.now.Add(d.skew).Unix()) }

// wait lets time pass in the ticks of an idle line.
func (d *desk) wait(dur time.Duration) *desk {
	const tick = 100 * time.Millisecond
	for ; dur >= tick; dur -= tick {
		d.now = d.now.Add(tick)
		d.s.idle(d.now)
	}
	return d
}

// hear lets a second pass and the meter send m as it is.
func (d *desk) hear(m Message) *desk {
	d.wait(time.Second)
	d.s.bytes(Encode(m), d.now)
	return d
}

// hire presses OCCUPIED; the first frame comes a second later.
func (d *desk) hire() *desk {
	d.board, d.metres, d.fare = d.stamp(), 0, 35
	return d
}

// run lets the meter send n frames of the trip under way.
func (d *desk) run(n int) *desk {
	for range n {
		d.hear(d.live())
	}
	return d
}

// live is the frame of the trip under way that is due in a second.
func (d *desk) live() *Live {
	d.metres += 11
	now := d.stamp() + 1
	return &Live{Head: Head{now, "01234567"}, Distance: d.metres, Travel: uint16(now - d.board), Fare: d.fare}
}

// costs lets the fare be that from now on.
func (d *desk) costs(fare uint16) *desk {
	d.fare = fare
	return d
}

// vacate presses VACANCY; the first frame comes a second later.
func (d *desk) vacate() *desk {
	d.record = Record{Head: Head{Serial: "01234567"}, Board: d.board, Exit: d.stamp(), Distance: d.metres,
		Travel: uint16(d.stamp() - d.board), Fare16: d.fare, Device: "12345678", Receipt: d.record.Receipt + 1, Fare: uint32(d.fare), K: 1000}
	return d
}

// rest lets the meter send n frames of the last trip.
func (d *desk) rest(n int) *desk { return d.records(n, func(*Record) {}) }

// records does too, each changed.
func (d *desk) records(n int, change func(*Record)) *desk {
	for range n {
		r := d.record
		r.Now = d.stamp() + 1
		change(&r)
		d.hear(&r)
	}
	return d
}

func printed(r *Record) { r.Printed = true }

// want demands what was told since the last want, in order.
func (d *desk) want(log ...string) *desk {
	if h, ok := d.t.(*testing.T); ok {
		h.Helper()
	}
	require.Equal(d.t, log, d.log)
	d.log = nil
	return d
}

// forget lets go what was told since the last want.
func (d *desk) forget() *desk { d.log = nil; return d }

// atRest is a desk whose meter is vacant after an old trip.
func atRest(t require.TestingT, change ...func(*Config)) *desk {
	d := newDesk(t, change...).hire()
	d.costs(99)
	d.now = d.now.Add(10 * time.Minute)
	d.vacate()
	d.now = d.now.Add(time.Hour)
	return d.rest(3).forget()
}

// onTrip is a desk with a passenger, 60 to be paid so far.
func onTrip(t require.TestingT, change ...func(*Config)) *desk {
	return atRest(t, change...).hire().run(10).costs(60).run(10).forget()
}
