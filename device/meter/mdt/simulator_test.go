package mdt

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
	h := &host{ReadWriter: line.Host(), t: t, dec: NewDecoder(FromMeter, 0), done: make(chan error, 1), line: line}
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

// hear gives what the meter says within d.
func (h *host) hear(d time.Duration) (got []Message) {
	buf := make([]byte, 256)
	for end := time.Now().Add(d); time.Now().Before(end); {
		n, err := h.Read(buf)
		require.NoError(h.t, err)
		h.dec.Feed(buf[:n], time.Now(), func(f Frame) {
			m, err := Parse(f, FromMeter)
			require.NoError(h.t, err)
			got = append(got, m)
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
	m := NewSimulator(SimulatorConfig{Flagfall: 5500})
	for _, k := range []struct {
		press func() error
		want  State
		dead  bool
	}{
		{m.TimeOff, Vacant, true},
		{m.Vacant, Vacant, true},
		{m.Resume, Vacant, true},
		{func() error { return m.Extras(100) }, Vacant, true},
		{func() error { return m.SetFare(100) }, Vacant, true},
		{m.Hired, TimeOn, false},
		{m.Hired, TimeOn, true},
		{func() error { return m.Extras(2500) }, TimeOn, false},
		{func() error { return m.Extras(9999) }, TimeOn, true},
		{m.TimeOff, TimeOff, false},
		{m.TimeOff, TimeOff, true},
		{m.Payment, Payment, false},
		{m.Resume, TimeOn, false},
		{m.Payment, Payment, false},
		{m.Vacant, Vacant, false},
	} {
		err := k.press()
		require.Equal(t, k.want, m.Reading().State)
		if k.dead {
			require.ErrorIs(t, err, ErrDeadKey)
		} else {
			require.NoError(t, err)
		}
	}
	require.Equal(t, TripData{Fare: 5500, Extras: 2500, NetTotal: 8000}, m.Closed())
	require.Zero(t, m.Reading().Total)
	m.PowerOff()
	require.ErrorIs(t, m.Hired(), ErrDeadKey)
}

func TestSimulatorFareRuns(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		m := NewSimulator(SimulatorConfig{Flagfall: 5500, PerSecond: 25, Speed: 14, Tax: 10})
		time.Sleep(time.Hour)
		require.NoError(t, m.Hired())
		time.Sleep(100*time.Second + 500*time.Millisecond)
		require.Equal(t, Reading{On: true, State: TimeOn, Fare: 8000, Total: 8010, Distance: 14}, m.Reading())
		require.NoError(t, m.TimeOff())
		time.Sleep(time.Hour)
		require.EqualValues(t, 8010, m.Reading().Total)
		require.NoError(t, m.Resume())
		time.Sleep(4 * time.Second)
		require.NoError(t, m.Vacant())
		require.EqualValues(t, 8110, m.Closed().NetTotal)
	})
}

func TestSimulatorRepeatsKeys(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		m := NewSimulator(SimulatorConfig{})
		h := plugIn(t, m)
		defer h.pull()
		require.NoError(t, m.Hired())
		require.NoError(t, m.TimeOff())
		require.Equal(t, []Message{hiredKey, hiredKey}, h.hear(1500*time.Millisecond))
		require.Equal(t, []Message{hiredKey, timeOffKey}, h.hear(1600*time.Millisecond), "three times in all, and then the next")
		h.say(Ack{})
		require.Empty(t, h.hear(5*time.Second))
	})
}

func TestSimulatorAnswers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		m := NewSimulator(SimulatorConfig{Flagfall: 5500})
		h := plugIn(t, m)
		defer h.pull()
		ask := func(q Message, want ...Message) {
			h.say(q)
			require.Equal(t, append([]Message{Ack{}}, want...), h.hear(2*time.Second), "%T", q)
		}
		require.NoError(t, m.Hired())
		require.NoError(t, m.Payment())
		require.NoError(t, m.Vacant())
		h.hear(time.Second)
		h.say(Ack{}, Ack{}, Ack{})
		h.hear(time.Second)
		h.say(Ack{})
		h.hear(10 * time.Second)
		ask(StatusRequest{}, status(Vacant))
		ask(TripRequest{}, TripData{Fare: 5500, NetTotal: 5500})
		ask(PrinterRequest{}, PrinterStatus{'2'})
		ask(RateRequest{}, Rate{'1'})
		ask(StatisticsRequest{}, Statistics{Unit: '1', Fare: 5500, Trips: 1})
		m.Busy(true)
		ask(TripRequest{}, Busy{true})
		m.Busy(false)
		require.Equal(t, []Message{Busy{false}}, h.hear(100*time.Millisecond))
		h.say(Ack{})
		m.LoseRequests(1)
		h.say(StatusRequest{})
		require.Empty(t, h.hear(2*time.Second))
		m.Miscount(1)
		ask(TripRequest{}, TripData{Fare: 5500, NetTotal: 5600})
		ask(TripRequest{}, TripData{Fare: 5500, NetTotal: 5500})
		ask(Configuration{RunningFare: true})
		require.NoError(t, m.Hired())
		require.Equal(t, []Message{hiredKey, RunningFare{Fare: 5500}}, h.hear(100*time.Millisecond))
		h.say(Ack{}, Ack{})
		require.Equal(t, []Message{RunningFare{Fare: 5500}, RunningFare{Fare: 5500}}, h.hear(2*time.Second))
		require.Empty(t, m.Offences())
		h.say(Unsupported{})
		_, err := h.Write(unhex("02 47 01 30 74 03"))
		require.NoError(t, err)
		h.say(Configuration{Validation: true})
		h.hear(time.Second)
		require.Equal(t, []ID{0x47, IDConfiguration}, m.Offences())
		require.Equal(t, 1, m.Heard(IDStatsRequest))
	})
}

