package fleet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/office"
	"taxiterminal/vipps/vippstest"
)

// A press whose payment never came to be is not looked after for ever, and as long as
// the API cannot be asked nobody knows that.
func TestAPaymentThatWasNeverMadeIsGivenUp(t *testing.T) {
	r, ctx := started(t), t.Context()
	_, err := r.office.AddCar(ctx, office.AddCar{ID: "T122"})
	require.NoError(t, err)
	const reference = "T122-K7Q2X-0042-1"
	require.NoError(t, r.whole.Press(ctx, reference))
	require.False(t, r.whole.CarryOn(ctx, reference, time.Minute), "the create may be under way")
	require.NoError(t, r.sim.SetNetwork(vippstest.Refused, 0))
	require.False(t, r.whole.CarryOn(ctx, reference, time.Hour))
	require.True(t, r.whole.Pressed(ctx, reference))
	require.NoError(t, r.sim.SetNetwork(vippstest.Up, 0))
	require.Eventually(t, func() bool { return r.whole.CarryOn(ctx, reference, time.Hour) }, 20*time.Second, 10*time.Millisecond)
	require.False(t, r.whole.Pressed(ctx, reference))
}
