package capture

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/device/meter/metertest"
	"taxiterminal/money"
)

var quiet = slog.New(slog.DiscardHandler)

// keys gives a simulator the keys of metertest. Keys that are dead at the moment do
// nothing, as on a real meter.
type keys struct{ *Simulator }

func (k keys) Hire()                 { _ = k.Hired() }
func (k keys) Stop()                 { _ = k.TimeOff() }
func (k keys) Resume()               { _ = k.Simulator.Resume() }
func (k keys) Vacate()               { _ = k.Vacant() }
func (k keys) SetFare(f money.Minor) { _ = k.Simulator.SetFare(f) }
func (k keys) Total() money.Minor {
	if r := k.Reading(); r.Position != meter.ForHire {
		return r.Total
	}
	return k.Closed().Total
}

func simulator(t testing.TB, cfg SimulatorConfig) *Simulator {
	t.Helper()
	s, err := NewSimulator(cfg)
	require.NoError(t, err)
	return s
}

func driver(t testing.TB, table map[string]any) *Driver {
	t.Helper()
	d, err := meter.New("capture", table, quiet)
	require.NoError(t, err)
	return d.(*Driver)
}

func TestConformance(t *testing.T) {
	for _, name := range []string{"no-24", "se-42", "lines"} { // one for each way to end a print
		subject(t, name, map[string]any{"profile": name}, SimulatorConfig{Profile: name, Speed: 13})
	}
	subject(t, "printer", map[string]any{"profile": "no-48", "mode": "printer"}, SimulatorConfig{Polls: true, Logo: true})
	subject(t, "tee", map[string]any{"profile": "no-48", "mode": "tee", "printer": "/dev/null"}, SimulatorConfig{Logo: true})
}

func subject(t *testing.T, name string, table map[string]any, cfg SimulatorConfig) {
	t.Run(name, func(t *testing.T) {
		metertest.Run(t, metertest.Subject{
			Driver:     func() meter.Driver { return teed{driver(t, table)} },
			Meter:      func() metertest.Meter { return keys{simulator(t, cfg)} },
			NoChecksum: true,
			Hostile: [][]byte{
				{esc}, {'x'}, {lf}, {'9', lf}, {gs, 'v', '0', 0, 255, 255, 255, 255}, {esc, '&', 1, 0, 255}, {gs, 'k', 4},
				{esc, 't', 5, 'x', esc, 't', 2, 'y'}, {dle, 4, 1}, bytes.Repeat([]byte("Takst 1 1,00\n"), 100),
			},
		})
	})
}

// teed runs a driver together with the real printer of a tee, if it has one.
type teed struct{ *Driver }

func (d teed) Run(ctx context.Context, port meter.Port, sink meter.Sink) error {
	if _, _, ok := d.Downstream(); ok {
		ctx, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer func() { cancel(); wg.Wait() }()
		line := metertest.NewLine(nil, nil, nil)
		wg.Go(func() { _ = d.ServeDownstream(ctx, line.Host()) })
	}
	return d.Driver.Run(ctx, port, sink)
}

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
