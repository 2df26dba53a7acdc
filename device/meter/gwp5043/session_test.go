package gwp5043

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/config/table"
	"taxiterminal/device/meter"
	"taxiterminal/device/meter/metertest"
)

func textLog(b *bytes.Buffer) *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func TestConfig(t *testing.T) {
	t.Parallel()
	got, err := parseConfig(nil)
	require.NoError(t, err)
	require.Equal(t, Config{Zone: time.UTC}, got)
	got, err = parseConfig(map[string]any{"decimals": int64(2), "zone": "Asia/Bangkok", "serial": "0123456"})
	require.NoError(t, err)
	require.Equal(t, "Asia/Bangkok", got.Zone.String())
	require.Equal(t, 2, got.Decimals)
	require.Equal(t, "0123456", got.Serial)

	for _, c := range []struct {
		table map[string]any
		keys  []string
	}{
		{map[string]any{"decimals": int64(3), "zone": "Thailand", "serial": "012345678", "baud": int64(9600)}, []string{"baud", "decimals", "serial", "zone"}},
		{map[string]any{"decimals": "two", "zone": int64(7), "serial": "01 23"}, []string{"decimals", "serial", "zone"}},
		{map[string]any{"serial": "№1"}, []string{"serial"}},
	} {
		_, err := newFromTable(c.table, quiet)
		var te *table.Error
		require.ErrorAs(t, err, &te)
		var keys []string
		for _, p := range te.Problems {
			require.NotEmpty(t, p.Hint)
			keys = append(keys, p.Key)
		}
		require.Equal(t, c.keys, keys)
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	d, err := meter.New("gwp5043", nil, quiet)
	require.NoError(t, err)
	require.Equal(t, meter.Capabilities{LiveState: true, RunningFare: true}, d.Capabilities())
}

// The meter hears nothing, whatever happens on the line.
func TestNothingIsEverSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		line := metertest.NewLine(rand.New(rand.NewPCG(1, 1)), nil, func(_ *rand.Rand, p []byte) []metertest.Piece { sent += len(p); return nil })
		m := NewSimulator(SimulatorConfig{})
		d := New(Config{Zone: time.UTC}, quiet)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = m.Run(t.Context(), line.Meter()) }()
		done := make(chan error)
		go func() { done <- d.Run(ctx, line.Host(), func(meter.Event) {}) }()
		for _, press := range []func() error{m.Occupied, m.Vacancy, m.Print} {
			require.NoError(t, press())
			time.Sleep(10 * time.Second)
		}
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		line.Cut()
		require.Zero(t, sent)
		require.Zero(t, m.Heard())
	})
}

const driverID = "2143658721436587"

// spyPort gives its chunks and keeps the slice that they were read into.
type spyPort struct {
	chunks [][]byte
	kept   []byte
}

func (p *spyPort) Write([]byte) (int, error) { panic("the meter is one-way") }

func (p *spyPort) Read(buf []byte) (int, error) {
	p.kept = buf
	if len(p.chunks) == 0 {
		return 0, context.DeadlineExceeded
	}
	n := copy(buf, p.chunks[0])
	p.chunks = p.chunks[1:]
	return n, nil
}

func TestNothingOfTheDriverIsKept(t *testing.T) {
	t.Parallel()
	require.Contains(t, string(vec4), driverID)
	var log bytes.Buffer
	d := New(Config{Zone: time.UTC}, textLog(&log))
	port := &spyPort{chunks: [][]byte{vec4[:50], vec4[50:], vec4}}
	require.ErrorIs(t, d.Run(t.Context(), port, func(meter.Event) {}), context.DeadlineExceeded)
	require.NotContains(t, string(port.kept), driverID[:4], "the read buffer")
	require.NotContains(t, log.String(), driverID[:4])
	require.NotContains(t, string(decode(vec4).frames[0].Data), driverID[:4])
}

func TestMaskTrace(t *testing.T) {
	t.Parallel()
	hide := func(pieces ...[]byte) []byte {
		mask := New(Config{}, quiet).MaskTrace()
		var out []byte
		for _, p := range pieces {
			p = bytes.Clone(p)
			mask(true, p)
			out = append(out, p...)
		}
		return out
	}
	want := bytes.Clone(vec4)
	clear(want[headLen+driverAt : headLen+driverAt+driverLen])
	require.Equal(t, want, hide(vec4))
	require.Equal(t, append(bytes.Clone(golden[0].bytes), want...), hide(golden[0].bytes, vec4), "what is left can be replayed")
	for i := range vec4 {
		require.Equal(t, want, hide(vec4[:i], vec4[i:]))
		require.NotContains(t, string(hide(vec4[i:])), driverID[:4], "a frame without its beginning")
		require.NotContains(t, string(hide(vec4[:i], vec4)), driverID[:4], "a frame cut off")
		flipped := bytes.Clone(vec4)
		flipped[i] ^= 1 << 7
		require.NotContains(t, string(hide(flipped)), driverID[:4], "a damaged frame")
		require.NotContains(t, string(hide(vec4[:i], vec4[min(i+1, len(vec4)):])), driverID[1:], "a byte lost")
	}
	noise := []byte{0xFF, 0x80, 0, 'A', stx, 'z', '7', '-'}
	require.Equal(t, []byte{0xFF, 0x80, 0, '?', stx, '?', '?', '-'}, hide(noise))

	out := []byte("sent by the host")
	New(Config{}, quiet).MaskTrace()(false, out)
	require.Equal(t, "sent by the host", string(out))
}

func TestClockDifferenceIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	d := newDesk(t)
	d.driver.log = textLog(&log)
	d.open().hire().run(5)
	require.NotContains(t, log.String(), "clock")
	d.skew = 7 * time.Hour
	d.open().hire().run(5)
	require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("by=7h0m0s")), log.String())
}
