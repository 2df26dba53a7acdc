package sim

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/require"

	"taxiterminal/display/qr"
	"taxiterminal/fleet/claim"
	"taxiterminal/fleet/enrol"
	"taxiterminal/fleet/hub"
	"taxiterminal/fleet/hub/hubtest"
	fleetjournal "taxiterminal/fleet/journal"
	"taxiterminal/fleet/link"
	"taxiterminal/fleet/link/linktest"
	"taxiterminal/fleet/registry"
	"taxiterminal/fleet/relay"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

const claimHost = "fleet.example"

var confirmSecret = []byte(strings.Repeat("s", claim.SecretSize))

// office is a fleet's gateway: hub, registry, enrolment, relay and journals in this
// process. The line between it and the car can be cut.
type office struct {
	t        testing.TB
	hub      *hub.Hub
	registry *registry.Registry
	enrol    *enrol.Service
	journals *fleetjournal.Journals
	web      *httptest.Server
	line     *linktest.Line
	client   *vipps.Client
}

func newOffice(t testing.TB, api string) *office {
	o := &office{t: t, hub: hubtest.Start(t)}
	u, err := url.Parse(o.hub.URL())
	require.NoError(t, err)
	o.line = linktest.NewLine(t, u.Host)
	o.registry, err = registry.Open(t.Context(), o.hub.JetStream(), time.Now)
	require.NoError(t, err)
	require.NoError(t, o.registry.AddMerchant(t.Context(), "kari", registry.Merchant{
		Name: "north", MSN: vippstest.DefaultMSN, Currency: money.NOK, Environment: registry.Test, AmountLimit: 1_000_000}))
	_, err = o.registry.AddVehicle(t.Context(), "kari", "T122", "north")
	require.NoError(t, err)
	o.client, err = vipps.New(vipps.Config{
		BaseURL: api, MSN: vippstest.DefaultMSN, ClientID: vippstest.DefaultClientID,
		ClientSecret: vipps.NewSecret(vippstest.DefaultClientSecret), SubscriptionKey: vipps.NewSecret(vippstest.DefaultSubscriptionKey),
		System: vipps.System{Name: "taxi-terminal", Version: "test", PluginName: "taxi-terminal-fleet", PluginVersion: "test"},
	})
	require.NoError(t, err)
	t.Cleanup(o.client.CloseIdleConnections)
	o.takeIn()
	o.run()
	return o
}

func (o *office) takeIn() {
	var handler http.Handler
	o.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	o.t.Cleanup(o.web.Close)
	var err error
	o.enrol, err = enrol.Start(o.t.Context(), enrol.Config{
		Registry: o.registry, Conn: o.hub.Conn(), System: o.hub.System(), Issuer: o.hub.Issuer(), Account: hub.CarsAccount,
		Address: o.web.URL, URLs: []string{"nats://" + o.line.Address()}, Log: hubtest.Quiet,
	})
	require.NoError(o.t, err)
	o.t.Cleanup(o.enrol.Stop)
	handler = o.enrol.Handler()
}

// run answers the cars and reads their journals until the test ends.
func (o *office) run() {
	r := relay.New(relay.Config{
		Car: func(ctx context.Context, terminal string) (relay.Car, bool) {
			v, err := o.registry.Active(ctx, terminal)
			return relay.Car{Vehicle: v, Merchant: "north", Currency: money.NOK}, err == nil
		},
		Merchant: func(string) (relay.API, bool) { return o.client, true },
	})
	o.journals = fleetjournal.New(fleetjournal.Config{JS: o.hub.JetStream()})
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	hello := func(ctx context.Context, terminal string, h link.Hello) (link.Welcome, error) {
		v, err := o.registry.Active(ctx, terminal)
		return link.Welcome{Known: o.journals.Known(terminal, h.File),
			Settings: link.Settings{Vehicle: v, Currency: money.NOK, ClaimHost: claimHost, ConfirmSecret: confirmSecret}}, err
	}
	wg.Go(func() { _ = link.Serve(ctx, o.hub.Conn(), link.Handler{Pay: r.Pay, Hello: hello}, link.ServeOptions{}) })
	wg.Go(func() { _ = o.journals.Run(ctx) })
	o.t.Cleanup(func() { stop(); wg.Wait() })
	<-o.journals.Ready()
}

