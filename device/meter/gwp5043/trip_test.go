package gwp5043

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
)

func TestPlainTrip(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.want().hire().
		run(1).want("health ok"). // one frame is not enough when the line opens
		run(1).want("hired resync", "running 3500").
		run(8).want().
		costs(60).run(1).want(). // an increase needs two frames
		run(1).want("running 6000").
		vacate().rest(1).want("final 6000", "for_hire").
		rest(100).want().
		hire().run(1).want("hired").
		run(1).want("running 3500").
		costs(37).run(2).want("running 3700").
		vacate().rest(1).want("final 3700", "for_hire")
}

func TestRecordCarriesWhatTheMeterGives(t *testing.T) {
	t.Parallel()
	d := onTrip(t)
	var got []meter.TripRecord
	d.s.trip.sink = func(e meter.Event) {
		if r, ok := e.(meter.TripRecord); ok {
			got = append(got, r)
		}
	}
	d.vacate().rest(3)
	require.Equal(t, []meter.TripRecord{{Final: true, Record: meter.Record{
		Total: 6000, Fare: 6000, Distance: new(int64(220)), Start: d.now.Add(-23 * time.Second), Finish: d.now.Add(-3 * time.Second),
		Key: d.record.key(),
	}}}, got)
}

func TestOldRecordAtStart(t *testing.T) {
	t.Parallel()
	d := newDesk(t).hire().costs(99)
	d.now = d.now.Add(10 * time.Minute)
	d.vacate()
	d.now = d.now.Add(recentTrip)
	d.rest(1).want("health ok").rest(1).want("for_hire resync").rest(10).want()
	// Its passenger may still be in the car.
	d = newDesk(t).hire().costs(99)
	d.now = d.now.Add(10 * time.Minute)
	d.vacate().rest(1).want("health ok").
		rest(1).want("for_hire resync", "final 9900 late_record").
		rest(10).want()
}

func TestRunningFareOfADamagedFrameIsNotShown(t *testing.T) {
	t.Parallel()
	wrong := func(d *desk, fare uint16) Message { l := d.live(); l.Fare = fare; return l }
	d := onTrip(t)
	d.hear(wrong(d, 60|1<<9)).want().run(3).want()
	d.hear(wrong(d, 60&^(1<<4))).want().run(3).want()
	d.vacate().rest(1).want("final 6000", "for_hire")
}

func TestFareAtTheEndThatWasNotSeenRunning(t *testing.T) {
	t.Parallel()
	onTrip(t).costs(62).vacate().rest(1).want().
		rest(1).want("final 6200", "for_hire").rest(5).want()
	// As little as it may be, if the line destroyed all frames but the last.
	onTrip(t).costs(620).vacate().rest(2).want("final 62000", "for_hire")
}

func TestRecordThatContradictsItself(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Record){
		"fares":            func(r *Record) { r.Fare16++ },
		"travel time":      func(r *Record) { r.Travel += 3 },
		"less travel time": func(r *Record) { r.Travel -= 3 },
		"leaves later":     func(r *Record) { r.Exit += 10; r.Travel += 10 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onTrip(t).vacate().records(1, change).want().
				rest(2).want("final 6000", "for_hire") // it was a damaged frame
			onTrip(t).vacate().records(2, change).want("final 6000 sum_mismatch", "for_hire").
				records(5, change).want()
		})
	}
	t.Run("leaves before boarding", func(t *testing.T) {
		t.Parallel()
		onTrip(t).vacate().records(2, func(r *Record) { r.Exit = r.Board - 1; r.Travel = 0xFFFF }).
			want("final 6000 read_after_gap sum_mismatch", "for_hire")
	})
	t.Run("boarded before the trip began", func(t *testing.T) {
		t.Parallel()
		onTrip(t).vacate().records(2, func(r *Record) { r.Board -= 100; r.Travel += 100 }).
			want("final 6000 read_after_gap", "for_hire")
	})
	t.Run("a second apart is no contradiction", func(t *testing.T) {
		t.Parallel()
		onTrip(t).vacate().records(1, func(r *Record) { r.Travel -= 2 }).want().
			records(1, func(r *Record) { r.Travel -= 2 }).want("final 6000", "for_hire")
	})
}

func TestRecordBelowTheFareThatWasSeen(t *testing.T) {
	t.Parallel()
	onTrip(t).costs(58).vacate().rest(2).want("final 5800 sum_mismatch", "for_hire")
	// A fare that only one frame had was not seen.
	d := onTrip(t).costs(90).run(1)
	d.costs(62).vacate().rest(2).want("final 6200", "for_hire")
}

