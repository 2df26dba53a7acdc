package sim

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	days       = flag.Int("days", 1, "how many trips are driven under a mix of bad networks; with more than one, slow ones are tried too")
	everywhere = flag.Bool("everywhere", false, "TestScenarios plays every trip on every meter that can do it")
	seed       = flag.Uint64("seed", 0, "of power cuts and the mix of bad networks; 0 draws one")
)

// program is the real taxiterm, built with the race detector if the tests are.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "taxisim-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "taxiterm")
	args := []string{"build", "-o", program, "-ldflags", "-s -w -X main.version=v0.0-test"}
	if underRace {
		args = append(args, "-race")
		// Each command would wait a second at its end.
		if err := os.Setenv("GORACE", "atexit_sleep_ms=50"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	} else {
		args = append(args, "-trimpath") // the very program that make build makes, whose size is measured
	}
	if out, err := exec.Command("go", append(args, "taxiterminal/cmd/taxiterm")...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build taxiterm: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// log keeps what the daemon writes, for when a test fails.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// showOnFailure prints the last of the log when the test has failed, and always
// looks for what must not be in it.
func (l *log) showOnFailure(t testing.TB) {
	text := l.String()
	if t.Failed() {
		t.Logf("the daemon's log:\n%s", text[max(0, len(text)-6000):])
	}
	require.NotContains(t, text, "DATA RACE")
	require.NotContains(t, text, "qr.vipps.no")
	require.NotContains(t, text, "simulator-client-secret")
}

func ordinary(t testing.TB) (Options, *log) {
	l := &log{}
	t.Cleanup(func() { l.showOnFailure(t) })
	return Options{Dir: t.TempDir(), Terminal: program, Log: l}, l
}

func withTimeout(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// started is a taxi whose daemon runs.
func started(t testing.TB, change func(*Options)) *Trip {
	o, _ := ordinary(t)
	if change != nil {
		change(&o)
	}
	taxi, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taxi.Close()) })
	require.NoError(t, taxi.Daemon.Start(withTimeout(t, time.Minute)))
	trip := taxi.Watch()
	t.Cleanup(trip.Close)
	return trip
}
