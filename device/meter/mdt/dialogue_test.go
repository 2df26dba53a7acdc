package mdt

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/device/meter"
	"taxiterminal/device/meter/metertest"
)

// Whatever a meter says and whenever it says it, what is told keeps the contract,
// nothing is sent in bursts, nothing grows, and the driver never waits for ever.
func TestAnyDialogueKeepsTheContract(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		profile := rapid.SampledFrom([]string{"pulsar", "centrodyne", "fare_at_vacant", "tap"}).Draw(t, "profile")
		cfg, _ := Profile(profile)
		cfg.RunningFare = !cfg.Silent && rapid.Bool().Draw(t, "running fare")
		d := New(cfg, quiet)
		contract := metertest.Contract{Capabilities: d.Capabilities()}
		var told []meter.Event
		sent := 0
		now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
		out := writerFunc(func(p []byte) (int, error) { sent++; return len(p), nil })
		var s *session
		open := func() {
			s = newSession(cfg, quiet, out, func(e meter.Event) { told = append(told, e) }, &d.trip, char9600)
			s.open(now)
		}
		open()
		likely := rapid.SampledFrom([]Message{hiredKey, timeOffKey, vacantKey, tripOf(2090), tripOf(350), TripData{Fare: 1, NetTotal: 2},
			status(Vacant), status(TimeOn), status(TimeOff), Ack{}, Ack{}, Unsupported{}, Busy{true}, Busy{false}, RunningFare{Fare: 100}, MissedMessage{},
			StateChange{State: TimeOff, Display: &Display{Rate: '1', Fare: 1840, Extras: 250}}})
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			before := sent
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				open()
			case 1, 2, 3:
				now = now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "ms")) * time.Millisecond)
				s.idle(now)
			case 4:
				s.bytes(must(message(FromMeter).Draw(t, "any")), now)
			default:
				s.bytes(must(likely.Draw(t, "message")), now)
			}
			require.NoError(t, s.err)
			require.LessOrEqual(t, sent-before, 8, "frames sent in one step")
			if cfg.Silent {
				require.Zero(t, sent)
			}
			if c := d.trip.closing; c != nil {
				require.LessOrEqual(t, len(c.held), maxHeld)
			}
		}
		for range 200 { // a closing trip is closed at last, one by one
			now = now.Add(100 * time.Millisecond)
			s.idle(now)
		}
		if d.trip.closing != nil {
			require.NotEmpty(t, d.trip.closing.held, "closed within 20 s, unless another closed meanwhile")
		}
		for i, e := range told {
			if fault := contract.Event(e); fault != "" {
				t.Fatalf("event %d of %+v: %s", i, told, fault)
			}
		}
	})
}
