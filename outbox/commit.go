package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Command is something to carry out until its outcome is known.
type Command struct {
	Kind string
	// Key is unique in the file: the same intent cannot be enqueued twice. It must name
	// its stream, which is never used again, so that this holds when that was pruned.
	Key  string
	Body []byte // handed to the handler byte for byte, each time
	// Lane: commands of one lane of a stream wait for each other, lanes do not. The
	// empty lane goes first when there is more to do than can be done at once.
	Lane string
	// Private: the body is sealed while the command is open and erased when it ends.
	Private bool
	// After is how long to wait before the first try; after a restart it no longer
	// counts.
	After time.Duration
}

// Tx is one transaction. It is valid only inside the function given to Commit.
type Tx struct {
	store *Store
	ctx   context.Context
	tx    *sql.Tx
	now   time.Time // one time for everything in the transaction

	end    Chain // of the journal, with what this transaction appends
	newest int64 // stream

	added   []*row
	changed []change
}

type change struct {
	id    int64
	state State
}

// Commit runs f in one transaction and flushes it to the disk. When it returns nil
// everything that f did will survive a power cut; otherwise nothing of it counts.
func (s *Store) Commit(ctx context.Context, f func(*Tx) error) error {
	took, err := s.write(ctx, f)
	s.onCommit(took, err)
	return err
}

func (s *Store) write(ctx context.Context, f func(*Tx) error) (took time.Duration, err error) {
	s.commit.Lock()
	defer s.commit.Unlock()
	defer func(start time.Time) { took = time.Since(start) }(time.Now())
	if err := s.putBack(ctx); err != nil {
		return 0, err
	}
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("outbox begin: %w", named(err))
	}
	t := &Tx{store: s, ctx: ctx, tx: tx, now: time.Now(), end: s.end, newest: s.newest}
	if err := f(t); err != nil {
		return 0, errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return 0, fmt.Errorf("outbox commit: %w", named(err))
	}
	s.end, s.newest = t.end, t.newest
	s.queue.apply(t.added, t.changed)
	s.trim()
	return 0, nil
}

// Probe is a commit that means nothing: nil if the disk takes one again. It flips the
// last microsecond of when the file was made, because SQLite writes only what differs.
func (s *Store) Probe(ctx context.Context) error {
	return s.Commit(ctx, func(tx *Tx) error {
		_, err := tx.exec("UPDATE file SET created_at = created_at + 1 - 2 * (created_at % 2)")
		return err
	})
}

// Now is the time of day that everything in the transaction is stamped with: UTC,
// microseconds.
func (t *Tx) Now() time.Time { return t.now.UTC().Truncate(time.Microsecond) }

// Begin opens a new stream and gives its number.
func (t *Tx) Begin() (int64, error) {
	id := t.newest + 1
	if _, err := t.exec("INSERT INTO stream (id) VALUES (?)", id); err != nil {
		return 0, fmt.Errorf("stream begin: %w", err)
	}
	t.newest = id
	return id, nil
}

// SetOpen closes a stream, or opens it again.
func (t *Tx) SetOpen(stream int64, open bool) error {
	n, err := t.exec("UPDATE stream SET open = ? WHERE id = ?", open, stream)
	if err != nil {
		return fmt.Errorf("stream %d close: %w", stream, err)
	}
	if n == 0 {
		return fmt.Errorf("stream %d close: %w", stream, ErrNoStream)
	}
	return nil
}

// Append writes an event to the journal, stamped with the time of day.
func (t *Tx) Append(stream int64, kind string, body []byte) (Entry, error) {
	body = notNil(body)
	e := Entry{Seq: t.end.Seq + 1, Stream: stream, At: t.Now(), Kind: kind, Body: body}
	end := t.end.Follow(e)
	_, err := t.exec("INSERT INTO journal (seq, stream, at, kind, body, hash) VALUES (?, ?, ?, ?, ?, ?)",
		e.Seq, e.Stream, e.At.UnixMicro(), e.Kind, e.Body, end.Hash[:])
	if err != nil {
		return Entry{}, fmt.Errorf("journal %s: %w", kind, err)
	}
	t.end = end
	return e, nil
}

// Enqueue adds a command to the end of its stream. It is an error, ErrDuplicate, if
// the key was ever used before.
func (t *Tx) Enqueue(stream int64, c Command) error {
	c.Body = notNil(c.Body)
	kept := c.Body
	if c.Private {
		var err error
		if kept, err = t.store.seal.hide(c.Body, t.store.commandPurpose(c.Key)); err != nil {
			return fmt.Errorf("command %s enqueue: %w", c.Key, err)
		}
	}
	res, err := t.tx.ExecContext(t.ctx, "INSERT INTO command (stream, lane, kind, key, body, private, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
		stream, c.Lane, c.Kind, c.Key, kept, c.Private, t.now.UnixMicro())
	if err != nil {
		return fmt.Errorf("command %s enqueue: %w", c.Key, named(err))
	}
	id, err := res.LastInsertId()
	if err != nil {
		return fmt.Errorf("command %s enqueue: %w", c.Key, err)
	}
	t.added = append(t.added, &row{id: id, lane: lane{stream, c.Lane}, kind: c.Kind, key: c.Key, body: kept, private: c.Private,
		state: Pending, since: t.now, notBefore: t.now.Add(c.After), uncertain: t.store.doubtful(stream)})
	return nil
}

// Finish ends an open command: its outcome is known (Done), or it will never have
// an effect and is not needed (Void). The note is for people.
func (t *Tx) Finish(id int64, s State, note string) error {
	if s != Done && s != Void {
		return fmt.Errorf("command %d finish: as %s", id, s)
	}
	return t.set(id, s, note, "UPDATE command SET state = ?, note = ?, finished_at = ?, body = iif(private, X'', body) WHERE id = ? AND state IN ('pending', 'parked')",
		s, note, t.now.UnixMicro(), id)
}

// Park takes a pending command out of delivery until Unpark. Its stream waits.
func (t *Tx) Park(id int64, note string) error {
	return t.set(id, Parked, note, "UPDATE command SET state = 'parked', note = ? WHERE id = ? AND state = 'pending'", note, id)
}

// Unpark lets a parked command be delivered again, at once.
func (t *Tx) Unpark(id int64, note string) error {
	return t.set(id, Pending, note, "UPDATE command SET state = 'pending', note = ? WHERE id = ? AND state = 'parked'", note, id)
}

func (t *Tx) set(id int64, s State, note, query string, args ...any) error {
	n, err := t.exec(query, args...)
	if err != nil {
		return fmt.Errorf("command %d %s: %w", id, s, err)
	}
	if n == 0 {
		return fmt.Errorf("command %d %s: %w", id, s, ErrNoCommand)
	}
	t.changed = append(t.changed, change{id, s})
	return nil
}

func (t *Tx) exec(query string, args ...any) (int64, error) {
	res, err := t.tx.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, named(err)
	}
	return res.RowsAffected()
}

// notNil: a nil slice would be NULL in the file.
func notNil(body []byte) []byte {
	if body == nil {
		return []byte{}
	}
	return body
}
