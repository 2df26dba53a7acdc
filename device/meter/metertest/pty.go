package metertest

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/device/serialport"
	"taxiterminal/device/serialport/ptycable"
)

// ptyPatience is how long the kernel and a busy machine may take for one step.
const ptyPatience = 10 * time.Second

// testPTY plays the day on a pseudo-terminal, through the supervised port, and pulls
// the cable once, in real time.
func testPTY(t *testing.T, s Subject, want reference) {
	t.Parallel()
	r := newRig(t, s)
	told := make(chan meter.Event, 1024)
	cable := ptycable.New(filepath.Join(t.TempDir(), "ttyMETER"))
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer func() { cancel(); require.NoError(t, cable.Pull()); wg.Wait() }()
	unplugged := make(chan struct{}, 1)
	plug := func() {
		meterEnd, err := cable.Plug()
		require.NoError(t, err)
		wg.Go(func() { _ = r.meter.Run(ctx, meterEnd); unplugged <- struct{}{} })
	}
	plug()
	reading, once := make(chan struct{}), sync.Once{}
	wg.Go(func() {
		line := serialport.Line{Baud: 115200, DataBits: 8, Parity: serialport.NoParity, StopBits: 1}
		port := serialport.New(serialport.Config{Path: cable.Link(), Line: line, Log: quiet})
		_ = port.Run(ctx, func(ctx context.Context, p *serialport.Port) error {
			once.Do(func() { close(reading) })
			return r.driver.Run(ctx, p, func(e meter.Event) { r.tell(e); told <- e })
		})
	})
	w := &waiter{t: t, told: told, soFar: func() string { return list(r.told()) }}
	<-reading // what comes before the port is open is lost
	w.playAlong(r, day, want)
	r.check()

	if !r.driver.Capabilities().LiveState {
		return
	}
	mark := len(r.told())
	r.press(hire)
	w.until(meter.PositionChanged{Position: meter.Hired})
	require.NoError(t, cable.Pull())
	<-unplugged
	plug()
	w.until(meter.PositionChanged{Position: meter.Hired, Resync: true})
	r.press(fare(9999))
	r.press(stop)
	r.press(vacate)
	w.until(meter.PositionChanged{Position: meter.ForHire})
	requireSound(t, r.told()[mark:], s.round(9999))
	r.check()
}

// waiter takes events as they come.
type waiter struct {
	t     *testing.T
	told  <-chan meter.Event
	soFar func() string
}

// next is the next event that says something about a trip.
func (w *waiter) next() meter.Event {
	w.t.Helper()
	timeout := time.After(ptyPatience)
	for {
		select {
		case e := <-w.told:
			if len(news([]meter.Event{e})) > 0 {
				return e
			}
		case <-timeout:
			require.Fail(w.t, "nothing was told", "so far:\n%s", w.soFar())
		}
	}
}

// until waits for one event and lets all others pass.
func (w *waiter) until(want meter.Event) {
	w.t.Helper()
	for e := w.next(); e != want; {
		e = w.next()
	}
}

// playAlong presses a key, waits for what it leads to, and presses the next.
func (w *waiter) playAlong(r *rig, keys []key, want reference) {
	w.t.Helper()
	i := 0
	take := func(n int) {
		for ; i < n; i++ {
			require.Equal(w.t, show(want.events[i]), show(w.next()), "event %d", i)
		}
	}
	take(want.marks[0])
	for k, key := range keys {
		r.press(key)
		take(want.marks[k+1])
	}
}