func (o *office) push(terminal string, h link.Hint) {
	require.NoError(o.t, link.Push(o.hub.Conn(), terminal, h))
}

// state is what the daemon says of itself.
type state struct {
	Screen  string   `json:"screen"`
	Faults  []string `json:"faults"`
	Gateway struct {
		Name, Terminal     string
		Connected, Refused bool
		Copied             int64
	} `json:"gateway"`
}

// fleetCar is a car of a fleet, enrolled and running.
type fleetCar struct {
	*Trip
	t      *testing.T
	ctx    context.Context
	office *office
	log    *log
	host   string // that claims lead to
}

func newFleetCar(t *testing.T, more string) *fleetCar {
	o, l := ordinary(t)
	o.More = "[fleet]\nenabled = true\nstate = \"" + filepath.Join(o.Dir, "fleet.json") + "\"\n" + more
	taxi, err := New(o)
	require.NoError(t, err)
	// What the simulator wrote for a car of its own is not there in a fleet's.
	require.NoError(t, os.WriteFile(filepath.Join(o.Dir, "credentials.toml"), []byte(`data_key = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="`), 0o600))
	f := &fleetCar{t: t, ctx: withTimeout(t, 3*time.Minute), office: newOffice(t, taxi.server.URL()), log: l, host: claimHost}
	t.Cleanup(func() { require.NoError(t, taxi.Close()) })
	token, err := f.office.enrol.NewToken(f.ctx, "kari", "T122", time.Hour)
	require.NoError(t, err)
	out, errs, code := taxi.Daemon.command("enroll", "--server", f.office.web.URL, "--token", token)
	require.Zero(t, code, errs)
	require.NotContains(t, out+errs, token)
	require.NoError(t, taxi.Daemon.Start(f.ctx))
	f.Trip = &Trip{Taxi: taxi, Passenger: taxi.Daemon.Open("/"), Driver: taxi.Daemon.Open("/driver")}
	t.Cleanup(f.Driver.Close)
	t.Cleanup(f.Passenger.Close)
	return f
}

func (f *fleetCar) state() (s state) {
	require.NoError(f.t, f.Daemon.Command(f.ctx, &s, "status"))
	return s
}

func (f *fleetCar) until(what string, holds func(state) bool) {
	f.t.Helper()
	require.NoError(f.t, Poll(f.ctx, Patience, what, func() (bool, error) { return holds(f.state()), nil }))
}

// end lets the meter go, and waits until nothing is open.
func (f *fleetCar) end() {
	f.t.Helper()
	require.NoError(f.t, errors.Join(f.Meter.Vacant(), f.Settle(f.ctx)))
}

func (f *fleetCar) key() nkeys.KeyPair {
	seed, err := os.ReadFile(filepath.Join(f.Daemon.dir, "device.key"))
	require.NoError(f.t, err)
	pair, err := nkeys.FromSeed([]byte(strings.TrimSpace(string(seed))))
	require.NoError(f.t, err)
	return pair
}

// claimed is the claim to what is asked that the screen shows, signed by this car while
// it did not know the time; empty if it shows none.
func (f *fleetCar) claimed(id trip.ID, attempt int, amount money.Minor) string {
	public, err := f.key().PublicKey()
	require.NoError(f.t, err)
	raw, err := nkeys.Decode(nkeys.PrefixByteUser, []byte(public))
	require.NoError(f.t, err)
	html, _, _ := f.Passenger.HTML()
	for serial := range uint64(100) {
		text, err := claim.Sign(claim.Claim{Trip: id, Attempt: attempt, Amount: money.Of(amount, money.NOK), Serial: serial}, raw, f.key().Sign)
		require.NoError(f.t, err)
		url := claim.URL(f.host, text)
		code, err := qr.Encode(url)
		require.NoError(f.t, err)
		if strings.Contains(html, code.Path()) {
			return url
		}
	}
	return ""
}

