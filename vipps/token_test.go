package vipps_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// fetched is how often the API was asked for a token.
func fetched(sim *vippstest.Sim) int { return sim.Calls(vippstest.OpToken, "").Seen }

// readable is a payment that can be polled.
func readable(t *testing.T, client *vipps.Client) {
	t.Helper()
	require.Equal(t, vipps.Done, client.Create(t.Context(), "key-create", encode(t, plain())).Kind)
}

func TestOneTokenForAHundredCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{Latency: 200 * time.Millisecond})
		defer sim.Close()
		client := newClient(t, sim)
		var wg sync.WaitGroup
		var good atomic.Int32
		for range 100 {
			wg.Go(func() {
				if res := client.Get(t.Context(), reference); res.Kind == vipps.Rejected && res.Err.Class == vipps.ClassNotFound {
					good.Add(1)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 100, good.Load())
		require.Equal(t, 1, fetched(sim))
	})
}

func TestAHundredCallsShareOneFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{Latency: 200 * time.Millisecond})
		defer sim.Close()
		fault(t, sim, vippstest.Fault{Kind: vippstest.Status, Status: 500, Op: vippstest.OpToken, Times: vippstest.Forever})
		client := newClient(t, sim)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				res := client.Get(t.Context(), reference)
				if res.Kind != vipps.Retry || res.Err.Class != vipps.ClassUnavailable {
					t.Errorf("%s: %v", res.Kind, res.Err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 1, fetched(sim))
		require.Positive(t, client.Get(t.Context(), reference).After, "the next fetch is held back")
		require.Equal(t, 1, fetched(sim))
	})
}

func TestACallerWhoGivesUpDoesNotSpoilTheTokenForOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{})
		defer sim.Close()
		fault(t, sim, vippstest.Fault{Kind: vippstest.Delay, Before: d(5), Op: vippstest.OpToken})
		client := newClient(t, sim)
		ctx, stop := contextWithStop(t, 2*time.Second)
		defer stop()
		var wg sync.WaitGroup
		wg.Go(func() {
			if res := client.Get(ctx, reference); res.Kind != vipps.Retry || res.Err.Class != vipps.ClassInterrupted {
				t.Errorf("first: %s: %v", res.Kind, res.Err)
			}
		})
		time.Sleep(time.Second)
		for range 10 {
			wg.Go(func() {
				if res := client.Get(t.Context(), reference); res.Kind != vipps.Rejected {
					t.Errorf("other: %s: %v", res.Kind, res.Err)
				}
			})
		}
		wg.Wait()
		time.Sleep(5 * time.Second)
		require.Equal(t, 2, fetched(sim), "the first of the ten took over")
	})
}

func TestTokenIsReplacedEarly(t *testing.T) {
	t.Parallel()
	for name, numbers := range map[string]bool{"expiry in strings": false, "expiry in numbers": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sim := vippstest.New(vippstest.Options{TokenNumbers: numbers})
				defer sim.Close()
				client := newClient(t, sim)
				readable(t, client)
				time.Sleep(time.Hour - 3*time.Minute)
				require.Equal(t, vipps.Done, client.Get(t.Context(), reference).Kind)
				require.Equal(t, 1, fetched(sim), "more than three minutes left")
				time.Sleep(time.Minute)
				require.Equal(t, vipps.Done, client.Get(t.Context(), reference).Kind)
				require.Equal(t, 2, fetched(sim), "two minutes left")
			})
		})
	}
}

func TestOldTokenServesUntilItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{})
		defer sim.Close()
		client := newClient(t, sim)
		readable(t, client)
		fault(t, sim, vippstest.Fault{Kind: vippstest.Status, Status: 503, Op: vippstest.OpToken, Times: vippstest.Forever})
		time.Sleep(time.Hour - 2*time.Minute)
		for range 60 {
			require.Equal(t, vipps.Done, client.Get(t.Context(), reference).Kind)
			time.Sleep(time.Second)
		}
		require.LessOrEqual(t, fetched(sim), 1+13, "a failing refresh is tried every five seconds")
		time.Sleep(time.Minute)
		res := client.Get(t.Context(), reference)
		require.Equal(t, vipps.Retry, res.Kind)
		require.Equal(t, vipps.ClassUnavailable, res.Err.Class)
		sim.RemoveFault(0)
		time.Sleep(5 * time.Second)
		require.Equal(t, vipps.Done, client.Get(t.Context(), reference).Kind)
	})
}

// A caller does not wait for another caller's refresh while the old token lives.
func TestRefreshHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{})
		defer sim.Close()
		client := newClient(t, sim)
		readable(t, client)
		time.Sleep(time.Hour - 2*time.Minute)
		fault(t, sim, vippstest.Fault{Kind: vippstest.Delay, Before: d(20), Op: vippstest.OpToken})
		var wg sync.WaitGroup
		wg.Go(func() { client.Get(t.Context(), reference) })
		synctest.Wait()
		start := time.Now()
		require.Equal(t, vipps.Done, client.Get(t.Context(), reference).Kind)
		require.Zero(t, time.Since(start))
		wg.Wait()
		require.Equal(t, 2, fetched(sim))
	})
}

