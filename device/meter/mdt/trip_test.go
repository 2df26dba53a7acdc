package mdt

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
)

func TestPlainTrip(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "pulsar")
	d.want(">49").
		hear(Ack{}, status(Vacant)).want("health ok", ">5A", "for_hire resync").
		hear(hiredKey).want(">5A", "hired").
		hear(timeOffKey).want(">5A", ">44", "stopped").
		hear(Ack{}, tripOf(2090)).want("record 2090", ">5A").
		hear(vacantKey).want(">5A", "final 2090", "for_hire")
}

func TestRecordCarriesWhatTheMeterGives(t *testing.T) {
	t.Parallel()
	var got []meter.TripRecord
	d := atStop(t, "pulsar")
	d.s.sink = func(e meter.Event) {
		if r, ok := e.(meter.TripRecord); ok {
			got = append(got, r)
		}
	}
	d.hear(TripData{Fare: 1840, Tax: 100, Extras: 250, MTATax: 50, NetTotal: 2240, Distance: 62, TLC: true}, vacantKey)
	want := meter.Record{Total: 2240, Fare: 1840, Supplements: 250, Tax: 150, Distance: new(int64(6200))}
	require.Equal(t, []meter.TripRecord{{Record: want}, {Record: want, Final: true}}, got)
}

func TestMetres(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, 6200, Config{Unit: Kilometre}.metres(62))
	require.EqualValues(t, 9978, Config{Unit: Mile}.metres(62)) // 6.2 miles are 9977.9 m
	require.EqualValues(t, 1609, Config{Unit: Mile}.metres(10))
	require.EqualValues(t, 0, Config{Unit: Mile}.metres(0))
}

func TestPaymentCountsAsStopped(t *testing.T) {
	t.Parallel()
	d := atHire(t, "pulsar")
	d.hear(hiredKey, StateChange{State: Payment}).want(">5A", "hired", ">5A", ">44", "stopped").
		hear(tripOf(2090)).want("record 2090", ">5A")

	atStop(t, "pulsar").hear(tripOf(2090)).forget().
		hear(StateChange{State: Payment}).want(">5A", ">44").
		hear(tripOf(2090)).want(">5A")
}

func TestDuplicatesTellNothing(t *testing.T) {
	t.Parallel()
	d := atHire(t, "pulsar")
	d.hear(hiredKey, hiredKey).want(">5A", "hired", ">5A").
		hear(timeOffKey, timeOffKey).want(">5A", ">44", "stopped", ">5A").
		hear(tripOf(2090), tripOf(2090)).want("record 2090", ">5A", ">5A").
		hear(timeOffKey).want(">5A", ">44").
		hear(tripOf(2090)).want(">5A").
		hear(vacantKey, vacantKey).want(">5A", "final 2090", "for_hire", ">5A").
		hear(tripOf(2090)).want(">5A")
}

func TestCorrectedTotal(t *testing.T) {
	t.Parallel()
	atStop(t, "pulsar").hear(tripOf(2090)).want("record 2090", ">5A").
		hear(timeOffKey, tripOf(1890)).want(">5A", ">44", "record 1890", ">5A").
		hear(tripOf(1990)).want("record 1990", ">5A").
		hear(vacantKey).want(">5A", "final 1990", "for_hire")
}

func TestResume(t *testing.T) {
	t.Parallel()
	atStop(t, "pulsar").hear(tripOf(2090)).forget().
		hear(hiredKey).want(">5A", "hired").
		hear(timeOffKey, tripOf(2090)).want(">5A", ">44", "stopped", "record 2090", ">5A").
		hear(vacantKey).want(">5A", "final 2090", "for_hire")
}

func TestResumeForgetsTheRecord(t *testing.T) {
	t.Parallel()
	atStop(t, "pulsar").hear(tripOf(2090), hiredKey).forget().
		hear(vacantKey).want(">5A", ">44").
		hear(tripOf(2500)).want(">5A", ">49"). // verified before it is told
		hear(status(Vacant)).want(">5A", "final 2500", "for_hire")
}

