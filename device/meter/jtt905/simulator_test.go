package jtt905

import (
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/device/meter/metertest"
)

// host is the other end of a simulator's cable, in the hands of a test.
type host struct {
	io.ReadWriter
	t    *testing.T
	dec  *Decoder
	done chan error
	line *metertest.Line
}

// plugIn connects a simulator to a test. It must be called in a synctest bubble.
func plugIn(t *testing.T, m *Simulator) *host {
	line := metertest.NewLine(nil, nil, nil)
	h := &host{ReadWriter: line.Host(), t: t, dec: NewDecoder(0), done: make(chan error, 1), line: line}
	go func() { h.done <- m.Run(t.Context(), line.Meter()) }()
	return h
}

func (h *host) pull() {
	h.line.Cut()
	require.ErrorIs(h.t, <-h.done, metertest.ErrCut)
}

func (h *host) say(messages ...Message) {
	for _, m := range messages {
		_, err := h.Write(must(m))
		require.NoError(h.t, err)
	}
}

// hear gives what the meter says within d, without heartbeats.
func (h *host) hear(d time.Duration) (got []string) {
	buf := make([]byte, 256)
	for end := time.Now().Add(d); time.Now().Before(end); {
		n, err := h.Read(buf)
		require.NoError(h.t, err)
		h.dec.Feed(buf[:n], time.Now(), func(f Frame) {
			if f.Command != CmdHeartbeat {
				got = append(got, fmt.Sprintf("%02X", uint16(f.Command)))
			}
		})
	}
	return got
}

func inBubble(t *testing.T, f func(*testing.T)) {
	t.Parallel()
	synctest.Test(t, f)
}

func TestSimulatorKeys(t *testing.T) {
	t.Parallel()
	m := NewSimulator(SimulatorConfig{Flagfall: 1300})
	for _, k := range []struct {
		press func() error
		want  State
		dead  bool
	}{
		{m.TimeOff, Vacant, true},
		{m.Vacant, Vacant, true},
		{m.SignIn, Vacant, true},
		{func() error { return m.Surcharge(100) }, Vacant, true},
		{m.Hired, TimeOn, false},
		{m.Hired, TimeOn, true},
		{m.SignOut, TimeOn, true},
		{func() error { return m.Surcharge(100) }, TimeOn, false},
		{func() error { return m.Surcharge(5) }, TimeOn, true},
		{m.TimeOff, TimeOff, false},
		{m.Resume, TimeOn, false},
		{func() error { return m.SetFare(1700) }, TimeOn, false},
		{func() error { return m.SetFare(1705) }, TimeOn, true},
		{m.Vacant, Vacant, false},
		{m.SignOut, Vacant, false},
		{m.Hired, Vacant, true},
		{m.SignIn, Vacant, false},
	} {
		err := k.press()
		require.Equal(t, k.want, m.Reading().State)
		if k.dead {
			require.ErrorIs(t, err, ErrDeadKey)
		} else {
			require.NoError(t, err)
		}
	}
	require.EqualValues(t, 1800, m.Closed().Amount)
	require.EqualValues(t, 100, m.Closed().Surcharge)
	require.Equal(t, 1, m.Reading().Waiting)
	m.PowerOff()
	require.ErrorIs(t, m.Hired(), ErrDeadKey)
}

func TestSimulatorFareRuns(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		m := NewSimulator(SimulatorConfig{Flagfall: 1300, PerSecond: 3, Speed: 14})
		time.Sleep(time.Hour)
		require.NoError(t, m.Hired())
		time.Sleep(101*time.Second + 500*time.Millisecond)
		r := m.Reading()
		require.EqualValues(t, 1603, r.Total)
		require.EqualValues(t, 14, r.Distance)
		require.NoError(t, m.TimeOff())
		time.Sleep(time.Hour)
		require.NoError(t, m.Vacant())
		require.EqualValues(t, 1600, m.Closed().Amount, "in steps of 0.10")
		require.Equal(t, m.Closed().Boarded.Add(61*time.Minute), m.Closed().Alighted)
	})
}

