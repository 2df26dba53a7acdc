package outbox

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// rig runs a store's delivery in a bubble of virtual time and keeps a log of the
// tries.
type rig struct {
	t     *testing.T
	s     *Store
	start time.Time

	mu    sync.Mutex
	tries []try
	reply func(Delivery) Verdict
	stop  func()
}

type try struct {
	key       string
	at        time.Duration
	uncertain bool
	n         int
}

var errNoNetwork = errors.New("no network")

func bubble(t *testing.T, f func(*testing.T, *rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, start: time.Now()}
		r.open(tempFile(t))
		defer r.close()
		f(t, r)
	})
}

func (r *rig) open(path string) {
	s, err := Open(r.t.Context(), path, Options{Backoff: func(n int) time.Duration { return time.Second << min(n-1, 6) }})
	require.NoError(r.t, err)
	r.s = s
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Run(ctx, r.handle) })
	r.stop = func() { cancel(); wg.Wait() }
}

func (r *rig) close() { r.stop(); require.NoError(r.t, r.s.Close()) }

func (r *rig) handle(_ context.Context, d Delivery) Verdict {
	r.mu.Lock()
	r.tries = append(r.tries, try{d.Key, time.Since(r.start), d.Uncertain, d.Try})
	reply := r.reply
	r.mu.Unlock()
	if reply != nil {
		return reply(d)
	}
	finish(r.t, r.s, d.ID)
	return Finished()
}

func (r *rig) answer(f func(Delivery) Verdict) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reply = f
}

func (r *rig) log() []try {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]try(nil), r.tries...)
}

func (r *rig) keys() (keys []string) {
	for _, t := range r.log() {
		keys = append(keys, t.key)
	}
	return keys
}

func TestOneStreamIsDeliveredInOrder(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		begin(t, r.s, "a", "b", "c")
		require.Equal(t, []string{"a", "b", "c"}, r.keys())
		require.Zero(t, r.s.Depth().Pending)
	})
}

func TestAStreamThatDoesNotGetThroughHoldsUpNoOther(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.answer(func(d Delivery) Verdict {
			if d.Key == "poison" {
				return Again(0, errNoNetwork)
			}
			finish(t, r.s, d.ID)
			return Finished()
		})
		begin(t, r.s, "poison", "behind")
		begin(t, r.s, "a")
		time.Sleep(time.Minute)
		keys := r.keys()
		require.Contains(t, keys, "a")
		require.NotContains(t, keys, "behind")
		require.Greater(t, len(keys), 5, "it never gives up")
	})
}

func TestStreamsAreDeliveredSideBySideUpToALimit(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.answer(func(d Delivery) Verdict {
			time.Sleep(10 * time.Second)
			finish(t, r.s, d.ID)
			return Finished()
		})
		for _, k := range []string{"a", "b", "c", "d", "e"} {
			begin(t, r.s, k)
		}
		require.Len(t, r.keys(), 4)
		time.Sleep(10 * time.Second)
		require.Len(t, r.keys(), 5)
		time.Sleep(10 * time.Second)
	})
}

func TestPausesGrowAndEndWhenTheNetworkIsBack(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.answer(func(Delivery) Verdict { return Again(0, errNoNetwork) })
		begin(t, r.s, "a")
		time.Sleep(20 * time.Second)
		var at []time.Duration
		for _, try := range r.log() {
			at = append(at, try.at)
			require.False(t, try.uncertain, "no try had an effect")
		}
		require.Equal(t, []time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second, 15 * time.Second}, at)
		r.answer(nil)
		r.s.Wake()
		log := r.log()
		require.Equal(t, 20*time.Second, log[len(log)-1].at)
		require.Zero(t, r.s.Depth().Pending)
	})
}

func TestWhatTheOtherSideAskedToWaitIsWaited(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.answer(func(Delivery) Verdict { return Again(30*time.Second, errNoNetwork) })
		begin(t, r.s, "a")
		time.Sleep(5 * time.Second)
		r.s.Wake()
		require.Len(t, r.log(), 1)
		time.Sleep(25 * time.Second)
		require.Len(t, r.log(), 2)
	})
}

func TestAnUnclearTryMakesAllLaterOnesUncertain(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		replies := []Verdict{Again(0, errNoNetwork), Unclear(0, errNoNetwork), Again(0, errNoNetwork), Again(0, errNoNetwork)}
		r.answer(func(d Delivery) Verdict { return replies[min(d.Try, len(replies))-1] })
		begin(t, r.s, "a")
		time.Sleep(10 * time.Second)
		var got []bool
		for _, try := range r.log() {
			got = append(got, try.uncertain)
		}
		require.Equal(t, []bool{false, false, true, true}, got)
	})
}

