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

var kari = vipps.NewPerson("Kari Nordmann", "4790000001")

// sharing is a payment that asks for name and number.
func sharing() vipps.CreatePayment {
	p := plain()
	p.Scope = []vipps.Scope{vipps.ScopeName, vipps.ScopePhoneNumber, vipps.ScopeEmail, vipps.ScopeAddress}
	return p
}

// shared creates and approves such a payment, and gives the customer's sub.
func shared(t *testing.T, sim *vippstest.Sim, client *vipps.Client) string {
	t.Helper()
	require.Equal(t, vipps.Done, client.Create(t.Context(), "key-create", encode(t, sharing())).Kind)
	require.NoError(t, sim.Act(reference, vippstest.Approve, 0))
	res := client.Get(t.Context(), reference)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	require.NotEmpty(t, res.Payment.Sub)
	return res.Payment.Sub
}

func TestGetTellsTheCustomer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{ProfileLag: 3 * time.Second})
		defer sim.Close()
		client := newClient(t, sim)
		require.Equal(t, vipps.Done, client.Create(t.Context(), "key", encode(t, sharing())).Kind)
		require.NoError(t, sim.Act(reference, vippstest.Approve, 0))
		p := client.Get(t.Context(), reference).Payment
		require.Equal(t, vipps.Authorized, p.State)
		require.Empty(t, p.Sub)
		require.True(t, p.Person.IsZero())
		time.Sleep(3 * time.Second)
		p = client.Get(t.Context(), reference).Payment
		require.NotEmpty(t, p.Sub)
		require.Equal(t, kari, p.Person)
		time.Sleep(169 * time.Hour)
		p = client.Get(t.Context(), reference).Payment
		require.NotEmpty(t, p.Sub)
		require.True(t, p.Person.IsZero(), "after a week nobody is told any more")
	})
}

func TestUserinfoComesLateAndEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{HideUserDetails: true, UserinfoLag: 5 * time.Second})
		defer sim.Close()
		client := newClient(t, sim)
		sub := shared(t, sim, client)
		require.True(t, client.Get(t.Context(), reference).Payment.Person.IsZero(), "the older API does not tell it")

		_, res := client.Userinfo(t.Context(), sub)
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Equal(t, vipps.ClassNotFound, res.Err.Class)
		require.Contains(t, res.Err.Hint, "ask again")
		require.NotEmpty(t, res.Err.TraceID, "their instance is our trace id")

		time.Sleep(5 * time.Second)
		person, res := client.Userinfo(t.Context(), sub)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		require.Equal(t, kari, person)
		sim.WithdrawConsent(kari.Phone())
		_, res = client.Userinfo(t.Context(), sub)
		require.Equal(t, vipps.Done, res.Kind, "what was shared stays readable for its time")

		time.Sleep(169 * time.Hour)
		person, res = client.Userinfo(t.Context(), sub)
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Equal(t, vipps.ClassNotPermitted, res.Err.Class)
		require.Contains(t, res.Err.Hint, "not share")
		require.True(t, person.IsZero())
	})
}

// The subscription key may be wanted or forbidden there. One refusal teaches which.
func TestUserinfoFindsOutAboutTheKey(t *testing.T) {
	t.Parallel()
	for rule, want := range map[vippstest.KeyRule][]bool{ // with the key, call by call
		vippstest.KeyIndifferent: {true, true},
		vippstest.KeyRequired:    {true, true},
		vippstest.KeyForbidden:   {true, false, false},
	} {
		t.Run(string(rule), func(t *testing.T) {
			t.Parallel()
			sim := newSim(t, vippstest.Options{UserinfoKey: rule})
			var withKey []bool
			tokens := 0
			client := newClient(t, sim, func(c *vipps.Config) {
				next := c.Transport
				c.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
					switch {
					case r.URL.Path == "/accesstoken/get":
						tokens++
					case r.URL.Path != "/epayment/v1/payments" && r.URL.Path != "/epayment/v1/payments/"+reference:
						withKey = append(withKey, r.Header.Get("Ocp-Apim-Subscription-Key") != "")
					}
					return next.RoundTrip(r)
				})
			})
			sub := shared(t, sim, client)
			for range 2 {
				person, res := client.Userinfo(t.Context(), sub)
				require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
				require.Equal(t, kari, person)
			}
			require.Equal(t, want, withKey)
			require.Equal(t, 1, tokens, "it was not the token's fault")

			sim.RevokeTokens()
			_, res := client.Userinfo(t.Context(), sub)
			require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
			require.Equal(t, 2, tokens)
		})
	}
}

