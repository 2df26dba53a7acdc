package outbox

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Mark records that it is this time now. The caller must know the time to be right,
// which the times of the journal need not be. Time does not go back: a mark that is
// earlier than the newest one is not taken, because one of the two is wrong.
func (t *Tx) Mark(now time.Time) error {
	_, err := t.exec(`INSERT INTO mark (seq, at) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM mark WHERE at > ?)
		ON CONFLICT (seq) DO UPDATE SET at = excluded.at`, t.end.Seq, now.UnixMicro(), now.UnixMicro())
	if err != nil {
		return fmt.Errorf("mark: %w", err)
	}
	return nil
}

// Mark is a time that was right when the journal ended at Seq.
type Mark struct {
	Seq int64
	At  time.Time // UTC
}

// LastMarks are the n newest marks, newest first.
func (s *Store) LastMarks(ctx context.Context, n int) ([]Mark, error) {
	defer s.look()()
	rows, err := s.reader.QueryContext(ctx, "SELECT seq, at FROM mark ORDER BY seq DESC LIMIT ?", n)
	if err != nil {
		return nil, fmt.Errorf("marks read: %w", named(err))
	}
	defer rows.Close()
	var marks []Mark
	for rows.Next() {
		var m Mark
		var at int64
		if err := rows.Scan(&m.Seq, &at); err != nil {
			return nil, fmt.Errorf("marks read: %w", named(err))
		}
		m.At = time.UnixMicro(at).UTC()
		marks = append(marks, m)
	}
	return marks, named(rows.Err())
}

// Before is the last row of which a mark proves that it was written before then; 0 if
// there is none.
func (s *Store) Before(ctx context.Context, then time.Time) (seq int64, err error) {
	defer s.look()()
	err = s.reader.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM mark WHERE at <= ?", then.UnixMicro()).Scan(&seq)
	if err != nil {
		return 0, fmt.Errorf("marks read: %w", named(err))
	}
	return seq, nil
}

// Prune takes up to n closed streams out of the file, oldest first, with everything
// that belongs to them, in one short transaction: those whose journal rows are all
// among the first upTo. It gives their numbers; none means that nothing is left to
// prune. Stream 0 and the journal's last row stay.
//
// Nothing can be appended to a pruned stream or enqueued on it: ErrNoStream.
func (s *Store) Prune(ctx context.Context, upTo int64, n int) ([]int64, error) {
	var streams []int64
	err := s.Commit(ctx, func(t *Tx) error {
		p := pruning{Tx: t}
		if err := p.choose(min(upTo, t.end.Seq-1), n); err != nil {
			return err
		}
		streams = p.streams
		return errors.Join(p.remember(), p.remove(), p.forgetMarks(upTo))
	})
	if err != nil {
		return nil, fmt.Errorf("journal prune: %w", err)
	}
	return streams, nil
}

// pruning is one batch.
type pruning struct {
	*Tx
	streams []int64
	rows    []Chain // of those streams
}

// choose finds streams that can go. A stream begins after those of smaller number, so
// the first that begins after upTo ends the search.
func (p *pruning) choose(upTo int64, n int) error {
	for after := int64(0); len(p.streams) < n; {
		var id, first, last, open int64
		err := p.tx.QueryRowContext(p.ctx, `SELECT s.id,
				coalesce((SELECT min(seq) FROM journal WHERE stream = s.id), 0), coalesce((SELECT max(seq) FROM journal WHERE stream = s.id), 0),
				s.open OR EXISTS (SELECT 1 FROM command WHERE stream = s.id AND state IN ('pending', 'parked'))
			FROM stream s WHERE s.id > ? ORDER BY s.id LIMIT 1`, after).Scan(&id, &first, &last, &open)
		if errors.Is(err, sql.ErrNoRows) || err == nil && first > upTo {
			break
		}
		if err != nil {
			return named(err)
		}
		after = id
		if open != 0 || last == 0 || last > upTo {
			continue
		}
		if err := p.collect(id); err != nil {
			return err
		}
	}
	slices.SortFunc(p.rows, func(a, b Chain) int { return int(a.Seq - b.Seq) })
	return nil
}

