package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/journal"
	"taxiterminal/fleet/link"
	"taxiterminal/fleet/link/linktest"
	"taxiterminal/outbox"
)

// office reads the stream and answers hellos until the test ends.
func office(t testing.TB, w *linktest.World) *journal.Journals {
	t.Helper()
	nc := w.Gateway(t)
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	j := journal.New(journal.Config{JS: js})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := j.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	<-j.Ready()
	wg.Go(func() {
		err := link.Serve(ctx, nc, link.Handler{Hello: func(_ context.Context, terminal string, h link.Hello) (link.Welcome, error) {
			return link.Welcome{Settings: link.Settings{Vehicle: "T122", Limit: 500_000}, Known: j.Known(terminal, h.File)}, nil
		}}, link.ServeOptions{})
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return j
}

// uplink copies a store until stop is called.
func uplink(t testing.TB, car *link.Car, s link.Journal, o link.UplinkOptions) (u *link.Uplink, stop func()) {
	t.Helper()
	u = link.NewUplink(car, s, o)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = u.Run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	t.Cleanup(stop)
	return u, stop
}

func TestACarsJournalReachesTheOfficeWhateverTheLineDoes(t *testing.T) {
	w := linktest.New(t, 1)
	j := office(t, w)
	one := w.Terminals[0]
	car, line := w.Car(t, one)
	var u atomic.Pointer[link.Uplink]
	s := openStore(t, tempFile(t), outbox.Options{OnCommit: func(time.Duration, error) {
		if up := u.Load(); up != nil {
			up.Wake()
		}
	}})
	write(t, s, "T122", 100) // before it was ever connected
	var settings atomic.Value
	up, _ := uplink(t, car, s, link.UplinkOptions{Welcome: func(s link.Settings) { settings.Store(s) }})
	u.Store(up)
	arrives := func(n int64) {
		t.Helper()
		linktest.Eventually(t, func() bool { return j.Known(one.ID, s.ID()).Seq == n })
		linktest.Eventually(t, func() bool { s := up.Status(); return s.Known == n && !s.Broken && s.Err == nil })
	}
	arrives(600)
	require.Equal(t, link.Settings{Vehicle: "T122", Limit: 500_000}, settings.Load())

	for i := range 5 { // cut at any moment of the sending
		write(t, s, "T122", 20)
		line.Drop()
		linktest.WaitUp(t, car)
		arrives(int64(600 + (i+1)*120))
	}
	line.Cut()
	write(t, s, "T122", 10) // never waits
	line.Mend()
	arrives(1260)

	require.Len(t, j.Trips(journal.Query{}), 210)
	f := j.Files()[0]
	require.False(t, f.Broken || f.Missing)
	require.Zero(t, f.Waiting)
	state, rows, err := j.Trip(t.Context(), j.Trips(journal.Query{})[0].Reference+"-1")
	require.NoError(t, err)
	require.Len(t, rows, 6)
	require.EqualValues(t, 25000, state.Captured())
	_, _, err = j.Trip(t.Context(), "T122-ZZZZZ-0001")
	require.ErrorIs(t, err, journal.ErrNoTrip)

	again := office(t, w) // another gateway, or this one after a restart
	require.Equal(t, j.Trips(journal.Query{}), again.Trips(journal.Query{}))
	require.Equal(t, j.Known(one.ID, s.ID()), again.Known(one.ID, s.ID()))
}

func TestAFileThatWasPutBackIsNoticed(t *testing.T) {
	w := linktest.New(t, 1)
	j := office(t, w)
	car, _ := w.Car(t, w.Terminals[0])
	path := tempFile(t)
	s := openStore(t, path, outbox.Options{})
	write(t, s, "T122", 2)
	require.NoError(t, s.Close())
	old, err := os.ReadFile(path)
	require.NoError(t, err)
	s = openStore(t, path, outbox.Options{})
	write(t, s, "T122", 2)
	u, stop := uplink(t, car, s, link.UplinkOptions{})
	linktest.Eventually(t, func() bool { return j.Known(w.Terminals[0].ID, s.ID()).Seq == 24 })
	linktest.Eventually(t, func() bool { return u.Status().Known == 24 })
	stop()
	require.NoError(t, s.Close())
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		_ = os.Remove(name)
	}
	require.NoError(t, os.WriteFile(path, old, 0o600))

	s = openStore(t, path, outbox.Options{})
	write(t, s, "T122", 2) // other trips under the same numbers
	u, _ = uplink(t, car, s, link.UplinkOptions{})
	linktest.Eventually(t, func() bool { return u.Status().Broken })
	require.ErrorContains(t, u.Status().Err, "office")
	info, err := w.JS.Stream(t.Context(), link.Stream)
	require.NoError(t, err)
	require.EqualValues(t, 24, info.CachedInfo().State.Msgs, "nothing of it was sent")
}

// A row that the stream has already, sent again because its acknowledgement was lost,
// is dropped by the stream; one that only claims to be it is not.
func TestTheStreamKeepsWhatIsDifferent(t *testing.T) {
	w := linktest.New(t, 1)
	one := w.Terminals[0]
	nc, err := nats.Connect(w.Server.ClientURL(), nats.Nkey(one.ID, one.Sign), nats.CustomInboxPrefix(link.InboxPrefix(one.ID)))
	require.NoError(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	c := newCar(t, "T122", "K7Q2X")
	c.begin()
	other := c.rows[0]
	other.Hash = append([]byte{other.Hash[0] + 1}, other.Hash[1:]...)
	for i, r := range []link.Row{c.rows[0], c.rows[0], other} {
		ack, err := js.Publish(t.Context(), link.JournalSubject(one.ID), r.Encode(), jetstream.WithMsgID(link.RowID(r)))
		require.NoError(t, err)
		require.Equal(t, i == 1, ack.Duplicate)
	}
}

// That the registry cannot be asked for a moment is no reason to doubt a trip for ever.
func TestATripIsNotDoubtedBecauseTheRegistryIsAway(t *testing.T) {
	w := linktest.New(t, 1)
	one := w.Terminals[0]
	c := newCar(t, "T122", "K7Q2X")
	c.paid(25000)
	for _, r := range c.rows {
		_, err := w.JS.Publish(t.Context(), link.JournalSubject(one.ID), r.Encode(), jetstream.WithMsgID(link.RowID(r)))
		require.NoError(t, err)
	}
	var asked atomic.Int32
	j := journal.New(journal.Config{JS: w.JS, Bound: func(string, string) (bool, error) {
		if asked.Add(1) == 1 {
			return false, errors.New("no quorum")
		}
		return true, nil
	}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { _ = j.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	linktest.Eventually(t, func() bool { return len(j.Trips(journal.Query{})) == 1 })
	require.Empty(t, j.Trips(journal.Query{})[0].Problem)
	require.EqualValues(t, 2, asked.Load())
}

// BenchmarkStart is what a gateway with 100,000 rows needs until it can answer.
func BenchmarkStart(b *testing.B) {
	w := linktest.New(b, 1)
	one := w.Terminals[0]
	c := newCar(b, "T122", "K7Q2X")
	for len(c.rows) < 100_000 {
		c.paid(25000)
	}
	var last jetstream.PubAckFuture
	for _, r := range c.rows {
		var err error
		last, err = w.JS.PublishAsync(link.JournalSubject(one.ID), r.Encode(), jetstream.WithMsgID(link.RowID(r)), jetstream.WithStallWait(10*time.Second))
		require.NoError(b, err)
	}
	<-last.Ok()
	trips := len(c.trips)
	c = nil
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var j *journal.Journals
	for b.Loop() {
		j = journal.New(journal.Config{JS: w.JS})
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan struct{})
		go func() { _ = j.Run(ctx); close(done) }()
		<-j.Ready()
		cancel()
		<-done
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(trips), "B/trip")
	require.Len(b, j.Trips(journal.Query{}), trips, fmt.Sprint(j.Files()))
}
