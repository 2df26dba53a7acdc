package outbox

import (
	"context"
	"fmt"
	"time"
)

// Item is a command as people see it.
type Item struct {
	ID       int64
	Stream   int64
	Kind     string
	Key      string
	Body     []byte // nil if it is private
	Lane     string
	Private  bool
	State    State
	Note     string
	Created  time.Time // UTC
	Finished time.Time // UTC; zero while it is open

	// What only the running process knows, for an open command:
	Tries     int
	Busy      bool          // a try is under way
	Uncertain bool          // it may have had its effect
	Wait      time.Duration // until the next try
	LastError string
}

// Filter chooses commands. The zero value chooses all.
type Filter struct {
	Open   bool  // only pending and parked ones
	Stream int64 // 0: of all streams
	ID     int64 // 0: all
	Limit  int   // newest first; 0: no limit
}

// query builds the statement with only the conditions that are asked for, so that
// an index serves each.
func (f Filter) query() (string, []any) {
	q := `SELECT id, stream, lane, kind, key, iif(private, NULL, body), private, state, note, created_at, coalesce(finished_at, 0) FROM command WHERE true`
	var args []any
	if f.Open {
		q += " AND state IN ('pending', 'parked')"
	}
	if f.Stream != 0 {
		q += " AND stream = ?"
		args = append(args, f.Stream)
	}
	if f.ID != 0 {
		q += " AND id = ?"
		args = append(args, f.ID)
	}
	q += " ORDER BY id DESC"
	if f.Limit > 0 {
		q += " LIMIT ?"
		args = append(args, f.Limit)
	}
	return q, args
}

// List gives commands, newest first.
func (s *Store) List(ctx context.Context, f Filter) ([]Item, error) {
	query, args := f.query()
	defer s.look()()
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("commands read: %w", named(err))
	}
	defer rows.Close()
	var items []Item
	for rows.Next() {
		var i Item
		var created, finished int64
		if err := rows.Scan(&i.ID, &i.Stream, &i.Lane, &i.Kind, &i.Key, &i.Body, &i.Private, &i.State, &i.Note, &created, &finished); err != nil {
			return nil, fmt.Errorf("commands read: %w", named(err))
		}
		i.Created = time.UnixMicro(created).UTC()
		if finished != 0 {
			i.Finished = time.UnixMicro(finished).UTC()
		}
		items = append(items, i)
	}
	s.queue.describe(items, time.Now())
	return items, named(rows.Err())
}

// describe adds what the delivery knows.
func (q *queue) describe(items []Item, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range items {
		r, ok := q.rows[items[i].ID]
		if !ok {
			continue
		}
		items[i].Tries, items[i].Busy, items[i].Uncertain = r.tries, r.busy, r.uncertain
		items[i].LastError = r.lastError
		items[i].Wait = max(0, r.notBefore.Sub(now))
	}
}
