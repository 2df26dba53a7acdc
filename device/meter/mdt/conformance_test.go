package mdt

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/device/meter/metertest"
	"taxiterminal/money"
)

var quiet = slog.New(slog.DiscardHandler)

func textLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// keys gives a simulator the keys of metertest. Keys that are dead at the moment do
// nothing, as on a real meter.
type keys struct{ *Simulator }

func (k keys) Hire()                 { _ = k.Hired() }
func (k keys) Stop()                 { _ = k.TimeOff() }
func (k keys) Resume()               { _ = k.Simulator.Resume() }
func (k keys) Vacate()               { _ = k.Vacant() }
func (k keys) SetFare(f money.Minor) { _ = k.Simulator.SetFare(f) }
func (k keys) Total() (t money.Minor) {
	if r := k.Reading(); r.State != Vacant {
		return r.Total
	}
	return k.Closed().NetTotal
}

func TestConformance(t *testing.T) {
	for name, c := range map[string]struct {
		table map[string]any
		meter SimulatorConfig
	}{
		"pulsar":         {map[string]any{"profile": "pulsar"}, SimulatorConfig{Speed: 13}},
		"running fare":   {map[string]any{"profile": "pulsar", "running_fare": true}, SimulatorConfig{}},
		"slow meter":     {map[string]any{"profile": "pulsar"}, SimulatorConfig{Delay: 200 * time.Millisecond}},
		"TLC":            {map[string]any{"profile": "pulsar"}, SimulatorConfig{TLC: true}},
		"centrodyne":     {map[string]any{"profile": "centrodyne"}, SimulatorConfig{LongForm: true}},
		"fare at vacant": {map[string]any{"profile": "fare_at_vacant"}, SimulatorConfig{FareAtVacant: true}},
	} {
		t.Run(name, func(t *testing.T) {
			metertest.Run(t, metertest.Subject{
				Driver: func() meter.Driver {
					d, err := meter.New("mdt", c.table, quiet)
					require.NoError(t, err)
					return d
				},
				Meter:   func() metertest.Meter { return keys{NewSimulator(c.meter)} },
				Silence: defaultPoll + slack,
				Hostile: [][]byte{{stx}, {stx, byte(IDCardData), 255}, {stx, 0xAB, maxUnlisted}, must(StateChange{State: TimeOn}), tripFrame},
			})
		})
	}
}
