package vippstest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	ref   = "T122-20261012-0042-1"
	phone = "4791234567"
)

// terminal calls a simulator with bare HTTP, so that it can do everything wrong.
type terminal struct {
	t     *testing.T
	sim   *Sim
	token string
}

func newTerminal(t *testing.T, opt Options) *terminal {
	t.Helper()
	tm := &terminal{t: t, sim: New(opt)}
	t.Cleanup(func() {
		tm.sim.Close()
		require.NoError(t, tm.sim.Check())
	})
	tm.login()
	return tm
}

func (tm *terminal) login() {
	tm.t.Helper()
	a := tm.send(http.MethodPost, "/accesstoken/get", "", map[string]string{
		"client_id": DefaultClientID, "client_secret": DefaultClientSecret, "Ocp-Apim-Subscription-Key": DefaultSubscriptionKey,
	})
	require.Equal(tm.t, 200, a.status)
	tm.token, _ = a.fields["access_token"].(string)
}

// got is an answer.
type got struct {
	status int
	header http.Header
	raw    string
	fields map[string]any
	code   string // domain code
}

func (tm *terminal) request(method, path, body string, header map[string]string) *http.Request {
	tm.t.Helper()
	req, err := http.NewRequestWithContext(tm.t.Context(), method, "http://sim"+path, strings.NewReader(body))
	require.NoError(tm.t, err)
	for name, value := range header {
		req.Header.Set(name, value)
	}
	return req
}

func (tm *terminal) send(method, path, body string, header map[string]string) got {
	tm.t.Helper()
	resp, err := tm.sim.Transport().RoundTrip(tm.request(method, path, body, header))
	require.NoError(tm.t, err)
	raw, err := io.ReadAll(resp.Body)
	require.NoError(tm.t, err)
	g := got{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &g.fields) // lists and pages have none
	details, _ := g.fields["extraDetails"].([]any)
	for _, d := range details {
		if m := d.(map[string]any); m["name"] == "ErrorCode" {
			g.code, _ = m["reason"].(string)
		}
	}
	return g
}

// headers are those of a well-behaved client.
func (tm *terminal) headers(key string) map[string]string {
	h := map[string]string{
		"Authorization": "Bearer " + tm.token, "Ocp-Apim-Subscription-Key": DefaultSubscriptionKey,
		"Merchant-Serial-Number": DefaultMSN, "Content-Type": "application/json", "Vipps-System-Name": "test",
	}
	if key != "" {
		h["Idempotency-Key"] = key
	}
	return h
}

func (tm *terminal) post(path, key, body string) got {
	tm.t.Helper()
	return tm.send(http.MethodPost, "/epayment/v1/payments"+path, body, tm.headers(key))
}

func (tm *terminal) get(path string) got {
	tm.t.Helper()
	return tm.send(http.MethodGet, "/epayment/v1/payments"+path, "", tm.headers(""))
}

// createBody is a good create, with members changed: an empty text removes one.
func createBody(change map[string]string) string {
	members := map[string]string{
		"amount": `{"currency":"NOK","value":28650}`, "paymentMethod": `{"type":"WALLET"}`, "customerInteraction": `"CUSTOMER_PRESENT"`,
		"userFlow": `"QR"`, "qrFormat": `{"format":"TEXT/TARGETURL"}`, "reference": `"` + ref + `"`,
	}
	maps.Copy(members, change)
	var parts []string
	for name, value := range members {
		if value != "" {
			parts = append(parts, fmt.Sprintf("%q:%s", name, value))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func amountBody(value int) string {
	return fmt.Sprintf(`{"modificationAmount":{"currency":"NOK","value":%d}}`, value)
}

// created has a payment in state CREATED.
func created(t *testing.T, opt Options) *terminal {
	t.Helper()
	tm := newTerminal(t, opt)
	require.Equal(t, 201, tm.post("", "c", createBody(nil)).status)
	return tm
}

// approved has one in state AUTHORIZED.
func approved(t *testing.T, opt Options) *terminal {
	t.Helper()
	tm := created(t, opt)
	require.NoError(t, tm.sim.Act(ref, Approve, 0))
	return tm
}

func (tm *terminal) payment() Payment {
	tm.t.Helper()
	p, ok := tm.sim.Payment(ref)
	require.True(tm.t, ok)
	return p
}

func (tm *terminal) fault(f Fault) {
	tm.t.Helper()
	_, err := tm.sim.AddFault(f)
	require.NoError(tm.t, err)
}