func TestWhatIsPendingAtStartIsUncertain(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.answer(func(Delivery) Verdict { return Again(time.Hour, errNoNetwork) })
		begin(t, r.s, "a", "b")
		path := r.s.Path()
		require.Len(t, r.log(), 1)
		r.close()
		r.answer(nil)
		r.open(path)
		log := r.log()
		require.Equal(t, "a", log[1].key)
		require.True(t, log[1].uncertain)
		require.Equal(t, 1, log[1].n)
		require.True(t, log[2].uncertain, "also what was never sent: nobody can know")
		begin(t, r.s, "c")
		log = r.log()
		require.False(t, log[3].uncertain)
	})
}

func TestAParkedCommandBlocksItsStreamUntilAPersonDecides(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.answer(func(Delivery) Verdict { return Again(0, errNoNetwork) })
		begin(t, r.s, "a", "b")
		require.Len(t, r.log(), 1)
		require.NoError(t, r.s.Commit(t.Context(), func(tx *Tx) error { return tx.Park(1, "wait") }))
		r.answer(nil)
		r.s.Wake()
		time.Sleep(time.Hour)
		require.Len(t, r.log(), 1)
		require.NoError(t, r.s.Commit(t.Context(), func(tx *Tx) error { return tx.Unpark(1, "go on") }))
		require.Equal(t, []string{"a", "a", "b"}, r.keys())
		require.True(t, r.log()[1].uncertain)
	})
}

func TestAVoidedCommandLetsTheNextOneGo(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.answer(func(d Delivery) Verdict {
			if d.Key == "a" {
				return Again(0, errNoNetwork)
			}
			finish(t, r.s, d.ID)
			return Finished()
		})
		begin(t, r.s, "a", "b")
		require.Len(t, r.log(), 1)
		require.NoError(t, r.s.Commit(t.Context(), func(tx *Tx) error { return tx.Finish(1, Void, "not needed") }))
		require.Equal(t, []string{"a", "b"}, r.keys())
		items, err := r.s.List(t.Context(), Filter{ID: 1})
		require.NoError(t, err)
		require.Equal(t, Void, items[0].State)
		require.False(t, items[0].Finished.IsZero())
	})
}

func TestACommandCanWaitBeforeItsFirstTry(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		require.NoError(t, r.s.Commit(t.Context(), func(tx *Tx) error {
			stream, err := tx.Begin()
			require.NoError(t, err)
			return tx.Enqueue(stream, Command{Kind: "send", Key: "later", After: 10 * time.Second})
		}))
		time.Sleep(5 * time.Second)
		r.s.Wake()
		require.Empty(t, r.log(), "the network's return is no reason to be early")
		time.Sleep(5 * time.Second)
		require.Len(t, r.log(), 1)
	})
}

func TestWakeStreamIsForOneStreamOnly(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.answer(func(Delivery) Verdict { return Again(time.Hour, errNoNetwork) })
		first := begin(t, r.s, "a")
		begin(t, r.s, "b")
		require.Len(t, r.log(), 2)
		r.s.WakeStream(first)
		require.Equal(t, "a", r.keys()[2])
		require.Len(t, r.log(), 3)
	})
}

func TestAnOutcomeThatIsNotOnRecordIsNotBelieved(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.answer(func(Delivery) Verdict { return Finished() })
		begin(t, r.s, "a")
		time.Sleep(2 * time.Second)
		log := r.log()
		require.Greater(t, len(log), 1)
		require.True(t, log[1].uncertain)
	})
}

func TestRunWaitsForTriesUnderWay(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		recorded := false
		r.answer(func(d Delivery) Verdict {
			time.Sleep(3 * time.Second) // stopped meanwhile
			finish(t, r.s, d.ID)
			recorded = true
			return Finished()
		})
		begin(t, r.s, "a")
		synctest.Wait()
		r.stop()
		require.True(t, recorded)
	})
}

func TestTheListSaysWhatTheDeliveryKnows(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.answer(func(Delivery) Verdict { return Unclear(0, errNoNetwork) })
		begin(t, r.s, "a")
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		items, err := r.s.List(t.Context(), Filter{Open: true})
		require.NoError(t, err)
		require.Equal(t, 2, items[0].Tries)
		require.True(t, items[0].Uncertain)
		require.Equal(t, "no network", items[0].LastError)
		require.Equal(t, 1500*time.Millisecond, items[0].Wait)
	})
}

func TestTheDefaultPausesStayWithinAMinuteAndAQuarter(t *testing.T) {
	require.LessOrEqual(t, defaultBackoff(1), 2500*time.Millisecond)
	for n := 1; n < 100; n++ {
		d := defaultBackoff(n)
		require.GreaterOrEqual(t, d, 2*time.Second)
		require.LessOrEqual(t, d, 75*time.Second)
	}
}