func TestRecordThatNothingVouchesFor(t *testing.T) {
	t.Parallel()
	// The meter is switched off.
	d := onTrip(t).costs(62).vacate().rest(1).want()
	d.wait(2900*time.Millisecond).want().
		wait(100*time.Millisecond).want("health silent").
		wait(1900*time.Millisecond).want().
		wait(100*time.Millisecond).want("final 6200 sum_mismatch", "for_hire resync").
		rest(3).want("health ok")
	// The next passenger is quicker than the second record.
	d = onTrip(t).costs(62).vacate().rest(1).want()
	d.hire().run(1).want("final 6200 sum_mismatch", "for_hire", "hired")
	// The trip goes on after it, against all rules.
	d = onTrip(t).costs(62).vacate().rest(1).want()
	d.run(1).want("final 6200 sum_mismatch", "for_hire", "hired")
	// One and the same, doubled by the line, is not two.
	d = onTrip(t).costs(62).vacate().rest(1).want()
	again := d.record
	again.Now = d.stamp()
	d.s.bytes(Encode(&again), d.now)
	d.want().rest(1).want("final 6200", "for_hire")
	// No two are alike.
	d = onTrip(t).costs(62).vacate()
	for i := range 6 {
		d.records(1, func(r *Record) { r.Fare += uint32(i) })
	}
	require.Equal(t, []string{"final 6600 sum_mismatch", "for_hire"}, d.log)
	// The right one, too late, is news for the driver only.
	d.forget().rest(3).want("final 6200 late_record")
	_ = onTrip(t).vacate().records(1, func(r *Record) { r.Exit ^= 1 << 3 }).wait(5*time.Second).forget().
		rest(2).want("health ok", "final 6000 late_record").rest(5).want()
}

func TestPrint(t *testing.T) {
	t.Parallel()
	// While vacant it is a repetition.
	d := onTrip(t).vacate().rest(2).forget().records(3, printed).rest(2).want()
	// While hired it is the last receipt, or perhaps that of the trip so far: no end of it.
	d.hire().run(20).forget().records(3, printed).run(1).want()
	d.vacate().records(3, printed).want().
		rest(1).want("final 3500", "for_hire")
	// It vouches for the C1 that follows.
	onTrip(t).costs(62).vacate().records(1, printed).want().
		rest(1).want("final 6200", "for_hire")
	// It says nothing about the position.
	newDesk(t).records(1, func(r *Record) { *r = *golden[3].want.(*Record) }).forget()
	d = atRest(t)
	d.open().records(1, printed).want("health ok").rest(1).want("for_hire resync")
}

func TestTripThatTheMeterLost(t *testing.T) {
	t.Parallel()
	// Switched off and on while hired, it repeats the record of the trip before.
	d := onTrip(t)
	d.wait(5 * time.Second).want("health silent").
		rest(1).want("health ok").
		rest(1).want("for_hire resync").
		rest(10).want()
	// It is silent until the next trip.
	d = onTrip(t).wait(time.Minute).want("health silent")
	d.hire().run(1).want("health ok"). // a counter that runs backwards: damaged, or another trip
						run(1).want("for_hire resync", "hired resync", "running 3500").
						vacate().rest(1).want("final 3500", "for_hire")
	// All records are lost on the way.
	d = onTrip(t).vacate()
	d.now = d.now.Add(time.Second)
	d.hire().run(1).want().run(1).want("for_hire resync", "hired", "running 3500")
}

func TestTripOfOneFrame(t *testing.T) {
	t.Parallel()
	atRest(t).hire().run(1).want("hired").vacate().rest(1).want("final 3500", "for_hire")
	// Its only frame was damaged: the next two are believed instead.
	d := atRest(t).hire()
	l := d.live()
	l.Travel |= 1 << 12
	d.hear(l).want("hired").run(2).want("running 3500").
		vacate().rest(1).want("final 3500", "for_hire")
	d = atRest(t).hire().wait(5 * time.Second)
	l = d.live()
	l.Travel &^= 1 << 2
	d.hear(l).want("hired").run(2).want("running 3500").
		vacate().rest(1).want("final 3500", "for_hire")
}

func TestTripNotSeenRunning(t *testing.T) {
	t.Parallel()
	d := atRest(t).hire()
	d.now = d.now.Add(time.Minute) // all its frames were lost
	d.vacate().rest(1).want().rest(1).want("final 3500 late_record").rest(5).want()
	d.hire().now = d.now.Add(time.Minute)
	d.vacate().records(2, func(r *Record) { r.Fare16 = 1 }).want("final 3500 late_record sum_mismatch")
	// One damaged record while vacant is nothing.
	atRest(t).records(1, func(r *Record) { r.Receipt++; r.Board++ }).rest(5).want()
}

// A receipt number that is counted up at every printing makes no new trip.
func TestReceiptNumberDoesNotMatter(t *testing.T) {
	t.Parallel()
	d := onTrip(t).vacate().rest(2).want("final 6000", "for_hire")
	d.record.Receipt++
	d.rest(5).want()
}

