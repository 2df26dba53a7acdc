package vippstest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFaultsStrikeTheCallsTheyAreMeantFor(t *testing.T) {
	t.Parallel()
	statuses := func(tm *terminal, n int) (list []int) {
		for range n {
			list = append(list, tm.get("/"+ref).status)
		}
		return list
	}
	for name, c := range map[string]struct {
		fault Fault
		want  []int
		hits  int
	}{
		"once":              {Fault{Kind: Status, Status: 503}, []int{503, 200, 200, 200}, 1},
		"the third":         {Fault{Kind: Status, Status: 503, Skip: 2}, []int{200, 200, 503, 200}, 1},
		"the next two":      {Fault{Kind: Status, Status: 503, Times: 2}, []int{503, 503, 200, 200}, 2},
		"for ever":          {Fault{Kind: Status, Status: 503, Times: Forever}, []int{503, 503, 503, 503}, 4},
		"this operation":    {Fault{Kind: Status, Status: 503, Op: OpGet}, []int{503, 200, 200, 200}, 1},
		"another operation": {Fault{Kind: Status, Status: 503, Op: OpEvents}, []int{200, 200, 200, 200}, 0},
		"this payment":      {Fault{Kind: Status, Status: 503, Reference: ref}, []int{503, 200, 200, 200}, 1},
		"another payment":   {Fault{Kind: Status, Status: 503, Reference: "T122-0043"}, []int{200, 200, 200, 200}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tm := created(t, Options{})
			tm.fault(c.fault)
			require.Equal(t, c.want, statuses(tm, 4))
			require.Equal(t, c.hits, tm.sim.Faults()[0].Hits)
		})
	}
	t.Run("by chance, the same chance for the same seed", func(t *testing.T) {
		t.Parallel()
		run := func(seed uint64) []int {
			tm := created(t, Options{Seed: seed})
			tm.fault(Fault{Kind: Status, Status: 503, Times: Forever, Chance: 0.5})
			return statuses(tm, 100)
		}
		require.Equal(t, run(1), run(1))
		require.NotEqual(t, run(1), run(2))
		n := 0
		for _, status := range run(3) {
			if status == 503 {
				n++
			}
		}
		require.InDelta(t, 50, n, 25)
	})
	t.Run("one after the other", func(t *testing.T) {
		t.Parallel()
		tm := created(t, Options{})
		tm.fault(Fault{Kind: Status, Status: 503})
		tm.fault(Fault{Kind: Status, Status: 429, RetryAfter: Duration(7 * time.Second)})
		require.Equal(t, []int{503}, statuses(tm, 1))
		a := tm.get("/" + ref)
		require.Equal(t, 429, a.status)
		require.Equal(t, "7", a.header.Get("Retry-After"))
	})
	t.Run("removed", func(t *testing.T) {
		t.Parallel()
		tm := created(t, Options{})
		id, err := tm.sim.AddFault(Fault{Kind: Status, Status: 503})
		require.NoError(t, err)
		require.False(t, tm.sim.RemoveFault(id+1))
		require.True(t, tm.sim.RemoveFault(id))
		require.Equal(t, []int{200}, statuses(tm, 1))
		require.False(t, tm.sim.RemoveFault(0))
	})
}

func TestFaultsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]Fault{
		"no kind":            {},
		"unknown kind":       {Kind: "fire"},
		"unknown operation":  {Kind: LostRequest, Op: "buy"},
		"status without one": {Kind: Status},
		"status elsewhere":   {Kind: LostRequest, Status: 500},
		"no such status":     {Kind: Status, Status: 99},
		"delay of nothing":   {Kind: Delay},
		"chance of two":      {Kind: LostRequest, Chance: 2},
		"negative skip":      {Kind: LostRequest, Skip: -1},
		"negative times":     {Kind: LostRequest, Times: -2},
		"hanging status":     {Kind: Status, Status: 500, Hang: true},
	} {
		_, err := New(Options{}).AddFault(f)
		require.Error(t, err, name)
	}
}

