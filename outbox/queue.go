package outbox

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// State of a command.
type State string

const (
	Pending State = "pending" // to be carried out, or its outcome is open
	Parked  State = "parked"  // waits for a person; its stream waits with it
	Done    State = "done"    // its outcome is known
	Void    State = "void"    // never had an effect and never will
)

// row is an open command in memory: what the file says, and what only this process
// knows about its delivery.
type row struct {
	id, stream int64
	kind, key  string
	body       []byte
	state      State
	created    time.Time

	uncertain bool
	tries     int
	busy      bool
	notBefore time.Time // monotonic
	forced    bool      // notBefore was asked for by the other side: Wake leaves it
	lastError string
}

// queue is the open commands by stream, in order. The file is the truth; this is
// its copy for scheduling.
type queue struct {
	mu       sync.Mutex
	streams  map[int64][]*row
	rows     map[int64]*row
	wake     chan struct{}
	ping     chan struct{}
	parallel int
	backoff  func(int) time.Duration
}

func (q *queue) init(o Options) {
	q.streams = map[int64][]*row{}
	q.rows = map[int64]*row{}
	q.wake = make(chan struct{}, 1)
	q.ping = make(chan struct{})
	q.parallel = o.Parallel
	if q.parallel == 0 {
		q.parallel = 4
	}
	q.backoff = o.Backoff
	if q.backoff == nil {
		q.backoff = defaultBackoff
	}
}

func defaultBackoff(n int) time.Duration {
	d := 2 * time.Second << min(n-1, 5)
	d = min(d, time.Minute)
	return d + rand.N(d/4)
}

// loadQueue reads what was open when the last process ended. All of it may have
// been sent.
func (s *Store) loadQueue(ctx context.Context) error {
	rows, err := s.writer.QueryContext(ctx, `SELECT id, stream, kind, key, body, state, created_at FROM command
		WHERE state IN ('pending', 'parked') ORDER BY id`)
	if err != nil {
		return fmt.Errorf("queue read: %w", err)
	}
	defer rows.Close()
	var open []*row
	for rows.Next() {
		r := &row{uncertain: true}
		var created int64
		if err := rows.Scan(&r.id, &r.stream, &r.kind, &r.key, &r.body, &r.state, &created); err != nil {
			return fmt.Errorf("queue read: %w", err)
		}
		r.created = time.UnixMicro(created)
		open = append(open, r)
	}
	s.queue.apply(open, nil)
	return rows.Err()
}

// apply takes over what a transaction has written.
func (q *queue) apply(added []*row, changed []change) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range added {
		q.rows[r.id] = r
		q.streams[r.stream] = append(q.streams[r.stream], r)
	}
	for _, c := range changed {
		r, ok := q.rows[c.id]
		switch {
		case !ok:
		case c.state == Done || c.state == Void:
			q.remove(r)
		default:
			r.state = c.state
			r.notBefore = time.Time{}
			r.uncertain = true
		}
	}
	q.signal()
}

func (q *queue) remove(r *row) {
	delete(q.rows, r.id)
	left := q.streams[r.stream]
	for i := range left {
		if left[i] == r {
			left = append(left[:i:i], left[i+1:]...)
			break
		}
	}
	if len(left) == 0 {
		delete(q.streams, r.stream)
		return
	}
	q.streams[r.stream] = left
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Wake cuts all pauses short: the reason for them may have passed. Only what the
// other side asked to wait for is still waited for.
func (s *Store) Wake() {
	q := &s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range q.rows {
		if r.tries > 0 && !r.forced {
			r.notBefore = time.Time{}
		}
	}
	q.signal()
}

// WakeStream does the same for one stream.
func (s *Store) WakeStream(stream int64) {
	q := &s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range q.streams[stream] {
		r.notBefore = time.Time{}
	}
	q.signal()
}

// Depth is the queue in figures.
type Depth struct {
	Pending, Parked int
	Oldest          time.Time // when the oldest pending command was enqueued; zero if there is none
}

// Depth counts the open commands.
func (s *Store) Depth() Depth {
	q := &s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	var d Depth
	for _, r := range q.rows {
		if r.state == Parked {
			d.Parked++
			continue
		}
		d.Pending++
		if d.Oldest.IsZero() || r.created.Before(d.Oldest) {
			d.Oldest = r.created
		}
	}
	return d
}
