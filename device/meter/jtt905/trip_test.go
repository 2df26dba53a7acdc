package jtt905

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/money"
)

type moneyMinor = money.Minor

var ended = Ended{Trip: tripAt(0, 1, 2090)}

func (e Ended) again() Ended { e.Resent = true; return e }

func TestPlainTrip(t *testing.T) {
	t.Parallel()
	newDesk(t, RoleListen).
		hear(beat(false)).want("for_hire resync", "health ok").
		hear(startOf(0)).want("hired").
		hear(beat(true), beat(true)).want().
		drive().hear(ended).want("final 2090", "for_hire").
		hear(beat(false)).want()
	newDesk(t, RoleISU, func(c *Config) { c.Poll = time.Hour }).want(">00").
		hear(Status{Plate: "AB1234"}, beat(false)).want("health ok", ">E9", "for_hire resync").
		hear(startOf(0)).want("hired", ">E7 90").
		hear(beat(true)).want(">E9").
		drive().hear(ended).want("final 2090", "for_hire", ">E8 90").
		hear(beat(false)).want(">E9")
}

func TestRecordCarriesWhatTheMeterGives(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 8*3600)
	c := Default(RoleListen)
	require.Equal(t, meter.Record{
		Total: 4680, Fare: 4580, Supplements: 100, Distance: new(int64(7400)),
		Start:  time.Date(2026, 3, 14, 23, 51, 0, 0, zone),
		Finish: time.Date(2026, 3, 15, 0, 9, 0, 0, zone),
		Key:    `"AB1234"/4711/202603142351`,
	}, c.record(tripMidnight))
	c.SurchargeAdded = true
	r := c.record(tripMidnight)
	require.Equal(t, []moneyMinor{4780, 4680, 100}, []moneyMinor{r.Total, r.Fare, r.Supplements})
	c.SurchargeAdded = false
	r = c.record(tripMidnight.but(func(t *Trip) { t.Amount = 90 }))
	require.Equal(t, []meter.Doubt{meter.DoubtSum}, r.Doubts)
	for payment, want := range map[Payment][]meter.Doubt{PaidCash: nil, PaidOther: nil, PaidM1Card: {meter.DoubtPaid}, PaidCPUCard: {meter.DoubtPaid}} {
		require.Equal(t, want, c.record(tripMidnight.but(func(t *Trip) { t.Payment = payment })).Doubts)
	}
}

func TestDuplicatesTellNothing(t *testing.T) {
	t.Parallel()
	atHired(t, RoleISU).hear(startOf(0), startOf(0)).want(">E7 90", ">E7 90").
		hear(ended, ended, ended.again()).want("final 2090", "for_hire", ">E8 90", ">E8 90", ">F2 90", "health degraded").
		hear(startOf(0)).want(">E7 90"). // late, once more
		hear(startOf(20)).want("hired", ">E7 90").
		hear(ended.again()).want(">F2 90").
		drive().hear(Ended{Trip: tripAt(20, 2, 500)}).want("final 500", "for_hire", ">E8 90", "health ok")
}

// The meter that sends a trip again with another amount sent one of them damaged.
func TestAnotherAmountForTheSameTrip(t *testing.T) {
	t.Parallel()
	other := Ended{Trip: tripAt(0, 1, 2890), Resent: true}
	atHired(t, RoleListen).hear(ended).want("final 2090", "for_hire").
		hear(other, other).want("final 2890 late_record")
}

func TestAcknowledgedOnlyWhenCommitted(t *testing.T) {
	t.Parallel()
	d := atHired(t, RoleISU)
	d.asleep = true
	d.hear(ended).want("final 2090", "for_hire").
		wait(time.Second).want()
	d.commit()
	d.wait(100 * time.Millisecond).want(">E8 90")

	d = atHired(t, RoleISU)
	d.asleep = true
	d.hear(ended).forget().wait(5 * time.Second).
		hear(ended.again()).want(). // told, but not on disk
		wait(2100 * time.Millisecond)
	d.commit()
	d.wait(5 * time.Second).want(). // too late: the meter may have sent another meanwhile
					hear(ended.again()).want(">F2 90")
}

func TestAcknowledgementIsForTheLastRecordOnly(t *testing.T) {
	t.Parallel()
	d := atHired(t, RoleISU)
	d.asleep = true
	d.hear(ended, Ended{Trip: tripAt(-60, 7, 500), Resent: true}).want("final 2090", "for_hire", "final 500 late_record")
	first := d.pending[:1]
	d.pending = d.pending[1:]
	first[0]()
	d.wait(time.Second).want()
	d.commit()
	d.wait(time.Second).want(">F2 90")
}

func TestCommitOnAnotherLine(t *testing.T) {
	t.Parallel()
	d := atHired(t, RoleISU)
	d.asleep = true
	d.hear(ended).forget()
	d.open()
	d.commit()
	d.wait(5*time.Second).want().
		hear(ended.again()).want(">F2 90", "health ok")
}

