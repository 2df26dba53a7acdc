package mdt

import (
	"testing"
	"time"

	"taxiterminal/device/meter"
)

// restarted is a desk whose terminal has died after it took a key press and before the
// meter had the acknowledgement. Meanwhile the next passenger is on the trip.
func restarted(t *testing.T, restored meter.Position, now State) *desk {
	d := newDesk(t, "pulsar")
	d.trip.position = restored
	d.forget().openFresh()
	return d.hear(status(now)).forget()
}

func TestAForHireThatIsOverEndsNoTrip(t *testing.T) {
	d := restarted(t, "", TimeOff).hear(tripOf(2090)).forget()
	d.hear(vacantKey).want(">5A", ">49")
	d.hear(status(TimeOff)).want(">5A")
	d.hear(hiredKey).want(">5A", "hired")
	d.hear(timeOffKey).want(">5A", ">44", "stopped")
}

func TestAForHireOfNowEndsTheTrip(t *testing.T) {
	d := restarted(t, "", TimeOff).hear(tripOf(2090)).forget()
	d.hear(vacantKey).want(">5A", ">49")
	d.hear(status(Vacant)).want(">5A", "final 2090", "for_hire")
}

func TestAForHireThatNoStatusConfirmsEndsTheTrip(t *testing.T) {
	d := restarted(t, "", TimeOff).hear(tripOf(2090)).forget()
	d.hear(vacantKey).forget().wait(4 * time.Second)
	d.want(">49", ">49", "final 2090", "for_hire", "health degraded")
}

func TestAForHireIsBelievedOnceRepeatsAreOver(t *testing.T) {
	d := restarted(t, "", TimeOff).hear(tripOf(2090)).wait(repeatsFor).forget()
	d.hear(vacantKey).want(">5A", "final 2090", "for_hire")
}

func TestAKeyBeforeTheStatusIsAGap(t *testing.T) {
	d := restarted(t, "", TimeOff).hear(tripOf(2090)).forget()
	d.hear(vacantKey, hiredKey).want(">5A", ">49", ">5A", "hired resync")
}

// The meter says Stopped again, because it missed the acknowledgement, when a status has
// told that it is For Hire already: nobody has driven a second trip with the same fare.
func TestAStoppedThatIsOverBeginsNoTrip(t *testing.T) {
	d := restarted(t, "", TimeOff).hear(status(TimeOff)).forget()
	d.poll(Vacant).want(">49", ">5A") // the record has been asked for already
	d.hear(timeOffKey).want(">5A", ">49")
	d.hear(tripOf(2090)).want("final 2090 read_after_gap", "for_hire resync", ">5A")
	d.hear(status(Vacant)).want(">5A")
	d.hear(timeOffKey).want(">5A", ">49")
	d.hear(status(Vacant)).want(">5A")
}

func TestAStoppedOfNowBeginsATrip(t *testing.T) {
	d := atStop(t, "pulsar").hear(tripOf(2090), vacantKey).forget()
	d.hear(timeOffKey).want(">5A", ">49")
	d.hear(status(TimeOff)).want(">5A", ">44", "stopped resync")
	d.hear(tripOf(3000)).want("record 3000", ">5A")
}

// The status cannot be asked, or says what it likes: then the driver has to look.
func TestTheFareOfTheLastTripOnceMoreIsInDoubt(t *testing.T) {
	d := atStop(t, "pulsar").hear(tripOf(2090), vacantKey).forget()
	d.hear(timeOffKey, status(TimeOff)).forget()
	d.hear(tripOf(2090)).want("record 2090 late_record", ">5A")
	d.hear(vacantKey).want(">5A", "final 2090 late_record", "for_hire")
}
