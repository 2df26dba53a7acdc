package control

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func position(s string) MeterEvent { return MeterEvent{Kind: KindPosition, State: s} }

func TestAFeedNeverWaitsAndSaysWhatWasLost(t *testing.T) {
	t.Parallel()
	var f Feed
	f.Tell(position("hired")) // nobody listens
	events, stop, ok := f.listen()
	require.True(t, ok)
	e := <-events
	require.True(t, e.Now)
	require.Equal(t, "hired", e.State)
	for range listenerQueue + 5 {
		f.Tell(MeterEvent{Kind: KindRunning, Running: &RunningFare{Fare: 100}})
	}
	for range listenerQueue {
		require.Zero(t, (<-events).Lost)
	}
	f.Tell(position("stopped"))
	f.Tell(position("for_hire"))
	e = <-events
	require.Equal(t, 5, e.Lost)
	require.False(t, e.Now)
	require.Zero(t, (<-events).Lost, "said once")
	stop()
	f.Tell(position("hired"))
	require.Empty(t, events)
}

func TestAFeedBeginsWithHowThingsAre(t *testing.T) {
	t.Parallel()
	begin := func(f *Feed) (states []string) {
		events, stop, ok := f.listen()
		require.True(t, ok)
		defer stop()
		for len(events) > 0 {
			states = append(states, (<-events).State)
		}
		return states
	}
	var f Feed
	require.Empty(t, begin(&f))
	f.Tell(MeterEvent{Kind: KindLine, State: "open"})
	f.Tell(position("hired"))
	f.Tell(MeterEvent{Kind: KindHealth, State: "ok"})
	f.Tell(MeterEvent{Kind: KindRecord, Record: &MeterRecord{Total: 100}})
	f.Tell(position("stopped"))
	require.Equal(t, []string{"open", "ok", "stopped"}, begin(&f))
	f.Tell(MeterEvent{Kind: KindLine, State: "lost"})
	require.Equal(t, []string{"lost"}, begin(&f), "nothing is known of a meter that is not there")
}

func TestAFeedHasFewListeners(t *testing.T) {
	t.Parallel()
	var f Feed
	var stops []func()
	for range maxListeners {
		_, stop, ok := f.listen()
		require.True(t, ok)
		stops = append(stops, stop)
	}
	_, _, ok := f.listen()
	require.False(t, ok)
	stops[3]()
	_, _, ok = f.listen()
	require.True(t, ok)
}

// served is a server with little behind it, and a client of it. end ends it.
func served(t *testing.T, o Options) (c *Client, end func() error) {
	o.Log = slog.New(slog.DiscardHandler)
	socket := filepath.Join(t.TempDir(), "s")
	door, err := Open(socket, New(o))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- door.Run(ctx) }()
	return NewClient(socket), func() error { cancel(); return <-ended }
}

func TestWatchingEndsWithTheTerminal(t *testing.T) {
	t.Parallel()
	f := &Feed{}
	f.Tell(position("hired"))
	c, end := served(t, Options{Meter: f})
	seen, watched := make(chan MeterEvent), make(chan error, 1)
	go func() { watched <- c.WatchMeter(t.Context(), func(e MeterEvent) error { seen <- e; return nil }) }()
	require.True(t, (<-seen).Now)
	record := &MeterRecord{Final: true, Total: 28650, Doubts: []string{"read_after_gap"}}
	f.Tell(MeterEvent{At: time.Unix(1, 0).UTC(), Kind: KindRecord, Record: record})
	require.Equal(t, MeterEvent{At: time.Unix(1, 0).UTC(), Kind: KindRecord, Record: record}, <-seen)
	began := time.Now()
	require.NoError(t, end(), "nobody who watches holds the terminal up")
	require.Less(t, time.Since(began), time.Second)
	require.ErrorIs(t, <-watched, io.EOF)
}

func TestWatchingEndsAsItsUserWants(t *testing.T) {
	t.Parallel()
	f := &Feed{}
	f.Tell(position("hired"))
	c, end := served(t, Options{Meter: f})
	enough := errors.New("enough")
	require.ErrorIs(t, c.WatchMeter(t.Context(), func(MeterEvent) error { return enough }), enough)
	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, c.WatchMeter(ctx, func(MeterEvent) error { cancel(); return nil }), context.Canceled)
	require.NoError(t, end())
	require.ErrorIs(t, c.WatchMeter(t.Context(), nil), ErrNotRunning)
}

func TestWhatCannotBeWatchedOrExaminedSaysSo(t *testing.T) {
	t.Parallel()
	c, end := served(t, Options{})
	require.ErrorContains(t, c.WatchMeter(t.Context(), nil), "no meter to watch")
	_, err := c.Doctor(t.Context())
	require.ErrorContains(t, err, "nothing can be examined")
	require.NoError(t, end())

	f := &Feed{}
	for range maxListeners {
		_, _, _ = f.listen()
	}
	want := []Check{{CheckClock, CheckFault, "an hour behind", "set it"}, {Name: CheckLine, State: CheckOK, Detail: "open"}}
	c, end = served(t, Options{Meter: f, Examine: func(ctx context.Context) []Check {
		_, bounded := ctx.Deadline()
		require.True(t, bounded)
		return want
	}})
	var refused *Error
	require.ErrorAs(t, c.WatchMeter(t.Context(), nil), &refused)
	require.Equal(t, 503, refused.Status)
	checks, err := c.Doctor(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, checks)
	require.NoError(t, end())
}
