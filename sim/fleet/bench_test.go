package fleet

import (
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
// The car looks by itself every ten seconds only.
func BenchmarkApprovalToPaid(b *testing.B) {
	desk, car := started(b, func(o *Options) { o.Car.Poll = "10s" })
	ctx := withTimeout(b, 20*time.Minute)
	require.NoError(b, car.Shows(ctx, "idle"))
	for b.Loop() {
		var pushed, paid []time.Duration
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
		}
		report(b, "pushed", pushed)
		report(b, "paid", paid)
	}
}

func report(b *testing.B, name string, d []time.Duration) {
	slices.Sort(d)
	ms := func(i int) float64 { return float64(d[i]) / float64(time.Millisecond) }
	b.ReportMetric(ms(len(d)/2), "ms-"+name+"-p50")
	b.ReportMetric(ms(len(d)*99/100), "ms-"+name+"-p99")
}
