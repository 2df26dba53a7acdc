package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"
)

// Conditions of a single file to back up to, or to restore from.
var (
	ErrExists = errors.New("file exists") // and was not to be replaced
	ErrItself = errors.New("that is the outbox itself")
	ErrNoFile = errors.New("that is not a file")
	ErrEmpty  = errors.New("that is an outbox with nothing in it")
)

// Contents says what a file holds.
type Contents struct {
	File    string // its name, as Store.ID
	Entries int64  // of the journal, all verified
	Pruned  Pruned
	Newest  int64 // the newest stream; 0 for none
	Open    int   // streams that are not closed
}

// Backup copies the outbox at path to a new file while it is in use, or not, and
// verifies the copy (every page, and the chain) before it gets its name. It only reads
// path. What it gives is the state of one moment. Without replace an existing file is
// ErrExists.
func Backup(ctx context.Context, path, to string, replace bool) (Contents, error) {
	if err := checkTarget(path, to, replace); err != nil {
		return Contents{}, fmt.Errorf("backup %s: %w", to, err)
	}
	part := to + ".part"
	c, err := backup(ctx, path, part)
	if err == nil {
		err = checkTarget(path, to, replace)
	}
	if err == nil {
		err = os.Rename(part, to)
	}
	if err != nil {
		return Contents{}, errors.Join(fmt.Errorf("backup %s: %w", to, named(err)), removeDatabase(part))
	}
	return c, syncFolder(filepath.Dir(to))
}

// checkTarget: nothing is replaced that was not named, and never what is in use.
func checkTarget(path, to string, replace bool) error {
	there, err := os.Stat(to)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case itself(path, there):
		return ErrItself
	case !there.Mode().IsRegular():
		return ErrNoFile
	case !replace:
		return ErrExists
	}
	return nil
}

// itself: a file is the outbox at path, or one of those that belong to it, under whatever
// name.
func itself(path string, file fs.FileInfo) bool {
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		if own, err := os.Stat(path + suffix); err == nil && os.SameFile(own, file) {
			return true
		}
	}
	return false
}

func backup(ctx context.Context, path, part string) (c Contents, err error) {
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return c, err
	}
	defer f.Close()
	if err := copyOnline(ctx, path, part); err != nil {
		return c, fmt.Errorf("copy: %w", err)
	}
	if c, err = examine(ctx, part); err != nil {
		return c, fmt.Errorf("verify: %w", err)
	}
	return c, f.Sync()
}

// copyOnline copies all pages in one step, in one read transaction: taken in parts,
// the copy would begin anew at every commit of the daemon. A commit does not wait for
// it.
func copyOnline(ctx context.Context, path, part string) error {
	if err := checkOurs(path); err != nil {
		return err
	}
	from := openReader(path, nil)
	defer from.Close()
	// Neither a journal nor flushes: the copy counts only once it is whole.
	to := sql.OpenDB(&connector{dsn: dsn(part, url.Values{"_journal_mode": {"OFF"}, "_synchronous": {"OFF"}}), driver: &sqlite3.SQLiteDriver{}})
	defer to.Close()
	return raw(ctx, from, func(source *sqlite3.SQLiteConn) error {
		return raw(ctx, to, func(target *sqlite3.SQLiteConn) error {
			b, err := target.Backup("main", source, "main")
			if err != nil {
				return err
			}
			done, err := b.Step(-1)
			if err == nil && !done {
				err = ErrInUse
			}
			return errors.Join(err, b.Finish())
		})
	})
}

// checkOurs refuses what is not there before SQLite makes it.
func checkOurs(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Size() == 0 {
		err = ErrForeign
	}
	return err
}

func raw(ctx context.Context, db *sql.DB, f func(*sqlite3.SQLiteConn) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(c any) error { return f(c.(*sqlite3.SQLiteConn)) })
}

// examine verifies a file that nobody has open, without leaving a trace beside it.
func examine(ctx context.Context, path string) (c Contents, err error) {
	if err := checkOurs(path); err != nil {
		return c, err
	}
	db := openQuiet(path)
	defer db.Close()
	var id, version int
	err = db.QueryRowContext(ctx, "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version").Scan(&id, &version)
	switch {
	case err != nil:
		return c, err
	case id != applicationID:
		return c, ErrForeign
	case version > len(migrations):
		return c, fmt.Errorf("%w: schema %d, this program knows up to %d; use the newer program", ErrNewer, version, len(migrations))
	}
	if err := checkFile(ctx, db); err != nil {
		return c, err
	}
	return contents(ctx, db, version)
}

func contents(ctx context.Context, db *sql.DB, version int) (c Contents, err error) {
	err = db.QueryRowContext(ctx, `SELECT (SELECT id FROM file), (SELECT count(*) FROM journal),
		(SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'stream'), (SELECT count(*) FROM stream WHERE open = 1)`).
		Scan(&c.File, &c.Entries, &c.Newest, &c.Open)
	if err != nil || version < 3 {
		return c, err
	}
	err = db.QueryRowContext(ctx, "SELECT id FROM name ORDER BY after DESC LIMIT 1").Scan(&c.File)
	if err != nil {
		return c, err
	}
	c.Pruned, err = prunedOf(ctx, db)
	return c, err
}
