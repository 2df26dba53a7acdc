package metertest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/money"
)

// The odd parts keep keys and polls, which come at whole seconds, from coinciding.
const (
	prompt  = 3100 * time.Millisecond  // enough for an answer on a perfect line
	patient = 40700 * time.Millisecond // enough for all repetitions, and for a poll
	dawn    = 5300 * time.Millisecond  // from plugging in to the first key
	// human is the least pause between two keys on a bad line: people do not press
	// faster than a meter repeats what is not acknowledged.
	human = 4 * time.Second
)

// reference is what a perfect line leads to.
type reference struct {
	events []meter.Event
	marks  []int // how many of them had come before the first key, and after each
}

// baseline plays the day on a perfect line, holds the result against what the meter
// showed, and gives it as the measure for all other lines.
func baseline(t *testing.T, s Subject) (ref reference) {
	ok := t.Run("baseline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, s)
			r.plug(seeded("baseline", 0), nil, nil)
			defer r.unplug()
			mark := func() { ref.marks = append(ref.marks, len(news(r.told()))) }
			time.Sleep(dawn)
			mark()
			for _, k := range day {
				r.press(k)
				time.Sleep(prompt)
				mark()
			}
			r.check()
			ref.events = news(r.told())
			requireDay(t, s, r.driver.Capabilities(), ref.events)
			require.Equal(t, []meter.HealthState{meter.HealthOK}, healths(r.told()))
		})
	})
	require.True(t, ok, "without a baseline there is nothing to compare with")
	return ref
}

// requireDay demands what a perfect line must lead to.
func requireDay(t *testing.T, s Subject, caps meter.Capabilities, got []meter.Event) {
	t.Helper()
	var finals, stops []money.Minor
	positions := 0
	for _, e := range got {
		switch e := e.(type) {
		case meter.PositionChanged:
			positions++
		case meter.TripRecord:
			require.Empty(t, e.Record.Doubts, "nothing to doubt on a perfect line")
			if e.Final {
				finals = append(finals, e.Record.Total)
			} else {
				stops = append(stops, e.Record.Total)
			}
		}
	}
	require.Equal(t, []money.Minor{s.round(2090), s.round(18040), s.round(777)}, finals)
	if caps.StopFare {
		require.Equal(t, []money.Minor{s.round(2090), s.round(15000), s.round(18040)}, stops)
	}
	if caps.LiveState {
		require.GreaterOrEqual(t, positions, 7, "the first, and two for each trip")
	}
}

func testHarmless(t *testing.T, s Subject, want reference) {
	for name, fault := range harmless {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, s)
				r.plug(seeded(name, 0), fault, fault)
				defer r.unplug()
				time.Sleep(dawn)
				r.play(day, patient)
				r.check()
				require.Equal(t, list(want.events), list(news(r.told())))
			})
		})
	}
}

func testFaults(t *testing.T, s Subject, want reference) {
	for _, name := range slices.Sorted(maps.Keys(harmful)) {
		for seed := range uint64(8) {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, s)
					rng := seeded(name, seed)
					var mended atomic.Bool
					fault := func(rng *rand.Rand, p []byte) []Piece {
						if mended.Load() {
							return whole(p)
						}
						return harmful[name](rng, p)
					}
					r.plug(rng, fault, fault)
					defer r.unplug()
					time.Sleep(dawn)
					r.play(day, human+time.Duration(rng.Int64N(int64(patient-human))))
					time.Sleep(patient)
					r.check()

					// When the line is mended, the driver is as good as new.
					mended.Store(true)
					time.Sleep(2 * patient)
					mark := len(r.told())
					r.play([]key{hire, fare(4242), stop, vacate}, prompt)
					r.check()
					requireMended(t, s, want.events[want.marks[0]:want.marks[4]], news(r.told()[mark:]))
				})
			})
		}
	}
}

