package terminal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	grace    *time.Timer
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
}

// codeLifetime is how long the API lets a passenger take for everything.
const codeLifetime = 10 * time.Minute

// apply is the one way in which a trip changes: events through trip.Step, committed
// with their commands and with the end of the command that they answer. If the
// commit fails nothing has changed.
func (t *Terminal) apply(r *ride, answered *answered, events ...trip.Event) error {
	if answered == nil && !changes(r.state, events) {
		return nil
	}
	next, stream := r.state, r.stream
	var commands []trip.Command
	err := t.store.Commit(context.Background(), func(tx *outbox.Tx) (err error) {
		next, commands = r.state, nil
		if stream == 0 {
			if stream, err = tx.Begin(); err != nil {
				return err
			}
		}
		for _, e := range events {
			if b, ok := e.(trip.Begun); ok {
				b.ID.Number = stream
				e = b
			}
			after, cmds := trip.Step(next, tx.Now(), e)
			if after.Equal(next) && len(cmds) == 0 {
				continue
			}
			if err := appendEvent(tx, stream, e); err != nil {
				return err
			}
			next, commands = after, append(commands, cmds...)
		}
		for _, c := range commands {
			if err := tx.Enqueue(stream, t.encode(next, c)); err != nil {
				return err
			}
		}
		if was, is := r.state.Closed(), next.Closed(); was != is {
			if err := tx.SetOpen(stream, !is); err != nil {
				return err
			}
		}
		return answered.finish(tx)
	})
	t.wrote(err)
	if err != nil {
		return fmt.Errorf("trip %s commit: %w", r.state.ID.Short(), err)
	}
	before := r.state
	r.state, r.stream = next, stream
	t.follow(r, before)
	return nil
}

// changes reports whether any of the events means something. Most answers to a poll
// do not, and cost no commit.
func changes(s trip.State, events []trip.Event) bool {
	for _, e := range events {
		if after, cmds := trip.Step(s, time.Time{}, e); len(cmds) > 0 || !after.Equal(s) {
			return true
		}
	}
	return false
}

func appendEvent(tx *outbox.Tx, stream int64, e trip.Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = tx.Append(stream, string(e.Kind()), body)
	return err
}

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
	t.armWatchers(r)
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
	wants := r.state.Phase == trip.Due && r.state.Position == trip.ForHire && !r.state.Winding
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

func (t *Terminal) stopTimers() {
	for _, r := range t.rides {
		if r.grace != nil {
			r.grace.Stop()
		}
	}
	if t.shown != nil && t.shown.linger != nil {
		t.shown.linger.Stop()
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
	t.backlog = append(t.backlog, pending{r, events})
}

// retryBacklog commits what waited, in its order.
func (t *Terminal) retryBacklog() {
	for len(t.backlog) > 0 {
		p := t.backlog[0]
		if err := t.apply(p.ride, nil, p.events...); err != nil {
			return
		}
		t.backlog = t.backlog[1:]
	}
}

// wrote notes whether the outbox can be written, and says it once.
func (t *Terminal) wrote(err error) {
	switch {
	case err != nil && t.disk == nil:
		t.log.Error("outbox cannot be written, nothing new is asked for until it can", "err", err)
	case err == nil && t.disk != nil:
		t.log.Info("outbox can be written again")
	}
	t.disk = err
}
