// Package metertest is what every driver of a taximeter must pass.
//
// A protocol's test hands Run a driver and a simulated meter of the same dialect.
// The suite plays the same trips over and over: on a line in memory where time is
// virtual, with the bytes cut and glued in every way, with damaged, lost, repeated
// and delayed frames, with the cable pulled, and on a real pseudo-terminal through
// device/serialport. What the driver tells must always keep the contract of package
// meter, must be the same whenever nothing was lost on the way, and must never be an
// amount without a doubt that the meter did not show.
//
//	func TestConformance(t *testing.T) {
//		metertest.Run(t, metertest.Subject{
//			Driver: func() meter.Driver { return New(...) },
//			Meter:  func() metertest.Meter { return &adapter{NewSimulator(...)} },
//			Silence: 35 * time.Second,
//		})
//	}
package metertest

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/money"
)

// Meter is a simulated meter. Its keys work with and without a line, and may be
// pressed from any goroutine; one that the protocol's meters do not have does
// nothing.
type Meter interface {
	// Run talks over line until ctx ends or the line fails. It writes one frame at a
	// time, for the faults of the suite befall frames.
	Run(ctx context.Context, line io.ReadWriter) error

	Hire()
	SetFare(money.Minor) // what the trip costs so far, without supplements
	Stop()
	Resume()
	Vacate()

	// Total is what the open or last trip comes to.
	Total() money.Minor
}

// Subject is a driver with a meter to try it on.
type Subject struct {
	Driver func() meter.Driver
	Meter  func() Meter

	// Silence is the protocol's liveness time; 0 if silence is normal.
	Silence time.Duration
	// Garbled is how long bytes without a frame may last before they are reported; 0
	// means 30 seconds.
	Garbled time.Duration
	// Step is the smallest amount that the meter can charge, to which the suite rounds
	// its fares down; 0 means 0.01.
	Step money.Minor
	// NoChecksum is set for protocols that cannot tell a damaged frame from a whole
	// one, whose amounts are then not held against the meter's.
	NoChecksum bool
	// Hostile are beginnings of frames which are sent for ever, to fill buffers.
	Hostile [][]byte
}

// round gives v in whole steps.
func (s Subject) round(v money.Minor) money.Minor { return v - v%max(s.Step, 1) }

// Run holds the subject against all that the suite knows.
func Run(t *testing.T, s Subject) {
	if s.Garbled == 0 {
		s.Garbled = 30 * time.Second
	}
	want := baseline(t, s)
	t.Run("chunks", func(t *testing.T) { testHarmless(t, s, want) })
	t.Run("faults", func(t *testing.T) { testFaults(t, s, want) })
	t.Run("cable", func(t *testing.T) { testCable(t, s) })
	t.Run("health", func(t *testing.T) { testHealth(t, s) })
	t.Run("end", func(t *testing.T) { testEnd(t, s) })
	t.Run("memory", func(t *testing.T) { testMemory(t, s) })
	t.Run("pty", func(t *testing.T) { testPTY(t, s, want) })
}

// quiet is the logger for drivers under test.
var quiet = slog.New(slog.DiscardHandler)
