package fleet_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/hub/hubtest"
	"taxiterminal/fleet/journal"
	"taxiterminal/fleet/office"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// until calls as the outbox does: again, with the same key, until the API has answered.
func until(t *testing.T, call func() vipps.Result) vipps.Payment {
	for {
		res := call()
		if res.Kind == vipps.Done {
			return res.Payment
		}
		if res.Kind == vipps.Rejected {
			t.Errorf("refused for good: %v", res.Err)
			return vipps.Payment{}
		}
		select {
		case <-t.Context().Done():
			return vipps.Payment{}
		case <-time.After(min(res.After, time.Second) + 20*time.Millisecond):
		}
	}
}

// Two gateways on a cluster of three servers. In the middle of 200 trips a server is
// killed, and later a gateway stops: nothing is lost, and nothing happens twice.
func TestTwoGatewaysOnAClusterThatLosesAServer(t *testing.T) {
	const cars, each = 4, 50
	cluster := hubtest.NewCluster(t, 3)
	sim := vippstest.New(vippstest.Options{})
	t.Cleanup(sim.Close)
	api, err := sim.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = api.Close() })
	var gateways []*rig
	for range 2 {
		r := newRig(t, sim)
		r.nats = fmt.Sprintf("urls = [%q, %q, %q]\nreplicas = 3\n", cluster.URLs[0], cluster.URLs[1], cluster.URLs[2])
		r.keys = fmt.Sprintf("\n[cluster]\ngateway = %q\nsystem = %q\nissuer = %q\n", cluster.Keys.Gateway, cluster.Keys.System, cluster.Keys.Issuer)
		r.write(api.URL(), nil)
		r.run()
		gateways = append(gateways, r)
	}

	var fleet []*car
	for i := range cars {
		fleet = append(fleet, gateways[i%2].enrolled(fmt.Sprintf("T%d", 100+i)))
	}
	var paid atomic.Int32
	var all sync.WaitGroup
	for i, c := range fleet {
		all.Go(func() {
			for n := range each {
				total := money.Minor(10_000 + 100*i + n)
				stream := c.happens(0, trip.FareShown{Fare: trip.Fare{Total: total, Fare: total}})
				reference := c.trips[stream].ID.Reference(1)
				amount := money.Of(total, money.NOK)
				create, err := vipps.CreatePayment{Amount: amount, Reference: reference, Flow: vipps.QR{}, Description: "Taxi"}.Encode()
				if err != nil {
					t.Error(err)
					return
				}
				until(t, func() vipps.Result { return c.Create(t.Context(), trip.Key(reference, trip.OpCreate, 1), create) })
				if err := sim.Act(reference, vippstest.Approve, 0); err != nil {
					t.Error(err)
					return
				}
				capture, err := vipps.Modification{Amount: amount}.Encode()
				if err != nil {
					t.Error(err)
					return
				}
				until(t, func() vipps.Result {
					return c.Capture(t.Context(), reference, trip.Key(reference, trip.OpCapture, 1), capture)
				})
				c.happens(stream,
					trip.Created{N: 1, RedirectURL: "https://landing.example/?token=opens-it"},
					trip.Observed{N: 1, Payment: trip.Payment{State: "AUTHORIZED", Authorized: total}},
					trip.Observed{N: 1, Payment: trip.Payment{State: "AUTHORIZED", Authorized: total, Captured: total}, Ends: trip.OpCapture},
					trip.Vacated{})
				switch paid.Add(1) {
				case cars * each * 2 / 5:
					cluster.Kill(1)
				case cars * each * 4 / 5:
					gateways[1].stop()
				}
			}
		})
	}
	all.Wait()
	require.EqualValues(t, cars*each, paid.Load())
	require.NoError(t, sim.Check())
	payments := sim.Payments()
	require.Len(t, payments, cars*each)
	for _, p := range payments {
		require.Equal(t, p.Amount, p.Captured, p.Reference)
	}

	// The gateway that is left has every trip, and every row of every car.
	var trips []journal.Trip
	wrong := func() (n int) {
		for _, s := range trips {
			if s.App != s.Total || s.Problem != "" {
				n++
			}
		}
		return n
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(len(trips), "trips,", wrong(), "wrong,", err)
			for _, s := range trips {
				if s.App != s.Total || s.Problem != "" {
					t.Logf("%+v", s)
				}
			}
			for _, c := range fleet {
				t.Logf("%s: %+v %+v", c.vehicle, c.State(), c.uplink.Status())
			}
		}
	})
	require.Eventually(t, func() bool {
		trips, err = gateways[0].office.Trips(t.Context(), office.Query{N: 2 * cars * each})
		return err == nil && len(trips) == cars*each && wrong() == 0
	}, 60*time.Second, 50*time.Millisecond)
}
