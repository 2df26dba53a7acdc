package fleet

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// programs is the folder of the real programs, built with the race detector if the
// tests are.
var programs string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "taxisim-fleet-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programs = dir
	args := []string{"build", "-o", dir + "/", "-ldflags", "-s -w -X main.version=v0.0-test"}
	if underRace {
		args = append(args, "-race")
		// Each command would wait a second at its end.
		if err := os.Setenv("GORACE", "atexit_sleep_ms=50"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	args = append(args, "taxiterminal/cmd/taxiterm", "taxiterminal/cmd/taxifleet")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build programs: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// log keeps what the programs write, for when a test fails.
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

// showOnFailure prints the last of the log when the test has failed, and always looks
// for what must not be in it.
func (l *log) showOnFailure(t testing.TB) {
	text := l.String()
	if t.Failed() {
		t.Logf("the programs' log:\n%s", text[max(0, len(text)-9000):])
	}
	for _, secret := range []string{"DATA RACE", "qr.vipps.no", "simulator-client-secret", "/p/", "simulator-store-key"} {
		require.NotContains(t, text, secret)
	}
}

func ordinary(t testing.TB) Options {
	l := &log{}
	t.Cleanup(func() { l.showOnFailure(t) })
	return Options{Dir: t.TempDir(), Terminal: programs + "/taxiterm", Gateway: programs + "/taxifleet", Log: l}
}

func withTimeout(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}