// requireMended compares the trip after the faults with the first of the day, which
// differs in its amounts only.
func requireMended(t *testing.T, s Subject, want, got []meter.Event) {
	t.Helper()
	shape := func(events []meter.Event) (out []string) {
		for _, e := range events {
			switch e := e.(type) {
			case meter.PositionChanged:
				out = append(out, string(e.Position)) // a poll may be quicker than a key
			case meter.TripRecord:
				out = append(out, fmt.Sprint("record ", e.Final, e.Record.Doubts))
			}
		}
		return out
	}
	requireSound(t, got, s.round(4242))
	require.Equal(t, shape(want), shape(got), "the first trip after the line was mended")
}

func testCable(t *testing.T, s Subject) {
	play := func(t *testing.T, before, during, after []key) (*rig, int) {
		r := newRig(t, s)
		rng := seeded(t.Name(), 0)
		r.plug(rng, nil, nil)
		time.Sleep(dawn)
		r.play(before, prompt)
		r.unplug()
		mark := len(r.told())
		r.play(during, prompt)
		r.plug(rng, nil, nil)
		time.Sleep(patient)
		r.play(after, prompt)
		r.unplug()
		r.check()
		return r, mark
	}
	inBubble := func(name string, f func(*testing.T)) {
		t.Run(name, func(t *testing.T) { t.Parallel(); synctest.Test(t, f) })
	}
	live := s.Driver().Capabilities().LiveState
	inBubble("pulled while hired", func(t *testing.T) {
		r, mark := play(t, []key{hire, fare(1000)}, nil, []key{fare(2090), stop, vacate})
		requireResync(t, live, r.told()[mark:], meter.Hired)
		requireSound(t, r.told()[mark:], s.round(2090))
	})
	inBubble("pulled while stopped", func(t *testing.T) {
		r, mark := play(t, []key{hire, fare(2090), stop}, nil, []key{vacate})
		requireResync(t, live, r.told()[mark:], "")
		requireSound(t, r.told()[mark:], s.round(2090))
	})
	inBubble("trip ended meanwhile", func(t *testing.T) {
		r, mark := play(t, []key{hire, fare(1000)}, []key{fare(2090), stop, vacate}, nil)
		requireResync(t, live, r.told()[mark:], meter.ForHire)
		requireDoubted(t, r.told()[mark:])
	})
	inBubble("another trip began meanwhile", func(t *testing.T) {
		r, mark := play(t, []key{hire, fare(1000), stop}, []key{vacate, hire, fare(2090), stop, vacate}, nil)
		requireDoubted(t, r.told()[mark:])
	})
	inBubble("pulled while for hire", func(t *testing.T) {
		r, mark := play(t, nil, nil, []key{hire, fare(2090), stop, vacate})
		requireSound(t, r.told()[mark:], s.round(2090))
	})
}

// requireResync demands that the first position after a new line says that it was
// looked up.
func requireResync(t *testing.T, live bool, events []meter.Event, want meter.Position) {
	t.Helper()
	if !live {
		return
	}
	for _, e := range events {
		if p, ok := e.(meter.PositionChanged); ok {
			require.True(t, p.Resync, list(events))
			if want != "" {
				require.Equal(t, want, p.Position, list(events))
			}
			return
		}
	}
	require.Fail(t, "no position after the line opened", list(events))
}

func requireSound(t *testing.T, events []meter.Event, total money.Minor) {
	t.Helper()
	for _, e := range events {
		if rec, ok := e.(meter.TripRecord); ok && rec.Final {
			require.Empty(t, rec.Record.Doubts, list(events))
			require.Equal(t, total.Decimal(), rec.Record.Total.Decimal())
			return
		}
	}
	require.Fail(t, "no final record", list(events))
}

// requireDoubted demands that no record of a trip whose end was not seen can be
// taken for a sound one, unless it names its trip.
func requireDoubted(t *testing.T, events []meter.Event) {
	t.Helper()
	for _, e := range events {
		if rec, ok := e.(meter.TripRecord); ok && rec.Record.Key == "" {
			require.NotEmpty(t, rec.Record.Doubts, list(events))
		}
	}
}

