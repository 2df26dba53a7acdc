package webhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/webhook"
	"taxiterminal/money"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

func TestStream(t *testing.T) {
	t.Parallel()
	js, _ := newStream(t)
	store := webhook.NewStream(js)
	e := webhook.Read(msn, []byte(approvedBody), now)
	for i, want := range []bool{false, true, true} {
		duplicate, err := store.Put(t.Context(), e.MsgID(), e)
		require.NoError(t, err)
		require.Equal(t, want, duplicate, i)
	}
	stream, err := js.Stream(t.Context(), webhook.StreamName)
	require.NoError(t, err)
	raw, err := stream.GetLastMsgForSubject(t.Context(), webhook.Subject(msn))
	require.NoError(t, err)
	require.EqualValues(t, 1, raw.Sequence)
	var back webhook.Event
	require.NoError(t, json.Unmarshal(raw.Data, &back))
	require.Equal(t, e, back)
	require.NotContains(t, string(raw.Data), "Nordmann")

	c := webhook.Read(msn, []byte(checkInBody), now)
	_, err = store.Put(t.Context(), c.MsgID(), c)
	require.NoError(t, err)
	raw, err = stream.GetLastMsgForSubject(t.Context(), webhook.Subject(msn))
	require.NoError(t, err)
	require.NotContains(t, string(raw.Data), "c3VwZXItc2Vj")

	require.NoError(t, js.DeleteStream(t.Context(), webhook.StreamName))
	_, err = store.Put(t.Context(), "a/B", e)
	require.ErrorContains(t, err, "stream WEBHOOKS")
}

// rushedKV lets somebody else change the entry after the first look at it.
type rushedKV struct {
	jetstream.KeyValue
	first func()
}

func (k *rushedKV) Get(ctx context.Context, key string) (jetstream.KeyValueEntry, error) {
	entry, err := k.KeyValue.Get(ctx, key)
	if rush := k.first; rush != nil {
		k.first = nil
		rush()
	}
	return entry, err
}

func TestVault(t *testing.T) {
	t.Parallel()
	_, kv := newStream(t)
	key := make([]byte, webhook.VaultKeySize)
	vault, err := webhook.NewVault(kv, key)
	require.NoError(t, err)
	ctx := t.Context()
	none, err := vault.Registrations(ctx, msn)
	require.NoError(t, err)
	require.Empty(t, none)
	reg := func(id string) webhook.Registration {
		return webhook.Registration{MSN: msn, ID: id, URL: address, Events: vipps.PaymentEvents(), Secret: vipps.NewSecret("5up3r-" + id)}
	}
	// Another gateway is faster, first with a new entry and then with a changed one.
	i := 0
	for range 2 {
		rushed, err := webhook.NewVault(&rushedKV{KeyValue: kv, first: func() {
			require.NoError(t, vault.Keep(ctx, reg(fmt.Sprint(i))))
		}}, key)
		require.NoError(t, err)
		require.NoError(t, rushed.Keep(ctx, reg(fmt.Sprint(i+1))))
		i += 2
	}
	list, err := vault.Registrations(ctx, msn)
	require.NoError(t, err)
	require.Len(t, list, 4)
	require.NoError(t, vault.Forget(ctx, msn, "1"))
	require.NoError(t, vault.Forget(ctx, msn, "1"))
	require.NoError(t, vault.Keep(ctx, reg("2")))
	list, err = vault.Registrations(ctx, msn)
	require.NoError(t, err)
	require.Len(t, list, 3)
	require.Equal(t, reg("2").Secret.Reveal(), list[2].Secret.Reveal())

	entry, err := kv.Get(ctx, msn)
	require.NoError(t, err)
	require.NotContains(t, string(entry.Value()), "5up3r")
	require.NotContains(t, string(entry.Value()), "taxi.example")
	_, err = kv.Put(ctx, "999999", entry.Value())
	require.NoError(t, err)
	_, err = vault.Registrations(ctx, "999999")
	require.ErrorContains(t, err, "cannot be opened", "an entry is of its sales unit")
	other, err := webhook.NewVault(kv, append([]byte{1}, key[1:]...))
	require.NoError(t, err)
	_, err = other.Registrations(ctx, msn)
	require.ErrorContains(t, err, "give the right one")
	require.ErrorContains(t, other.Keep(ctx, reg("9")), "cannot be opened", "nothing is written over")
	_, err = webhook.NewVault(kv, nil)
	require.ErrorContains(t, err, "32 bytes")

	for i := range 20 {
		require.NoError(t, vault.Keep(ctx, reg(fmt.Sprint(100+i))))
	}
	list, err = vault.Registrations(ctx, msn)
	require.NoError(t, err)
	require.Len(t, list, 16)
	require.Equal(t, "119", list[15].ID)
}