func TestACarOfAFleetIsPaidThroughItsGateway(t *testing.T) {
	t.Parallel()
	f := newFleetCar(t, "[sharing]\nscope = \"phoneNumber\"\n")
	f.until("connected", func(s state) bool { return s.Gateway.Connected })
	require.NoError(t, paid(f.ctx, f.Trip))
	require.NoError(t, f.Settle(f.ctx))
	result, err := f.Result(f.ctx)
	require.NoError(t, err)
	require.Equal(t, money.Minor(fare), result.Captured)
	require.Equal(t, 1, result.Captures)

	// The office has the journal, and the trip in it.
	var id trip.ID
	require.NoError(t, Poll(f.ctx, Patience, "journal at the office", func() (bool, error) {
		s, _, err := f.office.journals.Trip(f.ctx, result.Reference)
		id = s.ID
		return err == nil && s.Closed(), nil
	}))
	require.Equal(t, result.Reference, id.Reference(1))
	known := f.office.journals.Known(f.state().Gateway.Terminal, id.File).Seq
	f.until("copied", func(s state) bool { return s.Gateway.Copied >= known })
	out, _, code := f.Daemon.command("status")
	require.Zero(t, code)
	require.Contains(t, out, "payments by 127.0.0.1:")
	require.Contains(t, out, "connected; journal copied up to row")

	// No merchant key has come to the car, and nothing of the link into its log.
	files, err := filepath.Glob(filepath.Join(f.Daemon.dir, "*"))
	require.NoError(t, err)
	for _, name := range append(files, "") {
		text := []byte(f.log.String())
		if info, err := os.Stat(name); name != "" && err == nil && info.Mode().IsRegular() {
			text, err = os.ReadFile(name)
			require.NoError(t, err)
		}
		require.NotContains(t, string(text), vippstest.DefaultClientSecret, name)
		require.NotContains(t, string(text), vippstest.DefaultSubscriptionKey, name)
	}
	require.NotContains(t, f.log.String(), string(confirmSecret))
	seed, err := f.key().Seed()
	require.NoError(t, err)
	require.NotContains(t, f.log.String(), string(seed))
}

func TestACarInADeadZoneShowsAClaim(t *testing.T) {
	t.Parallel()
	f := newFleetCar(t, "")
	f.until("connected", func(s state) bool { return s.Gateway.Connected })
	require.NoError(t, Poll(f.ctx, Patience, "settings kept", func() (bool, error) {
		text, err := os.ReadFile(filepath.Join(f.Daemon.dir, "fleet.json"))
		return strings.Contains(string(text), claimHost), err
	}))
	f.office.line.Cut()
	require.NoError(t, f.Ride(f.ctx, fare))
	require.NoError(t, f.Shows(f.ctx, "due"))
	require.Empty(t, f.API.Payments())

	require.NoError(t, f.Restart(f.ctx))
	require.NoError(t, f.Shows(f.ctx, "due"))
	var shown struct {
		ID string `json:"id"`
	}
	require.NoError(t, f.Daemon.Command(f.ctx, &shown, "trips", "show", "1"))
	part := strings.Split(shown.ID, "-")
	require.Len(t, part, 3, shown.ID)
	id := trip.ID{Vehicle: part[0], File: part[1], Number: 1}
	require.NoError(t, Poll(f.ctx, Patience, "claim after a start without a network", func() (bool, error) { return f.claimed(id, 1, fare) != "", nil }))

	require.NoError(t, f.API.Carry(id.Reference(1), fare)) // the passenger's phone has a network
	f.office.line.Mend()
	require.NoError(t, f.Shows(f.ctx, "paid"))
	f.end()
	require.Len(t, f.API.Payments(), 1)
	require.Equal(t, money.Minor(fare), f.API.Payments()[0].Captured)
}

