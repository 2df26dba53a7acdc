package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Options of Open. The zero value is good for production.
type Options struct {
	Log *slog.Logger // nil: nothing is logged
	// Parallel is how many streams are delivered side by side; 0 means 4.
	Parallel int
	// Backoff gives the pause after the n-th unsuccessful try in a row, n >= 1;
	// nil means 2 s, doubling to 60 s, each with up to a quarter of jitter.
	Backoff func(n int) time.Duration
	// Key of KeySize bytes seals private values and the bodies of private commands
	// (AES-256-GCM); nil: there can be none.
	Key []byte
	// OnCommit is told how long each commit took, flush included, before Commit returns;
	// nil for none.
	OnCommit func(took time.Duration, err error)
}

// Store is an open outbox. Its methods may be called from several goroutines.
type Store struct {
	log    *slog.Logger
	path   string
	lock   *os.File
	writer *sql.DB
	reader *sql.DB
	born   string // the name that private values are sealed under
	names  []Name
	// inherited is the newest stream that came with a backup; 0 if none was put back.
	inherited int64

	onCommit func(time.Duration, error)
	seal     *seal

	looking  sync.RWMutex // held by whoever reads; see empty
	trimming atomic.Bool
	trims    sync.WaitGroup

	commit sync.Mutex // one transaction at a time, and guards what follows
	end    Chain
	newest int64 // stream

	queue queue
}

// Open opens or creates the file and brings its schema up to date. It refuses a
// file that is in use, was written by a newer version, is something else, or sits
// on a disk that cannot make commits durable; see the Err variables.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("outbox folder: %w", named(err))
	}
	seal, err := newSeal(o.Key)
	if err != nil {
		return nil, err
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	if o.OnCommit == nil {
		o.OnCommit = func(time.Duration, error) {}
	}
	s := &Store{log: o.Log, path: path, lock: lock, onCommit: o.OnCommit, seal: seal}
	s.queue.init(o)
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("outbox open %s: %w", path, named(err)), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	if err := prepareFile(ctx, s.path, migrations); err != nil {
		return err
	}
	s.writer = openWriter(s.path)
	s.reader = openReader(s.path)
	if err := s.loadNames(ctx); err != nil {
		return err
	}
	if err := s.loadChain(ctx); err != nil {
		return err
	}
	return s.loadQueue(ctx)
}

// Path is where the file is.
func (s *Store) Path() string { return s.path }

// Close ends all use. Run must have returned.
func (s *Store) Close() error {
	s.trims.Wait()
	var errs []error
	for _, db := range []*sql.DB{s.reader, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, s.lock.Close())...)
}
