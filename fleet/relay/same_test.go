package relay_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/fleet/relay"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// call is one use of the API, under keys that are the reference's.
type call func(ctx context.Context, api relay.API, reference string) vipps.Result

func calls(t testing.TB) map[vipps.Op]call {
	return map[vipps.Op]call{
		vipps.OpCreate: func(ctx context.Context, api relay.API, ref string) vipps.Result {
			return api.Create(ctx, ref+"-create-1", encode(t, request(ref)))
		},
		vipps.OpGet: func(ctx context.Context, api relay.API, ref string) vipps.Result { return api.Get(ctx, ref) },
		vipps.OpCapture: func(ctx context.Context, api relay.API, ref string) vipps.Result {
			return api.Capture(ctx, ref, ref+"-capture-1", encode(t, some(fare)))
		},
		vipps.OpCancel: func(ctx context.Context, api relay.API, ref string) vipps.Result {
			return api.Cancel(ctx, ref, ref+"-cancel-1", encode(t, vipps.Cancellation{}))
		},
		vipps.OpRefund: func(ctx context.Context, api relay.API, ref string) vipps.Result {
			return api.Refund(ctx, ref, ref+"-refund-1", encode(t, some(500)))
		},
	}
}

// faults is every kind of fault that the plan knows.
var faults = []vippstest.Fault{
	{Kind: vippstest.LostRequest},
	{Kind: vippstest.LostRequest, Hang: true},
	{Kind: vippstest.LostResponse},
	{Kind: vippstest.LostResponse, Hang: true},
	{Kind: vippstest.Delay, Before: vippstest.Duration(50 * time.Millisecond)},
	{Kind: vippstest.Status, Status: 429},
	{Kind: vippstest.Status, Status: 429, RetryAfter: vippstest.Duration(17 * time.Second)},
	{Kind: vippstest.Status, Status: 423},
	{Kind: vippstest.Status, Status: 500},
	{Kind: vippstest.Status, Status: 500, Executed: true},
	{Kind: vippstest.Status, Status: 503, RetryAfter: vippstest.Duration(5 * time.Second)},
	{Kind: vippstest.Status, Status: 409, Code: "6160"},
	{Kind: vippstest.Status, Status: 400, Code: "6260"},
	{Kind: vippstest.Status, Status: 403},
	{Kind: vippstest.Status, Status: 401, Times: 2},
	{Kind: vippstest.Garbage},
	{Kind: vippstest.Garbage, Executed: true},
	{Kind: vippstest.Portal},
	{Kind: vippstest.Portal, Executed: true},
	{Kind: vippstest.WrongReference},
	{Kind: vippstest.RevokeToken},
}

// same makes a call in both worlds and compares what is said and what happened.
func same(t require.TestingT, a, b *world, op vipps.Op, c call, ref string) vipps.Kind {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	want := c(ctx, a.pay(), ref)
	cancel()
	got := c(context.Background(), b.pay(), ref)
	require.Equal(t, want.Kind, got.Kind, "%v / %v", want.Err, got.Err)
	require.InDelta(t, want.After, got.After, float64(2*time.Second), "up to jitter and what has passed")
	require.Equal(t, want.Payment.String(), got.Payment.String())
	require.Equal(t, want.Payment.Metadata, got.Payment.Metadata)
	require.Equal(t, want.Payment.RedirectURL == "", got.Payment.RedirectURL == "")
	require.Equal(t, want.Err == nil, got.Err == nil)
	if e, f := want.Err, got.Err; e != nil {
		require.Equal(t, []any{e.Class, e.Op, e.Status, e.Code, e.Title, e.Hint}, []any{f.Class, f.Op, f.Status, f.Code, f.Title, f.Hint})
		require.Equal(t, e.Err == nil, f.Err == nil)
	}
	require.Equal(t, a.sim.Calls(vippstest.Op(op), ref).Executed, b.sim.Calls(vippstest.Op(op), ref).Executed)
	p, ok := a.sim.Payment(ref)
	q, ok2 := b.sim.Payment(ref)
	require.Equal(t, ok, ok2)
	require.Equal(t, []any{p.State, p.Authorized, p.Captured, p.Cancelled, p.Refunded}, []any{q.State, q.Authorized, q.Captured, q.Cancelled, q.Refunded})
	return want.Kind
}

