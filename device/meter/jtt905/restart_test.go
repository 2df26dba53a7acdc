package jtt905

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/device/meter"
)

// three trips, the second at noon.
var (
	before  = tripAt(-20, 1, 500)
	current = tripAt(0, 2, 2090)
	after   = tripAt(20, 3, 700)
)

func again(t Trip) Ended { return Ended{Trip: t, Resent: true} }

// restarted is a desk whose terminal has died and lives again: the journal knows the meter
// in that position, and of the trips that are over what it was told, newest first.
func restarted(t *testing.T, p meter.Position, closed ...Trip) *desk {
	d := newDesk(t, RoleISU, func(c *Config) { c.Poll = 0 })
	d.trip = &trip{cfg: d.trip.cfg, log: quiet}
	d.trip.restore(p)
	var records []meter.Record
	for _, c := range closed {
		r := d.trip.cfg.record(c)
		records = append(records, meter.Record{Key: r.Key, Total: r.Total})
	}
	d.trip.recall(records)
	d.open()
	return d.forget()
}

// The meter missed the acknowledgement of a record that is in the journal. It says nothing
// about the trip that is open now, and keeps the meter from telling that one's.
func TestARecordInTheJournalIsAcknowledgedAndEndsNoTrip(t *testing.T) {
	t.Parallel()
	restarted(t, meter.Hired, before).hear(again(before)).want(">F2 90", "health ok").
		hear(beat(false)).want(">E9", ">00").
		hear(again(current)).want("final 2090 read_after_gap", "for_hire resync", ">F2 90")
	restarted(t, "", before).hear(again(before)).want(">F2 90", "health ok")
	other := before
	other.Amount = 600
	restarted(t, meter.Hired, before).hear(again(other)).want("final 600 late_record", ">F2 90", "health ok")
}

// The trip of the journal and the next one were driven while the terminal was down.
func TestTheRecordOfTheNextNumberEndsTheTripOfTheJournal(t *testing.T) {
	t.Parallel()
	restarted(t, meter.Hired, before).
		hear(again(current)).want("final 2090 read_after_gap", "for_hire resync", ">F2 90", "health ok").
		hear(startOf(20)).want("hired", ">E7 90").
		drive().hear(Ended{Trip: tripAt(20, 9, 700)}).want("final 700", "for_hire", ">E8 90")
}

// Numbers say nothing where trips may have been missed.
func TestTheNextNumberIsKnownOnlyWhileNothingWasMissed(t *testing.T) {
	t.Parallel()
	restarted(t, "", before).hear(beat(true), again(current)).want(">E9", "hired resync", "health ok") // is held
	d := restarted(t, "", before).hear(beat(false), startOf(0), beat(false)).wait(recordWait)
	d.hear(Started{noon.Add(50 * time.Second)}).forget()
	d.hear(mistake(2).again()).want("final 1300 read_after_gap", "for_hire", ">F2 90")
}

// Some meters may send the newest record first.
func TestALaterRecordDoesNotMakeThatOfTheTripALateOne(t *testing.T) {
	t.Parallel()
	d := atHired(t, RoleISU).hear(again(after)).want("final 700 late_record", ">F2 90")
	d.hear(again(current)).want("final 2090", "for_hire", ">F2 90")
}

func TestATripOfTheJournalGoesOn(t *testing.T) {
	t.Parallel()
	on := func(closed ...Trip) *desk {
		return restarted(t, meter.Hired, closed...).hear(beat(true)).want(">E9", "hired resync", "health ok")
	}
	on(before).hear(Ended{Trip: current}).want("final 2090", "for_hire", ">E8 90")
	on(before).hear(startOf(0)).want(">E7 90").drive().hear(Ended{Trip: current}).want("final 2090", "for_hire", ">E8 90")
	// It may be the one after the journal's.
	on().hear(Ended{Trip: current}).want("final 2090 read_after_gap", "for_hire", ">E8 90")
	on(before).hear(Ended{Trip: after}).want("final 700 read_after_gap", "for_hire", ">E8 90")
	on(before).hear(startOf(20)).want(">E7 90").drive().hear(Ended{Trip: after}).want("final 700 read_after_gap", "for_hire", ">E8 90")
	on().hear(startOf(0), mistake(2)).want(">E7 90", "final 1300 read_after_gap", "for_hire", ">E8 90")
	// The trip before has no record, so nobody knows the numbers.
	d := newDesk(t, RoleListen)
	d.trip.recall([]meter.Record{{}, {Key: before.key().String(), Total: 500}})
	require.Zero(t, d.trip.next)
	require.NotNil(t, d.trip.ledger.told(before.key()))
}

