package outbox

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// KindRestored is the journal entry, on stream 0, with which the part of a journal
// begins that was written after the file was put back from a backup. Its body is a
// Restored.
const KindRestored = "outbox.restored"

// Restored says where a journal goes on from.
type Restored struct {
	File string `json:"file"` // the name until then
	Seq  int64  `json:"seq"`  // its last row in the backup
	Hash string `json:"hash"` // of that row, hexadecimal
	Name string `json:"name"` // the name from then on
}

// Restoration says what was done.
type Restoration struct {
	Contents        // of the backup, under its old name
	Name     string // what the file is called now
	Aside    string // where the former file is kept; empty if there was none
}

// Restore puts a backup in the place of the outbox at path, which must not be in use.
// The backup is verified first; the former file is kept aside with its log; then one
// rename changes the file.
//
// What the former file, or a disk that is lost, has done since the backup is not
// known. So the file gets a new name for what it makes from now on, what is pending in
// it is uncertain as after every start, and every new command of a stream that the
// backup knows is uncertain too.
func Restore(ctx context.Context, backup, path string) (r Restoration, err error) {
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return r, err
	}
	defer lock.Close()
	fresh := path + ".restore"
	if err = errors.Join(finishRestore(ctx, path, lock), removeDatabase(fresh)); err != nil {
		return r, fmt.Errorf("restore: %w", named(err))
	}
	if r, err = prepareRestore(ctx, backup, fresh); err != nil {
		return r, errors.Join(fmt.Errorf("restore %s: %w", backup, named(err)), removeDatabase(fresh))
	}
	if err := os.Rename(fresh, restored(path)); err != nil {
		return r, fmt.Errorf("restore: %w", err)
	}
	if r.Aside, err = setAside(path); err == nil {
		err = putInPlace(ctx, path, lock)
	}
	if err != nil {
		return r, fmt.Errorf("restore: %w", named(err))
	}
	return r, nil
}

// putInPlace lets the restored file take the place, in which there is no log. The mark
// speaks of it first: a restore that is cut off here is finished by the next Open.
func putInPlace(ctx context.Context, path string, lock *os.File) error {
	id, err := fileID(ctx, restored(path))
	if err != nil {
		return err
	}
	if err := (mark{id: id}).write(lock); err != nil {
		return err
	}
	if err := os.Rename(restored(path), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// fileID is the name with which the file was made.
func fileID(ctx context.Context, path string) (id string, err error) {
	db := openQuiet(path)
	defer db.Close()
	err = db.QueryRowContext(ctx, "SELECT id FROM file").Scan(&id)
	return id, err
}

// prepareRestore makes the file that is to be put in place.
func prepareRestore(ctx context.Context, backup, fresh string) (r Restoration, err error) {
	if info, err := os.Stat(backup + "-wal"); err == nil && info.Size() > 0 {
		return r, fmt.Errorf("%s-wal belongs to it: that is a file in use and not a backup", backup)
	}
	if err := copyBytes(backup, fresh); err != nil {
		return r, err
	}
	if r.Contents, err = examine(ctx, fresh); err != nil {
		return r, err
	}
	if err := prepareFile(ctx, fresh, migrations); err != nil {
		return r, err
	}
	db := openWriter(fresh)
	r.Name, err = rename(ctx, db)
	if err == nil {
		err = checkFile(ctx, db)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return r, err
	}
	return r, syncFile(fresh)
}

// rename gives the file its new name, and says so in the journal.
func rename(ctx context.Context, db *sql.DB) (string, error) {
	s := &Store{writer: db}
	if err := errors.Join(s.loadNames(ctx, db), s.loadChain(ctx)); err != nil {
		return "", err
	}
	r := Restored{File: s.ID(), Seq: s.end.Seq, Hash: hex.EncodeToString(s.end.Hash[:]), Name: newFileID()}
	body, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return "", err
	}
	e := Entry{Seq: s.end.Seq + 1, At: time.Now().UTC().Truncate(time.Microsecond), Kind: KindRestored, Body: body}
	hash := s.end.Follow(e).Hash
	_, err = tx.ExecContext(ctx, "INSERT INTO name (after, stream, id) VALUES (?, ?, ?)", s.end.Seq, s.newest, r.Name)
	if err == nil {
		_, err = tx.ExecContext(ctx, "INSERT INTO journal (seq, stream, at, kind, body, hash) VALUES (?, ?, ?, ?, ?, ?)",
			e.Seq, e.Stream, e.At.UnixMicro(), e.Kind, e.Body, hash[:])
	}
	if err != nil {
		return "", errors.Join(err, tx.Rollback())
	}
	return r.Name, tx.Commit()
}

// setAside gives the file at path, and its log, second names, so that a rename over it
// loses nothing. They are not opened: that could end what is left of a damaged one.
//
// A log must not be there when the restored file comes, nor may the former file be
// there without it. So where there is one, both go first; finishRestore mends it if
// the power goes at that moment.
func setAside(path string) (aside string, err error) {
	logged := there(path + "-wal")
	if !there(path) && !logged {
		return "", nil
	}
	aside = freeName(path)
	for _, suffix := range []string{"-wal", ""} {
		if !there(path + suffix) {
			continue
		}
		if err := keepAs(path+suffix, aside+suffix); err != nil {
			return "", fmt.Errorf("keep the former file: %w", err)
		}
	}
	if err := syncFolder(filepath.Dir(path)); err != nil || !logged {
		return aside, err
	}
	return aside, removeDatabase(path)
}

// finishRestore puts a file in place whose restore was cut off between the going of
// the former file and its coming.
func finishRestore(ctx context.Context, path string, lock *os.File) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Lstat(restored(path)); err != nil {
		return nil
	}
	if err := removeDatabase(path); err != nil {
		return err
	}
	return putInPlace(ctx, path, lock)
}

// restored is what a restored file is called when it is complete and not in place yet.
func restored(path string) string { return path + ".restored" }

// keepAs gives a file a second name, or copies it where that cannot be.
func keepAs(path, name string) error {
	if os.Link(path, name) == nil {
		return nil
	}
	return copyBytes(path, name)
}

func copyBytes(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