// Every fault of every operation ends through the gateway as it ends directly, and
// when it is repeated, the effect has happened once.
func TestAnOutcomeThroughTheGatewayIsTheOutcomeAtTheAPI(t *testing.T) {
	a, b := direct(t), relayed(t, 2)
	ops := calls(t)
	kinds := map[vipps.Kind]int{}
	trip := 0
	for i, f := range faults {
		for op, c := range ops {
			trip++
			ref := fmt.Sprintf("T122-K7Q2X-%04d-1", trip)
			t.Run(fmt.Sprintf("%d %s %s", i, f.Kind, op), func(t *testing.T) {
				for _, w := range []*world{a, b} {
					w.anew(t)
					prepare(t, w, op, ref)
					f.Op, f.Reference = vippstest.Op(op), ref
					_, err := w.sim.AddFault(f)
					require.NoError(t, err)
				}
				kinds[same(t, a, b, op, c, ref)]++
				same(t, a, b, op, c, ref)
			})
			for _, w := range []*world{a, b} {
				w.sim.RemoveFault(0)
			}
		}
	}
	require.Len(t, kinds, 4, "all four kinds have occurred: %v", kinds)
	require.NoError(t, b.sim.Check())
}

// prepare brings a payment to where op makes sense.
func prepare(t *testing.T, w *world, op vipps.Op, ref string) {
	t.Helper()
	if op == vipps.OpCreate {
		return
	}
	require.Equal(t, vipps.Done, w.client.Load().Create(t.Context(), ref+"-create-1", encode(t, request(ref))).Kind)
	if op == vipps.OpCapture || op == vipps.OpRefund {
		require.NoError(t, w.sim.Act(ref, vippstest.Approve, 0))
	}
	if op == vipps.OpRefund {
		require.Equal(t, vipps.Done, w.client.Load().Capture(t.Context(), ref, ref+"-capture-1", encode(t, some(fare))).Kind)
	}
}

// The same for any order of calls, faults and what the passenger does.
func TestAnyHistoryIsTheSameThroughTheGateway(t *testing.T) {
	a, b := direct(t), relayed(t, 2)
	ops := calls(t)
	names := []vipps.Op{vipps.OpCreate, vipps.OpGet, vipps.OpCapture, vipps.OpCancel, vipps.OpRefund}
	quick := []vippstest.Fault{}
	for _, f := range faults {
		if !f.Hang && f.Kind != vippstest.RevokeToken && f.Status != 401 { // a token that is refused is waited for
			quick = append(quick, f)
		}
	}
	trip := 0
	rapid.Check(t, func(t *rapid.T) {
		trip++
		ref := fmt.Sprintf("T122-K7Q2X-%04d-1", trip)
		for range rapid.IntRange(1, 6).Draw(t, "calls") {
			if act := rapid.SampledFrom([]vippstest.Action{"", vippstest.Approve, vippstest.Reject}).Draw(t, "passenger"); act != "" {
				_, _ = a.sim.Act(ref, act, 0), b.sim.Act(ref, act, 0) // there may be no payment
			}
			op := rapid.SampledFrom(names).Draw(t, "op")
			if rapid.Bool().Draw(t, "fault") {
				f := rapid.SampledFrom(quick).Draw(t, "which")
				f.Op, f.Reference = vippstest.Op(op), ref
				for _, w := range []*world{a, b} {
					_, err := w.sim.AddFault(f)
					require.NoError(t, err)
				}
			}
			same(t, a, b, op, ops[op], ref)
			a.sim.RemoveFault(0)
			b.sim.RemoveFault(0)
		}
	})
}
