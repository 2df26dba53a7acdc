package outbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// applicationID marks the file as ours in SQLite's header.
const applicationID = 0x54617869

//go:embed schema/*.sql
var schemaFiles embed.FS

// migrations are the steps from one schema version to the next, oldest first; the
// version of a file is the number of steps it has had.
var migrations = []string{mustRead("schema/1.sql"), mustRead("schema/2.sql"), mustRead("schema/3.sql")}

func mustRead(name string) string {
	b, err := schemaFiles.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// prepareFile makes sure that path holds a file of the newest schema. A file is
// never changed in place: the steps run on a copy, the copy is verified and then
// renamed over it. Whatever goes wrong before that leaves the old file as it was.
func prepareFile(ctx context.Context, path string, steps []string) error {
	fresh := fresh(path)
	if err := removeDatabase(fresh); err != nil { // left behind by a crash
		return err
	}
	version, err := fileVersion(path)
	switch {
	case err != nil:
		return err
	case version == len(steps):
		return nil
	case version > len(steps):
		return newer(version)
	}
	if err := buildFile(ctx, path, fresh, version, steps); err != nil {
		return errors.Join(fmt.Errorf("schema %d to %d, the file stays as it was: %w", version, len(steps), err),
			removeDatabase(fresh))
	}
	// That the old file's log has gone must be safe before: it would be taken for one of
	// the new file.
	folder := filepath.Dir(path)
	if err := syncFolder(folder); err != nil {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return fmt.Errorf("put new file in place: %w", err)
	}
	return syncFolder(folder)
}

// fileVersion is how many steps the file has had; 0 if there is none. It looks at
// SQLite's header only (file format, section 1.3), where a file that is not ours, or
// that a newer program wrote, can be told without touching it: opening it would change
// it. Both figures are written before a file is put in place, so they are never in the
// log alone.
func fileVersion(path string) (int, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	header := make([]byte, 100)
	if _, err := io.ReadFull(f, header); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if !bytes.HasPrefix(header, []byte("SQLite format 3\x00")) || binary.BigEndian.Uint32(header[68:]) != applicationID {
		return 0, fmt.Errorf("%w: %s", ErrForeign, path)
	}
	return int(binary.BigEndian.Uint32(header[60:])), nil
}

func newer(version int) error {
	return fmt.Errorf("%w: schema %d, this program knows up to %d; install the newer program", ErrNewer, version, len(migrations))
}

// buildFile writes the newest schema to fresh, from a copy of path if it has one.
func buildFile(ctx context.Context, path, fresh string, version int, steps []string) error {
	if version > 0 {
		if err := copyCommitted(ctx, path, fresh); err != nil {
			return fmt.Errorf("copy: %w", err)
		}
	}
	db := openWriter(fresh)
	err := migrate(ctx, db, version, steps)
	if err == nil {
		err = checkFile(ctx, db)
	}
	// Closing the last connection moves everything from the log into the file.
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Chmod(fresh, 0o600); err != nil {
		return err
	}
	return syncFile(fresh)
}

// copyCommitted writes everything that is committed in path to a new file, and leaves no
// log of path behind that could be taken for one of its successor.
func copyCommitted(ctx context.Context, path, fresh string) error {
	db := openWriter(path)
	_, err := db.ExecContext(ctx, "VACUUM INTO ?", fresh)
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		return fmt.Errorf("%s-wal is still in use", path)
	}
	return nil
}

func migrate(ctx context.Context, db *sql.DB, version int, steps []string) error {
	for i, step := range steps[version:] {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, step)
		if err == nil && version+i == 0 {
			_, err = tx.ExecContext(ctx, "INSERT INTO file (id, created_at) VALUES (?, ?)", newFileID(), time.Now().UnixMicro())
		}
		if err == nil {
			_, err = tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d", version+i+1, applicationID))
		}
		if err != nil {
			return errors.Join(fmt.Errorf("step %d: %w", version+i+1, err), tx.Rollback())
		}
		if err := tx.Commit(); err != nil {
			return fmt.Errorf("step %d: %w", version+i+1, err)
		}
	}
	return nil
}

// newFileID draws 25 random bits as five letters and digits that people do not
// mix up (Crockford's base 32).
func newFileID() string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	b := make([]byte, 5)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b)
}

// checkFile looks at every page and row, and follows the chain.
func checkFile(ctx context.Context, db *sql.DB) error {
	var result string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&result); err != nil {
		return err
	}
	if result != "ok" {
		return fmt.Errorf("%w: %s", ErrCorrupt, finding(result))
	}
	_, err := verifyChain(ctx, db)
	return err
}

// finding is what an integrity check says, on one line.
func finding(result string) string {
	return strings.TrimPrefix(result, "*** in database main ***\n")
}

func removeDatabase(path string) error {
	var errs []error
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
