// Package clock gives a program of ours a wall clock that a test can set, wrong by years
// and while it runs. It is a test kit: the program is built from its own source, but the
// standard library's time.Now adds a number of seconds that it reads from a file in
// memory. The monotonic clock is the machine's, as it is when a real one is set.
package clock

import (
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"go/build"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed warp.go.txt
var warp string

// variable names the file, for warp.go.txt.
const variable = "TAXI_CLOCK"

// ErrUnknown means that this Go's time.Now is not as it was when the kit was written.
var ErrUnknown = errors.New("clock: time.Now is another one in this version of Go; look at sim/clock")

const (
	before = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
	after  = before + "\tsec += warped()\n"
)

// Build builds packages into dir, with a clock that can be set. Each file of dir is named
// as its package.
func Build(dir string, packages ...string) error {
	overlay, err := overlay(dir)
	if err != nil {
		return err
	}
	args := append([]string{"build", "-overlay", overlay, "-o", dir + "/", "-ldflags", "-s -w -X main.version=v0.0-test"}, packages...)
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("clock: build: %w: %s", err, out)
	}
	return nil
}

// overlay writes the changed source and the file that says so to the go command.
func overlay(dir string) (string, error) {
	folder := filepath.Join(build.Default.GOROOT, "src", "time")
	original := filepath.Join(folder, "time.go")
	source, err := os.ReadFile(original)
	if err != nil {
		return "", fmt.Errorf("clock: %w", err)
	}
	if strings.Count(string(source), before) != 1 {
		return "", ErrUnknown
	}
	changed, added := filepath.Join(dir, "time.go.txt"), filepath.Join(dir, "warp.go.txt")
	table, err := json.Marshal(map[string]any{"Replace": map[string]string{original: changed, filepath.Join(folder, "warp.go"): added}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, errors.Join(
		os.WriteFile(changed, []byte(strings.Replace(string(source), before, after, 1)), 0o600),
		os.WriteFile(added, []byte(warp), 0o600),
		os.WriteFile(path, table, 0o600))
}

// Clock is the wall clock of such programs.
type Clock struct{ file *os.File }

// New makes a clock that is right.
func New(path string) (*Clock, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("clock: %w", err)
	}
	c := &Clock{f}
	return c, c.Set(0)
}

// Env is for the environment of a program whose clock this is.
func (c *Clock) Env() string { return variable + "=" + c.file.Name() }

// Set puts the clock ahead by so much, in whole seconds; behind if it is negative.
func (c *Clock) Set(ahead time.Duration) error {
	_, err := c.file.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(int64(ahead/time.Second))), 0)
	return err
}

// At sets the clock to a time of day.
func (c *Clock) At(t time.Time) error {
	return c.Set(time.Duration(t.Unix()-time.Now().Unix()) * time.Second)
}

// Close ends the setting of it; programs that run keep the last.
func (c *Clock) Close() error { return c.file.Close() }
