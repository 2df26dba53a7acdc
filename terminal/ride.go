package terminal

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"taxiterminal/outbox"
	"taxiterminal/trip"
)

var (
	errEnded     = errors.New("terminal has ended")
	errLoopStuck = errors.New("terminal loop does not answer")
)

// ride is one trip as the terminal handles it: its state and what runs for it.
type ride struct {
	stream int64 // 0 until its first event is committed
	state  trip.State

	final    *trip.Fare // the record that came just before For Hire
	keep     func()     // tells the meter that the record is on the disk; nil for none
	grace    *time.Timer
	tip      *time.Timer
	claim    *time.Timer
	linger   *time.Timer
	watchers map[int]context.CancelFunc // by attempt
	// scanUntil is when the newest code dies, by attempt, with a monotonic reading.
	scanUntil map[int]time.Time
}

func newRide() *ride {
	return &ride{watchers: map[int]context.CancelFunc{}, scanUntil: map[int]time.Time{}}
}

// pending is what the meter said about a ride while the outbox could not be written.
type pending struct {
	ride   *ride
	events []trip.Event
	done   []func() // to be called once they are on the disk
}

// codeLifetime is how long the API lets a passenger take for everything.
const codeLifetime = 10 * time.Minute

// follow lets everything around a ride follow its new state.
func (t *Terminal) follow(r *ride, before trip.State) {
	s := r.state
	if before.Phase != s.Phase || before.Settlement != s.Settlement {
		t.log.Info("trip", "trip", s.ID.Short(), "phase", s.Phase, "settlement", s.Settlement, "means", s.Means,
			"problem", s.Problem.Kind, "code", s.Problem.Code)
	}
	if s.Phase == trip.Settled && before.Phase != trip.Settled {
		t.cfg.Settled(s)
	}
	t.rides[r.stream] = r
	t.remember(r)
	t.armGrace(r)
	t.armTip(r)
	t.armClaim(r)
	t.armWatchers(r)
	if r == t.shown && s.Phase == trip.Settled && before.Phase != trip.Settled {
		t.linger(r) // how it ended is worth a look, however long ago the meter left
	}
	for _, a := range s.Attempts {
		if _, known := r.scanUntil[a.N]; !known && a.State == trip.AttemptCreated {
			r.scanUntil[a.N] = time.Now().Add(codeLifetime)
		}
	}
	if unneeded(s) && !unneeded(before) {
		t.store.WakeStream(r.stream) // a create that never left need not wait for the network
	}
	if s.Closed() && r != t.current {
		delete(t.rides, r.stream)
	}
}

// unneeded is true while a create is on its way that nobody wants any more.
func unneeded(s trip.State) bool {
	a, live := s.Live()
	return live && a.State == trip.AttemptReleasing && !a.Known
}

// remember keeps the newest rides for the driver's list.
func (t *Terminal) remember(r *ride) {
	if slices.Contains(t.recent, r) {
		return
	}
	t.recent = append([]*ride{r}, t.recent...)
	slices.SortStableFunc(t.recent, func(a, b *ride) int { return int(b.stream - a.stream) })
	if len(t.recent) > maxRecent {
		t.recent = t.recent[:maxRecent]
	}
}

const maxRecent = 10

// armGrace runs the time that a passenger still has after the meter went For Hire.
// After a restart it runs anew: late is better than releasing an approval.
func (t *Terminal) armGrace(r *ride) {
	s := r.state
	wants := s.Phase == trip.Due && s.Position == trip.ForHire && !s.Winding && !s.Fare.Typed
	switch {
	case wants && r.grace == nil:
		r.grace = time.AfterFunc(t.cfg.Grace, func() {
			t.post(func() {
				r.grace = nil
				t.hear(r, trip.GraceOver{})
			})
		})
	case !wants && r.grace != nil:
		r.grace.Stop()
		r.grace = nil
	}
}

// armTip makes the code without a tip when nobody chooses one for a while.
func (t *Terminal) armTip(r *ride) {
	switch wants := r.state.TipOffered(); {
	case wants && r.tip == nil:
		r.tip = time.AfterFunc(t.cfg.TipWait, func() {
			t.post(func() {
				if r.tip = nil; r.state.TipOffered() {
					t.hear(r, trip.TipChosen{})
				}
			})
		})
	case !wants && r.tip != nil:
		r.tip.Stop()
		r.tip = nil
	}
}

// linger keeps a trip on the screen for a moment that the meter has left.
func (t *Terminal) linger(r *ride) {
	if r.linger != nil {
		r.linger.Stop()
	}
	var mine *time.Timer
	mine = time.AfterFunc(t.cfg.Linger, func() {
		t.post(func() {
			if r.linger == mine {
				r.linger = nil
			}
		})
	})
	r.linger = mine
}

func (t *Terminal) stopTimers() {
	rides := slices.Collect(maps.Values(t.rides))
	if t.shown != nil {
		rides = append(rides, t.shown)
	}
	for _, r := range rides {
		for _, timer := range []*time.Timer{r.grace, r.tip, r.claim, r.linger} {
			if timer != nil {
				timer.Stop()
			}
		}
	}
}

// hear applies what cannot be refused and must not be lost: if the outbox cannot be
// written it waits in memory, with everything that follows it.
func (t *Terminal) hear(r *ride, events ...trip.Event) {
	if len(t.backlog) == 0 {
		err := t.apply(r, nil, events...)
		if err == nil {
			return
		}
		t.log.Error("event not recorded yet", "err", err)
	}
	t.backlog = append(t.backlog, pending{ride: r, events: events})
}

// kept calls f once everything that was heard so far is on the disk.
func (t *Terminal) kept(f func()) {
	switch {
	case f == nil:
	case len(t.backlog) == 0:
		f()
	default:
		last := &t.backlog[len(t.backlog)-1]
		last.done = append(last.done, f)
	}
}

// retryBacklog commits what waited, in its order.
func (t *Terminal) retryBacklog() {
	for len(t.backlog) > 0 {
		p := t.backlog[0]
		if err := t.apply(p.ride, nil, p.events...); err != nil {
			return
		}
		t.backlog = t.backlog[1:]
		for _, done := range p.done {
			done()
		}
	}
	if t.disk != nil && t.store.Depth().Pending == 0 { // nobody else would find out that it is back
		t.wrote(t.store.Probe(context.Background()))
	}
}

// wrote notes whether the outbox can be written, and says it once.
func (t *Terminal) wrote(err error) {
	if errors.Is(err, outbox.ErrCorrupt) {
		t.damaged = err // and stays so, whatever goes through after it
	}
	switch {
	case err != nil && t.disk == nil:
		t.log.Error("outbox cannot be written, nothing new is asked for until it can", "err", err)
	case err == nil && t.disk != nil:
		t.log.Info("outbox can be written again")
	}
	t.disk = err
}