func TestSimulatorResendsUntilAcknowledged(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		m := NewSimulator(SimulatorConfig{})
		h := plugIn(t, m)
		require.NoError(t, m.Hired())
		require.Equal(t, []string{"E7", "E7", "E7"}, h.hear(30*time.Second), "given up")
		require.NoError(t, m.Vacant())
		require.NoError(t, m.Hired())
		require.Equal(t, []string{"E8", "F2", "F2"}, h.hear(11*time.Second), "one after the other")
		h.say(Answer{CmdEnded, true}, Answer{CmdEndedAgain, false})
		require.Equal(t, []string{"F2"}, h.hear(5*time.Second))
		m.LoseAnswers(1)
		h.say(Answer{CmdEndedAgain, true})
		require.Equal(t, []string{"F2"}, h.hear(5*time.Second))
		h.say(Answer{CmdEndedAgain, true})
		require.Equal(t, []string{"E7"}, h.hear(2*time.Second))
		require.NoError(t, m.Vacant())
		require.Equal(t, []string{"E8"}, h.hear(2*time.Second))
		h.pull()
		time.Sleep(time.Hour)
		require.Equal(t, 1, m.Reading().Waiting)
		m.PowerOff()
		m.PowerOn()
		h = plugIn(t, m)
		defer h.pull()
		require.Equal(t, []string{"F2"}, h.hear(time.Second), "kept without power")
	})
}

func TestSimulatorAnswers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		m := NewSimulator(SimulatorConfig{})
		h := plugIn(t, m)
		defer h.pull()
		ask := func(q Message, want ...string) {
			h.say(q)
			require.Equal(t, want, h.hear(time.Second), "%T", q)
		}
		ask(StatusRequest{noon}, "00")
		ask(HistoryRequest{1}, "06")
		m.LoseRequests(1)
		ask(StatusRequest{noon})
		m.Fail(4)
		ask(StatusRequest{noon}, "00")
		require.Empty(t, m.Offences())
		_, err := h.Write(taximeter(0x0005, make([]byte, 30)).Append(nil))
		require.NoError(t, err)
		h.hear(time.Second)
		require.Equal(t, []Command{0x0005}, m.Offences())
		require.Equal(t, 3, m.Heard(CmdStatus))
		m.Resend()
		require.Empty(t, h.hear(time.Second), "there is none")
		require.NoError(t, m.Hired())
		require.NoError(t, m.Vacant())
		require.Equal(t, []string{"E7", "E8"}, h.hear(time.Second))
		h.say(Answer{CmdEnded, true})
		m.Resend()
		require.Equal(t, []string{"F2"}, h.hear(time.Second))

		second := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { second <- m.Run(ctx, metertest.NewLine(nil, nil, nil).Meter()) }()
		synctest.Wait()
		require.Empty(t, second, "one socket: the second cable waits")
		cancel()
		require.ErrorIs(t, <-second, context.Canceled)
	})
}

// taxi is a driver and a simulator on a line in memory.
type taxi struct {
	*Simulator
	mu     sync.Mutex
	log    []string
	asleep bool
}

// drive connects the two, and gives a way to pull the cable.
func drive(t *testing.T, m *Simulator) (x *taxi, pull func()) {
	cfg, err := parseConfig(isuTable())
	require.NoError(t, err)
	x = &taxi{Simulator: m}
	d := New(cfg, quiet)
	line := metertest.NewLine(nil, nil, nil)
	var wg sync.WaitGroup
	wg.Go(func() { _ = m.Run(t.Context(), line.Meter()) })
	wg.Go(func() { _ = d.Run(t.Context(), line.Host(), x.tell) })
	time.Sleep(time.Second)
	x.told()
	return x, func() { line.Cut(); wg.Wait() }
}

func (x *taxi) tell(e meter.Event) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch e := e.(type) {
	case meter.PositionChanged:
		x.log = append(x.log, string(e.Position))
	case meter.TripRecord:
		x.log = append(x.log, fmt.Sprintf("%d %v", e.Record.Total, e.Record.Doubts))
		if !x.asleep {
			go e.Committed()
		}
	case meter.Health:
		x.log = append(x.log, "health "+string(e.State))
	}
}

