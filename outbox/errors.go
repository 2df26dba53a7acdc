package outbox

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// Conditions under which the file cannot be used. An operator can act on each.
var (
	ErrInUse      = errors.New("database is in use by another process")
	ErrNotDurable = errors.New("database would not survive a power cut")
	ErrNewer      = errors.New("database was written by a newer version")
	ErrForeign    = errors.New("file is not a database of this program")
	ErrFull       = errors.New("disk is full")
	ErrDisk       = errors.New("disk cannot be read or written")
	ErrCorrupt    = errors.New("database is damaged")
	ErrReadOnly   = errors.New("database cannot be written")
	// ErrGone: there was a file, or a log with commits, and it is not there. Nothing is
	// put in its place until a person says so; see SetAside.
	ErrGone = errors.New("database is missing")
)

// Conditions of a single call.
var (
	ErrNoCommand = errors.New("no such open command")
	ErrNoStream  = errors.New("no such stream")
	ErrDuplicate = errors.New("a command with this key exists")
	ErrStuck     = errors.New("delivery does not answer")
	ErrNoKey     = errors.New("no key to keep private values under")
	ErrWrongKey  = errors.New("private value cannot be read with this key")
	ErrNoPrivate = errors.New("no such private value")
)

// ChainError says where the journal does not follow from what stands before it.
type ChainError struct{ Seq int64 }

func (e *ChainError) Error() string {
	return fmt.Sprintf("journal row %d does not follow from the rows before it: it or one of them was altered", e.Seq)
}

// named puts the condition that an operator can act on in front of SQLite's error.
func named(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	if errors.Is(err, syscall.EIO) {
		return fmt.Errorf("%w: %w", ErrDisk, err)
	}
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	condition, ok := conditions[e.Code]
	switch {
	case e.SystemErrno == syscall.ENOSPC:
		condition = ErrFull
	case e.SystemErrno == syscall.EROFS:
		condition = ErrReadOnly
	case e.ExtendedCode == sqlite3.ErrConstraintUnique:
		condition = ErrDuplicate
	case e.ExtendedCode == sqlite3.ErrConstraintForeignKey:
		condition = ErrNoStream
	case !ok:
		return err
	}
	return fmt.Errorf("%w: %w", condition, err)
}

var conditions = map[sqlite3.ErrNo]error{
	sqlite3.ErrFull:     ErrFull,
	sqlite3.ErrIoErr:    ErrDisk,
	sqlite3.ErrCantOpen: ErrDisk,
	sqlite3.ErrCorrupt:  ErrCorrupt,
	sqlite3.ErrNotADB:   ErrForeign,
	sqlite3.ErrReadonly: ErrReadOnly,
	sqlite3.ErrPerm:     ErrReadOnly,
	sqlite3.ErrBusy:     ErrInUse,
	sqlite3.ErrLocked:   ErrInUse,
}
