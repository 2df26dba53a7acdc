package webhook_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/webhook"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// kept is a keeper at a simulator.
type keptUnit struct {
	t      *testing.T
	sim    *vippstest.Sim
	memory *memory
	keeper *webhook.Keeper
	unit   webhook.Merchant
}

func newUnit(t *testing.T) *keptUnit {
	t.Helper()
	sim := vippstest.New(vippstest.Options{WebhookTransport: handlerTransport{}})
	t.Cleanup(sim.Close)
	m := &memory{}
	return &keptUnit{
		t: t, sim: sim, memory: m, keeper: &webhook.Keeper{Secrets: m},
		unit: webhook.Merchant{MSN: msn, API: newClient(t, sim), URL: address, CheckIn: true},
	}
}

func (k *keptUnit) check(want webhook.State) error {
	k.t.Helper()
	s, err := k.keeper.Check(k.t.Context(), k.unit)
	require.Equal(k.t, want, s, "%v", err)
	return err
}

// settled checks until all stands, and that this is so: one registration of each
// kind, each with its secret, and no other of ours.
func (k *keptUnit) settled() {
	k.t.Helper()
	for range 4 {
		if s, _ := k.keeper.Check(k.t.Context(), k.unit); s == webhook.Standing {
			break
		}
	}
	require.NoError(k.t, k.check(webhook.Standing))
	var ids []string
	for _, h := range k.sim.Webhooks() {
		if h.URL == k.unit.URL {
			ids = append(ids, h.ID)
		}
	}
	require.Len(k.t, ids, 2)
	for _, id := range ids {
		require.True(k.t, slices.ContainsFunc(k.memory.secrets, func(r webhook.Registration) bool { return r.ID == id }))
	}
	require.Len(k.t, k.memory.secrets, 2, "secrets of what is gone are forgotten")
}

func (k *keptUnit) fault(f vippstest.Fault) {
	k.t.Helper()
	_, err := k.sim.AddFault(f)
	require.NoError(k.t, err)
}

func (k *keptUnit) foreign(url string, events ...string) string {
	k.t.Helper()
	h, _, res := k.unit.API.RegisterWebhook(k.t.Context(), url, events)
	require.Equal(k.t, vipps.Done, res.Kind, "%v", res.Err)
	return h.ID
}

func TestKeeperRegistersAndRegistersAgain(t *testing.T) {
	t.Parallel()
	k := newUnit(t)
	require.NoError(t, k.check(webhook.Registered))
	k.settled()
	before := k.sim.Webhooks()
	require.NoError(t, k.check(webhook.Standing))
	require.Equal(t, before, k.sim.Webhooks(), "nothing is touched that is as it should be")

	k.sim.DropWebhooks()
	require.NoError(t, k.check(webhook.Registered))
	k.settled()
	require.NotEqual(t, before[0].ID, k.sim.Webhooks()[0].ID)
}

func TestKeeperLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	k := newUnit(t)
	shop := k.foreign("https://shop.example/hook", vipps.EventAuthorized, vipps.EventCaptured)
	k.settled()
	require.Equal(t, shop, k.sim.Webhooks()[0].ID)

	k.unit.CheckIn = false
	require.NoError(t, k.check(webhook.Standing))
	require.Len(t, k.sim.Webhooks(), 2, "what is not wanted any more goes")
	k.foreign("https://shop.example/hook", vipps.EventCheckIn)
	k.unit.CheckIn = true
	err := k.check(webhook.Blocked)
	require.ErrorContains(t, err, "another system")
	require.Len(t, k.sim.Webhooks(), 3)
}

// The new one is there and found in the list before the old one goes.
func TestKeeperMovesToAnotherAddress(t *testing.T) {
	t.Parallel()
	k := newUnit(t)
	k.settled()
	old := k.sim.Webhooks()[0].ID
	k.unit.URL = "https://new.example/webhook/" + msn
	require.NoError(t, k.check(webhook.Registered))
	require.Equal(t, old, k.sim.Webhooks()[0].ID, "payments are told twice for a while")
	require.Len(t, k.sim.Webhooks(), 3)
	k.settled()
	require.NotEqual(t, old, k.sim.Webhooks()[0].ID)
	require.Len(t, k.sim.Webhooks(), 2)
	k.settled()
}

