package vehicle

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var (
	noon = time.Date(2027, 5, 1, 12, 0, 0, 0, time.UTC)
	past = time.Date(1970, 1, 1, 0, 0, 10, 0, time.UTC) // a board without a battery
)

// step is one step in the life of a clock: a server's Date, or none, after the car's
// clocks went on.
type step struct {
	mono, wall time.Duration // since the process began
	server     time.Time     // zero: nothing heard
	want       time.Time
	trusted    bool
}

func TestClock(t *testing.T) {
	const s, m, h = time.Second, time.Minute, time.Hour
	for name, steps := range map[string][]step{
		"nothing heard": {{want: past}, {mono: h, wall: h, want: past.Add(h)}},
		"heard once": {
			{server: noon, want: noon, trusted: true},
			{mono: h, wall: h, want: noon.Add(h), trusted: true},
		},
		"of two that agree the later counts": {
			{server: noon, want: noon, trusted: true},
			{mono: m, wall: m, server: noon.Add(m + 2*s), want: noon.Add(m + 2*s), trusted: true},
			{mono: 2 * m, wall: 2 * m, server: noon.Add(2*m - 20*s), want: noon.Add(2*m + 2*s), trusted: true},
		},
		"a crystal that runs fast": {
			{server: noon, want: noon, trusted: true},
			{mono: 59 * m, wall: 59 * m, server: noon.Add(59*m - 5*s), want: noon.Add(59 * m), trusted: true},
			{mono: 61 * m, wall: 61 * m, server: noon.Add(61*m - 5*s), want: noon.Add(61*m - 5*s), trusted: true},
		},
		"the wall clock is set, then heard": {
			{server: noon, want: noon, trusted: true},
			{mono: m, wall: 50 * 365 * 24 * h, want: noon.Add(m)},
			{mono: 2 * m, wall: 50*365*24*h + m, server: noon.Add(2 * m), want: noon.Add(2 * m), trusted: true},
			{mono: 3 * m, wall: 50*365*24*h + 2*m, want: noon.Add(3 * m), trusted: true},
		},
		"asleep for the night": {
			{server: noon, want: noon, trusted: true},
			{mono: m, wall: 8 * h, want: noon.Add(m)},
			{mono: 2 * m, wall: 8*h + m, server: noon.Add(8*h + m), want: noon.Add(8*h + m), trusted: true},
		},
		"one that contradicts makes doubt, two convince": {
			{server: noon, want: noon, trusted: true},
			{mono: m, wall: m, server: noon.Add(9 * h), want: noon.Add(m)},
			{mono: 2 * m, wall: 2 * m, server: noon.Add(9*h + m), want: noon.Add(9*h + m), trusted: true},
			{mono: 3 * m, wall: 3 * m, server: noon.Add(3 * m), want: noon.Add(9*h + 2*m)},
			{mono: 4 * m, wall: 4 * m, server: noon.Add(4 * m), want: noon.Add(4 * m), trusted: true},
		},
		"one that contradicts alone is forgotten": {
			{server: noon, want: noon, trusted: true},
			{mono: m, wall: m, server: noon.Add(-9 * h), want: noon.Add(m)},
			{mono: 2 * m, wall: 2 * m, server: noon.Add(2 * m), want: noon.Add(2 * m), trusted: true},
			{mono: 3 * m, wall: 3 * m, server: noon.Add(-9*h + 3*m), want: noon.Add(3 * m)},
		},
		"three that all differ": {
			{server: noon, want: noon, trusted: true},
			{mono: m, wall: m, server: noon.Add(9 * h), want: noon.Add(m)},
			{mono: 2 * m, wall: 2 * m, server: noon.Add(5 * h), want: noon.Add(2 * m)},
		},
		"absurd": {
			{server: past, want: past},
			{server: noon, want: noon, trusted: true},
			{mono: m, wall: m, server: past, want: noon.Add(m), trusted: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var c Clock
			for i, step := range steps {
				r := reading{past.Add(step.wall), step.mono}
				if !step.server.IsZero() {
					c.hear(step.server, r)
				}
				got, trusted := c.now(r)
				require.Equal(t, step.want, got, "step %d", i)
				require.Equal(t, step.trusted, trusted, "step %d", i)
			}
		})
	}
}

func TestClockReadsRealTimes(t *testing.T) {
	var c Clock
	at := time.Now()
	got, trusted := c.Now(at)
	require.Equal(t, at.Round(0).UTC(), got)
	require.False(t, trusted)

	c.Heard(noon.In(time.FixedZone("", 7200)), at.Add(time.Second))
	got, trusted = c.Now(at.Add(time.Hour))
	require.Equal(t, noon.Add(time.Hour-time.Second), got)
	require.Equal(t, time.UTC, got.Location())
	require.True(t, trusted)
}

// TestClockIsNeverFarOff: as long as servers tell the truth and answers take less
// than half a minute, a time that is trusted is right, whatever happens to the car but
// a clock that is set back by what it has slept.
func TestClockIsNeverFarOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Clock
		r := reading{wall: past}
		truth := noon
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			d := time.Duration(rapid.IntRange(0, 7200).Draw(t, "seconds")) * time.Second
			truth = truth.Add(d)
			r.wall = r.wall.Add(d)
			switch rapid.SampledFrom([]string{"drive", "drive", "sleep", "set", "hear", "hear"}).Draw(t, "what") {
			case "sleep": // the monotonic clock stands still
			case "set":
				r.wall = r.wall.Add(time.Duration(rapid.IntRange(0, 90000).Draw(t, "set by")) * time.Second)
				r.mono += d
			case "hear":
				r.mono += d
				late := time.Duration(rapid.IntRange(0, 30000).Draw(t, "late")) * time.Millisecond
				c.hear(truth.Add(-late).Truncate(time.Second), r)
			default:
				r.mono += d
			}
			if got, trusted := c.now(r); trusted {
				require.InDelta(t, 0, truth.Sub(got).Seconds(), 31+float64(agreement/time.Second))
			}
		}
	})
}
