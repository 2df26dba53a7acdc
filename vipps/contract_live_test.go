//go:build integration

package vipps_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
	"taxiterminal/vipps"
)

// TestContractHoldsForTheProvider runs the contract against the provider's test
// environment:
//
//	VIPPS_TEST_MSN, VIPPS_TEST_CLIENT_ID, VIPPS_TEST_CLIENT_SECRET,
//	VIPPS_TEST_SUBSCRIPTION_KEY   the keys of a test sales unit
//	VIPPS_TEST_CURRENCY           its currency, NOK if empty
//	VIPPS_TEST_PHONE              a test user who has approved a payment by hand
//	                              before; without it nothing is approved
//
//	go test -tags integration -run Provider ./vipps
func TestContractHoldsForTheProvider(t *testing.T) {
	cfg := vipps.Config{
		BaseURL:         vipps.TestURL,
		MSN:             os.Getenv("VIPPS_TEST_MSN"),
		ClientID:        os.Getenv("VIPPS_TEST_CLIENT_ID"),
		ClientSecret:    vipps.NewSecret(os.Getenv("VIPPS_TEST_CLIENT_SECRET")),
		SubscriptionKey: vipps.NewSecret(os.Getenv("VIPPS_TEST_SUBSCRIPTION_KEY")),
		System:          vipps.System{Name: "taxi-terminal", Version: "test", PluginName: "taxi-terminal-contract", PluginVersion: "test"},
	}
	if cfg.MSN == "" {
		t.Skip("no test sales unit: VIPPS_TEST_MSN is not set")
	}
	client, err := vipps.New(cfg)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	tg := target{
		client: client, currency: money.Currency(cmp.Or(os.Getenv("VIPPS_TEST_CURRENCY"), "NOK")),
		prefix: "contract-" + strconv.FormatInt(time.Now().UnixMilli(), 36),
		settle: func() { <-time.After(2 * time.Second) },
	}
	if phone := os.Getenv("VIPPS_TEST_PHONE"); phone != "" {
		tg.approve = func(t *testing.T, reference string) { forceApprove(t, reference, phone) }
	}
	contract(t, tg)
	contractCodes(t, tg)
	if tg.approve != nil {
		contractCustomer(t, tg, false)
	}
}

// forceApprove is not part of the client, because it must never be part of a car.
func forceApprove(t *testing.T, reference, phone string) {
	t.Helper()
	post := func(path string, header map[string]string, body any) []byte {
		raw, err := json.Marshal(body)
		require.NoError(t, err)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, vipps.TestURL+path, bytes.NewReader(raw))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Ocp-Apim-Subscription-Key", os.Getenv("VIPPS_TEST_SUBSCRIPTION_KEY"))
		req.Header.Set("Merchant-Serial-Number", os.Getenv("VIPPS_TEST_MSN"))
		for name, value := range header {
			req.Header.Set(name, value)
		}
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		var answer bytes.Buffer
		_, err = answer.ReadFrom(resp.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode, "%s: %s", path, answer.String())
		return answer.Bytes()
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal(post("/accesstoken/get", map[string]string{
		"client_id": os.Getenv("VIPPS_TEST_CLIENT_ID"), "client_secret": os.Getenv("VIPPS_TEST_CLIENT_SECRET"),
	}, nil), &token))
	post("/epayment/v1/test/payments/"+reference+"/approve", map[string]string{"Authorization": "Bearer " + token.AccessToken},
		map[string]any{"customer": map[string]string{"phoneNumber": phone}})
	<-time.After(2 * time.Second)
}
