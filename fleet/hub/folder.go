package hub

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Conditions under which the folder cannot be used. An operator can act on each.
var (
	ErrInUse    = errors.New("folder is in use by another gateway")
	ErrStoreKey = errors.New("store key is not the one that the folder was written with")
	ErrNewer    = errors.New("folder was written by a newer version")
)

// markVersion is that of the layout of the folder.
const markVersion = 1

// mark is what the folder remembers about itself.
type mark struct {
	V   int    `json:"v"`
	Key string `json:"key,omitempty"` // fingerprint of the store key
}

// folder is the embedded server's place on the disk, locked while it is used.
type folder struct {
	path string
	lock *os.File
}

// openFolder makes, locks and checks the folder.
func openFolder(path, storeKey string) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock folder: %w", err)
	}
	f := &folder{path, lock}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrInUse
		}
		return nil, fmt.Errorf("lock folder %s: %w", path, err)
	}
	if err := f.checkKey(storeKey); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *folder) close() { _ = f.lock.Close() } // the lock goes with it

// checkKey compares the key with the one that the folder was written with. A server
// with a wrong key would come up without the streams that it cannot read.
func (f *folder) checkKey(storeKey string) error {
	have, err := f.read()
	want := mark{V: markVersion, Key: fingerprint(storeKey)}
	switch {
	case err != nil:
		return err
	case have.V > markVersion:
		return fmt.Errorf("open folder %s: %w; install the version that wrote it, or a later one", f.path, ErrNewer)
	case have.Key != "" && have.Key != want.Key:
		return fmt.Errorf("open folder %s: %w; put the former key back", f.path, ErrStoreKey)
	case have == want:
		return nil
	}
	return f.write(want)
}

func (f *folder) file() string { return filepath.Join(f.path, "hub.json") }

func (f *folder) read() (mark, error) {
	text, err := os.ReadFile(f.file())
	if errors.Is(err, fs.ErrNotExist) {
		return mark{}, nil
	}
	var m mark
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return mark{}, fmt.Errorf("read folder: %w; %s tells which key the folder needs, put it back from a backup", err, f.file())
	}
	return m, nil
}

// write replaces the file by one that is flushed.
func (f *folder) write(m mark) error {
	text, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("mark folder: %w", err)
	}
	if err := writeFlushed(f.file()+".new", text); err != nil {
		return fmt.Errorf("mark folder: %w", err)
	}
	if err := os.Rename(f.file()+".new", f.file()); err != nil {
		return fmt.Errorf("mark folder: %w", err)
	}
	dir, err := os.Open(f.path)
	if err != nil {
		return fmt.Errorf("mark folder: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func writeFlushed(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// fingerprint names a key without giving it away; empty for none.
func fingerprint(key string) string {
	if key == "" {
		return ""
	}
	sum := hmac.New(sha256.New, []byte(key))
	sum.Write([]byte("taxi terminal: fingerprint of a hub's store key"))
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