func testHealth(t *testing.T, s Subject) {
	t.Run("silent", func(t *testing.T) {
		if s.Silence == 0 {
			t.Skip("silence is normal in this protocol")
		}
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, s)
			line := NewLine(nil, nil, nil)
			done := make(chan struct{})
			go func() { _ = r.driver.Run(t.Context(), line.Host(), r.tell); close(done) }()
			time.Sleep(s.Silence - time.Second)
			require.Empty(t, r.told())
			time.Sleep(2 * time.Second)
			require.Equal(t, []meter.HealthState{meter.HealthSilent}, healths(r.told()))
			line.Cut()
			<-done
			r.plug(seeded("silent", 0), nil, nil)
			time.Sleep(patient)
			r.unplug()
			require.Equal(t, []meter.HealthState{meter.HealthSilent, meter.HealthOK}, healths(r.told()))
		})
	})
	t.Run("garbled", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, s)
			line := NewLine(nil, nil, nil)
			done := make(chan struct{})
			go func() { _ = r.driver.Run(t.Context(), line.Host(), r.tell); close(done) }()
			rng := seeded("garbled", 0)
			for range int(2*s.Garbled/time.Second) * 10 {
				_, err := line.Meter().Write([]byte{byte(rng.UintN(256)) | 0x80, 0, 0xFF})
				require.NoError(t, err)
				time.Sleep(100 * time.Millisecond)
			}
			require.Equal(t, []meter.HealthState{meter.HealthGarbled}, healths(r.told()))
			require.Empty(t, news(r.told()), "garbage is no news")
			line.Cut()
			<-done
		})
	})
}

func testEnd(t *testing.T, s Subject) {
	for name, c := range map[string]struct {
		end  func(*Line, context.CancelFunc)
		want error
	}{
		"context": {func(_ *Line, cancel context.CancelFunc) { cancel() }, context.Canceled},
		"line":    {func(l *Line, _ context.CancelFunc) { l.Cut() }, ErrCut},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, s)
				line := NewLine(nil, nil, nil)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ended := make(chan error, 1)
				go func() { ended <- r.driver.Run(ctx, line.Host(), r.tell) }()
				time.Sleep(time.Second)
				c.end(line, cancel)
				began := time.Now()
				require.ErrorIs(t, <-ended, c.want)
				require.LessOrEqual(t, time.Since(began), time.Second, "Run ends promptly")
			})
		})
	}
}

// flood is a port from which bytes come as fast as they are read.
type flood struct {
	rng     *rand.Rand
	pattern []byte // repeated, or random bytes if empty
	at      int
	left    int
}

var errDry = errors.New("flood is over")

func (f *flood) Write(p []byte) (int, error) { return len(p), nil }

func (f *flood) Read(p []byte) (int, error) {
	if f.left <= 0 {
		return 0, errDry
	}
	for i := range p {
		if len(f.pattern) > 0 {
			p[i] = f.pattern[f.at%len(f.pattern)]
			f.at++
		} else {
			p[i] = byte(f.rng.UintN(256))
		}
	}
	f.left -= len(p)
	return len(p), nil
}

// testMemory is not parallel, because it measures the whole process.
func testMemory(t *testing.T, s Subject) {
	const bytes, allowed = 512 << 10, 128 << 10
	for _, pattern := range append([][]byte{nil}, s.Hostile...) {
		d := s.Driver()
		before := heap()
		err := d.Run(t.Context(), &flood{rng: seeded("memory", 0), pattern: pattern, left: bytes}, func(meter.Event) {})
		require.ErrorIs(t, err, errDry)
		grown := heap() - before
		runtime.KeepAlive(d)
		require.Less(t, grown, int64(allowed), "pattern %x", pattern)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// seeded gives the same random numbers for the same name and number, always.
func seeded(name string, n uint64) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return rand.New(rand.NewPCG(h.Sum64(), n))
}
