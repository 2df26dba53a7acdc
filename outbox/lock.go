package outbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// lockFile takes the lock that makes this process the owner of the file until it
// ends, however it ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("outbox lock: %w", named(err))
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%w: %s", ErrInUse, strings.TrimSuffix(path, ".lock"))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("outbox lock: %w", err), f.Close())
	}
	return f, nil
}

// mark is what the lock file says about the file beside it. It is how a file that was
// lost is told from one that never was.
type mark struct {
	id string // of the file; empty: there never was one
	// log: commits may stand in the log alone, so it must be there. A process that
	// ends in an orderly way leaves a file that is whole without it.
	log bool
	// fresh: the file fresh(path) is complete and takes the place, unless it has done so.
	// A change of the file that is cut off is finished by the next Open.
	fresh bool
}

const (
	logCounts   = "log"
	freshCounts = "new"
)

func readMark(lock *os.File) (m mark, err error) {
	b := make([]byte, 64)
	n, err := lock.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return m, fmt.Errorf("outbox mark: %w", err)
	}
	words := bytes.Fields(b[:n])
	if len(words) > 0 {
		m.id = string(words[0])
	}
	if len(words) > 1 {
		m.log, m.fresh = string(words[1]) == logCounts, string(words[1]) == freshCounts
	}
	return m, nil
}

// write flushes the mark. It fits in one sector, so it is never half written.
func (m mark) write(lock *os.File) error {
	counts := ""
	switch {
	case m.log:
		counts = logCounts
	case m.fresh:
		counts = freshCounts
	}
	if _, err := lock.WriteAt(fmt.Appendf(nil, "%-5s %-3s\n", m.id, counts), 0); err != nil {
		return fmt.Errorf("outbox mark: %w", err)
	}
	if err := lock.Sync(); err != nil {
		return fmt.Errorf("outbox mark: %w", err)
	}
	return nil
}

// present is nil if what the mark speaks of is there, or nothing is and never was.
func (m mark) present(path string) error {
	file, err := sizeOf(path)
	if err != nil {
		return err
	}
	log, err := sizeOf(path + "-wal")
	switch {
	case err != nil:
		return err
	case file < 0 && m.id != "":
		return fmt.Errorf("%w: %s, with the name %s, was here", ErrGone, path, m.id)
	case file < 0 && log > 0:
		return fmt.Errorf("%w: its log %s-wal is there", ErrGone, path)
	case file == 0:
		return fmt.Errorf("%w: %s is empty", ErrCorrupt, path)
	case file > 0 && m.log && log < 0:
		return fmt.Errorf("%w: its log %s-wal, which has the last commits, is not there", ErrGone, path)
	}
	return nil
}

// version is that of the file, which was ours if the mark names it.
func (m mark) version(path string) (int, error) {
	version, err := fileVersion(path)
	if errors.Is(err, ErrForeign) && m.id != "" {
		return 0, fmt.Errorf("%w: %s was %s and has no header any more", ErrCorrupt, path, m.id)
	}
	return version, err
}

// sizeOf is -1 if there is no such file.
func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
