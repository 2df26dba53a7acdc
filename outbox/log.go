package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// SQLite moves its log into the file when it has a thousand pages, 4 MB, and then
// begins it anew, but only in a moment in which nobody reads. On a busy machine that
// moment may not come. So beyond logMost, in bytes, readers are kept out for one.
const logMost = 8 << 20

// look is called before something is read, and what it gives afterwards.
func (s *Store) look() (done func()) {
	s.looking.RLock()
	return s.looking.RUnlock
}

// trim empties the log if it has grown, beside what goes on. Whoever reads in another
// process is not waited for; there is another commit soon.
func (s *Store) trim() {
	log, err := entryOf(s.path + "-wal")
	if err != nil || log.size < logMost || !s.trimming.CompareAndSwap(false, true) {
		return
	}
	s.trims.Go(func() {
		defer s.trimming.Store(false)
		if err := s.empty(context.Background(), 0); err != nil && !errors.Is(err, ErrInUse) {
			s.log.Warn("log not emptied", "err", err)
		}
	})
}

// Scrub moves the log into the file and empties it, so that no older copy of a page
// is left from before something was forgotten. Deleted rows are overwritten in the
// file itself (secure_delete).
func (s *Store) Scrub(ctx context.Context) error {
	if err := s.empty(ctx, time.Second); err != nil {
		return fmt.Errorf("outbox scrub: %w", err)
	}
	return nil
}

// empty moves the log into the file and cuts it to nothing. Reads of this process are
// over when it begins; those of others it waits for as long as patience.
func (s *Store) empty(ctx context.Context, patience time.Duration) error {
	s.looking.Lock()
	defer s.looking.Unlock()
	s.commit.Lock()
	defer s.commit.Unlock()
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return named(err)
	}
	defer conn.Close()
	wait := func(d time.Duration) error {
		_, err := conn.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("PRAGMA busy_timeout = %d", d.Milliseconds()))
		return err
	}
	if err := wait(patience); err != nil {
		return named(err)
	}
	return named(errors.Join(emptyLog(ctx, conn), wait(busyTimeout)))
}

// asked is a database or one connection to it.
type asked interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func emptyLog(ctx context.Context, db asked) error {
	var busy, pages, moved int
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil {
		return err
	}
	if busy != 0 {
		return fmt.Errorf("%w: a reader is in the way, try again", ErrInUse)
	}
	return nil
}