func TestWhatPassengersAskAtTheGatewayReachesTheCar(t *testing.T) {
	t.Parallel()
	f := newFleetCar(t, "")
	require.NoError(t, f.Ride(f.ctx, fare))
	_, err := f.Scan(f.ctx)
	require.NoError(t, err)
	terminal := f.state().Gateway.Terminal

	// Somebody scans the sticker: the request goes to that phone, once.
	token := f.API.CustomerToken(vippstest.DefaultPassenger.Phone)
	f.office.push(terminal, link.Hint{CheckIn: &link.CheckIn{CustomerToken: token}})
	require.NoError(t, f.Shows(f.ctx, "sent"))
	require.Len(t, f.API.Pushed(vippstest.DefaultPassenger.Phone), 1)
	f.office.push(terminal, link.Hint{CheckIn: &link.CheckIn{CustomerToken: token}})

	// Somebody presses the button on the page: an old page's first.
	reference := f.API.Payments()[0].Reference
	back := "https://fleet.example/r/" + strings.TrimSuffix(reference, "1") + "3?t=secret-token"
	f.office.push(terminal, link.Hint{Ask: &link.Ask{Trip: "0001", N: 2, ReturnURL: back}})
	f.office.push(terminal, link.Hint{Ask: &link.Ask{Trip: "0001", N: 3, ReturnURL: back, Tip: 1000}})
	require.NoError(t, Poll(f.ctx, Patience, "payment on the page", func() (bool, error) {
		all := f.API.Payments()
		last := all[len(all)-1]
		return last.Flow == "WEB_REDIRECT" && last.State == "CREATED" && last.Amount == fare+1000, nil
	}))
	all := f.API.Payments()
	require.Len(t, all, 3)
	require.NoError(t, f.API.Act(all[2].Reference, vippstest.Approve, 0))
	f.office.push(terminal, link.Hint{Reference: all[2].Reference, Name: "AUTHORIZED"})
	require.NoError(t, f.Shows(f.ctx, "paid"))
	f.end()
	text := f.log.String()
	require.Contains(t, text, "request not taken")
	require.NotContains(t, text, "secret-token")
	require.NotContains(t, text, token)
	out, _, _ := f.Daemon.command("trips", "show", "1")
	require.NotContains(t, out, "secret-token")
}

func TestARevokedTerminalSaysSo(t *testing.T) {
	t.Parallel()
	f := newFleetCar(t, "")
	f.until("connected", func(s state) bool { return s.Gateway.Connected })
	_, err := f.office.enrol.Revoke(f.ctx, "kari", f.state().Gateway.Terminal, "stolen")
	require.NoError(t, err)
	require.NoError(t, f.Shows(f.ctx, "outoforder"))
	s := f.state()
	require.True(t, s.Gateway.Refused)
	require.Equal(t, []string{"C4"}, s.Faults)
	out, _, _ := f.Daemon.command("status")
	require.Contains(t, out, "does not let this terminal in")
	require.Contains(t, out, "fault C4")

	token, err := f.office.enrol.NewToken(f.ctx, "kari", "T122", time.Hour)
	require.NoError(t, err)
	_, errs, code := f.Daemon.command("enroll", "--server", f.office.web.URL, "--token", token, "--force")
	require.Zero(t, code, errs)
	require.NoError(t, f.Restart(f.ctx))
	require.NoError(t, paid(f.ctx, f.Trip))
	f.settleOrFail()
}

func (f *fleetCar) settleOrFail() { f.t.Helper(); require.NoError(f.t, f.Settle(f.ctx)) }

func TestACarThatIsNotEnrolledStartsAndSaysSo(t *testing.T) {
	t.Parallel()
	o, _ := ordinary(t)
	o.More = "[fleet]\nenabled = true\nstate = \"" + filepath.Join(o.Dir, "fleet.json") + "\"\n"
	taxi, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taxi.Close()) })
	ctx := withTimeout(t, time.Minute)
	require.NoError(t, taxi.Daemon.Start(ctx))
	var s json.RawMessage
	require.NoError(t, Poll(ctx, Patience, "fault", func() (bool, error) {
		err := taxi.Daemon.Command(ctx, &s, "status")
		return strings.Contains(string(s), `"C4"`), err
	}))
	out, _, _ := taxi.Daemon.command("status")
	require.Contains(t, out, "not enrolled")
	require.Contains(t, out, "taxiterm enroll")
}