func TestSimulatorForms(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		m := NewSimulator(SimulatorConfig{LongForm: true, TLC: true, MTATax: 50, Flagfall: 350})
		h := plugIn(t, m)
		defer h.pull()
		require.NoError(t, m.Hired())
		require.Equal(t, []Message{StateChange{State: TimeOn, Display: &Display{'1', 350, 0}}}, h.hear(100*time.Millisecond))
		h.say(Ack{}, TripRequest{})
		require.Equal(t, []Message{Ack{}, TripData{TLC: true, Fare: 350, MTATax: 50, NetTotal: 400}}, h.hear(100*time.Millisecond))
		require.NoError(t, m.SetFare(123456))
		h.say(Ack{})
		require.NoError(t, m.TimeOff())
		require.Equal(t, []Message{timeOffKey}, h.hear(100*time.Millisecond), "too large for the long form")
	})
}

func TestSimulatorWithoutCable(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		m := NewSimulator(SimulatorConfig{})
		require.NoError(t, m.Hired())
		time.Sleep(10 * time.Second)
		require.NoError(t, m.TimeOff())
		time.Sleep(time.Second)
		require.False(t, m.Reading().Plugged)
		h := plugIn(t, m)
		require.Equal(t, []Message{timeOffKey}, h.hear(100*time.Millisecond), "what would still be repeated is, the rest is over")
		require.True(t, m.Reading().Plugged)

		second := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { second <- m.Run(ctx, metertest.NewLine(nil, nil, nil).Meter()) }()
		synctest.Wait()
		require.Empty(t, second, "one socket: the second cable waits")
		cancel()
		require.ErrorIs(t, <-second, context.Canceled)

		h.pull()
		h = plugIn(t, m)
		defer h.pull()
		require.Equal(t, []Message{timeOffKey}, h.hear(100*time.Millisecond), "not acknowledged on the old cable")
	})
}

// taxi is a driver and a simulator on a line in memory.
type taxi struct {
	*Simulator
	mu  sync.Mutex
	log []string
}

// drive connects the two, and gives a way to pull the cable.
func drive(t *testing.T, profile string, m *Simulator) (x *taxi, pull func()) {
	cfg, ok := Profile(profile)
	require.True(t, ok)
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
		x.log = append(x.log, fmt.Sprintf("%d final=%t %v", e.Record.Total, e.Final, e.Record.Doubts))
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

func TestLostAcksCauseNoSecondEvent(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		x, pull := drive(t, "pulsar", NewSimulator(SimulatorConfig{Flagfall: 5500}))
		defer pull()
		x.LoseAcks(2)
		require.NoError(t, x.Hired())
		time.Sleep(5 * time.Second)
		require.Equal(t, []string{"hired"}, x.told())
		x.LoseAcks(1)
		require.NoError(t, x.TimeOff())
		time.Sleep(5 * time.Second)
		require.Equal(t, []string{"stopped", "5500 final=false []"}, x.told())
		require.NoError(t, x.Vacant())
		time.Sleep(5 * time.Second)
		require.Equal(t, []string{"5500 final=true []", "for_hire"}, x.told())
		require.Empty(t, x.Offences())
	})
}

func TestPowerLossWhileHired(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		x, pull := drive(t, "pulsar", NewSimulator(SimulatorConfig{Flagfall: 5500}))
		defer pull()
		require.NoError(t, x.Hired())
		require.NoError(t, x.TimeOff())
		require.NoError(t, x.Vacant())
		time.Sleep(5 * time.Second)
		require.NoError(t, x.Hired())
		require.NoError(t, x.SetFare(9900))
		time.Sleep(time.Minute)
		x.told()
		x.PowerOff()
		time.Sleep(time.Minute)
		require.Equal(t, []string{"health silent"}, x.told(), "a fare that was running is never charged")
		x.PowerOn()
		time.Sleep(time.Minute)
		require.Equal(t, []string{"health ok", "5500 final=true [read_after_gap]", "for_hire"}, x.told(),
			"the record that the meter still has is of the trip before")
	})
}

func TestCorrectionAtStop(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		x, pull := drive(t, "pulsar", NewSimulator(SimulatorConfig{Flagfall: 5500}))
		defer pull()
		require.NoError(t, x.Hired())
		require.NoError(t, x.TimeOff())
		time.Sleep(time.Second)
		require.NoError(t, x.SetFare(5000))
		time.Sleep(time.Second)
		require.NoError(t, x.Extras(2500))
		time.Sleep(time.Second)
		require.NoError(t, x.Vacant())
		time.Sleep(time.Second)
		require.Equal(t, []string{"hired", "stopped", "5500 final=false []", "5000 final=false []", "7500 final=false []", "7500 final=true []", "for_hire"}, x.told())
	})
}

func TestFaultsOfTheMeter(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		x, pull := drive(t, "pulsar", NewSimulator(SimulatorConfig{}))
		defer pull()
		for _, fault := range []func(){
			func() { x.Fail(4) }, func() { x.Fail(0) }, x.TimeOut, x.Ping, x.MissedMessage, x.SendTripData,
			func() { x.SwipeCard(IDCardData, pan) },
		} {
			fault()
			time.Sleep(time.Minute)
		}
		require.Equal(t, []string{"health alarm", "health ok", "health alarm", "health ok", "0 final=true [late_record]"}, x.told())
	})
}
