package vipps_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

const hookURL = "https://127.0.0.1:9/hooks/5up3r"

func TestLifeOfARegistration(t *testing.T) {
	t.Parallel()
	sim := newSim(t, vippstest.Options{})
	client, ctx := newClient(t, sim), t.Context()

	none, res := client.Webhooks(ctx)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	require.Empty(t, none)

	hook, secret, res := client.RegisterWebhook(ctx, hookURL, vipps.PaymentEvents())
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	require.Equal(t, vipps.Webhook{ID: hook.ID, URL: hookURL, Events: vipps.PaymentEvents()}, hook)
	require.Len(t, secret.Reveal(), 88)
	require.NotContains(t, fmt.Sprintf("%v %+v", secret, res), secret.Reveal())

	checkIn, _, res := client.RegisterWebhook(ctx, hookURL, []string{vipps.EventCheckIn})
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	list, res := client.Webhooks(ctx)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	require.Equal(t, []vipps.Webhook{hook, checkIn}, list)

	_, secret, res = client.RegisterWebhook(ctx, hookURL, []string{vipps.EventCheckIn})
	require.Equal(t, vipps.Rejected, res.Kind, "one for a sales unit")
	require.True(t, secret.IsZero())
	require.Contains(t, res.Err.Hint, "list the registrations")

	require.Equal(t, vipps.Done, client.DeleteWebhook(ctx, hook.ID).Kind)
	again := client.DeleteWebhook(ctx, hook.ID)
	require.Equal(t, vipps.Rejected, again.Kind)
	require.Equal(t, vipps.ClassNotFound, again.Err.Class)
	list, _ = client.Webhooks(ctx)
	require.Equal(t, []vipps.Webhook{checkIn}, list)
	sim.DropWebhooks()
	list, _ = client.Webhooks(ctx)
	require.Empty(t, list)
}

func TestRegistrationsThatAreNotSent(t *testing.T) {
	t.Parallel()
	cfg := simConfig("http://127.0.0.1")
	cfg.Transport = transportFunc(func(*http.Request) (*http.Response, error) {
		t.Error("sent")
		return nil, errors.New("sent")
	})
	client, err := vipps.New(cfg)
	require.NoError(t, err)
	register := func(address string, events ...string) vipps.Result {
		_, _, res := client.RegisterWebhook(t.Context(), address, events)
		return res
	}
	const good = "https://taxi.example/hooks/5up3r"
	for name, res := range map[string]vipps.Result{
		"no address":     register("", vipps.EventCheckIn),
		"plain http":     register("http://taxi.example/5up3r", vipps.EventCheckIn),
		"with a user":    register("https://u:5up3r@taxi.example/", vipps.EventCheckIn),
		"with fragment":  register(good+"#a", vipps.EventCheckIn),
		"long address":   register(good+strings.Repeat("a", 1024), vipps.EventCheckIn),
		"no events":      register(good),
		"empty event":    register(good, ""),
		"odd event":      register(good, "epayments payment"),
		"event twice":    register(good, vipps.EventCheckIn, vipps.EventCheckIn),
		"no id":          client.DeleteWebhook(t.Context(), ""),
		"id with a path": client.DeleteWebhook(t.Context(), "../payments"),
	} {
		require.Equal(t, vipps.Rejected, res.Kind, name)
		require.Equal(t, vipps.ClassInvalid, res.Err.Class, name)
		require.NotContains(t, res.Err.Error(), "5up3r", "%s: addresses stay out of errors", name)
	}
}

// An answer without what is needed is not taken for one.
func TestAnswersAboutRegistrations(t *testing.T) {
	t.Parallel()
	for body, kind := range map[string]vipps.Kind{
		`{"id":"090a478d-0000-4000-8000-000000000001","secret":"s"}`: vipps.Done,
		`{"id":"a","secret":"s","new":1}`:                            vipps.Done,
		`{"id":"a/../b","secret":"s"}`:                               vipps.Unknown,
		`{"id":"a"}`:                                                 vipps.Unknown,
		`{"secret":"5up3r"}`:                                         vipps.Unknown,
		`{"id":"a","secret":7}`:                                      vipps.Unknown,
		`[]`:                                                         vipps.Unknown,
		``:                                                           vipps.Unknown,
	} {
		cfg := simConfig("http://127.0.0.1")
		cfg.Transport = canned(201, nil, body)
		client, err := vipps.New(cfg)
		require.NoError(t, err)
		hook, secret, res := client.RegisterWebhook(t.Context(), hookURL, []string{vipps.EventCheckIn})
		require.Equal(t, kind, res.Kind, "%s: %v", body, res.Err)
		require.Equal(t, kind != vipps.Done, secret.IsZero())
		if kind != vipps.Done {
			require.Zero(t, hook)
			require.NotContains(t, res.Err.Error()+string(res.Err.Raw), "5up3r")
		}
	}
	for body, kind := range map[string]vipps.Kind{
		`{"webhooks":[]}`:                        vipps.Done,
		`{"webhooks":[{"id":"a"}]}`:              vipps.Done,
		`{"webhooks":[{"id":"a","events":"x"}]}`: vipps.Done,
		`{"webhooks":[{"url":"a"}]}`:             vipps.Retry,
		`{}`:                                     vipps.Retry,
		`[]`:                                     vipps.Retry,
	} {
		cfg := simConfig("http://127.0.0.1")
		cfg.Transport = canned(200, nil, body)
		client, err := vipps.New(cfg)
		require.NoError(t, err)
		_, res := client.Webhooks(t.Context())
		require.Equal(t, kind, res.Kind, "%s: %v", body, res.Err)
	}
}
