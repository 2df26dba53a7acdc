package gwp5043

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter/metertest"
)

// listener collects what a simulator sends.
type listener struct {
	t    *testing.T
	m    *Simulator
	line *metertest.Line
	done chan error
	stop context.CancelFunc

	mu  sync.Mutex
	got []Message
}

func listen(t *testing.T, cfg SimulatorConfig) *listener {
	l := &listener{t: t, m: NewSimulator(cfg)}
	l.plug()
	return l
}

func (l *listener) plug() {
	ctx, cancel := context.WithCancel(l.t.Context())
	l.stop, l.done = cancel, make(chan error, 1)
	l.line = metertest.NewLine(rand.New(rand.NewPCG(1, 1)), func(_ *rand.Rand, p []byte) []metertest.Piece {
		for _, f := range decode(p).frames {
			m, err := Parse(f)
			require.NoError(l.t, err)
			l.mu.Lock()
			l.got = append(l.got, m)
			l.mu.Unlock()
		}
		return nil
	}, nil)
	go func(line *metertest.Line) { l.done <- l.m.Run(ctx, line.Meter()) }(l.line)
}

// after lets time pass and gives what was sent meanwhile.
func (l *listener) after(d time.Duration) []Message {
	time.Sleep(d)
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	got := l.got
	l.got = nil
	return got
}

const justUnder = 4*time.Second + 900*time.Millisecond

func TestSimulatorTrip(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, SimulatorConfig{Flagfall: 3550, PerSecond: 40, Speed: 10})
		require.Empty(t, l.after(time.Minute), "nothing until a key is pressed")
		board := uint32(time.Now().Unix())
		require.NoError(t, l.m.Occupied())
		got := l.after(justUnder)
		require.Len(t, got, 5)
		require.Equal(t, &Live{Head{board, "01234567"}, 36, 0, 0, 0, 35}, got[0])
		require.Equal(t, &Live{Head{board + 4, "01234567"}, 36, 40, 4, 0, 37}, got[4]) // 37.10
		require.EqualValues(t, 3700, l.m.Reading().Fare)
		time.Sleep(50 * time.Millisecond) // less than a second after the last frame

		require.NoError(t, l.m.SetFare(20000))
		require.NoError(t, l.m.Vacancy())
		got = l.after(justUnder)
		require.Len(t, got, 5)
		want := &Record{Head: Head{board + 4, "01234567"}, Board: board, Exit: board + 4, Distance: 40, Travel: 4, Fare16: 200,
			Device: "12345678", Receipt: 4711, Fare: 200, K: 1000}
		require.Equal(t, want, got[0])
		closed, fare := l.m.Closed()
		require.True(t, closed.same(want))
		require.EqualValues(t, 20000, fare)

		require.NoError(t, l.m.Print())
		got = l.after(time.Millisecond)
		require.Len(t, got, 1)
		require.True(t, got[0].(*Record).Printed)
		require.False(t, l.after(time.Second)[0].(*Record).Printed, "only once")
		l.stop()
		require.ErrorIs(t, <-l.done, context.Canceled)
	})
}

func TestSimulatorDeadKeys(t *testing.T) {
	t.Parallel()
	m := NewSimulator(SimulatorConfig{})
	for _, press := range []func() error{m.Vacancy, m.Print, func() error { return m.SetFare(100) }} {
		require.ErrorIs(t, press(), ErrDeadKey)
	}
	require.NoError(t, m.Occupied())
	require.ErrorIs(t, m.Occupied(), ErrDeadKey)
	require.ErrorIs(t, m.SetFare(-1), ErrDeadKey)
	require.ErrorIs(t, m.SetFare(6_553_600), ErrDeadKey)
	m.PowerOff()
	require.ErrorIs(t, m.Vacancy(), ErrDeadKey)
	require.Equal(t, Reading{State: Vacant}, m.Reading())
}

func TestSimulatorFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, SimulatorConfig{OldTrip: true})
		require.Len(t, l.after(justUnder), 5, "the old trip")
		l.m.Lose(3)
		require.Len(t, l.after(5*time.Second), 2)
		l.m.Flip(8*(headLen+63)+7, 1)
		got := l.after(2 * time.Second)
		require.EqualValues(t, 134, got[0].(*Record).Fare)
		require.EqualValues(t, 135, got[1].(*Record).Fare)
		l.m.ShiftClock(time.Hour)
		require.EqualValues(t, time.Now().Add(time.Hour+100*time.Millisecond).Unix(), l.after(time.Second)[0].head().Now)
		l.m.Exchange("7")
		require.Equal(t, "7", l.after(time.Second)[0].head().Serial)

		require.NoError(t, l.m.Occupied())
		l.after(time.Second)
		l.m.PowerOff()
		require.Empty(t, l.after(time.Minute))
		l.m.PowerOn(false)
		require.Empty(t, l.after(time.Minute))
		l.m.PowerOff()
		l.m.PowerOn(true)
		require.IsType(t, &Record{}, l.after(time.Second)[0], "the trip was lost")

		l.line.Cut()
		require.ErrorIs(t, <-l.done, metertest.ErrCut)
		require.False(t, l.m.Reading().Plugged)
		l.plug()
		require.NotEmpty(t, l.after(time.Second))
		l.stop()
		<-l.done
	})
}

// There is one socket.
func TestSimulatorSecondCable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, SimulatorConfig{OldTrip: true})
		l.after(time.Second)
		first, second := l.done, metertest.NewLine(nil, nil, nil)
		again := make(chan error, 1)
		go func() { again <- l.m.Run(t.Context(), second.Meter()) }()
		l.after(time.Minute)
		require.Empty(t, again)
		l.line.Cut()
		require.ErrorIs(t, <-first, metertest.ErrCut)
		_, err := second.Host().Write([]byte("hello"))
		require.NoError(t, err)
		l.after(time.Second)
		require.Equal(t, 5, l.m.Heard())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, l.m.Run(ctx, nil), context.Canceled)
		second.Cut()
		require.ErrorIs(t, <-again, metertest.ErrCut)
	})
}
