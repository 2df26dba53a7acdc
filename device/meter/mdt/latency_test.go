package mdt

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/device/serialport"
	"taxiterminal/device/serialport/ptycable"
)

// BenchmarkStopToRecord measures from the key press, which the simulator writes to
// the master of a pseudo-terminal as a 41, to the trip record at the sink. In between
// lie the driver's ACK and 44, and the simulator's ACK and 4B.
func BenchmarkStopToRecord(b *testing.B) {
	cable := ptycable.New(filepath.Join(b.TempDir(), "tty"))
	meterEnd, err := cable.Plug()
	require.NoError(b, err)
	m := NewSimulator(SimulatorConfig{Flagfall: 5500})
	cfg, _ := Profile("pulsar")
	d := New(cfg, quiet)
	told := make(chan meter.Event, 64)
	ctx, cancel := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	defer func() { cancel(); require.NoError(b, cable.Pull()); wg.Wait() }()
	wg.Go(func() { _ = m.Run(ctx, meterEnd) })
	line := serialport.Line{Baud: 115200, DataBits: 8, Parity: serialport.NoParity, StopBits: 1}
	wg.Go(func() {
		_ = serialport.New(serialport.Config{Path: cable.Link(), Line: line, Log: quiet}).Run(ctx,
			func(ctx context.Context, p *serialport.Port) error {
				return d.Run(ctx, p, func(e meter.Event) { told <- e })
			})
	})
	until := func(done func(meter.Event) bool) {
		for !done(<-told) {
		}
	}
	position := func(p meter.Position) func(meter.Event) bool {
		return func(e meter.Event) bool { c, ok := e.(meter.PositionChanged); return ok && c.Position == p }
	}
	until(position(meter.ForHire))
	var took []time.Duration
	for b.Loop() {
		require.NoError(b, m.Hired())
		until(position(meter.Hired))
		began := time.Now()
		require.NoError(b, m.TimeOff())
		until(func(e meter.Event) bool { _, ok := e.(meter.TripRecord); return ok })
		took = append(took, time.Since(began))
		require.NoError(b, m.Vacant())
		until(position(meter.ForHire))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
