package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// place is the file and its log as they were when they were opened. A file that is
// removed or replaced under a running process goes on taking commits, and takes them
// with it when the process ends; so each commit looks first.
type place struct{ file, log fs.FileInfo }

func lookAt(path string) (p place, err error) {
	if p.file, err = os.Stat(path); err == nil {
		p.log, err = os.Stat(path + "-wal")
	}
	return p, err
}

func (p place) same(q place) bool { return os.SameFile(p.file, q.file) && os.SameFile(p.log, q.log) }

// inUse marks the file as one whose log counts. The log is there since the first read;
// its name must be safe before the mark speaks of it.
func (s *Store) inUse() (err error) {
	if s.place, err = lookAt(s.path); err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(s.path)); err != nil {
		return err
	}
	return mark{id: s.born, log: true}.write(s.lock)
}

// letGo moves the log into the file and marks the file as whole without it.
func (s *Store) letGo(ctx context.Context, db *sql.DB, id string) error {
	if err := emptyLog(ctx, db); err != nil {
		return err
	}
	if err := (mark{id: id}).write(s.lock); err != nil {
		return err
	}
	return os.Remove(s.path + "-wal")
}

// putBack brings the file back if it or its log was removed or replaced. This process
// still holds them, with all commits: it writes them to a new file, keeps what stands
// in the place, and goes on with the new one. The caller holds s.commit.
func (s *Store) putBack(ctx context.Context) error {
	if now, err := lookAt(s.path); err == nil && s.place.same(now) {
		return nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("outbox place: %w", named(err))
	}
	s.log.Error("outbox was removed or replaced while in use; it is put back", "path", s.path)
	if err := s.rebuild(ctx); err != nil {
		return fmt.Errorf("%w: it was removed or replaced while in use and cannot be put back: %w", ErrGone, named(err))
	}
	s.log.Info("outbox is back with everything that was committed", "path", s.path)
	return nil
}

func (s *Store) rebuild(ctx context.Context) error {
	fresh := s.path + ".new"
	if err := removeDatabase(fresh); err != nil {
		return err
	}
	if _, err := s.writer.ExecContext(ctx, "VACUUM INTO ?", fresh); err != nil {
		return err
	}
	if err := finishFile(ctx, fresh); err != nil {
		return err
	}
	if err := (mark{id: s.born}).write(s.lock); err != nil {
		return err
	}
	if err := s.clearPlace(); err != nil {
		return err
	}
	if err := os.Rename(fresh, s.path); err != nil {
		return err
	}
	s.era.Add(1) // connections to the old files are not used again
	var id string
	if err := s.writer.QueryRowContext(ctx, "SELECT id FROM file").Scan(&id); err != nil {
		return err
	}
	return s.inUse()
}

// clearPlace takes away what must not be taken for a part of the new file: its own old
// log and index, whose contents the new file has, and what others put there, which is
// kept.
func (s *Store) clearPlace() error {
	for name, ours := range map[string]fs.FileInfo{s.path: s.place.file, s.path + "-wal": s.place.log} {
		if now, err := os.Stat(name); err == nil && os.SameFile(now, ours) {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	kept, err := moveAside(s.path)
	if kept != "" {
		s.log.Error("what stood in the outbox's place is kept", "file", kept)
	}
	return err
}

// finishFile checks a new file and makes it safe, names excepted.
func finishFile(ctx context.Context, path string) error {
	db := openWriter(path)
	if err := errors.Join(checkFile(ctx, db), db.Close()); err != nil {
		return err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	return syncFile(path)
}
