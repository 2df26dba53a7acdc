package link_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/link"
	"taxiterminal/fleet/link/linktest"
)

// What must reach a car says so if it certainly did not.
func TestAHintThatNobodyHearsIsKnownToBeLost(t *testing.T) {
	t.Parallel()
	w := linktest.New(t, 1)
	nc := w.Gateway(t)
	hint := link.Hint{Refund: &link.Refund{Trip: "T122-K7Q2X-0042", Amount: 5000, Already: 100, Reason: "detour"}}
	heard := make(chan link.Hint, 1)
	car, _ := w.Car(t, w.Terminals[0], func(c *link.Config) { c.OnHint = func(h link.Hint) { heard <- h } })
	require.Eventually(t, func() bool { return link.Deliver(t.Context(), nc, car.Terminal(), hint) == nil }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, hint.Refund, (<-heard).Refund)
	car.Close()
	require.Eventually(t, func() bool { return link.Deliver(t.Context(), nc, car.Terminal(), hint) != nil }, 10*time.Second, 10*time.Millisecond)
	require.ErrorIs(t, link.Deliver(t.Context(), nc, car.Terminal(), hint), link.ErrAway)
	require.Error(t, link.Deliver(t.Context(), nc, "nobody", hint))
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", hint, hint, *hint.Refund), "detour")
}