func TestListenerTellsWithoutCommitment(t *testing.T) {
	t.Parallel()
	d := atHired(t, RoleListen)
	d.asleep = true
	d.hear(ended)
	require.Empty(t, d.pending)
}

func TestHistoricalRecords(t *testing.T) {
	t.Parallel()
	old := Ended{Trip: tripAt(-3*24*60, 7, 500), Resent: true}
	atHire(t, RoleISU).hear(old).want("final 500 late_record", ">F2 90").
		hear(old).want(">F2 90")
	// Nor as E8, whose start nobody heard.
	atHire(t, RoleISU).hear(ended).want("final 2090 late_record", ">E8 90")
	// During a trip, which goes on.
	atHired(t, RoleISU).hear(old).want("final 500 late_record", ">F2 90").
		hear(Ended{Trip: tripAt(-1, 7, 600), Resent: true}).want("final 600 late_record", ">F2 90").
		hear(Ended{Trip: tripAt(-5, 7, 700)}).want("final 700 late_record", ">E8 90").
		hear(ended).want("final 2090", "for_hire", ">E8 90")
	// Before anything is known.
	newDesk(t, RoleListen).hear(old).want("final 500 late_record", "health ok").
		hear(beat(false)).want("for_hire resync")
}

func TestResentAtOnce(t *testing.T) {
	t.Parallel()
	// The E8 was lost on the way.
	atHired(t, RoleISU).hear(ended.again()).want("final 2090", "for_hire", ">F2 90")
	// So was the last one's, and this trip began in the same minute.
	atHire(t, RoleISU).hear(startOf(0)).forget().
		wait(5*time.Second).hear(mistake(1).again()).want("final 1300 read_after_gap", "for_hire", ">F2 90")
}

func TestClockOfTheStartIsAMinuteOff(t *testing.T) {
	t.Parallel()
	atHired(t, RoleListen).hear(Ended{Trip: tripAt(1, 1, 2090)}).want("final 2090", "for_hire")
	atHired(t, RoleListen).hear(Ended{Trip: tripAt(-1, 1, 2090)}).want("final 2090", "for_hire")
	atHired(t, RoleListen).hear(Ended{Trip: tripAt(2, 1, 2090)}).want("final 2090 read_after_gap", "for_hire")
	atHired(t, RoleListen).hear(Ended{Trip: tripAt(-2, 1, 2090)}).want("final 2090 late_record")
	atHired(t, RoleListen).hear(Ended{Trip: tripAt(1, 1, 2090), Resent: true}).want("final 2090 late_record")
}

func TestStartWasNotHeard(t *testing.T) {
	t.Parallel()
	hired := func() *desk { return atHire(t, RoleListen).hear(beat(true)).want("hired resync") }
	hired().hear(ended).want("final 2090 read_after_gap", "for_hire")
	// It comes late.
	hired().hear(startOf(0), Ended{Trip: tripAt(0, 1, 2090), Resent: true}).want("final 2090 read_after_gap", "for_hire")
	// An F2 may be of any trip: the next heartbeat tells.
	hired().hear(ended.again()).want().
		hear(beat(false)).want("final 2090 read_after_gap", "for_hire")
	hired().hear(ended.again()).want().
		hear(beat(true)).want("final 2090 late_record").
		drive().hear(Ended{Trip: tripAt(20, 2, 500)}).want("final 500 read_after_gap", "for_hire")
	hired().hear(Ended{Trip: tripAt(-20, 7, 300), Resent: true}, ended.again()).want("final 300 late_record").
		hear(startOf(20)).want("final 2090 late_record").
		drive().hear(Ended{Trip: tripAt(20, 2, 500)}).want("final 500", "for_hire")
	hired().hear(beat(false)).want().
		hear(ended.again()).want("final 2090 read_after_gap", "for_hire resync")
}

func TestEndWasNotHeard(t *testing.T) {
	t.Parallel()
	atHired(t, RoleListen).hear(beat(false)).want().
		wait(14900 * time.Millisecond).want().
		wait(100 * time.Millisecond).want("for_hire resync").
		hear(ended.again()).want("final 2090 late_record")
	atHired(t, RoleListen).hear(beat(false)).
		wait(5*time.Second).hear(ended.again()).want("final 2090", "for_hire resync")
	// The next passenger is quicker.
	atHired(t, RoleListen).hear(startOf(20)).want("for_hire resync", "hired").
		hear(ended.again()).want("final 2090 late_record")
	atHired(t, RoleListen).hear(beat(false), beat(true)).want("for_hire resync", "hired resync").
		drive().hear(Ended{Trip: tripAt(20, 2, 500)}).want("final 500 read_after_gap", "for_hire")
	d := atHire(t, RoleListen).hear(beat(true), beat(false)).forget()
	d.hear(startOf(20)).want("for_hire resync", "hired")
}

