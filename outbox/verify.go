package outbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Why VerifyFile has nothing to read, although nothing is wrong.
var (
	ErrNone       = errors.New("there is no database yet")
	ErrUnfinished = errors.New("a change of the database was cut off; the terminal's next start finishes it")
)

// VerifyFile does what Store.Verify does with a file that nobody has open, and says what
// it holds. It leaves no trace: neither the file nor anything beside it is changed or made,
// and until it ends the file cannot be opened. A file that is in use is ErrInUse: ask who
// has it.
func VerifyFile(ctx context.Context, path string) (Contents, error) {
	c, err := inspect(ctx, path, func() (Contents, error) {
		return Contents{}, fmt.Errorf("%w: %s", ErrInUse, path)
	})
	if err != nil {
		return c, fmt.Errorf("outbox verify: %w", err)
	}
	return c, nil
}

// Inspect is what is wrong with a file, whether Open would refuse it or not: it reads
// every page and the chain, and changes nothing; nil if there is no file and never was.
func Inspect(ctx context.Context, path string) error {
	_, err := inspect(ctx, path, func() (Contents, error) { return Contents{}, readInUse(ctx, path) })
	if errors.Is(err, ErrNone) || errors.Is(err, ErrUnfinished) {
		return nil
	}
	return err
}

// inspect holds a lock that others may share, so that nobody begins to write. inUse takes
// its place if somebody does already.
func inspect(ctx context.Context, path string, inUse func() (Contents, error)) (c Contents, err error) {
	var m mark
	free := true
	lock, err := os.Open(path + ".lock")
	if err == nil {
		defer lock.Close()
		free = !errors.Is(syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
		m, err = readMark(lock)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, unread(err)
	}
	if m.fresh {
		return c, ErrUnfinished
	}
	if err := m.present(path); err != nil {
		return c, unread(err)
	}
	switch version, err := m.version(path); {
	case err != nil:
		return c, unread(err)
	case version > len(migrations):
		return c, newer(version)
	case version == 0:
		return c, fmt.Errorf("%w: %s", ErrNone, path)
	case free:
		c, err = readQuiet(ctx, path)
		return c, unread(err)
	}
	c, err = inUse()
	return c, unread(err)
}

// unread is named, but that nothing was to be written.
func unread(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return err
	}
	return named(err)
}

// readQuiet reads a file that nobody has open. With a log it is a copy that is read: who
// opens the two makes an index beside them, and may take the log away.
func readQuiet(ctx context.Context, path string) (c Contents, err error) {
	if log, err := sizeOf(path + "-wal"); err != nil || log <= 0 {
		if err != nil {
			return c, err
		}
		return examine(ctx, path)
	}
	dir, err := os.MkdirTemp("", "taxiterm-verify-*")
	if err != nil {
		return c, err
	}
	defer os.RemoveAll(dir)
	whole := filepath.Join(dir, "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(path+suffix, whole+suffix); err != nil {
			return c, fmt.Errorf("copy to read: %w", err)
		}
	}
	db := openWriter(whole)
	if err := errors.Join(emptyLog(ctx, db), db.Close()); err != nil {
		return c, err
	}
	return examine(ctx, whole)
}

// readInUse reads a file that somebody has open: what stands beside it is there already.
func readInUse(ctx context.Context, path string) error {
	db := openReader(path, nil)
	defer db.Close()
	return checkFile(ctx, db)
}
