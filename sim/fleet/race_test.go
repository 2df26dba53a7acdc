package fleet

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps/vippstest"
)

var (
	rounds = flag.Int("rounds", 2, "how many trips TestACarComesBackAtARandomMoment makes")
	seed   = flag.Uint64("seed", 0, "of TestACarComesBackAtARandomMoment; 0 draws one")
)

// TestACarComesBackAtARandomMoment lets a car come back from a dead zone at a moment
// that the seed decides, while its passenger's phone pays the claim. Whoever is first,
// the fare is captured exactly once, by one payment that car and phone agree upon.
func TestACarComesBackAtARandomMoment(t *testing.T) {
	t.Parallel()
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("seed %d, %d rounds", *seed, *rounds)
	random := rand.New(rand.NewPCG(*seed, 1))
	ctx := withTimeout(t, time.Hour)
	desk, car := started(t, nil)
	for round := 1; round <= *rounds; round++ {
		claim, err := rideOffline(ctx, desk, car)
		require.NoError(t, err)
		page, err := desk.Phone.Shows(ctx, claim, "due")
		require.NoError(t, err)
		// The car connects one to three seconds after the line is there.
		moment := time.Duration(random.Int64N(int64(2500 * time.Millisecond)))
		require.NoError(t, desk.Line.Set(vippstest.Up))
		pause(ctx, moment)
		require.NoError(t, payOrSee(ctx, desk, car, claim, page), "round %d, pressed after %s", round, moment)
		require.NoError(t, car.Shows(ctx, "paid"), "round %d, pressed after %s", round, moment)
		require.NoError(t, car.Meter.Vacant())

		all := desk.API.Payments()
		require.Len(t, all, round, "round %d, pressed after %s: one payment a trip", round, moment)
		p := all[round-1]
		require.EqualValues(t, []any{"AUTHORIZED", fare, fare, 0, 1},
			[]any{p.State, p.Authorized, p.Captured, int(p.Cancelled), p.Calls[vippstest.OpCapture].Executed},
			"round %d, pressed after %s: %+v", round, moment, p)
	}
	require.NoError(t, desk.API.Check())
}

// payOrSee pays the claim. If the page knows no way any more, because the car's own
// code stands on its screen now, the passenger scans that.
func payOrSee(ctx context.Context, d *Desk, c *Car, claim string, page Page) error {
	err := d.payClaim(ctx, claim, page)
	if err == nil {
		return nil
	}
	if _, scanned := c.Scan(ctx); scanned != nil {
		return errors.Join(err, scanned)
	}
	return c.Approve(ctx)
}

// started is a fleet with one car that is connected.
func started(t testing.TB, change func(*Options)) (*Desk, *Car) {
	o := ordinary(t)
	o.Car.Meter.PerSecond, o.Car.Meter.Speed = 30, 14
	if change != nil {
		change(&o)
	}
	ctx := withTimeout(t, time.Minute)
	desk, err := New(ctx, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, desk.Close()) })
	car, err := desk.AddCar(ctx, "T122")
	require.NoError(t, err)
	require.NoError(t, car.Connected(ctx, true))
	return desk, car
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// TestTwoCarsOfOneFleet: what happens to one car is nothing to the other.
func TestTwoCarsOfOneFleet(t *testing.T) {
	t.Parallel()
	ctx := withTimeout(t, 2*time.Minute)
	desk, first := started(t, nil)
	second, err := desk.AddCar(ctx, "T7")
	require.NoError(t, err)
	for _, c := range desk.Cars {
		require.NoError(t, c.Ride(ctx, fare))
	}
	_, err = desk.Gateway.Revoke(ctx, first.Terminal)
	require.NoError(t, err)
	require.NoError(t, first.saysRevoked(ctx))
	require.NoError(t, second.Connected(ctx, true))
	require.NoError(t, second.Approve(ctx))
	require.NoError(t, finish(ctx, second))
	require.NoError(t, second.Settle(ctx))
	result, err := second.Result(ctx)
	require.NoError(t, err)
	want := paidOnce()
	want.Reference = result.Reference
	require.Equal(t, want, result)
	require.Empty(t, first.Payments()[0].Authorized)
	revokedOne := first.Terminal
	require.NoError(t, desk.Replace(ctx, first), "the office lets it in again, as another terminal")
	require.NotEqual(t, revokedOne, first.Terminal)
	require.NoError(t, first.Connected(ctx, true))
	require.NoError(t, first.Approve(ctx))
	require.NoError(t, finish(ctx, first))

	page, err := desk.Phone.Open(ctx, first.Page)
	require.NoError(t, err)
	require.Contains(t, page.HTML, first.Name)
	require.NotContains(t, page.HTML, ">"+second.Name+"<", "the page of one car says nothing about another")
	require.NoError(t, desk.API.Check())
	require.ErrorContains(t, desk.Gateway.Ask(ctx, "POST", "/v1/cars", map[string]string{"id": "T7"}, nil), "T7")
}

func TestAWrongOutcomeFailsTheScenario(t *testing.T) {
	t.Parallel()
	s, _ := Find("webhook-first")
	s.Options = func(o *Options) { o.Car.Poll, o.NoWebhooks = "10s", true }
	_, err := s.Run(withTimeout(t, 3*time.Minute), ordinary(t))
	require.ErrorContains(t, err, "the webhook did not bring it")
}