// What the transport tells httptrace decides whether a client believes that its
// request may have arrived, so it has to be true.
func TestTransportIsHonest(t *testing.T) {
	t.Parallel()
	type told struct{ asked, got, wrote bool }
	try := func(ctx context.Context, tm *terminal) (told, error) {
		var h told
		req := tm.request(http.MethodPost, "/epayment/v1/payments/"+ref+"/capture", amountBody(100), tm.headers("k"))
		resp, err := tm.sim.Transport().RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GetConn:      func(string) { h.asked = true },
			GotConn:      func(httptrace.GotConnInfo) { h.got = true },
			WroteRequest: func(info httptrace.WroteRequestInfo) { h.wrote = info.Err == nil },
		})))
		if err == nil {
			err = resp.Body.Close()
		}
		return h, err
	}
	all := told{true, true, true}
	for name, c := range map[string]struct {
		fault Fault
		down  Network
		told  told
		err   error
		takes time.Duration
	}{
		"good":                     {told: all},
		"request lost":             {fault: Fault{Kind: LostRequest}, told: all, err: syscall.ECONNRESET},
		"request lost in silence":  {fault: Fault{Kind: LostRequest, Hang: true}, told: all, err: context.DeadlineExceeded, takes: 30 * time.Second},
		"response lost":            {fault: Fault{Kind: LostResponse}, told: all, err: syscall.ECONNRESET},
		"response lost in silence": {fault: Fault{Kind: LostResponse, Hang: true}, told: all, err: context.DeadlineExceeded, takes: 30 * time.Second},
		"slow":                     {fault: Fault{Kind: Delay, Before: Duration(time.Second), After: Duration(2 * time.Second)}, told: all, takes: 3 * time.Second},
		"too slow":                 {fault: Fault{Kind: Delay, After: Duration(time.Minute)}, told: all, err: context.DeadlineExceeded, takes: 30 * time.Second},
		"refused":                  {down: Refused, told: told{asked: true}, err: syscall.ECONNREFUSED},
		"black hole":               {down: Blackhole, told: told{asked: true}, err: errors.New("i/o timeout"), takes: 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tm := approved(t, Options{})
				if c.fault.Kind != "" {
					tm.fault(c.fault)
				}
				if c.down != "" {
					require.NoError(t, tm.sim.SetNetwork(c.down, 0))
				}
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				start := time.Now()
				h, err := try(ctx, tm)
				require.Equal(t, c.told, h)
				require.Equal(t, c.takes, time.Since(start))
				if c.err == nil {
					require.NoError(t, err)
				} else if !errors.Is(err, c.err) {
					require.ErrorContains(t, err, c.err.Error())
				}
			})
		})
	}
	t.Run("a request whose body breaks off is not handled", func(t *testing.T) {
		t.Parallel()
		tm := approved(t, Options{})
		req := tm.request(http.MethodPost, "/epayment/v1/payments/"+ref+"/capture", "", tm.headers("k"))
		req.Body = brokenBody{}
		_, err := tm.sim.Transport().RoundTrip(req)
		require.Error(t, err)
		require.Zero(t, tm.sim.Calls(OpCapture, ref))
	})
	t.Run("latency goes both ways", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			tm := created(t, Options{Latency: 40 * time.Millisecond})
			start := time.Now()
			require.Equal(t, 200, tm.get("/"+ref).status)
			require.Equal(t, 80*time.Millisecond, time.Since(start))
		})
	})
}

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, errors.New("broken") }
func (brokenBody) Close() error             { return nil }

// A line that goes down while a request is being handled takes the answer with it.
func TestOutageInTheMiddleOfACall(t *testing.T) {
	t.Parallel()
	for _, down := range []Network{Refused, Blackhole} {
		t.Run(string(down), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tm := approved(t, Options{})
				tm.fault(Fault{Kind: Delay, Before: Duration(2 * time.Second), Op: OpCapture})
				stop := time.AfterFunc(time.Second, func() { _ = tm.sim.SetNetwork(down, time.Minute) })
				defer stop.Stop()
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				req := tm.request(http.MethodPost, "/epayment/v1/payments/"+ref+"/capture", amountBody(100), tm.headers("k"))
				_, err := tm.sim.Transport().RoundTrip(req.WithContext(ctx))
				require.Error(t, err)
				require.EqualValues(t, 100, tm.payment().Captured)
				require.Equal(t, down, tm.sim.Network())
				time.Sleep(time.Minute)
				require.Equal(t, Up, tm.sim.Network())
				require.Equal(t, 200, tm.get("/"+ref).status)
			})
		})
	}
}

func TestOutagesEndOnTheSimulatorsClock(t *testing.T) {
	t.Parallel()
	sim := New(Options{})
	require.NoError(t, sim.SetNetwork(Refused, time.Hour))
	sim.Advance(time.Hour - time.Second)
	require.Equal(t, Refused, sim.Network())
	sim.Advance(time.Second)
	require.Equal(t, Up, sim.Network())
	require.NoError(t, sim.SetNetwork(Blackhole, 0))
	sim.Advance(1000 * time.Hour)
	require.Equal(t, Blackhole, sim.Network())
	require.NoError(t, sim.SetNetwork(Up, 0))
	require.Error(t, sim.SetNetwork("sideways", 0))
}

func TestShapesOfPlannedAnswers(t *testing.T) {
	t.Parallel()
	tm := approved(t, Options{})
	for status, shape := range map[int]string{401: "statusCode", 403: "statusCode", 429: "statusCode", 423: "traceId", 409: "traceId", 500: "traceId", 503: "traceId"} {
		tm.fault(Fault{Kind: Status, Status: status, Op: OpGet})
		a := tm.get("/" + ref)
		require.Equal(t, status, a.status)
		require.Contains(t, a.fields, shape)
	}
	tm.fault(Fault{Kind: Garbage, Op: OpGet})
	a := tm.get("/" + ref)
	require.Equal(t, 200, a.status)
	require.Nil(t, a.fields)
	require.Contains(t, a.raw, ref)
	tm.fault(Fault{Kind: Portal, Op: OpGet})
	require.True(t, strings.HasPrefix(tm.get("/"+ref).raw, "<!DOCTYPE html>"))
	tm.fault(Fault{Kind: WrongReference, Op: OpGet})
	a = tm.get("/" + ref)
	require.Equal(t, 200, a.status)
	require.NotContains(t, a.raw, ref)
	require.NotEmpty(t, a.fields["aggregate"])
	tm.fault(Fault{Kind: RevokeToken, Op: OpGet})
	require.Equal(t, 401, tm.get("/"+ref).status)
}

// Close lets go of everything that hangs or waits.
func TestCloseEndsWhatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tm := approved(t, Options{})
		tm.fault(Fault{Kind: LostResponse, Hang: true})
		tm.fault(Fault{Kind: Delay, Before: Duration(1000 * time.Hour)})
		for range 2 {
			req := tm.request(http.MethodGet, "/epayment/v1/payments/"+ref, "", tm.headers(""))
			go func() {
				if resp, err := tm.sim.Transport().RoundTrip(req); err == nil {
					_ = resp.Body.Close()
				}
			}()
		}
		synctest.Wait()
		start := time.Now()
		tm.sim.Close()
		tm.sim.Close()
		require.Zero(t, time.Since(start))
	})
}