func TestVacantWithoutStop(t *testing.T) {
	t.Parallel()
	atHire(t, "pulsar").hear(hiredKey).forget().
		hear(vacantKey).want(">5A", ">44").
		hear(Ack{}, tripOf(777)).want(">5A", ">49").
		hear(tripOf(777)).want(">5A"). // repeated
		hear(status(Vacant)).want(">5A", "final 777", "for_hire")
}

func TestNewPassengerQuickerThanTheRecord(t *testing.T) {
	t.Parallel()
	toVerify := func() *desk {
		return atHire(t, "pulsar").hear(hiredKey, vacantKey, tripOf(777)).forget()
	}
	toVerify().hear(status(TimeOn)).want(">5A", "final 777 read_after_gap", "for_hire", "hired resync")
	toVerify().hear(hiredKey).want(">5A", "final 777 read_after_gap", "for_hire", "hired")
	toVerify().wait(3*time.Second).want(">49", ">49", "final 777 read_after_gap", "for_hire", "health degraded")
	toVerify().hear(Unsupported{}, Unsupported{}).want(">49", "final 777 read_after_gap", "for_hire")
}

func TestNoRecordAtAll(t *testing.T) {
	t.Parallel()
	atHire(t, "pulsar").hear(hiredKey, vacantKey).want(">5A", "hired", ">5A", ">44").
		wait(900*time.Millisecond).want().
		wait(100*time.Millisecond).want(">44").
		wait(time.Second).want(">44").
		wait(time.Second).want("for_hire", "health degraded")
	// Acknowledged, but never answered: two seconds each.
	d := atHire(t, "pulsar").hear(hiredKey, vacantKey, Ack{}).forget()
	d.wait(1900*time.Millisecond).want().wait(100*time.Millisecond).want(">44").
		hear(Ack{}).wait(2*time.Second).want(">44").
		hear(Ack{}).wait(2*time.Second).want("for_hire", "health degraded")
}

func TestStoppedWithoutRecordAsksAgain(t *testing.T) {
	t.Parallel()
	atStop(t, "pulsar").wait(3*time.Second).want(">44", ">44", "health degraded").
		wait(10*time.Second).want(">44").
		hear(tripOf(2090)).want("record 2090", ">5A", "health ok")
}

func TestKeysWhileTheRecordIsWaitedFor(t *testing.T) {
	t.Parallel()
	// Vacant: the answer becomes the final record.
	atStop(t, "pulsar").hear(vacantKey).want(">5A").
		hear(tripOf(2090)).want(">5A", ">49").
		hear(status(Vacant)).want(">5A", "final 2090", "for_hire")
	// Resumed: the answer is of no use, and is not taken for the answer to the next.
	atStop(t, "pulsar").hear(hiredKey).want(">5A", "hired").
		hear(timeOffKey).want(">5A", ">44", "stopped").
		hear(tripOf(2000)).want(">5A").
		hear(tripOf(2090)).want("record 2090", ">5A")
	// Vacant and hired again: nothing is lost, nothing reordered, and the record may be
	// that of the new trip.
	atStop(t, "pulsar").hear(vacantKey, hiredKey, timeOffKey).want(">5A", ">5A", ">5A").
		hear(tripOf(2090)).want("final 2090 read_after_gap", "for_hire", "hired", ">5A", ">44", "stopped").
		hear(tripOf(350)).want("record 350", ">5A")
	// The same, without an answer: not repeated, since it could be about the new trip.
	atStop(t, "pulsar").hear(vacantKey, hiredKey).want(">5A", ">5A").
		wait(2*time.Second).want("for_hire", "hired", "health degraded")
}

func TestManyKeysWhileTheRecordIsWaitedFor(t *testing.T) {
	t.Parallel()
	d := atStop(t, "pulsar").hear(vacantKey).forget()
	for range 20 {
		d.hear(hiredKey, vacantKey)
	}
	require.LessOrEqual(t, len(d.trip.closing.held), maxHeld)
	d.forget().wait(time.Minute)
	require.Nil(t, d.trip.closing)
}

