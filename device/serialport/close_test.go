package serialport

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.bug.st/serial"
)

// drainingUART is a port whose close waits for output that nobody takes.
type drainingUART struct {
	serial.Port
	flushed bool
	drained chan struct{}
}

func (p *drainingUART) ResetOutputBuffer() error { p.flushed = true; return nil }
func (p *drainingUART) Close() error             { <-p.drained; return nil }

func TestCloseHasABound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Log: slog.New(slog.DiscardHandler)})
		uart := &drainingUART{drained: make(chan struct{})}
		began := time.Now()
		s.close(&Port{raw: uart, lock: -1})
		require.Equal(t, closeLimit, time.Since(began))
		time.AfterFunc(time.Second, func() { close(uart.drained) })
		s.waitClosers()
		require.Equal(t, closeLimit+time.Second, time.Since(began), "the end waits for slow closings")
		require.True(t, uart.flushed, "output is thrown away first")
	})
}
