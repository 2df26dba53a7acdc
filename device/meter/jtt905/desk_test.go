package jtt905

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
	t       *testing.T
	trip    *trip
	s       *session
	now     time.Time
	log     []string // what went out, as ">E8 90", and what was told, in order
	asleep  bool     // the terminal commits nothing at present
	pending []func()
	records []meter.Record
}

func newDesk(t *testing.T, role Role, change ...func(*Config)) *desk {
	t.Helper()
	cfg := Default(role)
	cfg.Plate, cfg.Certificate = "AB1234", testCertificate
	for _, f := range change {
		f(&cfg)
	}
	d := &desk{t: t, trip: &trip{cfg: cfg, log: quiet}, now: noon}
	d.open()
	return d
}

// open gives the driver a new line.
func (d *desk) open() {
	d.s = newSession(d.trip.cfg, quiet, d, d.tell, d.trip, char9600)
	d.s.open(d.now)
	require.NoError(d.t, d.s.err)
}

func (d *desk) Write(p []byte) (int, error) {
	f := parts(p)
	s := fmt.Sprintf(">%02X", uint16(f.Command))
	if len(f.Data) == lenAnswer {
		s += fmt.Sprintf(" %02X", f.Data[0])
	}
	d.log = append(d.log, s)
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
	case meter.TripRecord:
		require.True(d.t, e.Final)
		d.records = append(d.records, e.Record)
		s = fmt.Sprintf("final %d", e.Record.Total)
		for _, doubt := range e.Record.Doubts {
			s += " " + string(doubt)
		}
		if e.Committed != nil {
			d.pending = append(d.pending, e.Committed)
		}
		if !d.asleep {
			d.commit()
		}
	case meter.Health:
		s = "health " + string(e.State)
	default:
		s = fmt.Sprintf("%T", e)
	}
	d.log = append(d.log, s)
}

// commit lets the terminal finish with what it was told.
func (d *desk) commit() {
	for _, f := range d.pending {
		f()
	}
	d.pending = nil
}

// hear lets the meter say something.
func (d *desk) hear(messages ...Message) *desk {
	for _, m := range messages {
		d.s.bytes(must(m), d.now)
	}
	require.NoError(d.t, d.s.err)
	return d
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

// sleep lets time pass without a line.
func (d *desk) sleep(dur time.Duration) *desk { d.now = d.now.Add(dur); return d }

// drive lets the ten minutes of a trip pass in one leap.
func (d *desk) drive() *desk { return d.sleep(10 * time.Minute) }

// want demands what happened since the last want, in order.
func (d *desk) want(log ...string) *desk {
	d.t.Helper()
	require.Equal(d.t, log, d.log)
	d.log = nil
	return d
}

// forget lets go what happened since the last want.
func (d *desk) forget() *desk { d.log = nil; return d }

func beat(hired bool) Heartbeat { return Heartbeat{Flags: Flags{Hired: hired, Operating: true}} }

// tripAt is a trip of ten minutes with that number, boarded n minutes after noon.
func tripAt(n int, number uint32, amount moneyMinor) Trip {
	at := noon.Add(time.Duration(n) * time.Minute)
	return Trip{Plate: "AB1234", Boarded: at, Alighted: at.Add(10 * time.Minute), Distance: 62, Amount: amount, Number: number}
}

// startOf is its E7, some seconds into the minute.
func startOf(n int) Started { return Started{noon.Add(time.Duration(n)*time.Minute + 17*time.Second)} }

// atHire is a desk whose meter is for hire, with nothing left to be answered.
func atHire(t *testing.T, role Role, change ...func(*Config)) *desk {
	t.Helper()
	d := newDesk(t, role, append(change, func(c *Config) { c.Poll = 0 })...)
	return d.hear(beat(false)).forget()
}

// atHired is one whose meter has been hired at noon, ten minutes ago.
func atHired(t *testing.T, role Role, change ...func(*Config)) *desk {
	t.Helper()
	d := atHire(t, role, change...).hear(startOf(0))
	for range 20 {
		d.wait(30 * time.Second).hear(beat(true))
	}
	return d.forget()
}

// mistake is the record of a trip that began and ended at noon, with that number.
func mistake(number uint32) Ended {
	t := tripAt(0, number, 1300)
	t.Alighted = t.Boarded
	return Ended{Trip: t}
}