func (p *pruning) collect(stream int64) error {
	rows, err := p.tx.QueryContext(p.ctx, "SELECT seq, hash FROM journal WHERE stream = ?", stream)
	if err != nil {
		return named(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c Chain
		var hash []byte
		if err := rows.Scan(&c.Seq, &hash); err != nil {
			return named(err)
		}
		copy(c.Hash[:], hash)
		p.rows = append(p.rows, c)
	}
	p.streams = append(p.streams, stream)
	return named(rows.Err())
}

// remember writes down which rows will be missing, run by run.
func (p *pruning) remember() error {
	for i := 0; i < len(p.rows); {
		first := p.rows[i].Seq
		for i++; i < len(p.rows) && p.rows[i].Seq == p.rows[i-1].Seq+1; i++ {
		}
		if err := p.run(first, p.rows[i-1]); err != nil {
			return err
		}
	}
	return nil
}

// run adds one run and joins it with those that it touches.
func (p *pruning) run(first int64, last Chain) error {
	var next Chain
	var hash []byte
	err := p.tx.QueryRowContext(p.ctx, "SELECT last, hash FROM pruned WHERE first = ?", last.Seq+1).Scan(&next.Seq, &hash)
	switch {
	case err == nil:
		copy(next.Hash[:], hash)
		if _, err := p.exec("DELETE FROM pruned WHERE first = ?", last.Seq+1); err != nil {
			return err
		}
		last = next
	case !errors.Is(err, sql.ErrNoRows):
		return named(err)
	}
	joined, err := p.exec(`UPDATE pruned SET last = ?, hash = ?
		WHERE first = (SELECT first FROM pruned WHERE first < ? ORDER BY first DESC LIMIT 1) AND last = ?`, last.Seq, last.Hash[:], first, first-1)
	if err != nil || joined > 0 {
		return err
	}
	_, err = p.exec("INSERT INTO pruned (first, last, hash) VALUES (?, ?, ?)", first, last.Seq, last.Hash[:])
	return err
}

func (p *pruning) remove() error {
	for _, id := range p.streams {
		for _, query := range []string{"DELETE FROM journal WHERE stream = ?", "DELETE FROM command WHERE stream = ?", "DELETE FROM stream WHERE id = ?"} {
			if _, err := p.exec(query, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetMarks drops the marks that say nothing more than a later one does.
func (p *pruning) forgetMarks(upTo int64) error {
	if len(p.streams) == 0 {
		return nil
	}
	_, err := p.exec("DELETE FROM mark WHERE seq < (SELECT max(seq) FROM mark WHERE seq <= ?)", upTo)
	return err
}

// Pruned says what is not in the file any more.
type Pruned struct {
	Entries int64 // of the journal
	Last    int64 // number of the last of them; 0 if nothing was pruned
}

// Pruned counts what was pruned from the journal.
func (s *Store) Pruned(ctx context.Context) (Pruned, error) {
	defer s.look()()
	return prunedOf(ctx, s.reader)
}

func prunedOf(ctx context.Context, db *sql.DB) (p Pruned, err error) {
	err = db.QueryRowContext(ctx, "SELECT coalesce(sum(last - first + 1), 0), coalesce(max(last), 0) FROM pruned").Scan(&p.Entries, &p.Last)
	if err != nil {
		return p, fmt.Errorf("journal read: %w", named(err))
	}
	return p, nil
}

// over steps over pruned rows: it gives the chain as it was before row seq, if the
// rows between c and it were pruned.
func (c Chain) over(ctx context.Context, db *sql.DB, seq int64) (Chain, error) {
	if seq == c.Seq+1 {
		return c, nil
	}
	var first int64
	var hash []byte
	err := db.QueryRowContext(ctx, "SELECT first, hash FROM pruned WHERE first < ? AND last = ? ORDER BY first DESC LIMIT 1", seq, seq-1).Scan(&first, &hash)
	if errors.Is(err, sql.ErrNoRows) || err == nil && first > c.Seq+1 {
		return c, &ChainError{Seq: seq}
	}
	if err != nil {
		return c, fmt.Errorf("journal read: %w", named(err))
	}
	return Chain{Seq: seq - 1, Hash: [sha256.Size]byte(hash)}, nil
}