func TestGap(t *testing.T) {
	t.Parallel()
	reopened := func() *desk { return onTrip(t).wait(2 * time.Second).open() }
	reopened().run(1).want("hired resync", "health ok").vacate().rest(1).want("final 6000", "for_hire")
	reopened().vacate().rest(1).want("health ok").rest(1).want("final 6000", "for_hire resync")
	reopened().costs(62).vacate().rest(2).want("health ok", "final 6200", "for_hire resync")
	// Nothing vouches for it: the patience begins when the line opens.
	onTrip(t).costs(62).vacate().rest(1).wait(4*time.Second).forget().open().
		wait(3*time.Second).want("health silent").
		rest(1).want("final 6200", "for_hire resync", "health ok")

	// Ended, and another begun.
	d := onTrip(t)
	d.now = d.now.Add(time.Minute)
	d.open().hire().run(1).want("health ok").run(1).want("for_hire resync", "hired resync", "running 3500")
	// Ended, and another driven and ended.
	d = onTrip(t).hire().costs(77)
	d.now = d.now.Add(time.Minute)
	d.open().vacate().rest(2).want("health ok", "final 7700 read_after_gap", "for_hire resync")

	// While vacant; a trip that was driven meanwhile is certainly new.
	d = atRest(t).hire()
	d.now = d.now.Add(time.Hour)
	d.vacate()
	d.now = d.now.Add(time.Hour)
	d.open().rest(2).want("for_hire resync", "health ok", "final 3500 late_record")
	d = atRest(t).wait(time.Hour).want().open()
	d.rest(1).want("for_hire resync", "health ok")
	d.open().hire().run(1).want("hired resync", "health ok")
}

func TestMeterThatDoesNotCountAllTheTime(t *testing.T) {
	t.Parallel()
	d := onTrip(t)
	stood := d.board
	for range 20 {
		d.board++ // the time stands still
		d.run(1)
	}
	d.want().run(10).want().open().run(1).want("hired resync", "health ok")
	d.want().wait(time.Second).board += 10
	d.now = d.now.Add(9 * time.Second)
	d.open().run(1).want("hired resync", "health ok")
	d.board = stood
	d.vacate().rest(2).want("final 6000", "for_hire")
}

func TestTripOfMoreThan18Hours(t *testing.T) {
	t.Parallel()
	d := onTrip(t)
	for range 19 * 3600 / 2 {
		d.now = d.now.Add(time.Second) // every other frame is enough
		d.run(1)
	}
	d.want()
	d.vacate().rest(2).want("final 6000", "for_hire")
}

func TestRestore(t *testing.T) {
	t.Parallel()
	restored := func(p meter.Position) *desk {
		d := atRest(t)
		d.driver = New(Config{Zone: time.UTC}, quiet)
		d.driver.Restore(p)
		return d.open()
	}
	// The trip went on.
	restored(meter.Hired).hire().run(2).want("health ok", "hired resync", "running 3500").
		vacate().rest(1).want("final 3500", "for_hire")
	restored(meter.Stopped).hire().run(2).want("health ok", "hired resync", "running 3500")
	// It ended, or another one did: nobody can tell.
	restored(meter.Hired).records(3, printed).want("health ok").rest(1).want("final 9900 read_after_gap", "for_hire resync")
	restored(meter.Hired).rest(2).want("health ok", "final 9900 read_after_gap", "for_hire resync").rest(3).want()
	restored(meter.Hired).wait(3 * time.Second).want("health silent")
	restored(meter.ForHire).rest(3).want("health ok", "for_hire resync")
}

// A trip that goes on after it was closed has been asked for once.
func TestTripThatGoesOnAfterItsEnd(t *testing.T) {
	t.Parallel()
	d := onTrip(t).vacate().rest(2).want("final 6000", "for_hire")
	d.costs(70).run(3).want("hired", "running 7000").
		vacate().rest(2).want("final 7000 read_after_gap", "for_hire")
}

func TestClocks(t *testing.T) {
	t.Parallel()
	// The meter's clock is put right between trips.
	d := atRest(t)
	d.skew = 7 * time.Hour
	d.rest(3).want()
	d.hire().run(3).want("hired", "running 3500").vacate().rest(1).want("final 3500", "for_hire")
	// While hired, against the rules.
	d = onTrip(t)
	d.skew = time.Hour
	d.board += 3600
	d.run(3).want("for_hire resync", "hired", "running 6000").vacate().rest(1).want("final 6000", "for_hire")
	// This computer slept.
	d = onTrip(t)
	d.skew = 10 * time.Minute
	d.run(5).want().vacate().rest(1).want("final 6000", "for_hire")
}

func TestFramesThatContradictEachOther(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	stopped := d.stamp()
	for range muchDoubted {
		d.hear(&Live{Head: Head{stopped, "01234567"}})
	}
	d.want("health ok", "health degraded")
	d.hire().run(2).want("hired resync", "running 3500", "health ok")
}

func TestAnotherMeter(t *testing.T) {
	t.Parallel()
	other := func(r *Record) { r.Serial = "76543210" }
	d := onTrip(t).vacate()
	d.records(1, other).want().records(1, other).want("health alarm").records(9, other).want()
	d.rest(1).want("final 6000", "for_hire", "health ok") // the right one again

	d = newDesk(t, func(c *Config) { c.Serial = "76543210" })
	d.hire().run(2).want("health ok", "health alarm").
		vacate().records(2, other).want("for_hire resync", "final 3500 late_record", "health ok")
	// A damaged serial number is no other meter.
	atRest(t).records(1, func(r *Record) { r.Serial = "01234577" }).rest(1).want()
}
