package fleet_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/require"

	"taxiterminal/config/gateway"
	"taxiterminal/fleet"
	"taxiterminal/fleet/enrol/ticket"
	"taxiterminal/fleet/link"
	"taxiterminal/fleet/office"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/trip"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

const publicURL = "https://pay.taxi.example"

// rig is a whole gateway with a payment API, on a machine of its own.
type rig struct {
	t      *testing.T
	sim    *vippstest.Sim
	at     fleet.Addresses
	office *office.Client
	dir    string
	nats   string // the [nats] table
	keys   string // more of the keys file
	whole  *fleet.Gateway
	stop   func()
}

// started runs a gateway with one merchant, whose pages are believed to be behind a
// proxy with a certificate. More is added to its configuration.
func started(t *testing.T, more ...string) *rig {
	t.Helper()
	sim := vippstest.New(vippstest.Options{})
	t.Cleanup(sim.Close)
	api, err := sim.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = api.Close() })
	r := newRig(t, sim)
	r.nats = fmt.Sprintf("dir = %q\nlisten = \"127.0.0.1:0\"\n", filepath.Join(r.dir, "nats"))
	r.write(api.URL(), more)
	r.run()
	return r
}

func newRig(t *testing.T, sim *vippstest.Sim) *rig {
	dir, err := os.MkdirTemp("", "fleet") // a socket's path is short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return &rig{t: t, sim: sim, dir: dir, office: office.Local(filepath.Join(dir, "admin.sock"))}
}

// write makes the configuration; what begins with http: belongs into that table, what
// begins with keys: is another merchant that has some.
func (r *rig) write(api string, more []string) {
	http, owners := "", []string{"main"}
	for i, m := range more {
		if rest, ok := strings.CutPrefix(m, "http:"); ok {
			http, more[i] = http+rest+"\n", ""
		}
		if name, ok := strings.CutPrefix(m, "keys:"); ok {
			owners, more[i] = append(owners, name), ""
		}
	}
	text := fmt.Sprintf(`operator = "Byens Taxi"
public_url = %q
[http]
listen = "127.0.0.1:0"
%s[nats]
%s[admin]
socket = %q
listen = "127.0.0.1:0"
[[merchant]]
name = "main"
msn = %q
environment = "simulator"
url = %q
`, publicURL, http, r.nats, filepath.Join(r.dir, "admin.sock"), vippstest.DefaultMSN, api)
	for _, m := range more {
		text += m
	}
	keys := "store_key = \"0123456789012345678901234567890123456789\"\npage_key = \"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\"\n"
	for _, name := range owners {
		keys += fmt.Sprintf("[merchant.%s]\nclient_id = %q\nclient_secret = %q\nsubscription_key = %q\n",
			name, vippstest.DefaultClientID, vippstest.DefaultClientSecret, vippstest.DefaultSubscriptionKey) + r.keys
	}
	require.NoError(r.t, os.WriteFile(filepath.Join(r.dir, "taxifleet.toml"), []byte(text), 0o600))
	require.NoError(r.t, os.WriteFile(filepath.Join(r.dir, gateway.KeysFile), []byte(keys), 0o600))
}

// run starts the gateway on its folder, until the test ends or stop is called.
func (r *rig) run() {
	path := filepath.Join(r.dir, "taxifleet.toml")
	c, err := gateway.Load(path)
	require.NoError(r.t, err)
	keys, err := gateway.LoadKeys(path)
	require.NoError(r.t, err)
	ready := make(chan fleet.Addresses, 1)
	g, err := fleet.New(fleet.Options{Config: c, Keys: keys, Version: "test", Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Ready: func(a fleet.Addresses) { ready <- a }})
	require.NoError(r.t, err)
	r.whole = g
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			r.t.Error("gateway ended: ", err)
		}
	})
	r.t.Cleanup(r.stop)
	select {
	case r.at = <-ready:
	case err := <-ended:
		ended <- context.Canceled // for the cleanup
		require.NoError(r.t, err)
	}
	require.Eventually(r.t, func() bool { s, err := r.office.Ready(r.t.Context()); return err == nil && s.OK }, 10*time.Second, 10*time.Millisecond)
}

// web is a client for whom the gateway is at its public address.
func (r *rig) web() *http.Client {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, r.at.HTTP)
	}
	t := &http.Transport{DialContext: dial, DialTLSContext: dial, DisableKeepAlives: true}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// car is a computer in a car, with a journal, that does what the gateway asks for.
type car struct {
	*link.Car
	t        *testing.T
	vehicle  string
	terminal string
	store    *outbox.Store
	uplink   *link.Uplink
	trips    map[int64]trip.State
	mu       sync.Mutex
	hints    chan link.Hint
}

// enrolled adds a car, takes a computer in with a token and connects it.
func (r *rig) enrolled(vehicle string) *car {
	r.t.Helper()
	_, err := r.office.AddCar(r.t.Context(), office.AddCar{ID: vehicle})
	require.NoError(r.t, err)
	token, err := r.office.NewToken(r.t.Context(), vehicle, office.TokenRequest{})
	require.NoError(r.t, err)
	return r.connected(vehicle, token.Token)
}

