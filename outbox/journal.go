package outbox

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Entry is one row of the journal.
type Entry struct {
	Seq    int64
	Stream int64
	At     time.Time // UTC, microseconds
	Kind   string
	Body   []byte
}

// Link is an entry with the hash that ties it to all entries before it.
type Link struct {
	Entry
	Hash [sha256.Size]byte
}

// Chain is the end of a journal, as far as it is known. The zero Chain is the start
// of every journal.
type Chain struct {
	Seq  int64
	Hash [sha256.Size]byte
}

// Follow is the end once e has been appended. Its hash is over the hash before it and
// every field of e, each with its length, so that no two journals have the same.
func (c Chain) Follow(e Entry) Chain {
	h := sha256.New()
	h.Write(c.Hash[:])
	var b []byte
	b = binary.AppendVarint(b, e.Seq)
	b = binary.AppendVarint(b, e.Stream)
	b = binary.AppendVarint(b, e.At.UnixMicro())
	b = binary.AppendUvarint(b, uint64(len(e.Kind)))
	b = append(b, e.Kind...)
	b = binary.AppendUvarint(b, uint64(len(e.Body)))
	h.Write(b)
	h.Write(e.Body)
	return Chain{Seq: e.Seq, Hash: [sha256.Size]byte(h.Sum(nil))}
}

func (s *Store) loadChain(ctx context.Context) error {
	var hash []byte
	err := s.writer.QueryRowContext(ctx, "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").
		Scan(&s.end.Seq, &hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("journal end: %w", err)
	}
	copy(s.end.Hash[:], hash)
	err = s.writer.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'stream'").
		Scan(&s.newest)
	if err != nil {
		return fmt.Errorf("newest stream: %w", err)
	}
	return nil
}

// End is the end of the journal as it is on the disk.
func (s *Store) End() Chain {
	s.commit.Lock()
	defer s.commit.Unlock()
	return s.end
}

// Next is the number that the next stream gets.
func (s *Store) Next() int64 {
	s.commit.Lock()
	defer s.commit.Unlock()
	return s.newest + 1
}

// OpenStreams are the numbers of the streams that are not closed, oldest first.
func (s *Store) OpenStreams(ctx context.Context) ([]int64, error) {
	return s.streams(ctx, "SELECT id FROM stream WHERE open = 1 ORDER BY id")
}

// RecentStreams are the numbers of the n newest streams below before (0: all),
// newest first.
func (s *Store) RecentStreams(ctx context.Context, before int64, n int) ([]int64, error) {
	if before <= 0 {
		return s.streams(ctx, "SELECT id FROM stream WHERE id > 0 ORDER BY id DESC LIMIT ?", n)
	}
	return s.streams(ctx, "SELECT id FROM stream WHERE id BETWEEN 1 AND ? - 1 ORDER BY id DESC LIMIT ?", before, n)
}

func (s *Store) streams(ctx context.Context, query string, args ...any) ([]int64, error) {
	defer s.look()()
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("streams read: %w", named(err))
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("streams read: %w", named(err))
		}
		ids = append(ids, id)
	}
	return ids, named(rows.Err())
}

// Events are the entries of one stream, oldest first; none for an unknown stream.
func (s *Store) Events(ctx context.Context, stream int64) ([]Entry, error) {
	defer s.look()()
	rows, err := s.reader.QueryContext(ctx,
		"SELECT seq, stream, at, kind, body FROM journal WHERE stream = ? ORDER BY seq", stream)
	if err != nil {
		return nil, fmt.Errorf("journal read: %w", named(err))
	}
	defer rows.Close()
	var entries []Entry
	for rows.Next() {
		var e Entry
		var at int64
		if err := rows.Scan(&e.Seq, &e.Stream, &at, &e.Kind, &e.Body); err != nil {
			return nil, fmt.Errorf("journal read: %w", named(err))
		}
		e.At = time.UnixMicro(at).UTC()
		entries = append(entries, e)
	}
	return entries, named(rows.Err())
}

// Since are the first n entries after the one with this seq (0: from the start), in
// their order, for whoever keeps a copy of the journal elsewhere. What it gives is on
// the disk. Numbers are left out where entries were pruned.
func (s *Store) Since(ctx context.Context, seq int64, n int) ([]Link, error) {
	defer s.look()()
	return readLinks(ctx, s.reader, seq, n)
}

func readLinks(ctx context.Context, db *sql.DB, seq int64, n int) ([]Link, error) {
	rows, err := db.QueryContext(ctx,
		"SELECT seq, stream, at, kind, body, hash FROM journal WHERE seq > ? ORDER BY seq LIMIT ?", seq, n)
	if err != nil {
		return nil, fmt.Errorf("journal read: %w", named(err))
	}
	defer rows.Close()
	var links []Link
	for rows.Next() {
		l, err := scanLink(rows)
		if err != nil {
			return nil, err
		}
		links = append(links, l)
	}
	return links, named(rows.Err())
}

func scanLink(rows *sql.Rows) (Link, error) {
	var l Link
	var at int64
	var hash []byte
	if err := rows.Scan(&l.Seq, &l.Stream, &at, &l.Kind, &l.Body, &hash); err != nil {
		return l, fmt.Errorf("journal read: %w", named(err))
	}
	l.At = time.UnixMicro(at).UTC()
	copy(l.Hash[:], hash)
	return l, nil
}

// Verify reads the whole file: SQLite's own check and the journal's chain. It gives
// the number of entries that follow from each other, and a *ChainError or
// ErrCorrupt where something does not. Entries that were pruned are bridged by the
// hash of the last of them; see Pruned.
func (s *Store) Verify(ctx context.Context) (entries int64, err error) {
	defer s.look()()
	var result string
	if err := s.reader.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&result); err != nil {
		return 0, fmt.Errorf("database check: %w", named(err))
	}
	if result != "ok" {
		return 0, fmt.Errorf("%w: %s", ErrCorrupt, finding(result))
	}
	return verifyChain(ctx, s.reader)
}

// verifyPage is how many rows are verified in one read transaction, so that a long
// look never keeps the log from being emptied.
const verifyPage = 2000

// verifyChain follows the chain from row to row, and over what was pruned. It gives
// the number of rows.
func verifyChain(ctx context.Context, db *sql.DB) (n int64, err error) {
	for c := (Chain{}); ; {
		page, err := readLinks(ctx, db, c.Seq, verifyPage)
		if err != nil || len(page) == 0 {
			return n, err
		}
		for _, l := range page {
			if c, err = c.over(ctx, db, l.Seq); err != nil {
				return n, err
			}
			if c = c.Follow(l.Entry); c.Hash != l.Hash {
				return n, &ChainError{Seq: l.Seq}
			}
			n++
		}
	}
}
