package meter

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// watch drives a monitor second by second.
type watch struct {
	*Monitor
	now time.Time
	got []HealthState
}

func newWatch(liveness time.Duration) *watch {
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	return &watch{Monitor: NewMonitor(liveness, now), now: now}
}

// during lets pass n seconds, each with the same counts, in ten ticks.
func (w *watch) during(n, bytes, frames, discarded int) *watch {
	for range n {
		w.see(bytes, frames, discarded)
		for range 10 {
			w.now = w.now.Add(100 * time.Millisecond)
			w.see(0, 0, 0)
		}
	}
	return w
}

func (w *watch) see(bytes, frames, discarded int) {
	if h, changed := w.Observe(w.now, bytes, frames, discarded); changed {
		w.got = append(w.got, h.State)
	}
}

func TestMonitor(t *testing.T) {
	t.Parallel()
	const alive = 35 * time.Second
	for name, c := range map[string]struct {
		play func() *watch
		want []HealthState
	}{
		"nothing known yet":       {func() *watch { return newWatch(alive).during(34, 0, 0, 0) }, nil},
		"first frame":             {func() *watch { return newWatch(alive).during(1, 8, 1, 0) }, []HealthState{HealthOK}},
		"silent from the start":   {func() *watch { return newWatch(alive).during(60, 0, 0, 0) }, []HealthState{HealthSilent}},
		"silence can be normal":   {func() *watch { return newWatch(0).during(1, 8, 1, 0).during(7200, 0, 0, 0) }, []HealthState{HealthOK}},
		"polls keep it alive":     {func() *watch { return polls(newWatch(alive), 10) }, []HealthState{HealthOK}},
		"silent, then back":       {func() *watch { return newWatch(alive).during(1, 8, 1, 0).during(40, 0, 0, 0).during(1, 8, 1, 0) }, []HealthState{HealthOK, HealthSilent, HealthOK}},
		"noise is no answer":      {func() *watch { return newWatch(alive).during(40, 0, 0, 0).during(1, 1, 0, 1) }, []HealthState{HealthSilent}},
		"29 s of bytes":           {func() *watch { return newWatch(alive).during(29, 40, 0, 40) }, nil},
		"31 s of bytes":           {func() *watch { return newWatch(alive).during(31, 40, 0, 40) }, []HealthState{HealthGarbled}},
		"one lucky frame":         {func() *watch { return newWatch(alive).during(31, 40, 0, 40).during(1, 8, 1, 0) }, []HealthState{HealthGarbled}},
		"baud rate put right":     {func() *watch { return newWatch(alive).during(31, 40, 0, 40).during(90, 8, 1, 0) }, []HealthState{HealthGarbled, HealthNoisy, HealthOK}},
		"garbled answers to poll": {func() *watch { return newWatch(alive).during(1, 6, 0, 6).during(29, 0, 0, 0).during(1, 6, 0, 6) }, []HealthState{HealthGarbled}},
		"ignition, twice":         {func() *watch { return newWatch(0).during(1, 2, 0, 2).during(45, 0, 0, 0).during(1, 2, 0, 2) }, nil},
		"noise an hour apart":     {func() *watch { return newWatch(0).during(1, 9, 0, 9).during(3600, 0, 0, 0).during(1, 9, 0, 9) }, nil},
		"a damaged frame now and then": {func() *watch {
			w := newWatch(alive)
			for range 20 {
				w.during(59, 21, 1, 0).during(1, 62, 1, 41)
			}
			return w
		}, []HealthState{HealthOK}},
		"noisy, then clean": {func() *watch {
			return newWatch(alive).during(5, 21, 1, 0).during(120, 40, 1, 19).during(90, 21, 1, 0)
		}, []HealthState{HealthOK, HealthNoisy, HealthOK}},
		"noise around the threshold does not flicker": {func() *watch {
			w := newWatch(alive).during(5, 21, 1, 0).during(10, 40, 1, 19)
			for range 50 {
				w.during(20, 21, 1, 0).during(1, 40, 1, 30)
			}
			return w
		}, []HealthState{HealthOK, HealthNoisy}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, c.play().got)
		})
	}
}

func polls(w *watch, n int) *watch {
	for range n {
		w.during(1, 8, 1, 0).during(29, 0, 0, 0)
	}
	return w
}

func TestMonitorDetailHelpsTheTechnician(t *testing.T) {
	t.Parallel()
	w := newWatch(35 * time.Second)
	var last Health
	for range 301 {
		if h, changed := w.Observe(w.now, 4, 0, 4); changed {
			last = h
		}
		w.now = w.now.Add(100 * time.Millisecond)
	}
	require.Equal(t, Health{HealthGarbled, "1204 bytes, no frame, in 30 s: check baud rate and parity"}, last)
	require.Equal(t, HealthGarbled, w.State())
}

// A change is told when, and only when, the state differs from the one told last.
func TestMonitorTellsChangesOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWatch(35 * time.Second)
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			before := w.State()
			bytes := rapid.SampledFrom([]int{0, 0, 1, 8, 300}).Draw(t, "bytes")
			frames := rapid.IntRange(0, bytes/6).Draw(t, "frames")
			h, changed := w.Observe(w.now, bytes, frames, rapid.IntRange(0, bytes-6*frames).Draw(t, "discarded"))
			if changed != (before != w.State()) || (changed && h.State != w.State()) || (changed && h.State == "") {
				t.Fatalf("from %q to %q: told %v %v", before, w.State(), h, changed)
			}
			w.now = w.now.Add(time.Duration(rapid.IntRange(0, 20000).Draw(t, "ms")) * time.Millisecond)
		}
	})
}
