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
type place struct{ file, log entry }

func lookAt(path string) (p place, err error) {
	if p.file, err = entryOf(path); err == nil {
		p.log, err = entryOf(path + "-wal")
	}
	return p, err
}

func (p place) same(q place) bool { return p.file.same(q.file) && p.log.same(q.log) }

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
	if err := os.Remove(s.path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// leave ends all use of a file that was opened. If it cannot be put back, nothing is said
// of what stands in its place.
func (s *Store) leave(ctx context.Context) error {
	err := s.putBack(ctx)
	if err != nil {
		if now, err2 := entryOf(s.path); err2 != nil || !now.same(s.place.file) {
			return err
		}
	}
	return errors.Join(err, s.letGo(ctx, s.writer, s.born))
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
	// If an earlier try got as far as to say that its new file counts: not any more.
	if err := (mark{id: s.born, log: true}).write(s.lock); err != nil {
		return err
	}
	if err := removeDatabase(fresh(s.path)); err != nil {
		return err
	}
	if _, err := s.writer.ExecContext(ctx, "VACUUM INTO ?", fresh(s.path)); err != nil {
		return err
	}
	if err := finishFile(ctx, fresh(s.path)); err != nil {
		return err
	}
	if err := s.replace(); err != nil {
		return err
	}
	s.era.Add(1) // connections to the old files are not used again
	var id string
	if err := s.writer.QueryRowContext(ctx, "SELECT id FROM file").Scan(&id); err != nil {
		return err
	}
	return s.inUse()
}

// replace puts the new file in the place. What stands there of its own old file, whose
// contents it has, goes; what others put there is kept.
func (s *Store) replace() error {
	m := mark{id: s.born, fresh: true}
	if err := m.begin(s.path, s.lock); err != nil {
		return err
	}
	for name, own := range map[string]entry{s.path: s.place.file, s.path + "-wal": s.place.log} {
		if now, err := entryOf(name); err == nil && now.same(own) {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	kept, err := m.finish(s.path, s.lock)
	if kept != "" {
		s.log.Error("what stood in the outbox's place is kept", "file", kept)
	}
	return err
}

// fresh is what a file is called until it takes the place. The mark says when it is to;
// otherwise it is what a crash left behind.
func fresh(path string) string { return path + ".new" }

// begin says that the file fresh(path), complete and flushed, takes the place. From then
// on it is the one that counts, wherever the power goes.
func (m mark) begin(path string, lock *os.File) error {
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return err
	}
	return m.write(lock)
}

// finish is the rest of it, which can be done again. What stands in the place is kept
// aside first: a log there would be taken for one of the new file.
func (m mark) finish(path string, lock *os.File) (aside string, err error) {
	if there(fresh(path)) {
		if aside, err = moveAside(path); err != nil {
			return aside, err
		}
		if err := os.Rename(fresh(path), path); err != nil {
			return aside, err
		}
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return aside, err
	}
	return aside, mark{id: m.id}.write(lock)
}

// settledMark is the mark once what it says is under way has been finished.
func settledMark(path string, lock *os.File) (mark, error) {
	m, err := readMark(lock)
	if err == nil && m.fresh {
		_, err = m.finish(path, lock)
	}
	return mark{id: m.id, log: m.log}, err
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