func TestLookUp(t *testing.T) {
	t.Parallel()
	asked := func() *desk { return atHired(t, RoleISU).hear(beat(false)).want(">E9", ">00") }
	d := asked().hear(Status{Trips: 1}).want(">06").hear(History{Trip: &ended.Trip}).want("final 2090", "for_hire resync").
		hear(ended.again()).want(">F2 90")
	require.Len(t, d.records, 1)
	// The meter does not have it, or not yet.
	asked().hear(Status{Trips: 1}, History{}).want(">06").
		wait(5*time.Second).hear(ended.again()).want("final 2090", "for_hire resync", ">F2 90")
	asked().hear(Status{Trips: 1}).hear(History{Trip: new(tripAt(-30, 7, 300))}).want(">06").
		wait(15 * time.Second).want("for_hire resync")
	asked().hear(Status{}).want()
	// No answer at all, although the meter talks.
	asked().hear(Status{Trips: 1}).want(">06").wait(6*time.Second).hear(beat(false)).want(">06", ">06", "health degraded", ">E9").
		wait(15 * time.Second).want("for_hire resync")
	// Nobody asked.
	atHired(t, RoleISU).hear(History{Trip: &ended.Trip}).want()
	atHired(t, RoleListen).hear(beat(false), Status{Trips: 1}, History{Trip: &ended.Trip}).want()
}

func TestGap(t *testing.T) {
	t.Parallel()
	away := func(dur time.Duration) *desk {
		d := atHired(t, RoleListen).sleep(dur)
		d.open()
		return d.want()
	}
	for _, dur := range []time.Duration{5 * time.Second, time.Hour} {
		away(dur).hear(beat(true)).want("hired resync", "health ok").
			hear(ended).want("final 2090", "for_hire")
		away(dur).hear(startOf(20)).want("for_hire resync", "hired", "health ok")
	}
	away(5*time.Second).hear(ended.again()).want("final 2090", "for_hire resync", "health ok")
	away(time.Hour).hear(ended.again()).want("final 2090 read_after_gap", "for_hire resync", "health ok")
	away(time.Hour).hear(Ended{Trip: tripAt(20, 2, 500)}).want("final 500 read_after_gap", "for_hire resync", "health ok")
	away(time.Hour).hear(beat(false)).want("health ok").wait(15 * time.Second).want("for_hire resync")
	d := atHire(t, RoleListen).sleep(time.Hour)
	d.open()
	d.hear(beat(false)).want("for_hire resync", "health ok")
}

func TestSilenceIsAGap(t *testing.T) {
	t.Parallel()
	atHired(t, RoleListen).wait(120*time.Second).want("health silent").
		hear(ended.again()).want("final 2090 read_after_gap", "for_hire resync", "health ok")
}

func TestRestore(t *testing.T) {
	t.Parallel()
	restored := func(p meter.Position, role Role) *desk {
		d := newDesk(t, role, func(c *Config) { c.Poll = 0 })
		d.trip.restore(p)
		d.open()
		return d.forget()
	}
	restored(meter.Hired, RoleListen).hear(beat(true)).want("hired resync", "health ok").hear(ended).want("final 2090 read_after_gap", "for_hire")
	restored(meter.Stopped, RoleListen).hear(startOf(0)).want("hired resync", "health ok").drive().hear(ended).want("final 2090 read_after_gap", "for_hire")
	restored(meter.Hired, RoleListen).hear(ended).want("final 2090 read_after_gap", "for_hire resync", "health ok")
	restored(meter.Hired, RoleListen).hear(ended.again()).want("health ok").
		hear(beat(false)).want("final 2090 read_after_gap", "for_hire resync")
	restored(meter.Hired, RoleListen).hear(ended.again(), beat(true)).want("health ok", "final 2090 late_record", "hired resync")
	restored(meter.Hired, RoleISU).hear(beat(false)).want(">E9", ">00", "health ok").
		hear(Status{Trips: 1}, History{Trip: &ended.Trip}).want(">06", "final 2090 read_after_gap", "for_hire resync")
	restored(meter.ForHire, RoleISU).hear(ended.again()).want("final 2090 late_record", ">F2 90", "health ok")
}

func TestLedgerIsBounded(t *testing.T) {
	t.Parallel()
	d := atHire(t, RoleISU)
	for n := range uint32(2 * maxTrips) {
		d.hear(Ended{Trip: tripAt(-int(n), n, 100), Resent: true})
	}
	require.Len(t, d.trip.ledger.trips, maxTrips)
	require.Len(t, d.trip.ledger.order, maxTrips)
	require.False(t, d.trip.ledger.committed(tripAt(0, 0, 100).key()))
	require.Zero(t, d.trip.ledger.answered(tripAt(0, 0, 100).key()))
	d.trip.ledger.commit(tripAt(0, 0, 100).key())
}