// The meter waited for the terminal and tells all that was driven meanwhile, one after the
// other, while the next passenger is in the car.
func TestATripThatWasOverWhenItsStartCame(t *testing.T) {
	t.Parallel()
	late := func() *desk { d := restarted(t, ""); return d.sleep(25 * time.Minute) }
	late().hear(startOf(0)).want("hired resync", ">E7 90", "health ok").
		hear(again(current)).want("final 2090 read_after_gap", "for_hire", ">F2 90")
	late().hear(startOf(0), Ended{Trip: current}).want("hired resync", ">E7 90", "health ok", "final 2090 read_after_gap", "for_hire", ">E8 90")
	short := current
	short.Alighted = short.Boarded.Add(time.Minute)
	late().hear(startOf(0)).forget().hear(again(short)).want("final 2090 read_after_gap", "for_hire", ">F2 90")
	// A heartbeat was quicker, and a record of the day before has held up the meter.
	d := late().hear(beat(true), again(tripAt(-1440, 9, 300))).forget()
	d.wait(30*time.Second).hear(beat(true)).want(">E9", "final 300 late_record").
		wait(31*time.Second).hear(beat(true), startOf(0), again(current)).
		want(">E9", ">E7 90", "final 2090 read_after_gap", "for_hire", ">F2 90")
	d.hear(startOf(20)).want("hired", ">E7 90").
		drive().hear(Ended{Trip: after}).want("final 700", "for_hire", ">E8 90")
}

// Whoever hires by mistake and at once again makes two trips in one minute.
func TestTwoTripsInOneMinute(t *testing.T) {
	t.Parallel()
	hired := func() *desk { return atHire(t, RoleISU).hear(startOf(0)).forget() }
	for _, resent := range []bool{true, false} {
		m := mistake(1)
		m.Resent = resent
		d := atHired(t, RoleISU).hear(m)
		require.Equal(t, "final 1300 late_record", d.log[0], "the trip was seen under way ten minutes later")
	}
	hired().hear(mistake(1)).want("final 1300", "for_hire", ">E8 90")
	hired().wait(100*time.Second).hear(mistake(1).again()).want("final 1300 read_after_gap", "for_hire", ">F2 90")
	// The trip before ended a minute earlier, or in this one.
	atHire(t, RoleISU).hear(startOf(1)).forget().hear(mistake(1)).want("final 1300 late_record", ">E8 90")
	m := mistake(1)
	m.Alighted = m.Alighted.Add(time.Minute)
	atHire(t, RoleISU).hear(startOf(1)).forget().hear(m).want("final 1300 read_after_gap", "for_hire", ">E8 90")
	// The numbers tell.
	known := func() *desk {
		d := restarted(t, "", before).hear(beat(false), startOf(0))
		require.EqualValues(t, 2, d.trip.next)
		return d.forget()
	}
	known().hear(mistake(2).again()).want("final 1300", "for_hire", ">F2 90")
	known().hear(mistake(3)).want("final 1300 read_after_gap", "for_hire", ">E8 90")
}

// A meter sends what nobody acknowledged days later. It cannot be of the open trip if a
// later one is over.
func TestARecordFromBeforeOneThatWasTold(t *testing.T) {
	t.Parallel()
	restarted(t, meter.Hired, current).hear(again(before)).want("final 500 late_record", ">F2 90", "health ok")
	restarted(t, meter.Hired, current).hear(Ended{Trip: before}).want("final 500 late_record", ">E8 90", "health ok")
	// Numbers begin anew with another meter, dates with another battery.
	restarted(t, meter.Hired, after).hear(Ended{Trip: tripAt(60, 1, 900)}).
		want("final 900 read_after_gap", "for_hire resync", ">E8 90", "health ok")
	restarted(t, meter.Hired, after).hear(Ended{Trip: tripAt(-1e6, 4, 900)}).
		want("final 900 read_after_gap", "for_hire resync", ">E8 90", "health ok")
}

func TestKeysCanBeRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := key{rapid.String().Draw(t, "plate"), rapid.Uint32().Draw(t, "number"), noon.Add(time.Duration(rapid.IntRange(-1e6, 1e6).Draw(t, "minutes")) * time.Minute)}
		got, ok := parseKey(k.String())
		require.True(t, ok)
		require.Equal(t, k, got)
	})
	for _, s := range []string{"", "x", `"AB1234"`, `"AB1234"/`, `"AB1234"/1`, `"AB1234"/-1/202603141200`, `"AB1234"/1/2026`, "12-00000001-00000002"} {
		_, ok := parseKey(s)
		require.False(t, ok, s)
	}
}
