package vipps_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// misfortune is something that happens to one call.
type misfortune struct {
	fault vippstest.Fault
	down  vippstest.Network // instead of a fault
	kind  vipps.Kind        // of a write; Unknown becomes Retry for a read
	class vipps.Class
	// effects is how often the call has had its effect when the caller is told.
	effects int
	after   time.Duration
}

// misfortunes is everything that the fault plan can do to a single call.
var misfortunes = map[string]misfortune{
	"request lost":                     {vippstest.Fault{Kind: vippstest.LostRequest}, "", vipps.Unknown, vipps.ClassNetwork, 0, 0},
	"request lost in silence":          {vippstest.Fault{Kind: vippstest.LostRequest, Hang: true}, "", vipps.Unknown, vipps.ClassNetwork, 0, 0},
	"response lost":                    {vippstest.Fault{Kind: vippstest.LostResponse}, "", vipps.Unknown, vipps.ClassNetwork, 1, 0},
	"response lost in silence":         {vippstest.Fault{Kind: vippstest.LostResponse, Hang: true}, "", vipps.Unknown, vipps.ClassNetwork, 1, 0},
	"slow but in time":                 {vippstest.Fault{Kind: vippstest.Delay, Before: d(14), After: d(15)}, "", vipps.Done, "", 1, 0},
	"handled after the caller gave up": {vippstest.Fault{Kind: vippstest.Delay, Before: d(31)}, "", vipps.Unknown, vipps.ClassNetwork, 0, 0},
	"answered after the caller left":   {vippstest.Fault{Kind: vippstest.Delay, After: d(31)}, "", vipps.Unknown, vipps.ClassNetwork, 1, 0},
	"429":                              {vippstest.Fault{Kind: vippstest.Status, Status: 429}, "", vipps.Retry, vipps.ClassRateLimited, 0, 0},
	"429 with a time":                  {vippstest.Fault{Kind: vippstest.Status, Status: 429, RetryAfter: d(17)}, "", vipps.Retry, vipps.ClassRateLimited, 0, 17 * time.Second},
	"423":                              {vippstest.Fault{Kind: vippstest.Status, Status: 423}, "", vipps.Retry, vipps.ClassBusy, 0, 0},
	"500 before the effect":            {vippstest.Fault{Kind: vippstest.Status, Status: 500}, "", vipps.Unknown, vipps.ClassUnavailable, 0, 0},
	"500 after the effect":             {vippstest.Fault{Kind: vippstest.Status, Status: 500, Executed: true}, "", vipps.Unknown, vipps.ClassUnavailable, 1, 0},
	"500 with code 3010":               {vippstest.Fault{Kind: vippstest.Status, Status: 500, Code: "3010"}, "", vipps.Unknown, vipps.ClassUnavailable, 0, 0},
	"503 before the effect":            {vippstest.Fault{Kind: vippstest.Status, Status: 503, RetryAfter: d(5)}, "", vipps.Unknown, vipps.ClassUnavailable, 0, 5 * time.Second},
	"503 after the effect":             {vippstest.Fault{Kind: vippstest.Status, Status: 503, Executed: true}, "", vipps.Unknown, vipps.ClassUnavailable, 1, 0},
	"busy 6160":                        {vippstest.Fault{Kind: vippstest.Status, Status: 409, Code: "6160"}, "", vipps.Retry, vipps.ClassBusy, 0, 0},
	"busy 6280":                        {vippstest.Fault{Kind: vippstest.Status, Status: 400, Code: "6280"}, "", vipps.Retry, vipps.ClassBusy, 0, 0},
	"garbage instead":                  {vippstest.Fault{Kind: vippstest.Garbage}, "", vipps.Unknown, vipps.ClassGarbled, 0, 0},
	"garbage after the effect":         {vippstest.Fault{Kind: vippstest.Garbage, Executed: true}, "", vipps.Unknown, vipps.ClassGarbled, 1, 0},
	"portal instead":                   {vippstest.Fault{Kind: vippstest.Portal}, "", vipps.Unknown, vipps.ClassPortal, 0, 0},
	"portal after the effect":          {vippstest.Fault{Kind: vippstest.Portal, Executed: true}, "", vipps.Unknown, vipps.ClassPortal, 1, 0},
	"answer about another payment":     {vippstest.Fault{Kind: vippstest.WrongReference}, "", vipps.Unknown, vipps.ClassGarbled, 1, 0},
	"token revoked":                    {vippstest.Fault{Kind: vippstest.RevokeToken}, "", vipps.Done, "", 1, 0},
	"token refused again and again":    {vippstest.Fault{Kind: vippstest.Status, Status: 401, Times: 2}, "", vipps.Retry, vipps.ClassCredentials, 0, 0},
	"connections refused":              {vippstest.Fault{}, vippstest.Refused, vipps.Retry, vipps.ClassNetwork, 0, 0},
	"connections into a black hole":    {vippstest.Fault{}, vippstest.Blackhole, vipps.Retry, vipps.ClassNetwork, 0, 0},
}

func d(seconds int) vippstest.Duration {
	return vippstest.Duration(seconds) * vippstest.Duration(time.Second)
}

// prepare brings a payment to where op makes sense.
func prepare(t *testing.T, op vipps.Op, sim *vippstest.Sim, client *vipps.Client) {
	t.Helper()
	switch op {
	case vipps.OpCreate:
		client.Get(t.Context(), "some-token-please") // so that the token is there already
		return
	case vipps.OpCapture:
		approved(t, sim, client)
	case vipps.OpRefund:
		approved(t, sim, client)
		require.Equal(t, vipps.Done, client.Capture(t.Context(), reference, "key-first", encode(t, nok(fare))).Kind)
	default:
		require.Equal(t, vipps.Done, client.Create(t.Context(), "key-create", encode(t, plain())).Kind)
	}
}

