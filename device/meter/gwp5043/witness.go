package gwp5043

import "time"

// witness stands in for a checksum: it believes a frame only if another one agrees with it.
// It outlives a line, since the meter's clock goes on while the cable is out.
type witness struct {
	serial string // of the meter that this is; empty until known
	last   sighting
	other  sighting // contradicts last; believed if the next agrees with it

	doubted int    // frames in a row that were not believed
	foreign string // serial number of another meter that sends now
}

// sighting is a message and when it came.
type sighting struct {
	m  Message // nil: none yet
	at time.Time
}

const (
	clockSlack  = 2 * time.Second // between the meter's clock and ours, from one frame to the next
	clockDrift  = 1000            // and one part of so many, when they are far apart
	mostPerSec  = 100             // metres
	counterPlay = 2               // seconds by which a counter may be ahead of the clock
)

// believe takes the next message. If it can be believed, agrees is the one that it agrees
// with.
func (w *witness) believe(m Message, at time.Time) (agrees Message, ok bool) {
	s := sighting{m, at}
	switch {
	case follows(w.last, s):
		agrees = w.last.m
	case follows(w.other, s) && s.m.head().Now > w.other.m.head().Now:
		agrees = w.other.m
	default:
		w.other = s
		w.doubted++
		return nil, false
	}
	if !w.ours(m.head().Serial) {
		w.other = s
		return nil, false
	}
	w.last, w.other, w.doubted = s, sighting{}, 0
	return agrees, true
}

// ours says whether the meter is the one that is being listened to. Without a serial number
// in the configuration that is the first.
func (w *witness) ours(serial string) bool {
	if w.serial == "" {
		w.serial = serial
	}
	w.foreign = ""
	if w.serial != serial {
		w.foreign = serial
	}
	return w.foreign == ""
}

// follows says whether b can come from the same meter after a.
func follows(a, b sighting) bool {
	if a.m == nil || a.m.head().Serial != b.m.head().Serial {
		return false
	}
	passed := b.at.Sub(a.at)
	ticked := since(a.m.head().Now, b.m.head().Now)
	if (ticked - passed).Abs() > clockSlack+passed/clockDrift {
		return false
	}
	before, _ := a.m.(*Live)
	after, _ := b.m.(*Live)
	return before == nil || after == nil || continues(before, after, int64(ticked/time.Second))
}

// continues says whether no counter of a trip runs backwards, or ahead of the clock.
func continues(a, b *Live, ticked int64) bool {
	travel := int64(b.Travel - a.Travel) // may start again from zero after 18 hours
	metres := int64(b.Distance) - int64(a.Distance)
	return travel <= ticked+counterPlay &&
		metres >= 0 && metres <= mostPerSec*(ticked+counterPlay) &&
		b.Fare >= a.Fare && int64(b.Wait-a.Wait) <= ticked+counterPlay
}

// since is the time between two stamps of the meter's clock.
func since(a, b uint32) time.Duration {
	return time.Duration(int64(b)-int64(a)) * time.Second
}
