package vippstest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
)

// served is a simulator on a port, and a client of it.
func served(t *testing.T) (*terminal, *Server, func() (int, error)) {
	t.Helper()
	tm := created(t, Options{})
	server, err := tm.sim.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	client := &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	return tm, server, func() (int, error) {
		req := tm.request(http.MethodGet, "/epayment/v1/payments/"+ref, "", tm.headers(""))
		req.URL.Host = strings.TrimPrefix(server.URL(), "http://")
		req.Body = nil
		resp, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		_, err = io.ReadAll(resp.Body)
		return resp.StatusCode, errors.Join(err, resp.Body.Close())
	}
}

func TestServerRefusesAndComesBackOnTheSamePort(t *testing.T) {
	t.Parallel()
	tm, server, get := served(t)
	status, err := get()
	require.NoError(t, err)
	require.Equal(t, 200, status)
	for range 3 {
		require.NoError(t, tm.sim.SetNetwork(Refused, 0))
		_, err = get()
		require.Error(t, err)
		_, err = get() // the first may have met the open connection
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.NoError(t, tm.sim.SetNetwork(Up, 0))
		status, err = get()
		require.NoError(t, err)
		require.Equal(t, 200, status)
	}
	require.True(t, strings.HasPrefix(server.URL(), "http://127.0.0.1:"))
}

// An outage of limited length ends by itself, on the simulator's clock.
func TestServerComesBackByItself(t *testing.T) {
	t.Parallel()
	tm, _, get := served(t)
	require.NoError(t, tm.sim.SetNetwork(Refused, 50*time.Millisecond))
	_, err := get()
	require.Error(t, err)
	require.Eventually(t, func() bool { status, err := get(); return err == nil && status == 200 }, 5*time.Second, 10*time.Millisecond)

	require.NoError(t, tm.sim.SetNetwork(Refused, time.Hour))
	tm.sim.Advance(time.Hour)
	tm.login()
	status, err := get()
	require.NoError(t, err)
	require.Equal(t, 200, status)
}

func TestServerInABlackHoleSaysNothing(t *testing.T) {
	t.Parallel()
	tm, server, _ := served(t)
	require.NoError(t, tm.sim.SetNetwork(Blackhole, 0))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL()+"/epayment/v1/payments/"+ref, nil)
	require.NoError(t, err)
	_, err = http.DefaultClient.Do(req)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, Calls{Lost: 1}, tm.sim.Calls(OpGet, ref))
}

func TestServerCutsTheConnectionOfLostCalls(t *testing.T) {
	t.Parallel()
	for _, kind := range []FaultKind{LostRequest, LostResponse} {
		tm, _, get := served(t)
		tm.fault(Fault{Kind: kind})
		_, err := get()
		require.ErrorIs(t, err, io.EOF)
	}
}

func TestTwoServersCannotHaveOnePort(t *testing.T) {
	t.Parallel()
	tm, server, _ := served(t)
	_, err := tm.sim.Listen(strings.TrimPrefix(server.URL(), "http://"))
	require.ErrorContains(t, err, "open simulator port")
}

