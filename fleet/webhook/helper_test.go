package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/webhook"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

const (
	msn     = vippstest.DefaultMSN
	address = "https://taxi.example/webhook/" + msn
)

var now = time.Date(2026, time.November, 20, 21, 30, 0, 0, time.UTC)

// sign is the published scheme, written once more.
func sign(secret, address string, at time.Time, body []byte) http.Header {
	return signDated(secret, address, at.Format(http.TimeFormat), body)
}

func signDated(secret, address, date string, body []byte) http.Header {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(body)
	content := base64.StdEncoding.EncodeToString(sum[:])
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("POST\n" + u.RequestURI() + "\n" + date + ";" + u.Host + ";" + content))
	h := http.Header{}
	h.Set("x-ms-date", date)
	h.Set("x-ms-content-sha256", content)
	h.Set("Authorization", "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return h
}

// memory is a Store and Secrets without a server.
type memory struct {
	mu      sync.Mutex
	fail    error
	events  []webhook.Event
	ids     map[string]bool
	secrets []webhook.Registration
}

func (m *memory) Put(_ context.Context, id string, e webhook.Event) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return false, m.fail
	}
	if m.ids[id] {
		return true, nil
	}
	if m.ids == nil {
		m.ids = map[string]bool{}
	}
	m.ids[id] = true
	m.events = append(m.events, e)
	return false, nil
}

func (m *memory) Registrations(_ context.Context, of string) ([]webhook.Registration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []webhook.Registration
	for _, r := range m.secrets {
		if r.MSN == of {
			list = append(list, r)
		}
	}
	return list, m.fail
}

func (m *memory) Keep(_ context.Context, r webhook.Registration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail == nil {
		m.secrets = append(m.secrets, r)
	}
	return m.fail
}

func (m *memory) Forget(_ context.Context, _, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, r := range m.secrets {
		if r.ID == id {
			m.secrets = append(m.secrets[:i:i], m.secrets[i+1:]...)
			break
		}
	}
	return m.fail
}

func (m *memory) stored() []webhook.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]webhook.Event(nil), m.events...)
}

// tally counts outcomes and collects hints.
type tally struct {
	mu       sync.Mutex
	outcomes map[webhook.Outcome]int
	hints    []webhook.Event
	skew     time.Duration
}

func (c *tally) observe(o webhook.Outcome, skew time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.outcomes == nil {
		c.outcomes = map[webhook.Outcome]int{}
	}
	c.outcomes[o]++
	c.skew = skew
}

func (c *tally) hint(e webhook.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hints = append(c.hints, e)
}

func (c *tally) hinted() []webhook.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]webhook.Event(nil), c.hints...)
}

func (c *tally) count(o webhook.Outcome) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.outcomes[o]
}

// mount serves a receiver as a gateway does.
func mount(cfg webhook.Config) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(webhook.Pattern, webhook.NewReceiver(cfg))
	return mux
}

// post sends one webhook to a handler.
func post(h http.Handler, path string, header http.Header, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://behind-a-proxy.internal"+path, bytes.NewReader(body))
	r.Header = header
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// handlerTransport delivers webhooks to a handler without a network.
type handlerTransport struct{ handler http.Handler }

func (t handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	t.handler.ServeHTTP(w, in)
	return w.Result(), nil
}

func newClient(t *testing.T, sim *vippstest.Sim) *vipps.Client {
	t.Helper()
	client, err := vipps.New(vipps.Config{
		BaseURL: "http://127.0.0.1", MSN: msn, ClientID: vippstest.DefaultClientID,
		ClientSecret: vipps.NewSecret(vippstest.DefaultClientSecret), SubscriptionKey: vipps.NewSecret(vippstest.DefaultSubscriptionKey),
		System:    vipps.System{Name: "taxi-terminal", Version: "1", PluginName: "taxi-fleet", PluginVersion: "1"},
		Transport: sim.Transport(),
	})
	require.NoError(t, err)
	return client
}

// newStream starts a server with the stream and the bucket that a gateway has.
func newStream(t testing.TB) (jetstream.JetStream, jetstream.KeyValue) {
	t.Helper()
	srv, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	require.NoError(t, err)
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	require.True(t, srv.ReadyForConnections(10*time.Second))
	nc, err := nats.Connect("", nats.InProcessServer(srv))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: webhook.StreamName, Subjects: []string{"webhook.*"}, Duplicates: 24 * time.Hour, MaxAge: 30 * 24 * time.Hour,
	})
	require.NoError(t, err)
	kv, err := js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: webhook.Bucket, History: 1})
	require.NoError(t, err)
	return js, kv
}

// newServer serves a handler on a loopback port.
func newServer(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
