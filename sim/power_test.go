package sim

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/outbox/disktest"
	"taxiterminal/vipps/vippstest"
)

var cuts = flag.Int("cuts", 4, "how often TestThePowerIsCutOnATrip cuts the power; its seed is -seed")

// TestThePowerIsCutOnATrip drives one paid trip after the other with the outbox on a disk
// that forgets what was not flushed, or keeps any part of it, and cuts the power once on
// each, at a change of the disk that the seed decides. Each trip must be captured exactly
// once. Several cars drive at once, because most of a trip is waiting. "make power" is the
// long form.
func TestThePowerIsCutOnATrip(t *testing.T) {
	from := *seed
	if from == 0 {
		from = rand.Uint64()
	}
	const cars = 4
	t.Logf("seed %d, %d cuts", from, *cuts)
	for car := range min(cars, *cuts) {
		t.Run(fmt.Sprint("car ", car), func(t *testing.T) {
			t.Parallel()
			cutTrips(t, from+uint64(car), (*cuts+cars-1-car)/cars)
		})
	}
}

func cutTrips(t *testing.T, seed uint64, cuts int) {
	random := rand.New(rand.NewPCG(seed, 2))
	ctx := withTimeout(t, 2*time.Hour)
	disk := disktest.New(seed)
	trip := started(t, onFolder(disk.Mount(t)))
	trip.API.SetHabit(vippstest.Habit{Action: vippstest.Approve, After: vippstest.Duration(100 * time.Millisecond)})

	late := 0
	for round := 1; round <= cuts; round++ {
		keeps, change := disktest.Keeps(random.IntN(3)), 1+random.IntN(tripChanges)
		disk.CutAfter(change)
		cut := make(chan error, 1)
		over := make(chan struct{}) // the API has captured
		go func() {
			select {
			case <-disk.Dead():
			case <-over: // before the power went
				late++
			}
			cut <- play(trip.Daemon.Kill, func() error { return disk.Cut(keeps) }, func() error { return trip.Daemon.Start(ctx) })
		}()
		require.NoError(t, trip.Meter.Hired())
		require.NoError(t, trip.Stop(fare))
		require.NoError(t, trip.captured(ctx, round), "round %d, cut at change %d", round, change)
		close(over)
		require.NoError(t, <-cut)
		require.NoError(t, trip.meterIs(ctx, "ok"))
		require.NoError(t, trip.Shows(ctx, "paid"), "round %d, cut at change %d", round, change)
		require.NoError(t, trip.Meter.Vacant())
		require.NoError(t, trip.meterAtRest(ctx, round))

		all := trip.API.Payments()
		p := all[len(all)-1]
		require.EqualValues(t, []any{"AUTHORIZED", fare, fare, 0, 1},
			[]any{p.State, int(p.Authorized), int(p.Captured), int(p.Cancelled), p.Calls[vippstest.OpCapture].Executed},
			"round %d, cut at change %d: %+v", round, change, p)
		require.Len(t, all, round, "round %d, cut at change %d: one payment a trip", round, change)
	}
	require.NoError(t, trip.API.Check())
	var verified struct{ Entries int }
	require.NoError(t, trip.Daemon.Command(ctx, &verified, "outbox", "verify"))
	t.Logf("%d cuts in %d changes of the disk, %d of them after PAID: %d trips captured exactly once, %d journal entries follow from each other",
		cuts, disk.Changes(), late, cuts, verified.Entries)
}

// captured waits until the API has captured so many payments.
func (t *Trip) captured(ctx context.Context, n int) error {
	return Poll(ctx, Patience, "capture", func() (bool, error) {
		all := t.API.Payments()
		return len(all) >= n && all[n-1].Captured > 0, nil
	})
}

// tripChanges is about how often the disk changes on a paid trip.
const tripChanges = 110