func TestWrongSum(t *testing.T) {
	t.Parallel()
	wrong := TripData{Fare: 2090, NetTotal: 2190}
	// Once: the second answer counts.
	atStop(t, "pulsar").hear(wrong).want(">5A", ">44").
		hear(tripOf(2090)).want("record 2090", ">5A")
	// Twice.
	atStop(t, "pulsar").hear(wrong, wrong).want(">5A", ">44", "record 2190 sum_mismatch", ">5A").
		hear(wrong).want(">5A", ">44").
		hear(vacantKey).want(">5A", "final 2190 sum_mismatch", "for_hire")
	// No second answer.
	atStop(t, "pulsar").hear(wrong).forget().
		wait(3*time.Second).want(">44", ">44", "record 2190 sum_mismatch", "health degraded")
	// At vacant.
	atHire(t, "pulsar").hear(hiredKey, vacantKey, wrong).want(">5A", "hired", ">5A", ">44", ">5A", ">44").
		hear(wrong, status(Vacant)).want(">5A", ">49", ">5A", "final 2190 sum_mismatch", "for_hire")
	// A meter whose total is known to be something else.
	atStop(t, "pulsar", func(c *Config) { c.CheckSum = false }).hear(wrong).want("record 2190", ">5A")
	// A tap cannot ask.
	atStop(t, "tap").hear(wrong).want("record 2190 sum_mismatch")
}

func TestTaxesBelongToTheSum(t *testing.T) {
	t.Parallel()
	atStop(t, "pulsar").hear(TripData{Fare: 1840, Tax: 100, Extras: 250, NetTotal: 2190}).want("record 2190", ">5A")
	atStop(t, "pulsar").hear(TripData{Fare: 1840, Extras: 250, MTATax: 50, NetTotal: 2140, TLC: true}).want("record 2140", ">5A")
}

func TestCentrodyne(t *testing.T) {
	t.Parallel()
	long := func(s State, fare, extras moneyMinor) StateChange {
		return StateChange{State: s, Display: &Display{Rate: '1', Fare: fare, Extras: extras}}
	}
	d := atHire(t, "centrodyne")
	d.hear(long(TimeOn, 350, 0)).want(">5A", "hired", "running 350+0").
		hear(long(TimeOff, 1840, 250)).want(">5A", ">44", "stopped", "record 2090").
		hear(TripData{Fare: 1840, Extras: 250, NetTotal: 2090, Distance: 62}).want(">5A").
		hear(long(TimeOff, 1840, 250)).want(">5A", ">44").
		hear(long(TimeOff, 1740, 250)).want(">5A", "record 1990").
		hear(TripData{Fare: 1740, Tax: 10, Extras: 250, NetTotal: 2000}).want("record 2000", ">5A").
		hear(long(TimeOff, 1740, 250)).want(">5A", ">44")
	require.Equal(t, "1", d.trip.seen.Tariff, "the tariff came with the key")
	d.hear(long(Vacant, 0, 0)).want(">5A", "final 2000", "for_hire")
}

func TestCentrodyneFareWithTheVacantKey(t *testing.T) {
	t.Parallel()
	d := atHire(t, "centrodyne").hear(hiredKey).forget()
	d.hear(StateChange{State: Vacant, Display: &Display{Rate: '1', Fare: 1840, Extras: 250}}).
		want(">5A", "final 2090", "for_hire")
}

func TestFareAtVacant(t *testing.T) {
	t.Parallel()
	atHire(t, "fare_at_vacant").
		hear(hiredKey, timeOffKey).want(">5A", "hired", ">5A", "stopped").
		wait(20*time.Second).want().
		hear(vacantKey).want(">5A", ">44").
		hear(tripOf(2090)).want(">5A", ">49").
		hear(status(Vacant)).want(">5A", "final 2090", "for_hire")
	// A bridge that tells by itself.
	atHire(t, "fare_at_vacant").hear(hiredKey, timeOffKey, tripOf(2090)).forget().
		hear(vacantKey).want(">5A", "final 2090", "for_hire")
}

func TestTapSaysNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "tap")
	d.hear(vacantKey, hiredKey, RunningFare{Fare: 500}, Ping{}, MissedMessage{}, Busy{true}, timeOffKey).
		want("for_hire resync", "health ok", "hired", "running 500+0", "stopped").
		wait(time.Minute).want().
		hear(tripOf(2090)).want("record 2090").
		hear(vacantKey).want("final 2090", "for_hire").
		hear(hiredKey, vacantKey).want("hired").
		hear(tripOf(777)).want("final 777", "for_hire"). // the other terminal asked
		hear(hiredKey, vacantKey).want("hired").
		wait(1900 * time.Millisecond).want().
		wait(100 * time.Millisecond).want("for_hire").
		wait(time.Hour).want()
}

func TestLateRecord(t *testing.T) {
	t.Parallel()
	atHire(t, "pulsar").
		hear(tripOf(2090)).want("final 2090 late_record", ">5A").
		hear(tripOf(2090)).want(">5A").
		wait(29*time.Second).forget().
		hear(hiredKey, tripOf(2090)).want(">5A", "hired", ">5A") // nobody asked, and it is running
	// A record that comes when the trip had been closed without.
	atHire(t, "tap").hear(hiredKey, vacantKey).wait(2*time.Second).forget().
		hear(tripOf(2090), tripOf(2090)).want("final 2090 late_record")
}

func TestGap(t *testing.T) {
	t.Parallel()
	reopen := func(d *desk) *desk {
		d.wait(5 * time.Second).forget()
		d.open()
		return d.want(">49")
	}
	hired := func() *desk { return reopen(atHire(t, "pulsar").hear(hiredKey)) }
	hired().hear(status(TimeOn)).want(">5A", "hired resync", "health ok")
	hired().hear(status(TimeOff)).want(">5A", ">44", "stopped resync", "health ok").
		hear(tripOf(2090)).want("record 2090", ">5A")
	hired().hear(status(Vacant)).want(">5A", ">44", "health ok").
		hear(tripOf(2090)).want("final 2090 read_after_gap", "for_hire resync", ">5A")
	hired().hear(vacantKey).want(">5A", ">44", "health ok").
		hear(tripOf(2090)).want("final 2090 read_after_gap", "for_hire resync", ">5A")
	hired().hear(status(Vacant)).forget().
		wait(3*time.Second).want(">44", ">44", "for_hire resync", "health degraded")

	stopped := func() *desk { return reopen(atStop(t, "pulsar").hear(tripOf(2090))) }
	stopped().hear(status(TimeOff)).want(">5A", ">44", "stopped resync", "health ok").
		hear(tripOf(2090)).want(">5A").
		hear(vacantKey).want(">5A", "final 2090", "for_hire")
	stopped().hear(status(Vacant)).want(">5A", ">44", "health ok").
		hear(tripOf(2090)).want("final 2090", "for_hire resync", ">5A") // the same amounts: the same trip
	stopped().hear(status(Vacant), tripOf(350)).want(">5A", ">44", "health ok", "final 350 read_after_gap", "for_hire resync", ">5A")
	stopped().hear(status(Vacant)).forget().
		wait(3*time.Second).want(">44", ">44", "final 2090 read_after_gap", "for_hire resync", "health degraded")
	stopped().hear(tripOf(350)).want("record 350 read_after_gap", ">5A", "health ok")

	reopen(atHire(t, "pulsar")).hear(status(Vacant)).want(">5A", "for_hire resync", "health ok")
}

