package vipps_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps"
)

func TestSecretsAndCustomersNeverPrint(t *testing.T) {
	t.Parallel()
	const hidden = "4791234567"
	type inner struct{ s vipps.Secret }
	type outer struct {
		In  inner
		Pub vipps.Secret
		who vipps.CreatePayment
	}
	values := map[string]any{
		"secret":              vipps.NewSecret(hidden),
		"pointer":             new(vipps.NewSecret(hidden)),
		"config":              vipps.Config{ClientSecret: vipps.NewSecret(hidden), SubscriptionKey: vipps.NewSecret(hidden)},
		"unexported and deep": outer{In: inner{vipps.NewSecret(hidden)}, Pub: vipps.NewSecret(hidden), who: vipps.CreatePayment{Flow: vipps.Push{Customer: vipps.ByPhoneNumber(hidden)}}},
		"phone":               vipps.ByPhoneNumber(hidden),
		"personal qr":         vipps.ByPersonalQR(hidden),
		"token":               vipps.ByToken(hidden),
		"create":              vipps.CreatePayment{Flow: vipps.Push{Customer: vipps.ByPhoneNumber(hidden)}},
	}
	hexed := fmt.Sprintf("%x", hidden)
	for name, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%f", "%c", "%U", "%e", "%o", "%b"} {
			text := fmt.Sprintf(verb, v)
			require.NotContains(t, text, hidden, "%s %s", name, verb)
			require.NotContains(t, text, hexed, "%s %s", name, verb)
		}
		var text bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&text, nil)).Info("m", "v", fmt.Sprint(v))
		require.NotContains(t, text.String(), hidden, name)
	}
	secret := vipps.NewSecret(hidden)
	raw, err := json.Marshal(map[string]any{"a": secret, "b": &secret})
	require.NoError(t, err)
	require.NotContains(t, string(raw), hidden)
	raw, err = xml.Marshal(secret)
	require.NoError(t, err)
	require.NotContains(t, string(raw), hidden)

	require.True(t, vipps.Secret{}.IsZero())
	require.True(t, vipps.NewSecret("").IsZero())
	require.False(t, secret.IsZero())
}

func TestPaymentPrintsWithoutItsLink(t *testing.T) {
	t.Parallel()
	p := vipps.Payment{Reference: reference, State: vipps.Created, RedirectURL: "https://qr.vipps.no/o/opens-it", Sub: "who-it-is"}
	for _, text := range []string{fmt.Sprintf("%v", p), fmt.Sprintf("%+v", vipps.Result{Payment: p}), fmt.Sprintf("%#v", p)} {
		require.NotContains(t, text, "opens-it")
		require.NotContains(t, text, "who-it-is")
		require.Contains(t, text, reference)
	}
}
