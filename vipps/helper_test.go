package vipps_test

import (
	"bytes"
	"context"
	"io"
	"log"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

const (
	reference = "T122-20261012-0042-1"
	phone     = "4791234567"
	fare      = money.Minor(28650)
)

// simConfig is a configuration that fits a simulator with default options.
func simConfig(base string) vipps.Config {
	return vipps.Config{
		BaseURL:         base,
		MSN:             vippstest.DefaultMSN,
		ClientID:        vippstest.DefaultClientID,
		ClientSecret:    vipps.NewSecret(vippstest.DefaultClientSecret),
		SubscriptionKey: vipps.NewSecret(vippstest.DefaultSubscriptionKey),
		System:          vipps.System{Name: "taxi-terminal", Version: "1.2.3-4-gdeadbeef-dirty-on-a-branch", PluginName: "taxi-terminal-direct", PluginVersion: "1"},
	}
}

// newClient reaches sim without a network.
func newClient(t *testing.T, sim *vippstest.Sim, change ...func(*vipps.Config)) *vipps.Client {
	t.Helper()
	cfg := simConfig("http://127.0.0.1")
	cfg.Transport = sim.Transport()
	for _, c := range change {
		c(&cfg)
	}
	client, err := vipps.New(cfg)
	require.NoError(t, err)
	return client
}

// newSim makes a simulator that is checked and closed when the test is over.
func newSim(t *testing.T, opt vippstest.Options) *vippstest.Sim {
	t.Helper()
	sim := vippstest.New(opt)
	t.Cleanup(func() {
		sim.Close()
		require.NoError(t, sim.Check())
	})
	return sim
}

// plain is the smallest payment that a terminal with a screen asks for.
func plain() vipps.CreatePayment {
	return vipps.CreatePayment{
		Amount: money.Of(fare, money.NOK), Reference: reference, Flow: vipps.QR{}, Description: "Taxi T122, trip 0042",
	}
}

func encode(t testing.TB, v interface{ Encode() ([]byte, error) }) []byte {
	t.Helper()
	body, err := v.Encode()
	require.NoError(t, err)
	return body
}

func nok(v money.Minor) vipps.Modification { return vipps.Modification{Amount: money.Of(v, money.NOK)} }

// fault adds a fault that must be sound.
func fault(t *testing.T, sim *vippstest.Sim, f vippstest.Fault) {
	t.Helper()
	_, err := sim.AddFault(f)
	require.NoError(t, err)
}

// approved creates and approves a payment.
func approved(t *testing.T, sim *vippstest.Sim, client *vipps.Client) {
	t.Helper()
	res := client.Create(context.Background(), "key-create", encode(t, plain()))
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	require.NoError(t, sim.Act(reference, vippstest.Approve, 0))
}

// logBook collects log lines and can be read while they are written.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *logBook) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// transportFunc is a transport made of a function.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// contextWithStop ends after d, the way a daemon is told to stop.
func contextWithStop(t *testing.T, d time.Duration) (context.Context, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	timer := time.AfterFunc(d, cancel)
	return ctx, func() { timer.Stop(); cancel() }
}

// quiet swallows what a test server has to say about connections cut on purpose.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
