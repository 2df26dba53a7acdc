package journal

import (
	"slices"
	"time"

	"taxiterminal/trip"
)

// newest is the trip that a car is on, or was on last.
type newest struct {
	record *record
	state  trip.State
}

// keepNewest remembers the newest trip of each car. Journals of one car that overlap, after
// its computer was replaced, go by when the gateway heard of the trip.
func (b *books) keepNewest(t *record, s trip.State) {
	if t.Problem != "" {
		return
	}
	if n, known := b.newest[t.Vehicle]; known && n.record != t && t.first.Before(n.record.first) {
		return
	}
	s.Attempts = slices.Clone(s.Attempts)
	b.newest[t.Vehicle] = newest{t, s}
	b.j.tell(t.Vehicle)
}

// Newest is the trip that a car is on, or was on last; false if it never was on any.
func (j *Journals) Newest(vehicle string) (trip.State, bool) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	n, ok := j.books.newest[vehicle]
	return n.state, ok
}

// Settled is when the gateway heard that the trip of Newest was settled, by its own
// clock; zero if it is not.
func (j *Journals) Settled(vehicle string) time.Time {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if n, ok := j.books.newest[vehicle]; ok && n.state.Phase == trip.Settled {
		return n.record.settled
	}
	return time.Time{}
}

// Changed is closed when something happens to the newest trip of a car.
func (j *Journals) Changed(vehicle string) <-chan struct{} {
	j.watch.Lock()
	defer j.watch.Unlock()
	c, ok := j.watched[vehicle]
	if !ok {
		c = make(chan struct{})
		j.watched[vehicle] = c
	}
	return c
}

func (j *Journals) tell(vehicle string) {
	j.watch.Lock()
	defer j.watch.Unlock()
	if c, ok := j.watched[vehicle]; ok {
		close(c)
		delete(j.watched, vehicle)
	}
}