func (r *rig) connected(vehicle, token string) *car {
	r.t.Helper()
	pair, err := nkeys.CreateUser()
	require.NoError(r.t, err)
	w, err := ticket.Enrol(r.t.Context(), r.web(), publicURL, token, "box", pair)
	require.NoError(r.t, err)
	require.Equal(r.t, vehicle, w.Vehicle)
	c := &car{t: r.t, vehicle: vehicle, terminal: w.Terminal, trips: map[int64]trip.State{}, hints: make(chan link.Hint, 10)}
	c.store, err = outbox.Open(r.t.Context(), filepath.Join(r.t.TempDir(), "outbox.db"), outbox.Options{OnCommit: func(time.Duration, error) { c.uplink.Wake() }})
	require.NoError(r.t, err)
	c.Car, err = link.Dial(link.Config{URLs: w.URLs, Terminal: w.Terminal, Sign: pair.Sign, OnHint: func(h link.Hint) { c.hints <- h }})
	require.NoError(r.t, err)
	c.uplink = link.NewUplink(c.Car, c.store, link.UplinkOptions{Version: "9.9"})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = c.uplink.Run(ctx) })
	r.t.Cleanup(func() { cancel(); wg.Wait(); c.Close(); _ = c.store.Close() })
	require.Eventually(r.t, func() bool { return c.State().Up }, 10*time.Second, 10*time.Millisecond)
	return c
}

// happens commits events of a trip, a new one if stream is 0.
func (c *car) happens(stream int64, events ...trip.Event) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	require.NoError(c.t, c.store.Commit(context.Background(), func(tx *outbox.Tx) error {
		if stream == 0 {
			var err error
			if stream, err = tx.Begin(); err != nil {
				return err
			}
			events = append([]trip.Event{trip.Begun{ID: trip.ID{Vehicle: c.vehicle, File: c.store.ID(), Number: stream}, Currency: money.NOK}}, events...)
		}
		for _, e := range events {
			body, err := json.Marshal(e)
			if err != nil {
				return err
			}
			if _, err := tx.Append(stream, string(e.Kind()), body); err != nil {
				return err
			}
			c.trips[stream], _ = trip.Step(c.trips[stream], time.Now(), e)
		}
		return nil
	}))
	return stream
}

// paid is a trip that a passenger pays in the app, for real.
func (c *car) paid(r *rig, total money.Minor) (stream int64, reference string) {
	c.t.Helper()
	stream = c.happens(0, trip.FareShown{Fare: trip.Fare{Total: total, Fare: total}})
	reference = c.trips[stream].ID.Reference(1)
	amount := money.Of(total, money.NOK)
	body, err := vipps.CreatePayment{Amount: amount, Reference: reference, Flow: vipps.QR{}, Description: "Taxi"}.Encode()
	require.NoError(c.t, err)
	c.done(c.Create(c.t.Context(), trip.Key(reference, trip.OpCreate, 1), body))
	require.NoError(c.t, r.sim.Act(reference, vippstest.Approve, 0))
	modification, err := vipps.Modification{Amount: amount}.Encode()
	require.NoError(c.t, err)
	c.done(c.Capture(c.t.Context(), reference, trip.Key(reference, trip.OpCapture, 1), modification))
	c.happens(stream,
		trip.Created{N: 1, RedirectURL: "https://landing.example/?token=opens-it"},
		trip.Observed{N: 1, Payment: trip.Payment{State: "AUTHORIZED", Authorized: total}},
		trip.Observed{N: 1, Payment: trip.Payment{State: "AUTHORIZED", Authorized: total, Captured: total}, Ends: trip.OpCapture},
		trip.Vacated{})
	require.Eventually(c.t, func() bool {
		t, err := r.office.Trip(c.t.Context(), reference)
		return err == nil && t.Captured == total
	}, 10*time.Second, 10*time.Millisecond)
	return stream, reference
}

func (c *car) done(res vipps.Result) vipps.Payment {
	require.Equal(c.t, vipps.Done, res.Kind, "%v", res.Err)
	return res.Payment
}

// refunds does what the office orders, as a terminal would: once.
func (c *car) refunds() {
	h := <-c.hints
	for stream, s := range c.trips {
		if h.Refund == nil || s.ID.String() != h.Refund.Trip || s.Refunded() != h.Refund.Already {
			continue
		}
		c.happens(stream, trip.RefundAsked{Amount: h.Refund.Amount, Reason: h.Refund.Reason})
		reference := s.ID.Reference(1)
		body, err := vipps.Modification{Amount: money.Of(h.Refund.Amount, money.NOK)}.Encode()
		require.NoError(c.t, err)
		p := c.done(c.Refund(context.Background(), reference, trip.Key(reference, trip.OpRefund, 1), body))
		c.happens(stream, trip.Observed{N: 1, Ends: trip.OpRefund, Payment: trip.Payment{
			State: "AUTHORIZED", Authorized: p.Authorized, Captured: p.Captured, Refunded: p.Refunded,
		}})
	}
}
