package terminal

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// car is a whole terminal in a bubble of virtual time: the real outbox on a real
// file, the real client, the simulated API without a network in between.
type car struct {
	t     *testing.T
	path  string
	sim   *vippstest.Sim
	keys  bool
	tune  func(*Config) // what differs from an ordinary car
	key   []byte        // of private values
	store *outbox.Store
	term  *Terminal
	stop  func()

	mu   sync.Mutex
	view display.View
	all  []display.Screen // every change of the screen
	logs bytes.Buffer
}

func drive(t *testing.T, opt vippstest.Options, f func(*testing.T, *car)) {
	driveWith(t, opt, func(*Config) {}, f)
}

// driveWith is drive for a car with another configuration.
func driveWith(t *testing.T, opt vippstest.Options, tune func(*Config), f func(*testing.T, *car)) {
	synctest.Test(t, func(t *testing.T) {
		c := &car{t: t, path: filepath.Join(t.TempDir(), "outbox.db"), sim: vippstest.New(opt), keys: true,
			tune: tune, key: bytes.Repeat([]byte{7}, outbox.KeySize)}
		c.start()
		defer c.sim.Close()
		defer func() { c.stop() }()
		f(t, c)
		require.NoError(t, c.sim.Check())
		_, err := c.store.Verify(t.Context())
		require.NoError(t, err)
	})
}

func (c *car) start() {
	store, err := outbox.Open(c.t.Context(), c.path, outbox.Options{Key: c.key})
	require.NoError(c.t, err)
	log := slog.New(slog.NewTextHandler(&c.logs, &slog.HandlerOptions{Level: slog.LevelInfo}))
	cfg := Config{
		Vehicle: "T122", Currency: money.NOK, Brand: "Vipps",
		Describe: func(n string) string { return "Taxi T122, tur " + n },
		Grace:    2 * time.Minute, Linger: 10 * time.Second, Poll: time.Second,
		TipWait: 20 * time.Second, Keep: 365 * 24 * time.Hour,
		Bill:  Bill{Rules: receipt.Rules{Country: receipt.Norway}, Name: func(i receipt.Item) string { return "line " + string(i) }},
		Store: store, Show: c.show, Log: log,
	}
	c.tune(&cfg)
	if c.keys {
		client, err := vipps.New(vipps.Config{
			BaseURL: "http://127.0.0.1", MSN: vippstest.DefaultMSN, ClientID: vippstest.DefaultClientID,
			ClientSecret:    vipps.NewSecret(vippstest.DefaultClientSecret),
			SubscriptionKey: vipps.NewSecret(vippstest.DefaultSubscriptionKey),
			System:          vipps.System{Name: "taxi-terminal", Version: "test", PluginName: "direct", PluginVersion: "test"},
			Transport:       c.sim.Transport(), Log: log,
		})
		require.NoError(c.t, err)
		cfg.Payments = client
	}
	term, err := New(c.t.Context(), cfg)
	require.NoError(c.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = term.Run(ctx) })
	c.store, c.term = store, term
	c.stop = func() { cancel(); wg.Wait(); require.NoError(c.t, store.Close()) }
	term.Line(display.HealthOK)
	synctest.Wait()
}

func (c *car) show(v display.View) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v.Screen != c.view.Screen {
		c.all = append(c.all, v.Screen)
	}
	c.view = v
}

// restart ends the process and starts another on the same file.
func (c *car) restart() {
	c.stop()
	c.start()
}

func (c *car) screen() display.View {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.view
}

// pass lets time go by.
func (c *car) pass(d time.Duration) { time.Sleep(d); synctest.Wait() }

// shows waits until the screen is of that kind.
func (c *car) shows(s display.Screen) display.View {
	c.t.Helper()
	for range 400 {
		if v := c.screen(); v.Screen == s {
			return v
		}
		time.Sleep(250 * time.Millisecond)
	}
	require.Equal(c.t, s, c.screen().Screen, "%+v\n%s", c.screen(), c.logs.String())
	return display.View{}
}

func (c *car) hired()  { c.term.Meter(meter.PositionChanged{Position: meter.Hired}); synctest.Wait() }
func (c *car) vacant() { c.term.Meter(meter.PositionChanged{Position: meter.ForHire}); synctest.Wait() }
func (c *car) stopped(total money.Minor, doubts ...meter.Doubt) {
	c.term.Meter(meter.PositionChanged{Position: meter.Stopped})
	c.term.Meter(meter.TripRecord{Record: meter.Record{Total: total, Fare: total, Doubts: doubts}})
	synctest.Wait()
}

func (c *car) press(a display.Action) error {
	err := c.term.Act(c.t.Context(), a, "")
	synctest.Wait()
	return err
}

func (c *car) fault(f vippstest.Fault) {
	_, err := c.sim.AddFault(f)
	require.NoError(c.t, err)
}

func (c *car) network(n vippstest.Network) { require.NoError(c.t, c.sim.SetNetwork(n, 0)) }

// act lets the passenger of the n-th payment do something.
func (c *car) act(n int, a vippstest.Action) {
	p := c.payment(n)
	require.NoError(c.t, c.sim.Act(p.Reference, a, 0))
}

func (c *car) payment(n int) vippstest.Payment {
	c.t.Helper()
	all := c.sim.Payments()
	require.GreaterOrEqual(c.t, len(all), n, "payment %d", n)
	return all[n-1]
}

// scan checks that the code on the screen is that of the n-th payment.
func (c *car) scan(n int) {
	b, err := c.sim.Scan(c.shows(display.Due).QR)
	require.NoError(c.t, err)
	require.Equal(c.t, c.payment(n).Reference, b.Reference)
}

// money is authorized, captured, cancelled, refunded of the n-th payment, and how
// often a capture had its effect.
func (c *car) money(n int) string {
	p := c.payment(n)
	return fmt.Sprintf("%s %d/%d/%d/%d captures %d", p.State, p.Authorized, p.Captured, p.Cancelled, p.Refunded,
		p.Calls[vippstest.OpCapture].Executed)
}

// state is the newest trip as the journal has it.
func (c *car) state() trip.State {
	c.t.Helper()
	synctest.Wait()
	all, err := c.term.Trips(c.t.Context(), 0, 1)
	require.NoError(c.t, err)
	require.Len(c.t, all, 1)
	return all[0]
}

// settled waits until the queue is empty and nothing is open for any trip.
func (c *car) settled() {
	c.t.Helper()
	for range 2000 {
		synctest.Wait()
		open, err := c.store.OpenStreams(c.t.Context())
		require.NoError(c.t, err)
		if len(open) == 0 && c.store.Depth().Pending == 0 {
			return
		}
		time.Sleep(time.Second)
	}
	require.Fail(c.t, "trip did not end", "%+v\n%s", c.state(), c.logs.String())
}
