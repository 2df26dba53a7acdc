package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps/vippstest"
)

// TestKilledAtARandomMoment drives one paid trip after the other and kills the daemon
// with SIGKILL once on each, at a moment that the seed decides. Each trip must be
// captured exactly once. "make kill ROUNDS=200" is the long form.
func TestKilledAtARandomMoment(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("seed %d, %d rounds", *seed, *rounds)
	random := rand.New(rand.NewPCG(*seed, 1))
	ctx := withTimeout(t, time.Hour)
	trip := started(t, nil)
	trip.API.SetHabit(vippstest.Habit{Action: vippstest.Approve, After: vippstest.Duration(100 * time.Millisecond)})

	for round := 1; round <= *rounds; round++ {
		moment := time.Duration(random.Int64N(int64(1400 * time.Millisecond)))
		killed := make(chan error, 1)
		time.AfterFunc(moment, func() {
			if err := trip.Daemon.Kill(); err != nil {
				killed <- err
				return
			}
			killed <- trip.Daemon.Start(ctx)
		})
		require.NoError(t, trip.Meter.Hired())
		pause(ctx, time.Duration(random.Int64N(int64(150*time.Millisecond))))
		require.NoError(t, trip.Stop(fare))
		require.NoError(t, <-killed)
		require.NoError(t, trip.Shows(ctx, "paid"), "round %d, killed after %s", round, moment)
		require.NoError(t, trip.Meter.Vacant())

		all := trip.API.Payments()
		p := all[len(all)-1]
		require.EqualValues(t, []any{"AUTHORIZED", fare, fare, 0, 1},
			[]any{p.State, int(p.Authorized), int(p.Captured), int(p.Cancelled), p.Calls[vippstest.OpCapture].Executed},
			"round %d, killed after %s: %+v", round, moment, p)
		require.Len(t, all, round, "round %d, killed after %s: one payment a trip", round, moment)
		require.NoError(t, trip.meterAtRest(ctx, round))
	}
	require.NoError(t, trip.API.Check())
	var verified struct{ Entries int }
	require.NoError(t, trip.Daemon.Command(ctx, &verified, "outbox", "verify"))
	t.Logf("%d kills, %d trips captured exactly once, %d journal entries follow from each other", *rounds, *rounds, verified.Entries)
}

// meterAtRest waits until the terminal has seen the meter leave the trip.
func (t *Trip) meterAtRest(ctx context.Context, round int) error {
	return Poll(ctx, Patience, fmt.Sprintf("trip %d left", round), func() (bool, error) {
		var trips []struct {
			Trip  string
			Phase string
		}
		if err := t.Daemon.Command(ctx, &trips, "trips", "--number", "1"); err != nil {
			return false, err
		}
		var j struct {
			Events []struct{ Kind string }
		}
		if err := t.Daemon.Command(ctx, &j, "trips", "show", trips[0].Trip); err != nil {
			return false, err
		}
		return trips[0].Phase == "settled" && j.Events[len(j.Events)-1].Kind == "vacated", nil
	})
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