// told gives what was told since the last time.
func (x *taxi) told() []string {
	synctest.Wait()
	x.mu.Lock()
	defer x.mu.Unlock()
	log := x.log
	x.log = nil
	return log
}

func TestLostAnswersCauseNoSecondEvent(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		x, pull := drive(t, NewSimulator(SimulatorConfig{Flagfall: 1300}))
		defer pull()
		x.LoseAnswers(2)
		require.NoError(t, x.Hired())
		time.Sleep(20 * time.Second)
		require.Equal(t, []string{"hired"}, x.told())
		x.LoseAnswers(2)
		require.NoError(t, x.Vacant())
		time.Sleep(20 * time.Second)
		require.Equal(t, []string{"1300 []", "for_hire", "health degraded"}, x.told())
		require.Zero(t, x.Reading().Waiting)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"health ok"}, x.told())
		require.Empty(t, x.Offences())
	})
}

// The terminal's disk is full: the meter keeps every trip, and gives them when it is not.
func TestNothingIsAcknowledgedWithoutADisk(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		x, pull := drive(t, NewSimulator(SimulatorConfig{Flagfall: 1300}))
		x.asleep = true
		for range 3 {
			require.NoError(t, x.Hired())
			time.Sleep(30 * time.Second)
			require.NoError(t, x.Vacant())
			time.Sleep(30 * time.Second)
		}
		require.Equal(t, 3, x.Reading().Waiting)
		require.Equal(t, 0, x.Heard(CmdEnded)+x.Heard(CmdEndedAgain))
		pull()
		// The terminal is restarted, and remembers nothing.
		x, pull = drive(t, x.Simulator)
		defer pull()
		time.Sleep(30 * time.Second)
		require.Zero(t, x.Reading().Waiting)
	})
}

func TestPowerLossWhileHired(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		x, pull := drive(t, NewSimulator(SimulatorConfig{Flagfall: 1300}))
		defer pull()
		require.NoError(t, x.Hired())
		require.NoError(t, x.Vacant())
		time.Sleep(5 * time.Second)
		require.NoError(t, x.Hired())
		require.NoError(t, x.SetFare(9900))
		time.Sleep(time.Minute)
		x.told()
		x.PowerOff()
		time.Sleep(3 * time.Minute)
		require.Equal(t, []string{"health silent"}, x.told(), "a fare that was running is never charged")
		x.PowerOn()
		time.Sleep(time.Minute)
		require.Equal(t, []string{"health ok", "for_hire"}, x.told(), "the record that the meter still has is known")
		require.Equal(t, 1, x.Heard(CmdSignIn))
	})
}

func TestOldRecordsAndFaults(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		time.Sleep(10 * 24 * time.Hour) // into this century, for the old records too
		x, pull := drive(t, NewSimulator(SimulatorConfig{Flagfall: 1300, FirstTrip: 100}))
		defer pull()
		x.SendOld(99, 4200, 3)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"4200 [late_record]"}, x.told())
		require.NoError(t, x.Hired())
		x.SendOld(98, 4300, 4)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"hired", "4300 [late_record]"}, x.told())
		x.SwipeCard(32)
		x.Misprint(1)
		require.NoError(t, x.Vacant())
		time.Sleep(time.Minute)
		require.Equal(t, []string{"1300 [paid_at_meter]", "for_hire"}, x.told(), "refused once, then printed right")
		x.ResetClock()
		require.NoError(t, x.Hired())
		time.Sleep(time.Minute)
		require.NoError(t, x.Vacant())
		time.Sleep(time.Minute)
		require.Equal(t, []string{"hired", "1300 []", "for_hire"}, x.told())
		require.Equal(t, 2000, x.Closed().Boarded.Year())
		x.BadSpeed(true)
		time.Sleep(time.Minute)
		x.BadSpeed(false)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"health alarm", "health ok"}, x.told())
		require.NoError(t, x.SignOut())
		require.NoError(t, x.SignIn())
		time.Sleep(time.Minute)
		require.Empty(t, x.told())
		require.Equal(t, 1, x.Heard(CmdShift))
		require.Zero(t, x.Reading().Waiting)
	})
}
