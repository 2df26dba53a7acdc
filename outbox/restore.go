package outbox

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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
// The backup, which is another file, is verified first. Then the mark says that it counts, the former file is kept
// aside with its log, and the restored one takes its place; what is cut off after the
// mark is finished by the next Open.
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
	if _, err = settledMark(path, lock); err == nil {
		err = clearFresh(path, backup)
	}
	if err != nil {
		return r, fmt.Errorf("restore: %w", named(err))
	}
	r, born, err := prepareRestore(ctx, backup, fresh(path))
	if err != nil {
		return r, errors.Join(fmt.Errorf("restore %s: %w", backup, named(err)), removeDatabase(fresh(path)))
	}
	m := mark{id: born, fresh: true}
	if err = m.begin(path, lock); err == nil {
		r.Aside, err = m.finish(path, lock)
	}
	if err != nil {
		return r, fmt.Errorf("restore: %w", named(err))
	}
	return r, nil
}

// clearFresh makes room for the new file, unless what stands there is to be restored:
// where the log was lost, it may be a put-back that was cut off, with all commits. The
// outbox itself is not put in its own place: it would only lose its name.
func clearFresh(path, backup string) error {
	from, err := os.Stat(backup)
	switch {
	case err != nil:
		return err
	case itself(path, from):
		return fmt.Errorf("%s: %w", backup, ErrItself)
	case !from.Mode().IsRegular():
		return fmt.Errorf("%s: %w", backup, ErrNoFile)
	}
	if left, err := os.Stat(fresh(path)); err == nil && os.SameFile(from, left) {
		return fmt.Errorf("give %s another name first", backup)
	}
	return removeDatabase(fresh(path))
}

// prepareRestore makes the file that is to be put in place. born is what it was called
// first.
func prepareRestore(ctx context.Context, backup, fresh string) (r Restoration, born string, err error) {
	if info, err := os.Stat(backup + "-wal"); err == nil && info.Size() > 0 {
		return r, "", fmt.Errorf("%s-wal belongs to it: that is a file in use and not a backup", backup)
	}
	if err := copyFile(backup, fresh); err != nil {
		return r, "", err
	}
	if r.Contents, err = examine(ctx, fresh); err != nil {
		return r, "", err
	}
	if r.Entries == 0 && r.Pruned.Entries == 0 {
		return r, "", ErrEmpty
	}
	if err := prepareFile(ctx, fresh, migrations); err != nil {
		return r, "", err
	}
	db := openWriter(fresh)
	r.Name, born, err = rename(ctx, db)
	if err == nil {
		err = checkFile(ctx, db)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return r, "", err
	}
	return r, born, syncFile(fresh)
}

// rename gives the file its new name, and says so in the journal.
func rename(ctx context.Context, db *sql.DB) (name, born string, err error) {
	s := &Store{writer: db}
	if err := errors.Join(s.loadNames(ctx, db), s.loadChain(ctx)); err != nil {
		return "", "", err
	}
	r := Restored{File: s.ID(), Seq: s.end.Seq, Hash: hex.EncodeToString(s.end.Hash[:]), Name: newFileID()}
	body, err := json.Marshal(r)
	if err != nil {
		return "", "", err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return "", "", err
	}
	e := Entry{Seq: s.end.Seq + 1, At: time.Now().UTC().Truncate(time.Microsecond), Kind: KindRestored, Body: body}
	hash := s.end.Follow(e).Hash
	_, err = tx.ExecContext(ctx, "INSERT INTO name (after, stream, id) VALUES (?, ?, ?)", s.end.Seq, s.newest, r.Name)
	if err == nil {
		_, err = tx.ExecContext(ctx, "INSERT INTO journal (seq, stream, at, kind, body, hash) VALUES (?, ?, ?, ?, ?, ?)",
			e.Seq, e.Stream, e.At.UnixMicro(), e.Kind, e.Body, hash[:])
	}
	if err != nil {
		return "", "", errors.Join(err, tx.Rollback())
	}
	return r.Name, s.born, tx.Commit()
}

func copyFile(from, to string) error {
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