// The whole way: a gateway registers, the API posts signed events over a real
// connection, late, twice, forged and with answers lost, and each is stored once and
// hinted.
func TestFromTheAPIToTheHint(t *testing.T) {
	t.Parallel()
	js, kv := newStream(t)
	vault, err := webhook.NewVault(kv, make([]byte, webhook.VaultKeySize))
	require.NoError(t, err)
	hints := make(chan webhook.Event, 100)
	count := &tally{}
	mux := http.NewServeMux()
	mux.Handle(webhook.Pattern, webhook.NewReceiver(webhook.Config{
		Registrations: vault.Registrations, Store: webhook.NewStream(js), Observe: count.observe,
		Hint: func(e webhook.Event) { hints <- e },
	}))
	server := newServer(t, mux)
	sim := vippstest.New(vippstest.Options{WebhookRetry: []time.Duration{5 * time.Millisecond}})
	t.Cleanup(sim.Close)
	client := newClient(t, sim)
	k := &webhook.Keeper{Secrets: vault}
	unit := webhook.Merchant{MSN: msn, API: client, URL: webhook.Address(server+"/", msn), CheckIn: true}
	s, err := k.Check(t.Context(), unit)
	require.Equal(t, webhook.Registered, s, "%v", err)
	for _, f := range []vippstest.Fault{
		{Kind: vippstest.Forge}, {Kind: vippstest.LostRequest}, {Kind: vippstest.LostResponse}, {Kind: vippstest.Duplicate},
		{Kind: vippstest.Delay, Before: vippstest.Duration(20 * time.Millisecond)},
	} {
		f.Op = vippstest.OpWebhookPost
		_, err := sim.AddFault(f)
		require.NoError(t, err)
	}
	reference := "T122-K7Q2X-0042-1"
	body, err := vipps.CreatePayment{Amount: money.Of(28650, money.NOK), Reference: reference, Flow: vipps.QR{}, Description: "Taxi T122"}.Encode()
	require.NoError(t, err)
	require.Equal(t, vipps.Done, client.Create(t.Context(), "c", body).Kind)
	require.NoError(t, sim.Act(reference, vippstest.Approve, 0))
	capture, err := vipps.Modification{Amount: money.Of(28650, money.NOK)}.Encode()
	require.NoError(t, err)
	require.Equal(t, vipps.Done, client.Capture(t.Context(), reference, "k", capture).Kind)
	seen := map[string]bool{}
	var order []string
	for len(seen) < 3 {
		e := <-hints
		require.Equal(t, reference, e.Reference)
		if !seen[e.Name] {
			order = append(order, e.Name)
		}
		seen[e.Name] = true
	}
	require.Equal(t, []string{"CREATED", "AUTHORIZED", "CAPTURED"}, order)

	sim.RemoveFault(0)
	require.Equal(t, 1, count.count(webhook.NotSigned), "the forgery")
	require.NotZero(t, count.count(webhook.Duplicate))
	stream, err := js.Stream(t.Context(), webhook.StreamName)
	require.NoError(t, err)
	info, err := stream.Info(t.Context(), jetstream.WithSubjectFilter(webhook.Subject(msn)))
	require.NoError(t, err)
	require.EqualValues(t, 3, info.State.Msgs, "each is stored once")
}
