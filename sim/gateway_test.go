package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/config/gateway"
	"taxiterminal/fleet"
	"taxiterminal/fleet/link/linktest"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

// freePort is one of this machine that nobody has now.
func freePort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// wholeGateway is what taxifleet serve runs, in this process, with one line for cars.
type wholeGateway struct {
	t    testing.TB
	url  string
	dir  string
	line *linktest.Line
}

func newWholeGateway(t testing.TB, api string) *wholeGateway {
	cars, door := freePort(t), freePort(t)
	g := &wholeGateway{t: t, url: "http://" + door, dir: t.TempDir(), line: linktest.NewLine(t, cars)}
	config := filepath.Join(g.dir, "taxifleet.toml")
	require.NoError(t, writeFiles(g.dir, map[string]string{
		"taxifleet.toml": strings.Join([]string{
			`operator = "Byens Taxi"`, fmt.Sprintf("public_url = %q", g.url), "[http]", fmt.Sprintf("listen = %q", door),
			"[nats]", fmt.Sprintf("dir = %q", filepath.Join(g.dir, "nats")), fmt.Sprintf("listen = %q", cars),
			fmt.Sprintf("advertise = [%q]", "nats://"+g.line.Address()),
			"[admin]", fmt.Sprintf("socket = %q", g.socket()),
			"[[merchant]]", `name = "north"`, fmt.Sprintf("msn = %q", vippstest.DefaultMSN), `environment = "simulator"`,
			fmt.Sprintf("url = %q", api), "webhooks = false",
		}, "\n"),
		"keys.toml": "page_key = \"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\"\n[merchant.north]\n" +
			strings.Split(credentials(Options{}), "data_key")[0],
	}))
	c, err := gateway.Load(config)
	require.NoError(t, err)
	keys, err := gateway.LoadKeys(config)
	require.NoError(t, err)
	ready := make(chan struct{})
	whole, err := fleet.New(fleet.Options{Config: c, Keys: keys, Version: "test", Log: slog.New(slog.DiscardHandler), Ready: func(fleet.Addresses) { close(ready) }})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = whole.Run(ctx) })
	t.Cleanup(func() { stop(); wg.Wait() })
	select {
	case <-ready:
	case <-time.After(Patience):
		require.FailNow(t, "gateway not ready")
	}
	return g
}

func (g *wholeGateway) socket() string { return filepath.Join(g.dir, "admin.sock") }

// admin does what an administrator's command does.
func (g *wholeGateway) admin(path, body string, into any) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", g.socket())
	}}}
	res, err := client.Post("http://admin"+path, "application/json", strings.NewReader(body))
	require.NoError(g.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(g.t, err)
	require.Equal(g.t, http.StatusOK, res.StatusCode, string(text))
	require.NoError(g.t, json.Unmarshal(text, into))
}

func TestACarAndTheWholeGateway(t *testing.T) {
	t.Parallel()
	o, l := ordinary(t)
	o.More = "[fleet]\nenabled = true\nstate = \"" + filepath.Join(o.Dir, "fleet.json") + "\"\n"
	taxi, err := New(o)
	require.NoError(t, err)
	g := newWholeGateway(t, taxi.server.URL())
	t.Cleanup(func() { require.NoError(t, taxi.Close()) })
	g.admin("/v1/cars", `{"id":"T122"}`, &struct{}{})
	var token struct{ Server, Token string }
	g.admin("/v1/cars/T122/token", `{}`, &token)
	ctx := withTimeout(t, 3*time.Minute)
	_, errs, code := taxi.Daemon.command("enroll", "--server", token.Server, "--token", token.Token)
	require.Zero(t, code, errs)
	require.NoError(t, taxi.Daemon.Start(ctx))
	car := &Trip{Taxi: taxi, Passenger: taxi.Daemon.Open("/"), Driver: taxi.Daemon.Open("/driver")}
	t.Cleanup(car.Driver.Close)
	t.Cleanup(car.Passenger.Close)
	f := &fleetCar{Trip: car, t: t, ctx: ctx, log: l, host: strings.TrimPrefix(g.url, "http://")}

	require.NoError(t, paid(ctx, car))
	require.NoError(t, f.Settle(ctx))
	require.Equal(t, money.Minor(fare), f.API.Payments()[0].Captured)
	f.until("journal copied", func(s state) bool { return s.Gateway.Copied > 0 })

	// In a dead zone, with a restart: the gateway takes the claim for this car's.
	g.line.Cut()
	require.NoError(t, f.Ride(ctx, fare))
	require.NoError(t, f.Shows(ctx, "due"))
	require.NoError(t, f.Restart(ctx))
	require.NoError(t, f.Shows(ctx, "due"))
	var shown struct {
		ID string `json:"id"`
	}
	require.NoError(t, f.Daemon.Command(ctx, &shown, "trips", "show", "2"))
	id := trip.ID{Vehicle: "T122", File: strings.Split(shown.ID, "-")[1], Number: 2}
	var claimed string
	require.NoError(t, Poll(ctx, Patience, "claim", func() (bool, error) { claimed = f.claimed(id, 1, fare); return claimed != "", nil }))
	res, err := http.Get(strings.Replace(claimed, "https://", "http://", 1))
	require.NoError(t, err)
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Contains(t, string(page), "286,50")
	require.Contains(t, string(page), "T122")
	require.NoError(t, f.Press(ctx, "cash"))
	g.line.Mend()
	require.NoError(t, f.Meter.Vacant())
	require.NoError(t, Poll(ctx, Patience, "nothing open", func() (bool, error) {
		var commands []any
		err := f.Daemon.Command(ctx, &commands, "outbox", "list")
		return len(commands) == 0, err
	}))
}
