package vipps_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// target is an API that the contract is tried against: the simulator, or the
// provider's test environment.
type target struct {
	client   *vipps.Client
	currency money.Currency
	// prefix makes references that nobody has used.
	prefix string
	// approve stands in for a passenger with the app. nil if there is none.
	approve func(t *testing.T, reference string)
	// settle waits between a change and looking for it.
	settle func()
}

// contract is what the client relies on. It holds for the simulator and, with
// credentials and the build tag integration, can be tried on the real thing, so
// that the simulator does not drift away from it.
func contract(t *testing.T, tg target) {
	n := 0
	next := func() string { n++; return fmt.Sprintf("%s-%d", tg.prefix, n) }
	ctx := context.Background()
	amount := money.Of(2300, tg.currency) // none of the test app's special amounts
	create := func(t *testing.T, ref string) ([]byte, vipps.Result) {
		body := encode(t, vipps.CreatePayment{Amount: amount, Reference: ref, Flow: vipps.QR{}, Description: "Taxi, contract test"})
		res := tg.client.Create(ctx, ref+"-c", body)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		return body, res
	}
	read := func(t *testing.T, ref string) vipps.Payment {
		tg.settle()
		res := tg.client.Get(ctx, ref)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		return res.Payment
	}

	t.Run("a new payment has a link, is CREATED and has no money in it", func(t *testing.T) {
		ref := next()
		_, res := create(t, ref)
		require.Equal(t, ref, res.Payment.Reference)
		require.Contains(t, res.Payment.RedirectURL, "https://")
		p := read(t, ref)
		require.Equal(t, vipps.Created, p.State)
		require.Equal(t, amount, money.Of(p.Amount, p.Currency))
		require.Zero(t, p.Authorized+p.Captured+p.Cancelled+p.Refunded)
		require.NotEmpty(t, p.PSPReference)
	})

	t.Run("the same key and body give the first answer again", func(t *testing.T) {
		ref := next()
		body, first := create(t, ref)
		again := tg.client.Create(ctx, ref+"-c", body)
		require.Equal(t, vipps.Done, again.Kind, "%v", again.Err)
		require.Equal(t, first.Payment.RedirectURL, again.Payment.RedirectURL)
	})

	t.Run("the same reference under another key is a conflict", func(t *testing.T) {
		ref := next()
		body, _ := create(t, ref)
		res := tg.client.Create(ctx, ref+"-other", body)
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Equal(t, vipps.ClassConflict, res.Err.Class, "%v", res.Err)
	})

	t.Run("the same key with another body is a conflict", func(t *testing.T) {
		ref := next()
		create(t, ref)
		other := encode(t, vipps.CreatePayment{Amount: money.Of(2400, tg.currency), Reference: ref, Flow: vipps.QR{}})
		res := tg.client.Create(ctx, ref+"-c", other)
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Equal(t, vipps.ClassConflict, res.Err.Class, "%v", res.Err)
	})

	t.Run("an unknown reference is not found", func(t *testing.T) {
		res := tg.client.Get(ctx, next())
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Equal(t, vipps.ClassNotFound, res.Err.Class, "%v", res.Err)
	})

	t.Run("a capture before the approval is refused", func(t *testing.T) {
		ref := next()
		create(t, ref)
		res := tg.client.Capture(ctx, ref, ref+"-p", encode(t, vipps.Modification{Amount: amount}))
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Equal(t, vipps.ClassState, res.Err.Class, "%v", res.Err)
	})

	t.Run("a cancel before the approval terminates", func(t *testing.T) {
		ref := next()
		create(t, ref)
		res := tg.client.Cancel(ctx, ref, ref+"-x", encode(t, vipps.Cancellation{TransactionOnly: true}))
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		p := read(t, ref)
		require.Equal(t, vipps.Terminated, p.State)
		require.Zero(t, p.Authorized)
		again := tg.client.Cancel(ctx, ref, ref+"-x2", encode(t, vipps.Cancellation{TransactionOnly: true}))
		require.Equal(t, vipps.Rejected, again.Kind)
		require.Equal(t, vipps.ClassState, again.Err.Class, "%v", again.Err)
	})

	t.Run("the event log begins with CREATED", func(t *testing.T) {
		ref := next()
		create(t, ref)
		tg.settle()
		events, res := tg.client.Events(ctx, ref)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		require.NotEmpty(t, events)
		require.Equal(t, "CREATED", events[0].Name)
		require.True(t, events[0].Success)
		require.Equal(t, ref+"-c", events[0].IdempotencyKey)
		require.False(t, events[0].Time.IsZero())
	})

	if tg.approve == nil {
		return
	}
	t.Run("an approved payment is captured in part, released and refunded", func(t *testing.T) {
		ref := next()
		create(t, ref)
		tg.approve(t, ref)
		p := read(t, ref)
		require.Equal(t, vipps.Authorized, p.State)
		require.Equal(t, amount.Value, p.Authorized)
		require.Equal(t, amount.Value, p.Reserved())

		late := tg.client.Cancel(ctx, ref, ref+"-x", encode(t, vipps.Cancellation{TransactionOnly: true}))
		require.Equal(t, vipps.Rejected, late.Kind)
		require.Equal(t, vipps.CodeApprovedFirst, late.Err.Code)

		part := vipps.Modification{Amount: money.Of(2000, tg.currency)}
		res := tg.client.Capture(ctx, ref, ref+"-p", encode(t, part))
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		require.Equal(t, money.Minor(2000), res.Payment.Captured)
		again := tg.client.Capture(ctx, ref, ref+"-p", encode(t, part))
		require.Equal(t, vipps.Done, again.Kind, "%v", again.Err)
		require.Equal(t, money.Minor(2000), read(t, ref).Captured)

		res = tg.client.Cancel(ctx, ref, ref+"-y", encode(t, vipps.Cancellation{}))
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		res = tg.client.Refund(ctx, ref, ref+"-r", encode(t, vipps.Modification{Amount: money.Of(500, tg.currency)}))
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)

		p = read(t, ref)
		require.Equal(t, vipps.Authorized, p.State)
		require.Equal(t, []money.Minor{2300, 2000, 300, 500}, []money.Minor{p.Authorized, p.Captured, p.Cancelled, p.Refunded})
		require.Zero(t, p.Reserved())
	})
}

func TestContractHoldsForTheSimulator(t *testing.T) {
	t.Parallel()
	sim := newSim(t, vippstest.Options{})
	tg := target{
		client: newClient(t, sim), currency: money.NOK, prefix: "T122-contract", settle: func() {},
		approve: func(t *testing.T, ref string) { require.NoError(t, sim.Act(ref, vippstest.Approve, 0)) },
	}
	contract(t, tg)
	contractCodes(t, tg)
	contractCustomer(t, tg, true)
}

func TestContractHoldsForTheSimulatorOverTCP(t *testing.T) {
	t.Parallel()
	sim := newSim(t, vippstest.Options{TokenNumbers: true, NoOrderManagement: true, HideUserDetails: true, UserinfoKey: vippstest.KeyForbidden})
	server, err := sim.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	client, err := vipps.New(simConfig(server.URL()))
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	tg := target{
		client: client, currency: money.NOK, prefix: "T122-contract", settle: func() {},
		approve: func(t *testing.T, ref string) { require.NoError(t, sim.Act(ref, vippstest.Approve, 0)) },
	}
	contract(t, tg)
	contractCodes(t, tg)
	contractCustomer(t, tg, false)
}
