package vipps_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// A call over the API's limit is not sent, and says at once when it may be.
func TestCallsOverTheLimitComeBackAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{})
		defer sim.Close()
		client := newClient(t, sim)
		approved(t, sim, client)
		start := time.Now()
		for i := range 5 {
			res := client.Capture(t.Context(), reference, fmt.Sprint("key-", i), encode(t, nok(100)))
			require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
			time.Sleep(time.Second)
		}
		res := client.Capture(t.Context(), reference, "key-5", encode(t, nok(100)))
		require.Equal(t, vipps.Retry, res.Kind)
		require.Equal(t, vipps.ClassRateLimited, res.Err.Class)
		require.Equal(t, 56*time.Second, res.After)
		require.Equal(t, 5*time.Second, time.Since(start))
		require.Equal(t, 5, sim.Calls(vippstest.OpCapture, reference).Seen)
		time.Sleep(res.After)
		require.Equal(t, vipps.Done, client.Capture(t.Context(), reference, "key-5", encode(t, nok(100))).Kind)

		for range 120 {
			require.Equal(t, vipps.Done, client.Get(t.Context(), reference).Kind)
		}
		res = client.Get(t.Context(), reference)
		require.Equal(t, vipps.Retry, res.Kind)
		require.Equal(t, 61*time.Second, res.After)
		require.Zero(t, sim.Calls(vippstest.OpGet, reference).Refused)
	})
}

// Tries without a network do not count: the first one after the tunnel goes out.
func TestTriesWithoutNetworkUseUpNoCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{})
		defer sim.Close()
		client := newClient(t, sim)
		client.Get(t.Context(), "some-token-please")
		require.NoError(t, sim.SetNetwork(vippstest.Refused, 0))
		for range 20 {
			res := client.Create(t.Context(), "key", encode(t, plain()))
			require.Equal(t, vipps.Retry, res.Kind)
			require.Equal(t, vipps.ClassNetwork, res.Err.Class)
			time.Sleep(time.Second)
		}
		require.NoError(t, sim.SetNetwork(vippstest.Up, 0))
		require.Equal(t, vipps.Done, client.Create(t.Context(), "key", encode(t, plain())).Kind)
	})
}

// The trip of every day: asked, approved, captured, seen.
func TestPolledUntilPaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{Latency: 80 * time.Millisecond})
		defer sim.Close()
		client := newClient(t, sim)
		sim.SetHabit(vippstest.Habit{Action: vippstest.Approve, After: d(45)})
		res := client.Create(t.Context(), "key-create", encode(t, full()))
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		bill, err := sim.Scan(res.Payment.RedirectURL)
		require.NoError(t, err)
		require.Equal(t, reference, bill.Reference)
		for res = client.Get(t.Context(), reference); res.Payment.State != vipps.Authorized; res = client.Get(t.Context(), reference) {
			require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
			time.Sleep(time.Second)
		}
		require.Equal(t, map[string]string{"vehicle": "T122", "trip": "0042"}, res.Payment.Metadata)
		require.NotEmpty(t, res.Payment.Sub)
		require.False(t, res.Payment.CaptureGuaranteedUntil.IsZero())
		res = client.Capture(t.Context(), reference, "key-capture", encode(t, nok(res.Payment.Reserved())))
		require.Equal(t, fare, res.Payment.Captured)
		require.Zero(t, res.Payment.Reserved())

		events, res := client.Events(t.Context(), reference)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		var names []string
		for _, e := range events {
			names = append(names, e.Name)
			require.Equal(t, money.Of(fare, money.NOK), e.Amount)
		}
		require.Equal(t, []string{"CREATED", "AUTHORIZED", "CAPTURED"}, names)
		require.NoError(t, sim.Check())
	})
}

// The passenger is between the bank's page and the app: the cancel waits.
func TestCancelWhileTheyApprove(t *testing.T) {
	t.Parallel()
	sim := newSim(t, vippstest.Options{})
	client := newClient(t, sim)
	readable(t, client)
	cancel := encode(t, vipps.Cancellation{TransactionOnly: true})
	require.NoError(t, sim.Act(reference, vippstest.Begin, 0))
	res := client.Cancel(t.Context(), reference, "key-cancel", cancel)
	require.Equal(t, vipps.Retry, res.Kind)
	require.Equal(t, vipps.CodeApproving, res.Err.Code)
	require.NoError(t, sim.Act(reference, vippstest.Approve, 0))
	res = client.Cancel(t.Context(), reference, "key-cancel", cancel)
	require.Equal(t, vipps.Rejected, res.Kind, "the same key is good for another answer")
	require.Equal(t, vipps.CodeApprovedFirst, res.Err.Code)
}

func TestAmountLimits(t *testing.T) {
	t.Parallel()
	least, most, ok := vipps.AmountLimits(money.NOK)
	require.True(t, ok)
	require.Equal(t, []money.Minor{100, 65_000_000}, []money.Minor{least, most})
	_, _, ok = vipps.AmountLimits(money.SEK)
	require.False(t, ok)
}