func TestShortLivedTokensMakeNoStorm(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []time.Duration{time.Second, 30 * time.Second, 150 * time.Second, 4 * time.Minute} {
		t.Run(lifetime.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sim := vippstest.New(vippstest.Options{TokenLifetime: lifetime})
				defer sim.Close()
				client := newClient(t, sim)
				readable(t, client)
				for range 90 {
					for range 10 {
						if res := client.Get(t.Context(), reference); res.Kind == vipps.Retry {
							require.Equal(t, vipps.ClassRateLimited, res.Err.Class)
						}
					}
					time.Sleep(time.Second)
				}
				// The tokens that are really needed, twice over.
				require.LessOrEqual(t, fetched(sim), int(2*90*time.Second/lifetime)+2)
			})
		})
	}
}

// stated answers the token endpoint with a given expiry, and counts.
func stated(expiry string, count *atomic.Int32, refuse *atomic.Bool) http.RoundTripper {
	return transportFunc(func(r *http.Request) (*http.Response, error) {
		answer := &http.Response{StatusCode: 404, Header: http.Header{}, Request: r}
		body := ""
		switch {
		case strings.HasPrefix(r.URL.Path, "/accesstoken/"):
			answer.StatusCode = 200
			body = fmt.Sprintf(`{"access_token":"token%d",%s}`, count.Add(1), expiry)
		case refuse.Load():
			answer.StatusCode = 401
		}
		answer.Body = io.NopCloser(strings.NewReader(body))
		return answer, nil
	})
}

// What the token says about the wall clock is not even read, and neither is the
// wall clock: the car may think that it is 1970.
func TestTokenLifetimeIsMeasuredNotCompared(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		expiry string
		lives  time.Duration
	}{
		"expired in 1970 by expires_on":   {`"expires_in":"3600","expires_on":"0","not_before":"0"`, time.Hour},
		"not valid before the year 2200":  {`"expires_in":3600,"expires_on":7258118400,"not_before":7258118400`, time.Hour},
		"a day":                           {`"expires_in":"86398"`, 86398 * time.Second},
		"a century is taken for a day":    {`"expires_in":3155760000`, 24 * time.Hour},
		"overflow is unreadable":          {`"expires_in":99999999999999999999`, 5 * time.Minute},
		"none":                            {`"token_type":"Bearer"`, 5 * time.Minute},
		"null":                            {`"expires_in":null`, 5 * time.Minute},
		"words":                           {`"expires_in":"later"`, 5 * time.Minute},
		"zero is taken for ten seconds":   {`"expires_in":0`, 10 * time.Second},
		"negative as well":                {`"expires_in":"-9223372036854775808"`, 10 * time.Second},
		"spaces are of no importance":     {`"expires_in":" 3600 "`, time.Hour},
		"three quarters of a long minute": {`"expires_in":"45"`, 45 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var count atomic.Int32
				cfg := simConfig("http://127.0.0.1")
				cfg.Transport = stated(c.expiry, &count, new(atomic.Bool))
				client, err := vipps.New(cfg)
				require.NoError(t, err)
				get := func() { require.Equal(t, vipps.ClassNotFound, client.Get(t.Context(), reference).Err.Class) }
				get()
				early := min(150*time.Second, c.lives/2)
				time.Sleep(c.lives - early - time.Second)
				get()
				require.EqualValues(t, 1, count.Load())
				time.Sleep(2 * time.Second)
				get()
				require.EqualValues(t, 2, count.Load())
			})
		})
	}
}

func TestRefusedTokenIsRefreshedOnceAndTheSameRequestRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{})
		defer sim.Close()
		type sent struct{ key, body, token string }
		var requests []sent
		client := newClient(t, sim, func(c *vipps.Config) {
			next := c.Transport
			c.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/capture") {
					body, err := io.ReadAll(r.Body)
					require.NoError(t, err)
					requests = append(requests, sent{r.Header.Get("Idempotency-Key"), string(body), r.Header.Get("Authorization")})
					r.Body = io.NopCloser(strings.NewReader(string(body)))
				}
				return next.RoundTrip(r)
			})
		})
		approved(t, sim, client)
		sim.RevokeTokens()
		res := client.Capture(t.Context(), reference, "key-capture", encode(t, nok(fare)))
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		require.Len(t, requests, 2)
		require.Equal(t, requests[0].key, requests[1].key)
		require.Equal(t, requests[0].body, requests[1].body)
		require.NotEqual(t, requests[0].token, requests[1].token)
		require.Equal(t, 2, fetched(sim))
	})
}

func TestAHundredRefusedCallsFetchOneToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{Latency: 50 * time.Millisecond})
		defer sim.Close()
		client := newClient(t, sim)
		readable(t, client)
		sim.RevokeTokens()
		var wg sync.WaitGroup
		for range 50 { // each counts twice against the limit of 120
			wg.Go(func() {
				if res := client.Get(t.Context(), reference); res.Kind != vipps.Done {
					t.Errorf("%s: %v", res.Kind, res.Err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 2, fetched(sim))
	})
}

// Keys that the token endpoint takes and the API does not: every call says so, and
// the token endpoint is asked once in a while, not twice for every poll.
func TestKeysThatOnlyTheTokenEndpointTakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int32
		var refuse atomic.Bool
		refuse.Store(true)
		cfg := simConfig("http://127.0.0.1")
		cfg.Transport = stated(`"expires_in":3600`, &count, &refuse)
		client, err := vipps.New(cfg)
		require.NoError(t, err)
		for range 60 {
			res := client.Get(t.Context(), reference)
			require.Equal(t, vipps.Retry, res.Kind)
			require.Equal(t, vipps.ClassCredentials, res.Err.Class)
			time.Sleep(time.Second)
		}
		require.LessOrEqual(t, count.Load(), int32(6))
		refuse.Store(false)
		require.Equal(t, vipps.Rejected, client.Get(t.Context(), reference).Kind, "and when they are good again, they are")
	})
}

func TestWrongKeys(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*vipps.Config){
		"client id":        func(c *vipps.Config) { c.ClientID = "nobody" },
		"client secret":    func(c *vipps.Config) { c.ClientSecret = vipps.NewSecret("wrong-secret") },
		"subscription key": func(c *vipps.Config) { c.SubscriptionKey = vipps.NewSecret("wrong-key") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sim := vippstest.New(vippstest.Options{})
				defer sim.Close()
				client := newClient(t, sim, change)
				for range 30 {
					res := client.Create(t.Context(), "key", encode(t, plain()))
					require.Equal(t, vipps.Retry, res.Kind)
					require.Equal(t, vipps.ClassCredentials, res.Err.Class)
					require.Positive(t, res.After)
					time.Sleep(time.Second)
				}
				require.Equal(t, 2, fetched(sim), "wrong keys are tried again every 15 seconds")
				require.Zero(t, sim.Calls(vippstest.OpCreate, reference).Seen)
			})
		})
	}
	t.Run("MSN of another sales unit", func(t *testing.T) {
		t.Parallel()
		sim := newSim(t, vippstest.Options{})
		res := newClient(t, sim, func(c *vipps.Config) { c.MSN = "654321" }).Get(t.Context(), reference)
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Equal(t, vipps.ClassNotPermitted, res.Err.Class)
	})
}

func TestTokenEndpointFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault vippstest.Fault
		class vipps.Class
	}{
		"request lost":  {vippstest.Fault{Kind: vippstest.LostRequest}, vipps.ClassNetwork},
		"response lost": {vippstest.Fault{Kind: vippstest.LostResponse, Hang: true}, vipps.ClassNetwork},
		"429":           {vippstest.Fault{Kind: vippstest.Status, Status: 429, RetryAfter: d(20)}, vipps.ClassRateLimited},
		"500":           {vippstest.Fault{Kind: vippstest.Status, Status: 500}, vipps.ClassUnavailable},
		"401":           {vippstest.Fault{Kind: vippstest.Status, Status: 401}, vipps.ClassCredentials},
		"garbage":       {vippstest.Fault{Kind: vippstest.Garbage}, vipps.ClassGarbled},
		"portal":        {vippstest.Fault{Kind: vippstest.Portal}, vipps.ClassPortal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sim := vippstest.New(vippstest.Options{})
				defer sim.Close()
				client := newClient(t, sim)
				c.fault.Op = vippstest.OpToken
				fault(t, sim, c.fault)
				res := client.Create(t.Context(), "key", encode(t, plain()))
				require.Equal(t, vipps.Retry, res.Kind, "nothing was created, whatever became of the token")
				require.Equal(t, c.class, res.Err.Class, "%v", res.Err)
				require.Equal(t, vipps.OpCreate, res.Err.Op)
				require.GreaterOrEqual(t, res.After, c.fault.RetryAfter.Std())
				time.Sleep(res.After)
				require.Equal(t, vipps.Done, client.Create(t.Context(), "key", encode(t, plain())).Kind)
			})
		})
	}
}

func TestTokenWithoutATokenInIt(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"access_token":""}`, `{"access_token":"a\nb"}`, `{"access_token":17}`, `[]`, ``} {
		cfg := simConfig("http://127.0.0.1")
		cfg.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		})
		client, err := vipps.New(cfg)
		require.NoError(t, err)
		res := client.Get(context.Background(), reference)
		require.Equal(t, vipps.Retry, res.Kind, body)
		require.Equal(t, vipps.ClassGarbled, res.Err.Class, body)
	}
}
