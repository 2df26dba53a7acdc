package enrol_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/enrol"
	"taxiterminal/fleet/enrol/ticket"
	"taxiterminal/fleet/hub"
	"taxiterminal/fleet/hub/hubtest"
	"taxiterminal/fleet/registry"
)

func TestEnrolment(t *testing.T) {
	f := newFleet(t)
	_, err := f.registry.AddVehicle(t.Context(), "kari", "T122", "north")
	require.NoError(t, err)
	token, err := f.service.NewToken(t.Context(), "kari", "T122", time.Hour)
	require.NoError(t, err)
	key, public := newKey(t)
	for range 2 { // the first answer was lost
		w, err := ticket.Enrol(t.Context(), f.web.Client(), f.web.URL, token, "box 7", key)
		require.NoError(t, err)
		require.Equal(t, ticket.Welcome{
			V: 1, Terminal: public, Vehicle: "T122", Server: strings.TrimPrefix(f.web.URL, "http://"), URLs: f.urls,
			Secret: []byte("shared"), Settings: []byte(`{"car":"T122"}`),
		}, w)
	}
	other, _ := newKey(t)
	_, err = ticket.Enrol(t.Context(), f.web.Client(), f.web.URL, token, "", other)
	var no *ticket.Refusal
	require.ErrorAs(t, err, &no)
	require.Equal(t, "used", no.Code)
	_, err = ticket.Enrol(t.Context(), f.web.Client(), f.web.URL, ticket.NewToken(), "", other)
	require.ErrorAs(t, err, &no)
	require.Equal(t, "unknown", no.Code)
	_, err = f.service.NewToken(t.Context(), "kari", "T122", time.Hour)
	require.ErrorContains(t, err, "replaces")
}

func TestRequestsThatAreNone(t *testing.T) {
	f := newFleet(t)
	post := func(from string, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.web.URL+ticket.Path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("X-From", from)
		response, err := f.web.Client().Do(r)
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(text)
	}
	for i, body := range []string{"", "{", `{"v":2}`, strings.Repeat("x", ticket.MaxRequest+1)} {
		status, text := post(fmt.Sprintf("198.51.100.%d", i), body)
		require.Equal(t, http.StatusBadRequest, status)
		require.Contains(t, text, `"code":"malformed"`)
	}
	response, err := f.web.Client().Get(f.web.URL + ticket.Path)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)

	for range 10 {
		status, _ := post("203.0.113.9", "{")
		require.Equal(t, http.StatusBadRequest, status)
	}
	status, text := post("203.0.113.9", "{")
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Contains(t, text, `"code":"busy"`)
	status, _ = post("203.0.113.10", "{")
	require.Equal(t, http.StatusBadRequest, status)
}

