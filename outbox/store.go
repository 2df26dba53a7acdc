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

	"github.com/mattn/go-sqlite3"
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

	opened bool         // without trouble; otherwise everything stays as it is
	era    atomic.Int64 // counts how often the files were put in place
	place  place

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
	m, err := settledMark(s.path, s.lock)
	if err != nil {
		return err
	}
	if err := m.present(s.path); err != nil {
		return err
	}
	if err := s.prepare(ctx, m); err != nil {
		return err
	}
	// The one that only reads goes first: if the tables cannot be read, the one that
	// writes would take the log away when it closes.
	s.reader = openReader(s.path, &s.era)
	if err := s.loadNames(ctx, s.reader); err != nil {
		return err
	}
	s.writer = s.openWriter()
	if err := s.writer.PingContext(ctx); err != nil {
		return err
	}
	if m.id != "" && m.id != s.born {
		s.log.Warn("outbox is another file than last time", "file", s.born, "last_time", m.id)
	}
	if err := s.inUse(); err != nil {
		return err
	}
	if err := s.loadChain(ctx); err != nil {
		return err
	}
	if err := s.loadQueue(ctx); err != nil {
		return err
	}
	s.opened = true
	return nil
}

func (s *Store) openWriter() *sql.DB {
	return openWriterWith(&connector{driver: &sqlite3.SQLiteDriver{ConnectHook: keepLog}, era: &s.era}, s.path)
}

// prepare brings the file to the newest schema. A migration replaces the file, so all
// of it must stand there, and nothing in the log.
func (s *Store) prepare(ctx context.Context, m mark) error {
	version, err := m.version(s.path)
	if err != nil {
		return err
	}
	if m.log && version > 0 && version < len(migrations) {
		db := s.openWriter()
		if err := errors.Join(s.letGo(ctx, db, m.id), db.Close()); err != nil {
			return err
		}
	}
	return prepareFile(ctx, s.path, migrations)
}

// Path is where the file is.
func (s *Store) Path() string { return s.path }

// Close ends all use. Run must have returned. It leaves a file that is whole without
// its log, unless the disk does not let it.
func (s *Store) Close() error {
	s.trims.Wait()
	s.commit.Lock()
	defer s.commit.Unlock()
	var errs []error
	if s.reader != nil {
		errs = append(errs, s.reader.Close())
	}
	if s.opened {
		errs = append(errs, s.leave(context.Background()))
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	return errors.Join(append(errs, s.lock.Close())...)
}
