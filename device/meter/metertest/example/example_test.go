package example

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/device/meter/metertest"
	"taxiterminal/money"
)

// simulator is the meter to the driver.
type simulator struct {
	mu   sync.Mutex
	s    status
	keys chan struct{}
}

func newSimulator() metertest.Meter {
	return &simulator{s: status{position: meter.ForHire, trip: 16, total: 4711}, keys: make(chan struct{}, 1)}
}

func (m *simulator) Run(ctx context.Context, line io.ReadWriter) error {
	for {
		m.mu.Lock()
		p := m.s.line()
		m.mu.Unlock()
		if _, err := line.Write(p); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-m.keys:
		case <-time.After(time.Second):
		}
	}
}

func (s status) line() []byte {
	said := fmt.Sprintf("%s %d %d", map[meter.Position]string{meter.ForHire: "F", meter.Hired: "H", meter.Stopped: "S"}[s.position], s.trip, s.total)
	return fmt.Appendf(nil, "$%s %08X\n", said, crc32.ChecksumIEEE([]byte(said)))
}

// press moves the meter to another position, if it is in the one that the key needs.
func (m *simulator) press(to meter.Position, effect func(*status), from ...meter.Position) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range from {
		if m.s.position == f {
			m.s.position = to
			effect(&m.s)
			select {
			case m.keys <- struct{}{}:
			default:
			}
			return
		}
	}
}

func nothing(*status) {}

func (m *simulator) Hire() {
	m.press(meter.Hired, func(s *status) { s.trip, s.total = s.trip+1, 0 }, meter.ForHire)
}
func (m *simulator) Stop()   { m.press(meter.Stopped, nothing, meter.Hired) }
func (m *simulator) Resume() { m.press(meter.Hired, nothing, meter.Stopped) }
func (m *simulator) Vacate() { m.press(meter.ForHire, nothing, meter.Hired, meter.Stopped) }

func (m *simulator) SetFare(v money.Minor) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.s.total = v
}

func (m *simulator) Total() money.Minor {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.s.total
}

func TestConformance(t *testing.T) {
	metertest.Run(t, metertest.Subject{
		Driver:  func() meter.Driver { return &Driver{} },
		Meter:   newSimulator,
		Silence: liveness,
		Hostile: [][]byte{{'$'}, {'\n'}, []byte("$H 17 ")},
	})
}

func TestWorkedLine(t *testing.T) {
	t.Parallel()
	s := status{meter.Hired, 17, 2090}
	require.Equal(t, "$H 17 2090 FA8B09BC\n", string(s.line()))
	for line, want := range map[string]bool{
		"$H 17 2090 FA8B09BC": true, "\x80$F 1$H 17 2090 FA8B09BC": true,
		"H 17 2090": false, "": false, "$H 17 2091 FA8B09BC": false, "$H 17 2090 fa8b09bc": false,
		"$X 17 2090 564B4BCD": false, "$H 17 -209 596B99F6": false,
	} {
		got, ok := parse([]byte(line))
		require.Equal(t, want, ok, line)
		if want {
			require.Equal(t, s, got)
		}
	}
}
