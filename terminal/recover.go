package terminal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"taxiterminal/outbox"
	"taxiterminal/trip"
)

// queueEvents is the prefix of journal entries about the queue and not about the
// trip: that a person parked a command or let it go.
const queueEvents = trip.QueueEvents

// Fold reads a trip back from its journal.
func Fold(entries []outbox.Entry) (s trip.State, err error) {
	for _, e := range entries {
		if s, err = trip.Replay(s, e.At, e.Kind, e.Body); err != nil {
			return s, fmt.Errorf("journal row %d: %w", e.Seq, err)
		}
	}
	return s, nil
}

// recover reads the open trips, and the last ones for the list. A trip whose
// journal cannot be read is set aside: its commands wait, the others go on.
func (t *Terminal) recover(ctx context.Context) error {
	if err := t.loadOwn(ctx); err != nil {
		return err
	}
	t.loadBook(ctx)
	open, err := t.store.OpenStreams(ctx)
	if err != nil {
		return err
	}
	recent, err := t.store.RecentStreams(ctx, 0, maxRecent)
	if err != nil {
		return err
	}
	for _, stream := range recent {
		r, err := t.load(ctx, stream)
		if err != nil {
			continue // loud below, if it is open
		}
		t.recent = append(t.recent, r)
	}
	for _, stream := range open {
		r, err := t.load(ctx, stream)
		if err != nil {
			t.broken[stream] = err
			if errors.Is(err, outbox.ErrCorrupt) {
				t.damaged = err
			}
			t.log.Error("trip set aside, its journal cannot be read", "stream", stream, "err", err)
			continue
		}
		if i := slices.IndexFunc(t.recent, func(q *ride) bool { return q.stream == stream }); i >= 0 {
			r = t.recent[i]
		}
		t.rides[stream] = r
		if r.state.Position != trip.ForHire {
			t.current = r
		} else if r.state.Phase == trip.Due {
			t.shown = r
		}
	}
	t.meter.guessed = guessed(t.recent)
	return nil
}

// guessed: the newest trip is one that the driver typed, or has no amount yet and came
// after one, so that the amount on the meter may still be that trip's.
func guessed(newest []*ride) bool {
	for _, r := range newest {
		switch {
		case r.state.Fare.Typed:
			return true
		case r.state.Position == trip.ForHire || r.state.Fare.Total != 0:
			return false
		}
	}
	return false
}

func (t *Terminal) load(ctx context.Context, stream int64) (*ride, error) {
	entries, err := t.store.Events(ctx, stream)
	if err != nil {
		return nil, err
	}
	s, err := Fold(entries)
	if err != nil {
		return nil, err
	}
	r := newRide()
	r.stream, r.state = stream, s
	for _, a := range s.Attempts {
		if a.State == trip.AttemptCreated {
			r.scanUntil[a.N] = remaining(a.CreatedAt, time.Now())
		}
	}
	return r, nil
}

// remaining is when a code made by an earlier process dies. The car's clock may have
// jumped meanwhile: what cannot be is not shown, and the code has no countdown then.
// Whether it is dead, only the API knows.
func remaining(created, now time.Time) time.Time {
	left := created.Add(codeLifetime).Sub(now)
	if left <= 0 || left > codeLifetime {
		return time.Time{}
	}
	return now.Add(left)
}

// resume starts what runs for the trips that were open.
func (t *Terminal) resume() {
	for _, r := range t.rides {
		t.armGrace(r)
		t.armTip(r)
		t.armClaim(r)
		t.armWatchers(r)
	}
}
