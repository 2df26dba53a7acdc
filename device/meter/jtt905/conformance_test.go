package jtt905

import (
	"log/slog"
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
	if r := k.Reading(); r.State != Vacant {
		return r.Total
	}
	return k.Closed().Amount
}

// isuTable is the least that role isu needs.
func isuTable(more ...any) map[string]any {
	t := map[string]any{"role": "isu", "plate": "AB1234", "certificate": testCertificate}
	for i := 0; i+1 < len(more); i += 2 {
		t[more[i].(string)] = more[i+1]
	}
	return t
}

func TestConformance(t *testing.T) {
	const beat = 900 * time.Millisecond
	for name, c := range map[string]struct {
		table map[string]any
		meter SimulatorConfig
	}{
		"isu":            {isuTable(), SimulatorConfig{Heartbeat: beat, Speed: 13}},
		"isu, slow":      {isuTable("heartbeat_answer", "9", "surcharge", "added"), SimulatorConfig{Heartbeat: beat, Delay: 200 * time.Millisecond}},
		"isu, no poll":   {isuTable("poll", "0s"), SimulatorConfig{Heartbeat: beat}},
		"listen":         {map[string]any{}, SimulatorConfig{Heartbeat: beat, OwnTerminal: true}},
		"listen, slowly": {map[string]any{"role": "listen"}, SimulatorConfig{Heartbeat: 4700 * time.Millisecond, OwnTerminal: true}},
	} {
		t.Run(name, func(t *testing.T) {
			metertest.Run(t, metertest.Subject{
				Driver: func() meter.Driver {
					d, err := meter.New("jtt905", c.table, quiet)
					require.NoError(t, err)
					return d
				},
				Meter:   func() metertest.Meter { return keys{NewSimulator(c.meter)} },
				Silence: defaultLiveness,
				Step:    10,
				Hostile: [][]byte{{mark0}, {mark0, mark1}, {mark0, mark1, 4, 0}, {mark0, mark1, 3, 0xFB}, must(Started{At: noon}), endedFrame, unhex(midnightHex)},
			})
		})
	}
}
