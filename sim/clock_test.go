package sim

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/sim/clock"
	"taxiterminal/vipps/vippstest"
)

// withClock is taxiterm with a wall clock that can be set, built when it is first needed.
var withClock = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(filepath.Dir(program), "clock")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(dir, "taxiterm"), clock.Build(dir, "taxiterminal/cmd/taxiterm")
})

// ageless is a car whose clock can be set, with an API whose certificate is good at any
// time.
func ageless(t *testing.T) (*badWay, *clock.Clock) {
	w := overTLS(t)
	w.cert = w.tls.issue(w.name, time.Now().Add(-century), time.Now().Add(century))
	return w, w.clock()
}

func (w *badWay) clock() *clock.Clock {
	built, err := withClock()
	if errors.Is(err, clock.ErrUnknown) {
		w.t.Skipf("SKIPPED LOUDLY: %v", err)
	}
	require.NoError(w.t, err)
	c, err := clock.New(filepath.Join(w.t.TempDir(), "clock"))
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, c.Close()) })
	w.built, w.env = built, append(w.env, c.Env())
	return c
}

// startIn1970: the driver reads that the clock is wrong, and
// not that there is no network; when the clock is set, everything goes on by itself.
func startIn1970(t *testing.T) {
	ctx := withTimeout(t, 3*time.Minute)
	way := overTLS(t)
	set := way.clock()
	require.NoError(t, set.At(time.Unix(10, 0)))
	trip := way.car()
	require.NoError(t, trip.Board(ctx))
	require.NoError(t, trip.Stop(fare))
	(badDay{fault: "N4", doctor: "this computer's clock says 1970-01-01"}).named(ctx, t, trip, "connecting")
	out, _, _ := trip.Daemon.command("doctor")
	require.Regexp(t, `FAULT +clock`, out)
	require.Regexp(t, `FAULT +payment api +clock`, out)

	require.NoError(t, set.Set(0))
	require.NoError(t, trip.Approve(ctx))
	require.NoError(t, trip.Shows(ctx, "paid"))
	require.NoError(t, errors.Join(trip.Leave(), trip.Settle(ctx), trip.capturedOnce(ctx)))
	out, _, _ = trip.Daemon.command("doctor")
	require.Regexp(t, `OK +clock`, out)
}

// setWhileAPaymentWaits: by years, in both directions, over the end of
// 32 bits, and over a restart. Nothing ends early, no token is fetched for it, and every
// trip is captured once under a reference of its own.
func setWhileAPaymentWaits(t *testing.T) {
	ctx := withTimeout(t, 5*time.Minute)
	way, set := ageless(t)
	trip := way.car()
	now := time.Now()
	jumps := []time.Time{
		now.AddDate(5, 0, 0), now.AddDate(-5, 0, 0), time.Unix(10, 0),
		time.Unix(1<<31-2, 0), // to 2038, and over it
		now,
	}
	for n, to := range jumps {
		vacant := n%2 == 0 // the grace runs meanwhile
		require.NoError(t, trip.Meter.Hired())
		require.NoError(t, trip.ShowsHired(ctx))
		require.NoError(t, trip.Stop(fare))
		reference, err := trip.Scan(ctx)
		require.NoError(t, err)
		if vacant {
			require.NoError(t, trip.Meter.Vacant())
		}
		require.NoError(t, set.At(to))
		require.NoError(t, trip.Seen(ctx, vippstest.OpGet, seen(trip)+2), "it is looked at on and on")
		for range 20 { // as long as a clock that is wrong would take to be noticed
			html, _, _ := trip.Passenger.HTML()
			require.Equal(t, "due", Kind(html), "set to %s", to)
			pause(ctx, 50*time.Millisecond)
		}
		left, err := trip.left(ctx)
		require.NoError(t, err)
		require.InDelta(t, 10*time.Minute, left, float64(time.Minute), "the countdown, set to %s", to)
		if n == 1 {
			require.NoError(t, trip.Restart(ctx), "in a year that is not that of the payment")
			require.NoError(t, trip.Shows(ctx, "due"))
			left, err := trip.left(ctx)
			require.True(t, err != nil || left > 8*time.Minute, "no countdown, or one that can be: %s %v", left, err)
		}
		require.NoError(t, trip.API.Act(reference, vippstest.Approve, 0))
		require.NoError(t, trip.Shows(ctx, "paid"))
		if !vacant {
			require.NoError(t, trip.Meter.Vacant())
			require.NoError(t, trip.meterAtRest(ctx, n+1))
		}
		require.NoError(t, trip.Shows(ctx, "paid"), "it lingers")
	}
	all := trip.API.Payments()
	require.Len(t, all, len(jumps), "one payment a trip")
	references := map[string]bool{}
	for _, p := range all {
		references[p.Reference] = true
		require.EqualValues(t, []any{"AUTHORIZED", fare, 1}, []any{p.State, int(p.Captured), p.Calls[vippstest.OpCapture].Executed}, "%+v", p)
	}
	require.Len(t, references, len(jumps))
	require.NoError(t, trip.API.Check())
	require.NoError(t, trip.Daemon.Command(ctx, nil, "outbox", "verify"), "the journal goes by its numbers")
	require.Equal(t, 2, strings.Count(way.log.String(), "op=token"), "one for each start")
}

// tokenThatDiedInItsSleep: the monotonic clock stands still in a suspended
// computer, so that a token is used after its end. The API says so, and one more is
// fetched.
func tokenThatDiedInItsSleep(t *testing.T) {
	ctx := withTimeout(t, 3*time.Minute)
	way, set := ageless(t)
	trip := way.car()
	require.NoError(t, trip.Ride(ctx, fare))
	reference, err := trip.Scan(ctx)
	require.NoError(t, err)
	require.NoError(t, set.Set(8*time.Hour))
	trip.API.RevokeTokens()
	require.NoError(t, trip.API.Act(reference, vippstest.Approve, 0))
	require.NoError(t, trip.Shows(ctx, "paid"))
	require.NoError(t, errors.Join(trip.Leave(), trip.Settle(ctx), trip.capturedOnce(ctx)))
	require.Equal(t, 2, strings.Count(way.log.String(), "op=token"))
}

// seen is how often payments were looked at.
func seen(trip *Trip) (n int) {
	for _, p := range trip.Payments() {
		n += p.Calls[vippstest.OpGet].Seen
	}
	return n
}

var errNoCountdown = errors.New("the page has no countdown")

// left is what a page counts down from, as a new one is told it.
func (t *Trip) left(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.Daemon.URL()+"/events", nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if lines.Text() != "event: beat" {
			continue
		}
		lines.Scan()
		millis, err := strconv.ParseInt(strings.TrimPrefix(lines.Text(), "data: "), 10, 64)
		if err != nil {
			return 0, errNoCountdown
		}
		return time.Duration(millis) * time.Millisecond, nil
	}
	return 0, errors.New("the page is told nothing")
}