func TestUserinfoAboutWhom(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"somebody else": `{"sub":"another","name":"Kari"}`, "nobody": `{"name":"Kari"}`, "not an object": `["Kari"]`,
		"a number": `{"sub":7}`, "nothing": ``, "a page": `<!DOCTYPE html>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := simConfig("http://127.0.0.1")
			cfg.Transport = canned(200, nil, body)
			client, err := vipps.New(cfg)
			require.NoError(t, err)
			person, res := client.Userinfo(t.Context(), "sub-1")
			require.Equal(t, vipps.Retry, res.Kind, "a read is never unknown")
			require.True(t, person.IsZero())
			require.NotContains(t, res.Err.Error(), "Kari")
			require.Empty(t, res.Err.Raw)
		})
	}
	for body, want := range map[string]vipps.Person{
		`{"sub":"sub-1","given_name":"Kari","family_name":"Nordmann","phone_number":"+4790000001","birthdate":7}`: kari,
		`{"sub":"sub-1","name":" ","given_name":"Kari","phone_number":4790000001}`:                                vipps.NewPerson("Kari", kari.Phone()),
		`{"sub":"sub-1","name":"Kari Nordmann","given_name":"X","address":{"country":[]}}`:                        vipps.NewPerson("Kari Nordmann", ""),
		`{"sub":"sub-1"}`: {},
	} {
		cfg := simConfig("http://127.0.0.1")
		cfg.Transport = canned(200, nil, body)
		client, err := vipps.New(cfg)
		require.NoError(t, err)
		person, res := client.Userinfo(t.Context(), "sub-1")
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		require.Equal(t, want, person, body)
	}
}

func TestErrorsDoNotSayWho(t *testing.T) {
	t.Parallel()
	const sub = "c06c4afe-d9e1-4c5d"
	cfg := simConfig("http://127.0.0.1")
	cfg.Transport = canned(404, nil, `{"title":"no user `+sub+`","detail":"`+sub+`","instance":"00-1"}`)
	var book logBook
	cfg.Log = book.logger()
	client, err := vipps.New(cfg)
	require.NoError(t, err)
	_, res := client.Userinfo(t.Context(), sub)
	require.Contains(t, res.Err.Title, "no user")
	require.NotContains(t, res.Err.Error()+res.Err.Detail+string(res.Err.Raw)+book.String(), sub)
}

func TestSubsThatAreNotSent(t *testing.T) {
	t.Parallel()
	cfg := simConfig("http://127.0.0.1")
	var path string
	cfg.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != "/accesstoken/get" {
			path = r.URL.EscapedPath()
		}
		return canned(404, nil, "").RoundTrip(r)
	})
	client, err := vipps.New(cfg)
	require.NoError(t, err)
	for _, sub := range []string{"", ".", "..", "a b", "a\nb", "é", string(make([]byte, 10)), "x123456789x123456789x123456789x123456789x123456789x123456789x123456789x123456789x123456789x123456789x123456789x123456789x123456789"} {
		_, res := client.Userinfo(t.Context(), sub)
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Zero(t, res.Err.Status)
		require.Empty(t, path)
		var invalid *vipps.InvalidError
		require.True(t, errors.As(res.Err, &invalid))
		if len(sub) > 2 {
			require.NotContains(t, res.Err.Error(), sub)
		}
	}
	_, res := client.Userinfo(t.Context(), "../a?b#c%d")
	require.Equal(t, vipps.ClassNotFound, res.Err.Class)
	require.Equal(t, "/vipps-userinfo-api/userinfo/..%2Fa%3Fb%23c%25d", path)
}
