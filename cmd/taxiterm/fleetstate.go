package main

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/nats-io/nkeys"

	"taxiterminal/config"
	"taxiterminal/fleet/link"
	"taxiterminal/money"
)

// enrolment is who this terminal is to its fleet's gateway, and what the gateway has
// said last, so that claims can be made after a start without a network. It is the
// file of config.Fleet.State. The secret is in the file and nowhere else.
type enrolment struct {
	V         int            `json:"v"` // 1
	Server    string         `json:"server"`
	URLs      []string       `json:"urls"`
	CA        string         `json:"ca,omitempty"` // PEM; empty: publicly known
	Terminal  string         `json:"terminal"`
	Vehicle   string         `json:"vehicle"`
	Currency  money.Currency `json:"currency,omitempty"`
	ClaimHost string         `json:"claim_host,omitempty"`
	Secret    []byte         `json:"confirm_secret,omitempty"`
}

func (e enrolment) String() string {
	return "terminal " + e.Terminal + " of " + e.Vehicle + " at " + e.Server
}

// Format writes String for every verb.
func (e enrolment) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.String()) }

// LogValue is String.
func (e enrolment) LogValue() slog.Value { return slog.StringValue(e.String()) }

// told is the enrolment with what the gateway decides now. What is empty is not
// decided, and stays.
func (e enrolment) told(s link.Settings) enrolment {
	if s.Currency != "" {
		e.Currency = s.Currency
	}
	if s.ClaimHost != "" {
		e.ClaimHost = s.ClaimHost
	}
	if len(s.ConfirmSecret) > 0 {
		e.Secret = s.ConfirmSecret
	}
	return e
}

var errNotEnrolled = errors.New("this terminal is not enrolled with a gateway; run taxiterm enroll")

const stateVersion = 1

// stateFile keeps an enrolment, and the key beside it: device.key, or device.key.new
// for one that no gateway has taken yet. Which of the two counts is said by the
// enrolment, which names the terminal, so one rename changes both at once.
type stateFile struct{ path string }

func (f stateFile) key() string    { return filepath.Join(filepath.Dir(f.path), "device.key") }
func (f stateFile) newKey() string { return f.key() + ".new" }
func (f stateFile) exists() bool   { _, err := os.Lstat(f.path); return !errors.Is(err, fs.ErrNotExist) }
func aside(path string) string     { return path + ".old" }
func credentialKey() (string, bool) {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	path := filepath.Join(dir, config.FleetKey)
	_, err := os.Stat(path)
	return path, dir != "" && err == nil
}

// load reads the enrolment and its key. The error is errNotEnrolled if there is none.
func (f stateFile) load() (enrolment, deviceKey, error) {
	if !f.exists() {
		return enrolment{}, deviceKey{}, errNotEnrolled
	}
	text, err := readPrivate(f.path)
	if err != nil {
		return enrolment{}, deviceKey{}, err
	}
	var e enrolment
	if err := json.Unmarshal(text, &e); err != nil || e.V != stateVersion || !link.ValidTerminal(e.Terminal) {
		return enrolment{}, deviceKey{}, fmt.Errorf("enrolment %s: not one, or another version's; enrol this terminal anew", f.path)
	}
	k, err := f.keyOf(e.Terminal)
	return e, k, err
}

// keyOf finds the key of a terminal.
func (f stateFile) keyOf(terminal string) (deviceKey, error) {
	paths := []string{f.key(), f.newKey()}
	if path, ok := credentialKey(); ok {
		paths = []string{path}
	}
	errs := []error{fmt.Errorf("the key of %s is not there; enrol this terminal anew", terminal)}
	for _, path := range paths {
		k, err := readKey(path)
		switch {
		case err == nil && k.terminal == terminal:
			return k, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			errs = append(errs, err)
		}
	}
	return deviceKey{}, errors.Join(errs...)
}

// pending is the key to enrol with: the credential, one that an earlier try has left,
// or a new one. It is on the disk before any gateway hears of it.
func (f stateFile) pending() (deviceKey, error) {
	if path, ok := credentialKey(); ok {
		return readKey(path)
	}
	k, err := readKey(f.newKey())
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	pair, err := nkeys.CreateUser()
	if err != nil {
		return deviceKey{}, fmt.Errorf("terminal key: %w", err)
	}
	seed, err := pair.Seed()
	if err != nil {
		return deviceKey{}, fmt.Errorf("terminal key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return deviceKey{}, fmt.Errorf("terminal key: %w", err)
	}
	if err := writePrivate(f.newKey(), append(seed, '\n')); err != nil {
		return deviceKey{}, err
	}
	return readKey(f.newKey())
}

// discard forgets a key that no gateway wants.
func (f stateFile) discard() { _ = os.Remove(f.newKey()) }

// take makes an enrolment the one that counts and keeps the old one aside.
func (f stateFile) take(e enrolment) error {
	for _, path := range []string{f.path, f.key()} {
		if err := copyAside(path); err != nil {
			return err
		}
	}
	if err := f.save(e); err != nil {
		return err
	}
	err := os.Rename(f.newKey(), f.key())
	if errors.Is(err, fs.ErrNotExist) { // the key is a credential
		return nil
	}
	return err
}

// save writes the enrolment.
func (f stateFile) save(e enrolment) error {
	e.V = stateVersion
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return fmt.Errorf("enrolment write: %w", err)
	}
	return writePrivate(f.path, append(text, '\n'))
}

func copyAside(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("old enrolment keep: %w", err)
	}
	return writePrivate(aside(path), text)
}

// deviceKey is the terminal's own key. It prints as the terminal's name.
type deviceKey struct {
	terminal string
	pair     nkeys.KeyPair
}

// Format writes the public key for every verb.
func (k deviceKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.terminal) }

// public are the 32 bytes of the public key.
func (k deviceKey) public() (ed25519.PublicKey, error) {
	raw, err := nkeys.Decode(nkeys.PrefixByteUser, []byte(k.terminal))
	if err != nil {
		return nil, fmt.Errorf("terminal key: %w", err)
	}
	return raw, nil
}

func readKey(path string) (deviceKey, error) {
	text, err := readPrivate(path)
	if err != nil {
		return deviceKey{}, err
	}
	seed := []byte(strings.TrimSpace(string(text)))
	terminal, _, err := link.FromSeed(seed)
	if err != nil {
		return deviceKey{}, fmt.Errorf("%s: %w", path, err)
	}
	pair, err := nkeys.FromSeed(seed)
	return deviceKey{terminal, pair}, err
}

// readPrivate reads a file that nobody but its owner may read. What systemd hands over
// is its to guard.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if info.Mode().Perm()&0o077 != 0 && (dir == "" || filepath.Dir(path) != filepath.Clean(dir)) {
		return nil, fmt.Errorf("%s: others may read it (mode %04o); run chmod 600 %s", path, info.Mode().Perm(), path)
	}
	return os.ReadFile(path)
}

// giveTo lets a file belong to the owner of its folder, so that root can enrol a
// terminal that the daemon's user runs.
func giveTo(dir, file *os.File) error {
	info, err := dir.Stat()
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return file.Chown(int(owner.Uid), int(owner.Gid))
}

// writePrivate replaces a file at once or not at all, and is back when it is on the
// disk.
func writePrivate(path string, text []byte) (err error) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	tmp, err := os.CreateTemp(dir.Name(), ".taxiterm-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name())
		}
	}()
	if err := giveTo(dir, tmp); err != nil {
		return err
	}
	_, err = tmp.Write(text)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("%s write: %w", path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return dir.Sync()
}
