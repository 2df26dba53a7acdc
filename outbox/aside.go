package outbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrSound means that there is no reason to set a file aside.
var ErrSound = errors.New("nothing is wrong with the database")

// SetAside moves a file that cannot be used out of the way, so that the next Open makes
// a new one, with another name. It is a person's decision: until then such a file is
// left where it is and nothing takes its place. It gives what was wrong, and where the
// file is kept; empty if it is gone.
//
// Only what is damaged, foreign or missing is set aside. A file that is sound is not
// (ErrSound), and neither is one that is in use, or whose disk or program is at fault:
// the error is then that condition.
func SetAside(ctx context.Context, path string) (kept string, why, err error) {
	if why, err = diagnose(ctx, path); err != nil {
		return "", nil, err
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return "", nil, err
	}
	defer lock.Close()
	if kept, err = moveAside(path); err != nil {
		return "", why, fmt.Errorf("outbox set aside: %w", named(err))
	}
	// Last, so that a set-aside that is cut short can be done again.
	if err := (mark{}).write(lock); err != nil {
		return kept, why, named(err)
	}
	return kept, why, nil
}

// diagnose is why a file must be set aside, or an error if it must not.
func diagnose(ctx context.Context, path string) (why, err error) {
	s, err := Open(ctx, path, Options{})
	if err == nil {
		_, err = s.Verify(ctx)
		_ = s.Close() // a damaged file may not let itself be closed in an orderly way
	}
	var broken *ChainError
	switch {
	case err == nil:
		return nil, ErrSound
	case errors.As(err, &broken), errors.Is(err, ErrCorrupt), errors.Is(err, ErrForeign), errors.Is(err, ErrGone):
		return err, nil
	}
	return nil, err
}

// moveAside gives the file and its log the first free name, under which they belong
// together still. They are not opened: that could end what is left of a damaged one. The
// old names go when both are safe under the new one, the log's last: alone in the old
// place it says that a file was there. Cut off, it can be done again.
func moveAside(path string) (kept string, err error) {
	aside := freeName(path)
	for _, suffix := range []string{"-wal", ""} {
		if !there(path + suffix) {
			continue
		}
		kept = aside + suffix
		if err := keepAs(path+suffix, kept); err != nil {
			return "", fmt.Errorf("keep what was there: %w", err)
		}
	}
	folder := filepath.Dir(path)
	if err := syncFolder(folder); err != nil {
		return kept, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return kept, err
	}
	if err := syncFolder(folder); err != nil {
		return kept, err
	}
	return kept, errors.Join(removeDatabase(path), syncFolder(folder))
}

// keepAs gives a file a second name, or copies it where that cannot be.
func keepAs(path, name string) error {
	if os.Link(path, name) == nil {
		return nil
	}
	return copyFile(path, name)
}

// freeName is the first one under which neither a file nor a log is kept.
func freeName(path string) (aside string) {
	for n := 1; aside == "" || there(aside) || there(aside+"-wal"); n++ {
		aside = fmt.Sprintf("%s.aside-%d", path, n)
	}
	return aside
}

func there(name string) bool { _, err := os.Lstat(name); return err == nil }
