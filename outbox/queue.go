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
	id        int64
	lane      lane
	kind, key string
	body      []byte // sealed if it is private
	private   bool
	state     State
	since     time.Time // when this process had it first, monotonic
	uncertain bool
	tries     int
	busy      bool
	notBefore time.Time // monotonic
	forced    bool      // notBefore was asked for by the other side: Wake leaves it
	lastError string
}

// lane is what commands wait for each other in.
type lane struct {
	stream int64
	name   string
}

// queue is the open commands by lane, in order. The file is the truth; this is
// its copy for scheduling.
type queue struct {
	mu       sync.Mutex
	lanes    map[lane][]*row
	rows     map[int64]*row
	wake     chan struct{}
	ping     chan struct{}
	parallel int
	backoff  func(int) time.Duration
}

func (q *queue) init(o Options) {
	q.lanes = map[lane][]*row{}
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
	rows, err := s.writer.QueryContext(ctx, `SELECT id, stream, lane, kind, key, body, private, state FROM command
		WHERE state IN ('pending', 'parked') ORDER BY id`)
	if err != nil {
		return fmt.Errorf("queue read: %w", err)
	}
	defer rows.Close()
	var open []*row
	now := time.Now()
	for rows.Next() {
		r := &row{uncertain: true, since: now}
		if err := rows.Scan(&r.id, &r.lane.stream, &r.lane.name, &r.kind, &r.key, &r.body, &r.private, &r.state); err != nil {
			return fmt.Errorf("queue read: %w", err)
		}
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
		q.lanes[r.lane] = append(q.lanes[r.lane], r)
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
	left := q.lanes[r.lane]
	for i := range left {
		if left[i] == r {
			left = append(left[:i:i], left[i+1:]...)
			break
		}
	}
	if len(left) == 0 {
		delete(q.lanes, r.lane)
		return
	}
	q.lanes[r.lane] = left
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
	for _, r := range q.rows {
		if r.lane.stream == stream {
			r.notBefore = time.Time{}
		}
	}
	q.signal()
}

// Depth is the queue in figures.
type Depth struct {
	Pending, Parked int // Pending of the empty lanes only
	// Oldest is since when the oldest of those is known to this process, monotonic; zero
	// if there is none. What an earlier process enqueued, by whatever clock, counts from
	// the opening of the file.
	Oldest time.Time
	Aside  int // pending in other lanes: what nobody waits for
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
		if r.lane.name != "" {
			d.Aside++
			continue
		}
		d.Pending++
		if d.Oldest.IsZero() || r.since.Before(d.Oldest) {
			d.Oldest = r.since
		}
	}
	return d
}