// Every misfortune happens to every operation. The caller is told the truth, and
// when it repeats what is to be repeated, the effect has happened exactly once.
func TestMisfortunesTimesOperations(t *testing.T) {
	t.Parallel()
	for name, m := range misfortunes {
		for op, call := range operations(t) {
			t.Run(name+"/"+string(op), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { meet(t, m, op, call) })
			})
		}
	}
}

func meet(t *testing.T, m misfortune, op vipps.Op, call operation) {
	sim := vippstest.New(vippstest.Options{})
	defer sim.Close()
	client := newClient(t, sim)
	prepare(t, op, sim, client)
	before := sim.Calls(vippstest.Op(op), reference)
	if m.down != "" {
		require.NoError(t, sim.SetNetwork(m.down, 0))
	} else {
		m.fault.Op = vippstest.Op(op)
		fault(t, sim, m.fault)
	}

	start := time.Now()
	res := call(t.Context(), client)
	took := time.Since(start)
	kind := m.kind
	if kind == vipps.Unknown && isRead(op) {
		kind = vipps.Retry
	}
	require.Equal(t, kind, res.Kind, "%v", res.Err)
	require.LessOrEqual(t, took, 30*time.Second)
	require.Equal(t, m.after, res.After)
	now := sim.Calls(vippstest.Op(op), reference)
	require.Equal(t, m.effects, now.Executed-before.Executed, "%+v", now)
	if kind == vipps.Done {
		require.Nil(t, res.Err)
	} else {
		require.Equal(t, m.class, res.Err.Class, "%v", res.Err)
		require.Equal(t, op, res.Err.Op)
	}

	// The line is repaired, and what has to be repeated is repeated.
	require.NoError(t, sim.SetNetwork(vippstest.Up, 0))
	time.Sleep(15 * time.Second)
	if kind == vipps.Retry || kind == vipps.Unknown {
		again := call(t.Context(), client)
		require.Equal(t, vipps.Done, again.Kind, "%v", again.Err)
	}
	if !isRead(op) {
		require.Equal(t, 1, sim.Calls(vippstest.Op(op), reference).Executed-before.Executed)
	}
	checkMoney(t, sim, op)
	require.NoError(t, sim.Check())
}

// checkMoney says that op has happened once, in money.
func checkMoney(t *testing.T, sim *vippstest.Sim, op vipps.Op) {
	t.Helper()
	p, ok := sim.Payment(reference)
	require.True(t, ok)
	switch op {
	case vipps.OpCapture:
		require.Equal(t, fare, p.Captured)
	case vipps.OpRefund:
		require.Equal(t, fare, p.Refunded)
	case vipps.OpCancel:
		require.Equal(t, "TERMINATED", p.State)
		require.Equal(t, fare, p.Cancelled)
	}
}

// An answer that is definite under its key stays what it is, and a new intent gets
// a new key.
func TestRejectionIsForEverUnderItsKey(t *testing.T) {
	t.Parallel()
	sim := newSim(t, vippstest.Options{})
	client := newClient(t, sim)
	approved(t, sim, client)
	fault(t, sim, vippstest.Fault{Kind: vippstest.Status, Status: 400, Code: "6260", Op: vippstest.OpCapture})
	body := encode(t, nok(fare))
	for range 2 {
		res := client.Capture(t.Context(), reference, "key-1", body)
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Equal(t, vipps.ClassDeclinedCapture, res.Err.Class)
	}
	require.Equal(t, vipps.Done, client.Capture(t.Context(), reference, "key-2", body).Kind)
	require.Equal(t, 1, sim.Calls(vippstest.OpCapture, reference).Executed)
}

// The daemon is stopped while a call is under way: that is no fault of the network,
// and what was written may still happen.
func TestInterruptedCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{})
		defer sim.Close()
		client := newClient(t, sim)
		approved(t, sim, client)
		fault(t, sim, vippstest.Fault{Kind: vippstest.Delay, Before: d(10), Op: vippstest.OpCapture})
		ctx, stop := contextWithStop(t, 2*time.Second)
		defer stop()
		res := client.Capture(ctx, reference, "key", encode(t, nok(fare)))
		require.Equal(t, vipps.Unknown, res.Kind)
		require.Equal(t, vipps.ClassInterrupted, res.Err.Class)

		res = client.Capture(ctx, reference, "key", encode(t, nok(fare)))
		require.Equal(t, vipps.Retry, res.Kind, "nothing is sent for a caller who has gone")
		require.Equal(t, vipps.ClassInterrupted, res.Err.Class)

		time.Sleep(10 * time.Second)
		p, _ := sim.Payment(reference)
		require.Equal(t, fare, p.Captured, "the API went on with what it had got")
		require.Equal(t, 1, p.Calls[vippstest.OpCapture].Seen)
	})
}

// A transport that tells nothing about its connections is taken to have sent.
func TestTransportWithoutTraceIsTakenToHaveSent(t *testing.T) {
	t.Parallel()
	cfg := simConfig("http://127.0.0.1")
	token := canned(200, nil, "")
	cfg.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/accesstoken/get" {
			return token.RoundTrip(r)
		}
		return nil, errors.New("connection broken")
	})
	client, err := vipps.New(cfg)
	require.NoError(t, err)
	require.Equal(t, vipps.Unknown, client.Create(t.Context(), "key", encode(t, plain())).Kind)
	require.Equal(t, vipps.Retry, client.Get(t.Context(), reference).Kind)
}