// Eight computers bring one token at the same time.
func TestATokenWorksOnceUnderARace(t *testing.T) {
	f := newFleet(t)
	_, err := f.registry.AddVehicle(t.Context(), "kari", "T122", "north")
	require.NoError(t, err)
	token, err := f.service.NewToken(t.Context(), "kari", "T122", time.Hour)
	require.NoError(t, err)
	var in atomic.Int32
	var winner atomic.Value
	var wg sync.WaitGroup
	for range 8 {
		key, public := newKey(t)
		wg.Go(func() {
			_, err := ticket.Enrol(t.Context(), http.DefaultClient, f.web.URL, token, "", key)
			if err == nil {
				in.Add(1)
				winner.Store(public)
			} else if !errors.As(err, new(*ticket.Refusal)) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, in.Load())
	v, err := f.registry.Vehicle(t.Context(), "T122")
	require.NoError(t, err)
	require.Equal(t, winner.Load(), v.Terminal)
}

func TestARevokedTerminalIsCutOffAtOnce(t *testing.T) {
	f := newFleet(t)
	a, b := f.enrolled("A"), f.driving("B")
	closed := make(chan struct{})
	require.NoError(t, f.connect(a, nats.ClosedHandler(func(*nats.Conn) { close(closed) })))
	second := make(chan struct{})
	require.NoError(t, f.connect(a, nats.ClosedHandler(func(*nats.Conn) { close(second) })))

	start := time.Now()
	type result struct {
		cut int
		err error
	}
	done := make(chan result, 1)
	go func() {
		cut, err := f.service.Revoke(t.Context(), "kari", a.terminal, "stolen")
		done <- result{cut, err}
	}()
	within(t, 5*time.Second, closed, "still connected")
	within(t, 5*time.Second, second, "second connection still there")
	require.Less(t, time.Since(start), time.Second)
	require.Equal(t, result{2, nil}, within(t, 5*time.Second, done, "Revoke does not return"))

	require.ErrorIs(t, f.connect(a), nats.ErrAuthorization)
	require.True(t, b.IsConnected())
	require.NoError(t, b.Flush())
}

// deaf hears of no change and finds nothing wrong with anybody, so that only Revoke
// itself can cut anybody off.
type deaf struct{ *registry.Registry }

func (deaf) Changes(context.Context) (<-chan struct{}, error) { return make(chan struct{}), nil }
func (deaf) Active(context.Context, string) (string, error)   { return "A", nil }

func TestRevokeNeedsNobodyToNotice(t *testing.T) {
	f := newFleet(t)
	a := f.driving("A")
	f.service.Stop()
	service, err := enrol.Start(t.Context(), enrol.Config{
		Registry: deaf{f.registry}, Conn: f.hub.Conn(), System: f.hub.System(), Issuer: f.hub.Issuer(), Account: hub.CarsAccount,
		Address: f.web.URL, URLs: f.urls, Sweep: time.Hour, Log: hubtest.Quiet,
	})
	require.NoError(t, err)
	defer service.Stop()
	cut, err := service.Revoke(t.Context(), "kari", a.terminal, "stolen")
	require.NoError(t, err)
	require.Equal(t, 1, cut)
	eventually(t, time.Second, a.IsClosed)
}

// slow lets the test choose when one terminal, once looked up, is let in, and when
// there are changes; it tells who else is looked up.
type slow struct {
	*registry.Registry
	terminal string
	found    chan struct{} // the terminal was looked up
	release  chan struct{} // it may be let in
	changes  chan struct{}
	looked   chan string
}

func (s *slow) Changes(context.Context) (<-chan struct{}, error) { return s.changes, nil }

func (s *slow) Active(ctx context.Context, terminal string) (string, error) {
	vehicle, err := s.Registry.Active(ctx, terminal)
	if terminal == s.terminal && err == nil {
		close(s.found)
		<-s.release
	} else {
		s.looked <- terminal
	}
	return vehicle, err
}

// It was looked up before it was revoked, and connected after everybody was cut off.
func TestATerminalThatSlipsThroughIsCutOff(t *testing.T) {
	f := newFleet(t)
	a, b := f.enrolled("A"), f.enrolled("B")
	f.service.Stop()
	r := &slow{
		Registry: f.registry, terminal: a.terminal, found: make(chan struct{}), release: make(chan struct{}),
		changes: make(chan struct{}), looked: make(chan string, 100),
	}
	service, err := enrol.Start(t.Context(), enrol.Config{
		Registry: r, Conn: f.hub.Conn(), System: f.hub.System(), Issuer: f.hub.Issuer(), Account: hub.CarsAccount,
		Address: f.web.URL, URLs: f.urls, Sweep: time.Hour, Log: hubtest.Quiet,
	})
	require.NoError(t, err)
	defer service.Stop()
	require.NoError(t, f.connect(b))
	require.Equal(t, b.terminal, within(t, 5*time.Second, r.looked, "B comes in"))

	closed := make(chan struct{})
	connected := make(chan error, 1)
	go func() { connected <- f.connect(a, nats.ClosedHandler(func(*nats.Conn) { close(closed) })) }()
	within(t, 5*time.Second, r.found, "A is looked up")
	require.NoError(t, f.registry.Revoke(t.Context(), "ola", a.terminal, "stolen"))
	r.changes <- struct{}{}
	require.Equal(t, b.terminal, within(t, 5*time.Second, r.looked, "all connections are compared"))
	close(r.release)
	require.NoError(t, within(t, 5*time.Second, connected, "A is let in"))
	within(t, 10*time.Second, closed, "A is still connected")
}

// Another process on the same hub revoked it, so that nobody here was told.
func TestATerminalRevokedElsewhereIsCutOff(t *testing.T) {
	f := newFleet(t)
	a, b := f.enrolled("A"), f.driving("B")
	closed := make(chan struct{})
	require.NoError(t, f.connect(a, nats.ClosedHandler(func(*nats.Conn) { close(closed) })))
	start := time.Now()
	require.NoError(t, f.registry.Revoke(t.Context(), "ola", a.terminal, "sold"))
	within(t, 5*time.Second, closed, "still connected")
	require.Less(t, time.Since(start), 2*time.Second)
	require.NoError(t, b.Flush())
}

// It was revoked while no gateway was there to cut it off.
func TestATerminalRevokedInTheDarkIsCutOffAtTheStart(t *testing.T) {
	f := newFleet(t)
	a := f.enrolled("A")
	closed := make(chan struct{})
	require.NoError(t, f.connect(a, nats.ClosedHandler(func(*nats.Conn) { close(closed) })))
	f.service.Stop()
	require.NoError(t, f.registry.Revoke(t.Context(), "ola", a.terminal, "sold"))
	require.NoError(t, a.Flush())
	f.start()
	within(t, 5*time.Second, closed, "still connected")
}

func TestAReplacedTerminalIsCutOffWhenTheNewOneIsIn(t *testing.T) {
	f := newFleet(t)
	a := f.enrolled("A")
	closed := make(chan struct{})
	require.NoError(t, f.connect(a, nats.ClosedHandler(func(*nats.Conn) { close(closed) })))
	token, err := f.service.Replace(t.Context(), "kari", "A", time.Hour)
	require.NoError(t, err)
	require.NoError(t, a.Flush(), "works until the new one is in")

	n := &car{faults: make(chan error, 1)}
	n.key, n.terminal = newKey(t)
	_, err = ticket.Enrol(t.Context(), f.web.Client(), f.web.URL, token, "", n.key)
	require.NoError(t, err)
	require.NoError(t, f.connect(n))
	within(t, 5*time.Second, closed, "the former one is still connected")
	require.NoError(t, n.Flush())
}

func TestAGatewayThatRestartsKnowsItsTerminals(t *testing.T) {
	dir := t.TempDir()
	h := hubtest.Open(t, dir)
	f := &fleet{t: t, hub: h, urls: []string{h.URL()}}
	f.start()
	f.merchant()
	a, b := f.enrolled("A"), f.enrolled("B")
	_, err := f.service.Revoke(t.Context(), "kari", b.terminal, "")
	require.NoError(t, err)
	f.service.Stop()
	hubtest.Stop(t, h)

	f.hub = hubtest.Open(t, dir)
	f.urls = []string{f.hub.URL()}
	f.start()
	require.NoError(t, f.connect(a))
	require.ErrorIs(t, f.connect(b), nats.ErrAuthorization)
}

// Two gateways on three servers, one of which dies.
func TestACluster(t *testing.T) {
	cluster := hubtest.NewCluster(t, 3)
	one := &fleet{t: t, hub: cluster.Hub(t, 3), urls: cluster.URLs}
	one.start()
	one.merchant()
	two := &fleet{t: t, hub: cluster.Hub(t, 3), urls: cluster.URLs}
	two.start()

	cars := make([]*car, 3)
	for i := range cars {
		cars[i] = one.enrolled(fmt.Sprintf("C%d", i))
		at := &fleet{t: t, urls: []string{cluster.URLs[i]}}
		require.NoError(t, at.connect(cars[i]))
	}
	one.answering()
	two.answering()
	hints, err := cars[0].SubscribeSync("car." + cars[0].terminal + ".hint")
	require.NoError(t, err)
	eventually(t, 20*time.Second, func() bool { // until all servers know who answers
		_, err := cars[0].Request("car."+cars[0].terminal+".pay", nil, 10*time.Second)
		return err == nil
	})
	for range 10 {
		_, err := cars[0].Request("car."+cars[0].terminal+".pay", nil, 10*time.Second)
		require.NoError(t, err)
	}
	require.NoError(t, two.hub.Conn().Publish("car."+cars[0].terminal+".hint", []byte("look")))
	_, err = hints.NextMsg(10 * time.Second)
	require.NoError(t, err)

	cut, err := two.service.Revoke(t.Context(), "kari", cars[1].terminal, "stolen")
	require.NoError(t, err)
	require.Equal(t, 1, cut)
	eventually(t, 5*time.Second, cars[1].IsClosed)
	require.NoError(t, cars[2].Flush())

	cluster.Kill(2)
	at := &fleet{t: t, urls: []string{cluster.URLs[0]}}
	eventually(t, 20*time.Second, func() bool { return at.connect(cars[2]) == nil })
	require.ErrorIs(t, at.connect(cars[1]), nats.ErrAuthorization)
}
