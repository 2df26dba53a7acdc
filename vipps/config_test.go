package vipps_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

func TestNewChecksEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := vipps.New(vipps.Config{})
	var invalid *vipps.InvalidError
	require.ErrorAs(t, err, &invalid)
	var fields []string
	for _, p := range invalid.Problems {
		fields = append(fields, p.Field)
		require.NotEmpty(t, p.Fix)
	}
	require.Equal(t, []string{"base_url", "msn", "client_id", "client_secret", "subscription_key",
		"system.name", "system.version", "system.plugin_name", "system.plugin_version"}, fields)
}

func TestNewAcceptsAndRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*vipps.Config)
		field  string // empty if accepted
	}{
		"production":                 {func(c *vipps.Config) { c.BaseURL = vipps.ProductionURL }, ""},
		"test environment":           {func(c *vipps.Config) { c.BaseURL = vipps.TestURL + "/" }, ""},
		"simulator by address":       {func(c *vipps.Config) { c.BaseURL = "http://127.0.0.1:4000" }, ""},
		"simulator by IPv6":          {func(c *vipps.Config) { c.BaseURL = "http://[::1]:4000" }, ""},
		"simulator by name":          {func(c *vipps.Config) { c.BaseURL = "http://localhost:4000" }, ""},
		"plain http elsewhere":       {func(c *vipps.Config) { c.BaseURL = "http://api.vipps.no" }, "base_url"},
		"http to a lookalike":        {func(c *vipps.Config) { c.BaseURL = "http://localhost.example.com" }, "base_url"},
		"another scheme":             {func(c *vipps.Config) { c.BaseURL = "ftp://api.vipps.no" }, "base_url"},
		"a path":                     {func(c *vipps.Config) { c.BaseURL = "https://api.vipps.no/epayment" }, "base_url"},
		"a query":                    {func(c *vipps.Config) { c.BaseURL = "https://api.vipps.no?a=b" }, "base_url"},
		"a user":                     {func(c *vipps.Config) { c.BaseURL = "https://u:p@api.vipps.no" }, "base_url"},
		"no host":                    {func(c *vipps.Config) { c.BaseURL = "https://" }, "base_url"},
		"four digits":                {func(c *vipps.Config) { c.MSN = "1234" }, ""},
		"seven digits":               {func(c *vipps.Config) { c.MSN = "1234567" }, ""},
		"three digits":               {func(c *vipps.Config) { c.MSN = "123" }, "msn"},
		"eight digits":               {func(c *vipps.Config) { c.MSN = "12345678" }, "msn"},
		"MSN with a space":           {func(c *vipps.Config) { c.MSN = "12345 " }, "msn"},
		"secret with a newline":      {func(c *vipps.Config) { c.ClientSecret = vipps.NewSecret("abc\n") }, "client_secret"},
		"key with a space":           {func(c *vipps.Config) { c.SubscriptionKey = vipps.NewSecret("a b") }, "subscription_key"},
		"system name of spaces only": {func(c *vipps.Config) { c.System.Name = "  " }, "system.name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := simConfig("https://api.vipps.no")
			c.change(&cfg)
			_, err := vipps.New(cfg)
			if c.field == "" {
				require.NoError(t, err)
				return
			}
			var invalid *vipps.InvalidError
			require.ErrorAs(t, err, &invalid)
			require.Len(t, invalid.Problems, 1)
			require.Equal(t, c.field, invalid.Problems[0].Field)
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	sim := newSim(t, vippstest.Options{})
	var seen []*http.Request
	client := newClient(t, sim, func(c *vipps.Config) {
		next := c.Transport
		c.System = vipps.System{Name: "taxi-terminal", Version: "v1.2.3-45-gdeadbeef-dirty-and-long", PluginName: "taxameter æ\r\nX: y", PluginVersion: "7"}
		c.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
			seen = append(seen, r)
			return next.RoundTrip(r)
		})
	})
	require.Equal(t, vipps.Done, client.Create(t.Context(), "key-1", encode(t, plain())).Kind)
	require.Equal(t, vipps.Done, client.Get(t.Context(), reference).Kind)
	require.Len(t, seen, 3)
	for _, r := range seen {
		require.Equal(t, vippstest.DefaultSubscriptionKey, r.Header.Get("Ocp-Apim-Subscription-Key"))
		require.Equal(t, vippstest.DefaultMSN, r.Header.Get("Merchant-Serial-Number"))
		require.Equal(t, "taxi-terminal", r.Header.Get("Vipps-System-Name"))
		require.Equal(t, "v1.2.3-45-gdeadbeef-dirty-and-", r.Header.Get("Vipps-System-Version"))
		require.Equal(t, "taxameter ---X: y", r.Header.Get("Vipps-System-Plugin-Name"))
		require.Equal(t, "7", r.Header.Get("Vipps-System-Plugin-Version"))
		require.Empty(t, r.Cookies())
	}
	token, create, get := seen[0].Header, seen[1].Header, seen[2].Header
	require.Equal(t, vippstest.DefaultClientID, token.Get("client_id"))
	require.Equal(t, vippstest.DefaultClientSecret, token.Get("client_secret"))
	require.Empty(t, token.Get("Authorization"))
	require.Empty(t, create.Get("client_secret"))
	require.True(t, strings.HasPrefix(create.Get("Authorization"), "Bearer "))
	require.Equal(t, "application/json", create.Get("Content-Type"))
	require.Equal(t, "key-1", create.Get("Idempotency-Key"))
	require.Empty(t, get.Get("Idempotency-Key"))
	require.Empty(t, get.Get("Content-Type"))
}
