package terminal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"taxiterminal/outbox"
)

const (
	// markEvery is how often a time of day that the API has confirmed is put on file.
	markEvery = 24 * time.Hour
	// markedWithin: an earlier mark must be this young, or nothing is pruned. So a clock
	// that has jumped is not believed on the first day, whoever confirms it.
	markedWithin = 60 * 24 * time.Hour
	// pruneBatch is how many trips go in one commit, pruneBreath the pause after it.
	pruneBatch  = 20
	pruneBreath = time.Second
)

// retain prunes trips that nothing has happened to for Config.History, a few at a time
// and never while a passenger is in the car.
//
// How old a trip is, its own times do not say: a car's clock may be years wrong. Once
// a day the time that the API has confirmed is put on file beside the journal's end (a
// mark). What stands in the journal before a mark is at least as old as the mark.
func (t *Terminal) retain(ctx context.Context) {
	var upTo int64
	t.do(func() { upTo = t.prunable(ctx) })
	for n := pruneBatch; upTo > 0 && n == pruneBatch; {
		t.do(func() { n = t.pruneSome(upTo) })
		if !wait(ctx, pruneBreath) {
			return
		}
	}
}

// prunable is the last journal row that is old enough, and copied where trips are
// copied; 0 for none.
func (t *Terminal) prunable(ctx context.Context) int64 {
	now, trusted := t.clock.Now(time.Now())
	if !trusted || t.cfg.History <= 0 {
		return 0
	}
	marks, err := t.store.LastMarks(ctx, 2)
	if err == nil && (len(marks) == 0 || now.Sub(marks[0].At) >= markEvery) {
		err = t.store.Commit(ctx, func(tx *outbox.Tx) error { return tx.Mark(now) })
		t.wrote(err)
	}
	if err == nil && len(marks) == 2 && now.Sub(marks[1].At).Abs() <= markedWithin {
		upTo, err2 := t.store.Before(ctx, now.Add(-t.cfg.History))
		if err = err2; err == nil && t.cfg.Copied != nil {
			// The last copied row stays, for the two journals to be compared by.
			upTo = min(upTo, t.cfg.Copied()-1)
		}
		if err == nil {
			return upTo
		}
	}
	if err != nil && ctx.Err() == nil {
		t.log.Warn("old trips not looked at", "err", err)
	}
	return 0
}

func (t *Terminal) pruneSome(upTo int64) int {
	if t.current != nil || t.disk != nil || len(t.backlog) > 0 {
		return 0
	}
	gone, err := t.store.Prune(context.Background(), upTo, pruneBatch)
	t.wrote(err)
	if err != nil {
		t.log.Warn("old trips not pruned yet", "err", err)
		return 0
	}
	if len(gone) == 0 {
		return 0
	}
	t.log.Info("old trips pruned", "first", gone[0], "last", gone[len(gone)-1], "trips", len(gone))
	t.recent = slices.DeleteFunc(t.recent, func(r *ride) bool { return slices.Contains(gone, r.stream) })
	for _, n := range gone {
		delete(t.printed, fmt.Sprintf("%04d", n))
	}
	if t.shown != nil && slices.Contains(gone, t.shown.stream) {
		t.shown = nil
	}
	return len(gone)
}

// Gone: there was a trip of this number, and it is not on file any more. It is asked
// about numbers that have no journal.
func (t *Terminal) Gone(number int64) bool { return number > 0 && number < t.store.Next() }