// Everything that can be done in Go can be done from another process.
func TestRemote(t *testing.T) {
	t.Parallel()
	tm := newTerminal(t, Options{})
	admin := httptest.NewServer(tm.sim.Admin())
	t.Cleanup(admin.Close)
	r, ctx := Remote{URL: admin.URL + "/"}, t.Context()

	require.NoError(t, r.SetHabit(ctx, Habit{Approve, Duration(time.Minute)}))
	require.Equal(t, 201, tm.post("", "c", createBody(nil)).status)
	list, err := r.Payments(ctx)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, tm.sim.Payments(), list)
	bill, err := r.Scan(ctx, list[0].RedirectURL)
	require.NoError(t, err)
	require.Equal(t, ref, bill.Reference)
	_, err = r.Scan(ctx, "https://qr.vipps.no/o/other")
	require.ErrorContains(t, err, "404")

	require.NoError(t, r.Act(ctx, ref, Ignore, 0))
	require.NoError(t, r.Advance(ctx, 2*time.Minute))
	require.Equal(t, "CREATED", tm.payment().State)
	require.NoError(t, r.Act(ctx, ref, Approve, time.Second))
	require.NoError(t, r.Advance(ctx, time.Second))
	p, err := r.Payment(ctx, ref)
	require.NoError(t, err)
	require.Equal(t, "AUTHORIZED", p.State)
	require.ErrorContains(t, r.Act(ctx, ref, Reject, 0), "409")
	require.ErrorContains(t, r.Act(ctx, "no-such-payment", Approve, 0), "404")
	require.ErrorContains(t, r.Act(ctx, ref, "dance", 0), "400")
	_, err = r.Payment(ctx, "no-such-payment")
	require.ErrorContains(t, err, "404")

	id, err := r.AddFault(ctx, Fault{Kind: Status, Status: 429, RetryAfter: Duration(90 * time.Second), Op: OpCapture, Times: 2})
	require.NoError(t, err)
	require.Equal(t, 429, tm.post("/"+ref+"/capture", "k", amountBody(100)).status)
	faults, err := r.Faults(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, faults[0].Hits)
	require.Equal(t, 90*time.Second, faults[0].RetryAfter.Std())
	require.NoError(t, r.RemoveFault(ctx, id))
	require.ErrorContains(t, r.RemoveFault(ctx, id), "404")
	require.NoError(t, r.RemoveFault(ctx, 0))
	_, err = r.AddFault(ctx, Fault{Kind: "fire"})
	require.ErrorContains(t, err, "400")
	require.Equal(t, 200, tm.post("/"+ref+"/capture", "k", amountBody(100)).status)

	calls, err := r.Calls(ctx, OpCapture, ref)
	require.NoError(t, err)
	require.Equal(t, Calls{Seen: 2, Executed: 1, Refused: 1}, calls)
	ledger, err := r.Ledger(ctx)
	require.NoError(t, err)
	require.Equal(t, Ledger{Payments: 1, Authorized: 28650, Captured: 100, Reserved: 28550, Broken: []string{}}, ledger)

	require.NoError(t, r.SetNetwork(ctx, Blackhole, time.Hour))
	state, err := r.Network(ctx)
	require.NoError(t, err)
	require.Equal(t, Blackhole, state)
	require.NoError(t, r.SetNetwork(ctx, Up, 0))
	require.ErrorContains(t, r.SetNetwork(ctx, "sideways", 0), "400")

	require.NoError(t, r.RevokeTokens(ctx))
	require.Equal(t, 401, tm.get("/"+ref).status)
	tm.login()

	require.NoError(t, r.Stranger(ctx, "4799999999"))
	push := func(phone string) got {
		return tm.post("", phone, createBody(map[string]string{
			"userFlow": `"PUSH_MESSAGE"`, "qrFormat": "", "customer": `{"phoneNumber":"` + phone + `"}`, "reference": `"T122-` + phone + `"`,
		}))
	}
	require.Equal(t, "7010", push("4799999999").code)
	require.Equal(t, 201, push(phone).status)
	bills, err := r.Pushed(ctx, phone)
	require.NoError(t, err)
	require.Len(t, bills, 1)
	require.Equal(t, money.Minor(28650), bills[0].Amount)

	resp, err := http.Get(admin.URL + "/_sim/clock")
	require.NoError(t, err)
	require.Equal(t, 200, resp.StatusCode)
	require.NoError(t, resp.Body.Close())
}

// A misspelt request must not silently do nothing.
func TestAdminIsStrict(t *testing.T) {
	t.Parallel()
	tm := created(t, Options{})
	admin := httptest.NewServer(tm.sim.Admin())
	t.Cleanup(admin.Close)
	for path, body := range map[string]string{
		"POST faults": `{"kind":"lost_request","opp":"capture"}`, "PUT network": `{"state":"refused","for":"5"}`,
		"POST clock": `{"advance":600}`, "PUT habit": `{"action":"approve","delay":"3s"}`, "POST payments/" + ref + "/act": `{"action":""}`,
		"POST scan": `{"text":"x"}`,
	} {
		method, path, _ := strings.Cut(path, " ")
		req, err := http.NewRequestWithContext(t.Context(), method, admin.URL+"/_sim/"+path, strings.NewReader(body))
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.Equal(t, 400, resp.StatusCode, path)
		require.NoError(t, resp.Body.Close())
	}
	require.Equal(t, Up, tm.sim.Network())
	require.Empty(t, tm.sim.Faults())
	_, err := Remote{URL: admin.URL}.Calls(t.Context(), "buy", ref)
	require.ErrorContains(t, err, "404")
}
