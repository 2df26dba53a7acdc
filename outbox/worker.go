package outbox

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Delivery is one try of a command.
type Delivery struct {
	ID     int64
	Stream int64
	Kind   string
	Key    string
	Body   []byte // not to be written to
	// Since is when this process had it first, monotonic: it was enqueued then, or the
	// file was opened.
	Since time.Time
	// Try is 1 for the first try in this process.
	Try int
	// Uncertain is true if the command may have had its effect already: an earlier
	// try ended without a clear answer, or was made by a process that died.
	Uncertain bool
}

// Handler carries out one try. If it learns the outcome it commits what that means
// together with Tx.Finish and returns Finished(). The context ends when the program
// stops; recording an outcome must not depend on it.
type Handler func(context.Context, Delivery) Verdict

// Verdict is how a try went.
type Verdict struct {
	finished  bool
	uncertain bool
	after     time.Duration
	err       error
}

// Finished: the outcome is on record.
func Finished() Verdict { return Verdict{finished: true} }

// Again: the command certainly had no effect; try again after a pause, and not
// before after has passed, if the other side asked for that.
func Again(after time.Duration, err error) Verdict { return Verdict{after: after, err: err} }

// Unclear: the command may have had its effect; find out after a pause.
func Unclear(after time.Duration, err error) Verdict {
	return Verdict{uncertain: true, after: after, err: err}
}

// Run delivers until ctx ends and all tries under way have returned.
func (s *Store) Run(ctx context.Context, h Handler) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due, next := s.queue.take(time.Now())
		for _, r := range due {
			wg.Go(func() { s.deliver(ctx, h, r) })
		}
		timer.Reset(next)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.queue.wake:
		case <-s.queue.ping:
		case <-timer.C:
		}
	}
}

// idleCheck is how often the queue is looked at when nothing is due.
const idleCheck = time.Hour

// take claims the heads that are due and says how long until the next one is.
func (q *queue) take(now time.Time) (due []*row, next time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	next = idleCheck
	busy := 0
	for _, rows := range q.lanes {
		if rows[0].busy {
			busy++
		}
	}
	for _, first := range []bool{true, false} {
		for l, rows := range q.lanes {
			if (l.name == "") != first {
				continue
			}
			head := rows[0]
			wait := head.notBefore.Sub(now)
			switch {
			case head.busy || head.state != Pending:
			case wait > 0:
				next = min(next, wait)
			case busy < q.room(l):
				busy++
				head.busy = true
				due = append(due, head)
			}
		}
	}
	return due, next
}

// room is how many tries there may be at once, for a lane. One place is always left
// for the empty lane, if there is more than one at all.
func (q *queue) room(l lane) int {
	if l.name == "" || q.parallel == 1 {
		return q.parallel
	}
	return q.parallel - 1
}

func (s *Store) deliver(ctx context.Context, h Handler, r *row) {
	q := &s.queue
	q.mu.Lock()
	r.tries++
	d := Delivery{ID: r.id, Stream: r.lane.stream, Kind: r.kind, Key: r.key, Body: r.body,
		Since: r.since, Try: r.tries, Uncertain: r.uncertain}
	q.mu.Unlock()

	v := s.try(ctx, h, d, r.private)

	q.mu.Lock()
	defer q.mu.Unlock()
	defer q.signal()
	r.busy = false
	r.uncertain = r.uncertain || v.uncertain
	if v.err != nil {
		r.lastError = v.err.Error()
	}
	if _, open := q.rows[r.id]; !open {
		return
	}
	if v.finished {
		s.log.Error("delivery reported as finished is not on record", "command", r.id, "kind", r.kind)
		r.uncertain = true
	}
	pause := q.backoff(r.tries)
	r.forced = v.after > pause
	r.notBefore = time.Now().Add(max(pause, v.after))
}

// try hands a delivery to the handler, with its body readable. One that cannot be
// read with the key at hand waits for the right one.
func (s *Store) try(ctx context.Context, h Handler, d Delivery, private bool) Verdict {
	if private {
		body, err := s.seal.reveal(d.Body, s.commandPurpose(d.Key))
		if err != nil {
			s.log.Error("private command waits", "command", d.ID, "kind", d.Kind, "err", err)
			return Again(time.Minute, err)
		}
		d.Body = body
	}
	return h(ctx, d)
}

// Ping returns nil when the delivery loop answers and the file can be written to,
// within the context's time. It writes nothing, unless the file was removed: see Probe.
func (s *Store) Ping(ctx context.Context) error {
	if s.commit.TryLock() { // otherwise a commit is looking after it
		err := s.putBack(ctx)
		s.commit.Unlock()
		if err != nil {
			return fmt.Errorf("outbox ping: %w", err)
		}
	}
	tx, err := s.writer.BeginTx(ctx, nil) // takes the write lock
	if err != nil {
		return fmt.Errorf("outbox ping: %w", named(err))
	}
	if err := tx.Rollback(); err != nil {
		return fmt.Errorf("outbox ping: %w", named(err))
	}
	select {
	case s.queue.ping <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ErrStuck
	}
}
