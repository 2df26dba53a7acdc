package link_test

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/link"
	"taxiterminal/fleet/link/linktest"
)

// TestALinkThatIsClosedIsNotReportedAsLost: who reads the log of an orderly stop must not
// look for a fault. A link that is lost is one.
func TestALinkThatIsClosedIsNotReportedAsLost(t *testing.T) {
	w := linktest.New(t, 1)
	var log written
	car, line := w.Car(t, w.Terminals[0], func(c *link.Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	})
	line.Cut()
	linktest.Eventually(t, func() bool { return !car.State().Up && log.String() != "" })
	require.Contains(t, log.String(), "gateway link down")
	line.Mend()
	linktest.WaitUp(t, car)
	before := log.String()
	car.Close()
	require.False(t, car.State().Up)
	require.Equal(t, before, log.String())
}

// written is a log that is read while it is written.
type written struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}
