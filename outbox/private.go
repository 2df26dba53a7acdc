package outbox

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Private is a value that can be forgotten. The journal may name its ID, which says
// nothing once the value is gone.
type Private struct {
	ID   int64 // never used twice
	Kind string
	Body []byte
	At   time.Time // UTC, when it was kept first
}

// KeySize is the length of Options.Key in bytes.
const KeySize = 32

// seal makes values unreadable for whoever has the file but not the key. A nil seal
// keeps nothing.
type seal struct{ aead cipher.AEAD }

func newSeal(key []byte) (*seal, error) {
	if len(key) == 0 {
		return nil, nil
	}
	if len(key) != KeySize {
		return nil, fmt.Errorf("outbox key: want %d bytes, got %d", KeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &seal{aead}, nil
}

// hide binds a value to what it is for, so that it cannot be put in another's place.
func (s *seal) hide(body []byte, purpose string) ([]byte, error) {
	if s == nil {
		return nil, ErrNoKey
	}
	return s.aead.Seal(nil, nil, body, []byte(purpose)), nil
}

func (s *seal) reveal(body []byte, purpose string) ([]byte, error) {
	if s == nil {
		return nil, ErrNoKey
	}
	plain, err := s.aead.Open(nil, nil, body, []byte(purpose))
	if err != nil {
		return nil, ErrWrongKey
	}
	return plain, nil
}

func (s *Store) commandPurpose(key string) string  { return "command " + s.id + " " + key }
func (s *Store) privatePurpose(kind string) string { return "private " + s.id + " " + kind }

// Keep writes a private value and gives its number. Without a key it is ErrNoKey.
func (t *Tx) Keep(kind string, body []byte) (int64, error) {
	sealed, err := t.store.seal.hide(body, t.store.privatePurpose(kind))
	if err != nil {
		return 0, fmt.Errorf("private %s keep: %w", kind, err)
	}
	res, err := t.tx.ExecContext(t.ctx, "INSERT INTO private (kind, body, created_at) VALUES (?, ?, ?)", kind, sealed, t.now.UnixMicro())
	if err != nil {
		return 0, fmt.Errorf("private %s keep: %w", kind, named(err))
	}
	return res.LastInsertId()
}

// Replace gives a private value a new body.
func (t *Tx) Replace(kind string, id int64, body []byte) error {
	sealed, err := t.store.seal.hide(body, t.store.privatePurpose(kind))
	if err != nil {
		return fmt.Errorf("private %s replace: %w", kind, err)
	}
	return t.one("private replace", "UPDATE private SET body = ? WHERE id = ? AND kind = ?", sealed, id, kind)
}

// Forget deletes a private value. Store.Scrub then removes what is left of it in the
// log.
func (t *Tx) Forget(kind string, id int64) error {
	return t.one("private forget", "DELETE FROM private WHERE id = ? AND kind = ?", id, kind)
}

// Private reads a value inside the transaction; ErrNoPrivate if it is not there.
func (t *Tx) Private(kind string, id int64) (Private, error) {
	row := t.tx.QueryRowContext(t.ctx, "SELECT id, kind, body, created_at FROM private WHERE id = ? AND kind = ?", id, kind)
	return t.store.readPrivate(row.Scan)
}

func (t *Tx) one(what, query string, args ...any) error {
	n, err := t.exec(query, args...)
	if err == nil && n == 0 {
		err = ErrNoPrivate
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Privates are all values of a kind, oldest first. The error is ErrNoKey or
// ErrWrongKey if there are some that cannot be read.
func (s *Store) Privates(ctx context.Context, kind string) ([]Private, error) {
	rows, err := s.reader.QueryContext(ctx, "SELECT id, kind, body, created_at FROM private WHERE kind = ? ORDER BY id", kind)
	if err != nil {
		return nil, fmt.Errorf("private %s read: %w", kind, named(err))
	}
	defer rows.Close()
	var all []Private
	for rows.Next() {
		p, err := s.readPrivate(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, named(rows.Err())
}

func (s *Store) readPrivate(scan func(...any) error) (Private, error) {
	var p Private
	var at int64
	var sealed []byte
	err := scan(&p.ID, &p.Kind, &sealed, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return p, ErrNoPrivate
	}
	if err == nil {
		p.Body, err = s.seal.reveal(sealed, s.privatePurpose(p.Kind))
	}
	if err != nil {
		return p, fmt.Errorf("private %s read: %w", p.Kind, named(err))
	}
	p.At = time.UnixMicro(at).UTC()
	return p, nil
}

// Scrub moves the log into the file and empties it, so that no older copy of a page
// is left from before something was forgotten. Deleted rows are overwritten in the
// file itself (secure_delete).
func (s *Store) Scrub(ctx context.Context) error {
	s.commit.Lock()
	defer s.commit.Unlock()
	if err := emptyLog(ctx, s.writer); err != nil {
		return fmt.Errorf("outbox scrub: %w", named(err))
	}
	return nil
}

// CheckKey is nil if everything private in the file can be read.
func (s *Store) CheckKey(ctx context.Context) error {
	var id int64
	err := s.reader.QueryRowContext(ctx, "SELECT id FROM private LIMIT 1").Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		if s.seal == nil {
			return ErrNoKey
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("outbox key: %w", named(err))
	}
	_, err = s.readPrivate(s.reader.QueryRowContext(ctx, "SELECT id, kind, body, created_at FROM private WHERE id = ?", id).Scan)
	return err
}
