package enrol_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"net/http"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/enrol"
	"taxiterminal/fleet/enrol/ticket"
	"taxiterminal/fleet/hub"
	"taxiterminal/fleet/hub/hubtest"
	"taxiterminal/fleet/registry"
	"taxiterminal/money"
)

// fleet is a whole gateway but for the payments.
type fleet struct {
	t        *testing.T
	hub      *hub.Hub
	registry *registry.Registry
	service  *enrol.Service
	web      *httptest.Server
	urls     []string
}

// from is told by a header, so that a test is many senders.
func from(r *http.Request) netip.Addr {
	a, err := netip.ParseAddr(r.Header.Get("X-From"))
	if err != nil {
		return netip.MustParseAddr("192.0.2.1")
	}
	return a
}

func newFleet(t *testing.T) *fleet {
	h := hubtest.Start(t)
	f := &fleet{t: t, hub: h, urls: []string{h.URL()}}
	f.start()
	f.merchant()
	return f
}

// start runs a gateway on the hub.
func (f *fleet) start() {
	var err error
	f.registry, err = registry.Open(f.t.Context(), f.hub.JetStream(), time.Now)
	require.NoError(f.t, err)
	var handler http.Handler
	f.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	f.t.Cleanup(f.web.Close)
	f.service, err = enrol.Start(f.t.Context(), enrol.Config{
		Registry: f.registry, Conn: f.hub.Conn(), System: f.hub.System(), Issuer: f.hub.Issuer(), Account: hub.CarsAccount,
		Address: f.web.URL, URLs: f.urls, From: from, Log: hubtest.Quiet,
		Settings: func(_ context.Context, vehicle string) (json.RawMessage, error) {
			return json.RawMessage(`{"car":"` + vehicle + `"}`), nil
		},
		Secret: func(string) ([]byte, error) { return []byte("shared"), nil },
	})
	require.NoError(f.t, err)
	f.t.Cleanup(f.service.Stop)
	handler = f.service.Handler()
}

func (f *fleet) merchant() {
	require.NoError(f.t, f.registry.AddMerchant(f.t.Context(), "kari", registry.Merchant{
		Name: "north", MSN: "123456", Currency: money.NOK, Environment: registry.Test, AmountLimit: 1_000_000,
	}))
}

// car is a terminal as the car runs it.
type car struct {
	key      nkeys.KeyPair
	terminal string
	faults   chan error // what the server says about what the car does
	*nats.Conn
}

func newKey(t testing.TB) (pair nkeys.KeyPair, public string) {
	pair, err := nkeys.CreateUser()
	require.NoError(t, err)
	public, err = pair.PublicKey()
	require.NoError(t, err)
	return pair, public
}

// enrolled adds a vehicle and makes a computer its terminal.
func (f *fleet) enrolled(vehicle string) *car {
	_, err := f.registry.AddVehicle(f.t.Context(), "kari", vehicle, "north")
	require.NoError(f.t, err)
	token, err := f.service.NewToken(f.t.Context(), "kari", vehicle, time.Hour)
	require.NoError(f.t, err)
	c := &car{faults: make(chan error, 100)}
	c.key, c.terminal = newKey(f.t)
	w, err := ticket.Enrol(f.t.Context(), f.web.Client(), f.web.URL, token, "box of "+vehicle, c.key)
	require.NoError(f.t, err)
	require.Equal(f.t, vehicle, w.Vehicle)
	return c
}

// connect opens a connection with the car's key.
func (f *fleet) connect(c *car, more ...nats.Option) error {
	options := append([]nats.Option{
		nats.Nkey(c.terminal, c.key.Sign), nats.CustomInboxPrefix("_INBOX_" + c.terminal), nats.Timeout(10 * time.Second),
		nats.NoReconnect(), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { c.faults <- err }),
	}, more...)
	conn, err := nats.Connect(f.urls[0], options...)
	if err == nil {
		c.Conn = conn
		f.t.Cleanup(conn.Close)
	}
	return err
}

// driving is a terminal that is enrolled and connected.
func (f *fleet) driving(vehicle string) *car {
	c := f.enrolled(vehicle)
	require.NoError(f.t, f.connect(c))
	return c
}

// within waits for a channel to be closed or to send.
func within[T any](t *testing.T, d time.Duration, c <-chan T, what string) (v T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	select {
	case v = <-c:
	case <-ctx.Done():
		require.FailNow(t, what)
	}
	return v
}

// eventually asks until it is so, for at most d.
func eventually(t *testing.T, d time.Duration, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			require.FailNow(t, "did not become so in time")
		case <-tick.C:
		}
	}
}
