package fleet

import (
	"context"
	"errors"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/sim"
	"taxiterminal/sim/badnet"
	"taxiterminal/vipps/vippstest"
)

var days = flag.Int("days", 1, "with more than one, TestABadNetworkBetweenCarAndGateway drives on after connecting")

// TestABadNetworkBetweenCarAndGateway: the car has to connect over a bad network, and a
// fare is asked for, approved and captured over it.
func TestABadNetworkBetweenCarAndGateway(t *testing.T) {
	t.Parallel()
	ctx := withTimeout(t, 10*time.Minute)
	desk, car := started(t, nil)
	paid := 0
	for _, bad := range []struct {
		name string
		badnet.Toxics
	}{
		{name: "latency of 2 s each way", Toxics: badnet.Toxics{Latency: 2 * time.Second}},
		{name: "30 % of what is sent is lost", Toxics: badnet.Toxics{Loss: 0.3}},
		{name: "connections break", Toxics: badnet.Toxics{Cut: 0.1}},
		{name: "both", Toxics: badnet.Toxics{Latency: 500 * time.Millisecond, Loss: 0.3, Cut: 0.02}},
	} {
		require.NoError(t, desk.Line.Set(vippstest.Refused))
		require.NoError(t, car.Connected(ctx, false))
		require.NoError(t, desk.Line.Line.Set(bad.Toxics))
		require.NoError(t, car.Connected(ctx, true), bad.name)
		if *days == 1 {
			return
		}
		require.NoError(t, car.Ride(ctx, fare))
		require.NoError(t, car.Approve(ctx), bad.name)
		require.NoError(t, car.Shows(ctx, "paid"), bad.name)
		require.NoError(t, desk.Line.Set(vippstest.Up))
		require.NoError(t, errors.Join(car.Leave(), car.Shows(ctx, "idle")))
		paid++
		requirePaidOnce(t, desk, paid, bad.name)
	}

	// The gateway is gone and nobody says so, twice: before the fare and before the
	// capture.
	require.NoError(t, car.Board(ctx))
	gone := badnet.Toxics{Vanish: true}
	require.NoError(t, desk.Line.Line.Set(gone))
	require.NoError(t, car.Stop(fare))
	require.NoError(t, car.saysNoNetwork(ctx))
	require.NoError(t, desk.Line.Set(vippstest.Up))
	reference, err := car.Scan(ctx)
	require.NoError(t, err)
	require.NoError(t, desk.Line.Line.Set(gone))
	require.NoError(t, desk.API.Act(reference, vippstest.Approve, 0))
	require.NoError(t, car.saysNoNetwork(ctx))
	require.NoError(t, desk.Line.Set(vippstest.Up))
	require.NoError(t, car.Shows(ctx, "paid"))
	requirePaidOnce(t, desk, paid+1, "half open")
}

func requirePaidOnce(t *testing.T, d *Desk, trips int, what string) {
	require.NoError(t, d.API.Check())
	all := d.API.Payments()
	require.Len(t, all, trips, "%s: one payment a trip", what)
	p := all[trips-1]
	require.EqualValues(t, []any{"AUTHORIZED", fare, fare, 0, 1},
		[]any{p.State, p.Authorized, p.Captured, int(p.Cancelled), p.Calls[vippstest.OpCapture].Executed}, "%s: %+v", what, p)
}

// saysNoNetwork waits until the driver reads N1.
func (c *Car) saysNoNetwork(ctx context.Context) error {
	_, err := c.Driver.Await(ctx, sim.Patience, "N1", func(html string) bool { return strings.Contains(html, ">N1</strong>") })
	return err
}
