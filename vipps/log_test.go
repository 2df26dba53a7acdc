package vipps_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// spy remembers every secret that goes over the wire.
type spy struct {
	next    http.RoundTripper
	mu      sync.Mutex
	secrets map[string]bool
}

func (s *spy) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.next.RoundTrip(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range []string{"client_secret", "Ocp-Apim-Subscription-Key", "client_id"} {
		s.secrets[r.Header.Get(h)] = true
	}
	s.secrets[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] = true
	if err != nil {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	for _, part := range strings.Split(string(body), `"`) {
		if strings.HasPrefix(part, "eyJ") || strings.HasPrefix(part, "https://qr.vipps.no/") {
			s.secrets[part] = true
		}
	}
	return resp, err
}

// Every call, every misfortune: the log has a line for it, and none of the secrets.
func TestNothingPrivateIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{})
		defer sim.Close()
		var book logBook
		watch := &spy{next: sim.Transport(), secrets: map[string]bool{}}
		client := newClient(t, sim, func(c *vipps.Config) { c.Log, c.Transport = book.logger(), watch })
		p := plain()
		p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber(phone)}
		push := encode(t, p)
		var errs []string
		note := func(res vipps.Result) {
			if res.Err != nil {
				errs = append(errs, res.Err.Error(), string(res.Err.Raw), res.Err.Detail)
			}
		}
		calls := operations(t)
		for _, m := range misfortunes {
			for op, call := range calls {
				if m.down == "" {
					m.fault.Op = vippstest.Op(op)
					fault(t, sim, m.fault)
				} else {
					require.NoError(t, sim.SetNetwork(m.down, time.Minute))
				}
				note(call(t.Context(), client))
				if op == vipps.OpCreate {
					note(client.Create(t.Context(), "key-push", push))
				}
				sim.RemoveFault(0)
				time.Sleep(2 * time.Minute)
			}
		}
		sim.Stranger(phone)
		p.Reference = "T122-20261012-0043-1"
		note(client.Create(t.Context(), "key-stranger", encode(t, p)))

		private := customersAndCodes(t, sim, client, note)

		text := book.String()
		for _, secret := range private {
			require.NotContains(t, text, secret)
			require.NotContains(t, strings.Join(errs, "\n"), secret)
		}
		require.Contains(t, text, `"op":"userinfo"`)
		require.Contains(t, text, `"reference":"taxi-T122"`)
		require.Greater(t, len(watch.secrets), 5)
		require.Contains(t, text, `"reference":"`+reference+`"`)
		require.Contains(t, text, `"key":"key-capture"`)
		require.Contains(t, text, `"code":"7010"`)
		require.Contains(t, text, `"trace_id":"00-`)
		for secret := range watch.secrets {
			if secret != "" {
				require.NotContains(t, text, secret)
				require.NotContains(t, strings.Join(errs, "\n"), secret)
			}
		}
		require.NotContains(t, text, phone)
		require.NotContains(t, strings.Join(errs, "\n"), phone)
	})
}

// customersAndCodes lets every misfortune happen to the calls that know people and
// targets of codes, and gives what nobody may read of them.
func customersAndCodes(t *testing.T, sim *vippstest.Sim, client *vipps.Client, note func(vipps.Result)) []string {
	t.Helper()
	p := sharing()
	p.Reference = "T122-20261012-0044-1"
	require.Equal(t, vipps.Done, client.Create(t.Context(), "key-shared", encode(t, p)).Kind)
	require.NoError(t, sim.Act(p.Reference, vippstest.Approve, 0))
	w := &world{sim: sim, client: client, sub: client.Get(t.Context(), p.Reference).Payment.Sub}
	require.NotEmpty(t, w.sub)
	for name, m := range misfortunes {
		for op, e := range elsewhere(t) {
			client.CreateCode(t.Context(), sticker, vipps.CodeSVG) // or it is there already
			code, res := client.Code(t.Context(), sticker.ID, vipps.CodeSVG)
			require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
			w.link = code.URL + "?a-link"
			w.hook = "00000000-0000-4000-8000-000000000009"
			m := fit(name, m, op)
			if m.down == "" {
				fault(t, sim, m.fault)
			} else {
				require.NoError(t, sim.SetNetwork(m.down, time.Minute))
			}
			note(e.call(t.Context(), w))
			sim.RemoveFault(0)
			time.Sleep(2 * time.Minute)
		}
	}
	return []string{w.sub, "Nordmann", "4790000001", sticker.Target, "Zm9vYmFy", "qr-generator/v1", "a-link", "https://taxi.example/new", hookURL, "5up3r"}
}

func TestEveryRequestIsObserved(t *testing.T) {
	t.Parallel()
	sim := newSim(t, vippstest.Options{})
	var seen []string
	client := newClient(t, sim, func(c *vipps.Config) {
		c.Observe = func(op vipps.Op, kind vipps.Kind, took time.Duration) {
			seen = append(seen, string(op)+" "+string(kind))
			if took < 0 {
				t.Errorf("%s took %v", op, took)
			}
		}
	})
	approved(t, sim, client)
	sim.RevokeTokens()
	client.Get(t.Context(), reference)
	client.Get(t.Context(), "no-such-payment")
	require.Equal(t, []string{"token done", "create done", "get retry", "token done", "get done", "get rejected"}, seen)
}
