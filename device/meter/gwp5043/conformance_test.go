package gwp5043

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/device/meter/metertest"
	"taxiterminal/money"
)

var quiet = slog.New(slog.DiscardHandler)

// keys gives a simulator the keys of metertest. Keys that are dead at the moment do nothing,
// as on a real meter, and this one has none for a stop.
type keys struct{ *Simulator }

func (k keys) Hire()                 { _ = k.Occupied() }
func (k keys) Stop()                 {}
func (k keys) Resume()               {}
func (k keys) Vacate()               { _ = k.Vacancy() }
func (k keys) SetFare(f money.Minor) { _ = k.Simulator.SetFare(f) }
func (k keys) Total() money.Minor {
	if r := k.Reading(); r.State == Occupied {
		return r.Fare
	}
	_, fare := k.Closed()
	return fare
}

func TestConformance(t *testing.T) {
	for name, c := range map[string]struct {
		table map[string]any
		meter SimulatorConfig
		step  money.Minor
	}{
		"whole units": {map[string]any{}, SimulatorConfig{OldTrip: true}, 100},
		"hundredths": {map[string]any{"serial": "76543210", "zone": "UTC", "decimals": int64(2)},
			SimulatorConfig{OldTrip: true, Speed: 13, Serial: "76543210", Decimals: 2}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			metertest.Run(t, metertest.Subject{
				Driver: func() meter.Driver {
					d, err := meter.New("gwp5043", c.table, quiet)
					require.NoError(t, err)
					return d
				},
				Meter:   func() metertest.Meter { return keys{NewSimulator(c.meter)} },
				Step:    c.step,
				Hostile: [][]byte{{stx}, {stx, byte(CmdClosed), 0, 0, 0, recordLen}, {stx, byte(CmdLive), 0, 0, 0, liveLen, '1'}, vec4},
			})
		})
	}
}