func TestKeeperSurvivesEveryFault(t *testing.T) {
	t.Parallel()
	for _, op := range []vippstest.Op{vippstest.OpWebhookRegister, vippstest.OpWebhookList, vippstest.OpWebhookDelete, vippstest.OpToken} {
		for _, f := range []vippstest.Fault{
			{Kind: vippstest.LostRequest}, {Kind: vippstest.LostResponse}, {Kind: vippstest.Garbage, Executed: true},
			{Kind: vippstest.Status, Status: 500, Executed: true}, {Kind: vippstest.Status, Status: 503}, {Kind: vippstest.Portal},
		} {
			f.Op, f.Times = op, 2
			t.Run(string(op)+"/"+string(f.Kind), func(t *testing.T) {
				t.Parallel()
				k := newUnit(t)
				k.foreign(address, vipps.EventAuthorized) // nobody has its secret
				k.fault(f)
				for range 6 {
					_, _ = k.keeper.Check(t.Context(), k.unit)
				}
				k.settled()
			})
		}
	}
}

// Registrations whose answers are lost, again and again, do not add up.
func TestKeeperLeavesNoHeap(t *testing.T) {
	t.Parallel()
	k := newUnit(t)
	k.unit.CheckIn = false
	k.fault(vippstest.Fault{Kind: vippstest.LostResponse, Op: vippstest.OpWebhookRegister, Times: vippstest.Forever})
	for range 30 {
		require.Error(t, k.check(webhook.Failed))
		require.Len(t, k.sim.Webhooks(), 1)
	}
}

func TestKeeperIsBlockedWhereThereAreTooMany(t *testing.T) {
	t.Parallel()
	k := newUnit(t)
	k.unit.CheckIn = false
	for range 25 {
		k.foreign("https://shop.example/hook", vipps.EventAuthorized)
	}
	err := k.check(webhook.Blocked)
	require.ErrorContains(t, err, "list the registrations")
	require.NotContains(t, err.Error(), "shop.example")
}

func TestKeeperWithoutAStore(t *testing.T) {
	t.Parallel()
	k := newUnit(t)
	k.memory.fail = errors.New("no bucket")
	require.ErrorContains(t, k.check(webhook.Failed), "no bucket")
	require.Empty(t, k.sim.Webhooks())
	k.keeper.Secrets = keepsNothing{k.memory}
	k.memory.fail = nil
	require.ErrorContains(t, k.check(webhook.Failed), "sealed shut")
	require.Empty(t, k.sim.Webhooks(), "what nobody can verify is deleted at once")
}

type keepsNothing struct{ *memory }

func (keepsNothing) Keep(context.Context, webhook.Registration) error {
	return errors.New("sealed shut")
}

// Two gateways look at the same sales unit in whatever order: it comes to rest.
func TestTwoKeepers(t *testing.T) {
	t.Parallel()
	k := newUnit(t)
	other := *k
	other.keeper = &webhook.Keeper{Secrets: k.memory}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 5 {
			_, _ = other.keeper.Check(t.Context(), other.unit)
		}
	}()
	for range 5 {
		_, _ = k.keeper.Check(t.Context(), k.unit)
	}
	<-done
	k.settled()
	other.settled()
}

func TestKeeperRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{WebhookTransport: handlerTransport{}})
		defer sim.Close()
		var states []webhook.State
		k := &webhook.Keeper{Secrets: &memory{}, Observe: func(_ string, s webhook.State) { states = append(states, s) }}
		unit := webhook.Merchant{MSN: msn, API: newClient(t, sim), URL: address}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); k.Run(ctx, func() []webhook.Merchant { return []webhook.Merchant{unit} }) }()
		time.Sleep(5 * time.Minute)
		sim.DropWebhooks()
		time.Sleep(30 * time.Minute)
		stop()
		<-done
		require.Equal(t, []webhook.State{webhook.Registered, webhook.Standing, webhook.Registered, webhook.Standing, webhook.Standing}, states[:5])
		require.Len(t, sim.Webhooks(), 1)
	})
}