func TestLineLostWhileTheRecordIsWaitedFor(t *testing.T) {
	t.Parallel()
	d := atStop(t, "pulsar").hear(vacantKey).wait(500 * time.Millisecond).forget()
	d.open()
	d.want(">49", ">44").
		hear(status(Vacant)).want(">5A", "health ok").
		hear(tripOf(2090)).want("final 2090 read_after_gap", "for_hire resync", ">5A")

	d = atHire(t, "pulsar").hear(hiredKey, vacantKey, tripOf(777)).forget() // being verified
	d.open()
	d.want(">49", "final 777 read_after_gap", "for_hire").
		hear(status(Vacant)).want(">5A", "for_hire resync", "health ok")
}

func TestStatusTellsWhatKeysDidNot(t *testing.T) {
	t.Parallel()
	atHire(t, "pulsar").poll(Vacant).want(">49", ">5A").
		poll(TimeOn).want(">49", ">5A", "hired resync").
		poll(Payment).want(">49", ">5A"). // statistics mode
		poll(TimeOff).want(">49", ">5A", ">44", "stopped resync").
		hear(tripOf(2090)).want("record 2090", ">5A").
		poll(Vacant).want(">49", ">5A", ">44").
		hear(tripOf(2090)).want("final 2090", "for_hire resync", ">5A")
	// The hired key was missed.
	atHire(t, "pulsar").hear(timeOffKey).want(">5A", ">49").
		hear(status(TimeOff)).want(">5A", ">44", "stopped resync")
}

// A status may have been worked out before the key press that overtook it, and must
// not take the meter back to where it was.
func TestStatusOvertakenByAKey(t *testing.T) {
	t.Parallel()
	d := atStop(t, "pulsar").hear(tripOf(2090)).forget()
	d.s.startPoll()
	d.hear(vacantKey).want(">49", ">5A", "final 2090", "for_hire").
		hear(status(TimeOff)).want(">5A", ">49").
		hear(status(Vacant)).want(">5A").
		hear(status(TimeOff)).want(">5A") // an answer to nothing
	// Nor must it vouch for a record that came after it.
	d = atHire(t, "pulsar").hear(hiredKey, vacantKey).forget()
	d.s.startPoll()
	d.hear(tripOf(777)).want(">49", ">5A").
		hear(status(Vacant)).want(">5A", ">49").
		hear(status(Vacant)).want(">5A", "final 777", "for_hire")
	// A tap hears the answers to another terminal's requests.
	atHire(t, "tap").hear(hiredKey).forget().
		hear(status(Vacant)).want().wait(3 * time.Second).
		hear(status(TimeOff)).want("stopped resync")
}

func TestSilenceIsAGap(t *testing.T) {
	t.Parallel()
	d := atHire(t, "pulsar").hear(hiredKey).forget()
	d.wait(35 * time.Second)
	require.Contains(t, d.log, "health silent")
	d.forget().poll(Vacant).want(">49", ">5A", ">44", "health ok").
		hear(tripOf(350)).want("final 350 read_after_gap", "for_hire resync", ">5A", ">49")
}

func TestRestore(t *testing.T) {
	t.Parallel()
	cfg, _ := Profile("pulsar")
	drv := New(cfg, quiet)
	drv.Restore(meter.Hired)
	d := &desk{t: t, trip: &drv.trip, now: time.Now()}
	d.open()
	d.want(">49").hear(status(Vacant)).want(">5A", ">44", "health ok").
		hear(tripOf(2090)).want("final 2090 read_after_gap", "for_hire resync", ">5A")
}

func TestRunningFare(t *testing.T) {
	t.Parallel()
	fare := func(v moneyMinor) RunningFare { return RunningFare{Fare: v, Extras: 250} }
	d := newDesk(t, "pulsar", func(c *Config) { c.RunningFare = true })
	d.hear(fare(100)).want(">49", ">5A", "health ok"). // position not known yet
								hear(Ack{}, status(TimeOn)).want(">5A", "hired resync", ">67").
								hear(fare(100), fare(100), fare(125)).want(">5A", "running 100+250", ">5A", ">5A", "running 125+250").
								hear(Ack{}, timeOffKey, fare(150)).want(">5A", ">44", "stopped", ">5A")
}
