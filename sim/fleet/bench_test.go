package fleet

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/sim"
	"taxiterminal/vipps/vippstest"
)

// benchTrips is how many trips the latencies are taken over.
const benchTrips = 100

// BenchmarkApprovalToPaid is the time from the approval at the API
//
//   - to the car's look at the payment, as the API sees it ("pushed"): one webhook,
//     verified and stored with a flush, one hint to the car, one call through the
//     gateway;
//   - to PAID on the screen ("paid"): the capture and a flush more.
//
// The car looks by itself every ten seconds only. From the look on it should take two
// round trips, so beside it stands a bare call of the same API, which is as far away
// as it is by a good line.
func BenchmarkApprovalToPaid(b *testing.B) {
	desk, car := started(b, func(o *Options) { o.Car.Poll = "10s" })
	ctx := withTimeout(b, 20*time.Minute)
	require.NoError(b, car.Shows(ctx, "idle"))
	call := farAway(b, desk.API)
	for b.Loop() {
		var pushed, paid, calls []time.Duration
		for range benchTrips {
			require.NoError(b, car.Meter.Hired())
			require.NoError(b, car.Shows(ctx, "hired"))
			require.NoError(b, car.Stop(fare))
			reference, err := car.Scan(ctx)
			require.NoError(b, err)
			looks := desk.API.Calls(vippstest.OpGet, reference).Seen
			start := time.Now()
			require.NoError(b, desk.API.Act(reference, vippstest.Approve, 0))
			for desk.API.Calls(vippstest.OpGet, reference).Seen == looks && ctx.Err() == nil {
				runtime.Gosched()
			}
			pushed = append(pushed, time.Since(start))
			at, err := car.Passenger.Await(ctx, sim.Patience, "paid", func(html string) bool { return sim.Kind(html) == "paid" })
			require.NoError(b, err)
			paid = append(paid, at.Sub(start))
			require.NoError(b, finish(ctx, car))
			calls = append(calls, call())
		}
		report(b, "pushed", pushed)
		report(b, "paid", paid)
		report(b, "call", calls)
	}
}

// farAway puts the API a good line's round trip away, and gives a bare call of it, timed.
func farAway(b *testing.B, api *vippstest.Sim) func() time.Duration {
	const roundTrip = 100 * time.Millisecond
	_, err := api.AddFault(vippstest.Fault{Kind: vippstest.Delay, After: vippstest.Duration(roundTrip), Times: vippstest.Forever})
	require.NoError(b, err)
	return func() time.Duration {
		start := time.Now()
		api.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/epayment/v1/payments/none", nil))
		return time.Since(start)
	}
}

func report(b *testing.B, name string, d []time.Duration) {
	slices.Sort(d)
	ms := func(i int) float64 { return float64(d[i]) / float64(time.Millisecond) }
	b.ReportMetric(ms(len(d)/2), "ms-"+name+"-p50")
	b.ReportMetric(ms(len(d)*99/100), "ms-"+name+"-p99")
}
