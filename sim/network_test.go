package sim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
	"taxiterminal/sim/badnet"
	"taxiterminal/vipps/vippstest"
)

// badWay is what lies between a car and the payment API, and how it goes bad.
type badWay struct {
	t    *testing.T
	line *badnet.Line
	// name is what the API is called in the car; "" for its address.
	name string
	env  []string
	// tls: who signs for the API; nil for a way without TLS. cert is the API's own, if
	// it is not an ordinary one.
	tls  *authority
	cert tls.Certificate
	// listen is where the line is; "" for IPv4.
	listen string
	// hosts is the car's own /etc/hosts; "" for the machine's.
	hosts string
	built string // another taxiterm than the ordinary one
	log   *log
}

func (w *badWay) lay(api string) (string, error) {
	scheme, target := "http://", strings.TrimPrefix(api, "http://")
	if w.tls != nil {
		cert := w.cert
		if cert.Certificate == nil {
			cert = w.tls.good(w.name)
		}
		scheme, target = "https://", serveTLS(w.t, cert, api)
	}
	free, err := Fixed("")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(free)
	if err != nil {
		return "", err
	}
	if w.line, err = badnet.New(net.JoinHostPort(orDefault(w.listen, "127.0.0.1"), port), target, 1); err != nil {
		return "", err
	}
	w.t.Cleanup(func() { require.NoError(w.t, w.line.Close()) })
	return scheme + net.JoinHostPort(orDefault(w.name, "127.0.0.1"), port), nil
}

func overTLS(t *testing.T) *badWay {
	a := newAuthority(t)
	return &badWay{t: t, tls: a, name: "localhost", env: a.believed()}
}

func plainly(t *testing.T) *badWay { return &badWay{t: t} }

// badDay is a kind of bad network.
type badDay struct {
	way func(*testing.T) *badWay
	bad func(*badWay) badnet.Toxics
	// fault is what the driver's screen says while it lasts; empty if it only takes longer.
	fault display.Fault
	// doctor is what a technician reads.
	doctor string
	// slow days wait out the time limits of the product; "make net" has them.
	slow bool
}

func toxics(x badnet.Toxics) func(*badWay) badnet.Toxics {
	return func(*badWay) badnet.Toxics { return x }
}

// portal answers everything, in place of the API.
func portal(answer http.HandlerFunc) func(*badWay) badnet.Toxics {
	return func(w *badWay) badnet.Toxics {
		server := httptest.NewServer(answer)
		w.t.Cleanup(server.Close)
		return badnet.Toxics{Instead: server.Listener.Addr().String()}
	}
}

const loginPage = "<!DOCTYPE html><html><title>Welcome</title><form>Accept the terms</form></html>"

var badDays = map[string]badDay{
	"latency of 2 s each way":         {way: plainly, bad: toxics(badnet.Toxics{Latency: 2 * time.Second}), slow: true},
	"the same over TLS":               {way: overTLS, bad: toxics(badnet.Toxics{Latency: 2 * time.Second})},
	"30 % of what is sent is lost":    {way: overTLS, bad: toxics(badnet.Toxics{Loss: 0.3})},
	"connections break in the middle": {way: plainly, bad: toxics(badnet.Toxics{Cut: 0.3})},
	"half-open connections":           {way: plainly, bad: toxics(badnet.Toxics{Vanish: true}), fault: display.FaultNetwork, slow: true},
	"half-open connections, TLS":      {way: overTLS, bad: toxics(badnet.Toxics{Vanish: true}), fault: display.FaultNetwork, slow: true},
	"a tunnel":                        {way: overTLS, bad: toxics(badnet.Toxics{Stall: true}), fault: display.FaultNetwork, slow: true},
	"refused":                         {way: plainly, bad: toxics(badnet.Toxics{Refuse: true}), fault: display.FaultNetwork},
	"IPv6 only":                       {way: overIPv6, bad: toxics(badnet.Toxics{Refuse: true}), fault: display.FaultNetwork},
	"a portal that answers 200": {way: plainly, fault: display.FaultPortal, doctor: "login page", bad: portal(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, loginPage)
	})},
	"a portal that redirects": {way: plainly, fault: display.FaultPortal, doctor: "login page", bad: portal(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://login.example/", http.StatusFound)
	})},
	"a portal that says so": {way: plainly, fault: display.FaultPortal, doctor: "login page", bad: portal(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNetworkAuthenticationRequired)
		_, _ = fmt.Fprint(w, loginPage)
	})},
	"a portal in the way of TLS": {way: overTLS, fault: display.FaultCertificate, doctor: "no secure connection", bad: portal(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, loginPage)
	})},
	"somebody intercepts TLS": {way: overTLS, fault: display.FaultCertificate, doctor: "somebody else answers in the place of localhost", bad: func(w *badWay) badnet.Toxics {
		return badnet.Toxics{Instead: serveWith(w.t, newAuthority(w.t).good("localhost"), http.NotFoundHandler())}
	}},
	"the same, with a certificate that is old": {way: overTLS, fault: display.FaultCertificate, doctor: "somebody else answers in the place of localhost", bad: func(w *badWay) badnet.Toxics {
		cert := newAuthority(w.t).issue("localhost", time.Now().Add(-century/10), time.Now().Add(-century/20))
		return badnet.Toxics{Instead: serveWith(w.t, cert, http.NotFoundHandler())}
	}},
	"a certificate of another name": {way: overTLS, fault: display.FaultCertificate, doctor: "somebody else answers in the place of localhost", bad: func(w *badWay) badnet.Toxics {
		return badnet.Toxics{Instead: serveWith(w.t, w.tls.good("portal.example"), http.NotFoundHandler())}
	}},
	"a certificate that has expired": {way: overTLS, fault: display.FaultCertificate, doctor: "the other side must renew", bad: func(w *badWay) badnet.Toxics {
		cert := w.tls.issue("localhost", time.Now().Add(-90*24*time.Hour), time.Now().Add(-time.Hour))
		return badnet.Toxics{Instead: serveWith(w.t, cert, http.NotFoundHandler())}
	}},
	"no name server": {way: byName, fault: display.FaultNetwork, doctor: "no name server answers", bad: toxics(badnet.Toxics{Refuse: true}), slow: true},
}

func overIPv6(t *testing.T) *badWay {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skipf("SKIPPED LOUDLY: no IPv6 on this machine: %v", err)
	}
	require.NoError(t, l.Close())
	return &badWay{t: t, listen: "::1", name: "::1"}
}

const apiName = "api.taxi.test"

// byName is a car that knows the API by a name, with a file of names and a name server
// of its own, which is not there.
func byName(t *testing.T) *badWay {
	w := &badWay{t: t, tls: newAuthority(t), name: apiName, hosts: filepath.Join(t.TempDir(), "hosts")}
	w.env = append(w.tls.believed(), "GODEBUG=netdns=go")
	w.resolves(true)
	if out, err := exec.Command("unshare", "--user", "--map-root-user", "--mount", "mount", "--bind", w.hosts, "/etc/hosts").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED LOUDLY: a process cannot have its own /etc/hosts here: %v: %s", err, out)
	}
	return w
}

func (w *badWay) resolves(does bool) {
	text := "127.0.0.1 localhost\n"
	if does {
		text += "127.0.0.1 " + apiName + "\n"
	}
	require.NoError(w.t, os.WriteFile(w.hosts, []byte(text), 0o644))
}

// program is taxiterm, in a world of its own where it needs one.
func (w *badWay) program() string {
	if w.hosts == "" {
		return orDefault(w.built, program)
	}
	dir := filepath.Dir(w.hosts)
	script := filepath.Join(dir, "taxiterm")
	require.NoError(w.t, os.WriteFile(filepath.Join(dir, "resolv.conf"), []byte("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"), 0o644))
	require.NoError(w.t, os.WriteFile(script, []byte(fmt.Sprintf("#!/bin/sh\nexec unshare --user --map-root-user --mount sh -c "+
		"'mount --bind %[1]s/hosts /etc/hosts && mount --bind %[1]s/resolv.conf /etc/resolv.conf && exec \"$0\" \"$@\"' %[2]s \"$@\"\n", dir, program)), 0o755))
	return script
}

func (w *badWay) set(x badnet.Toxics) {
	require.NoError(w.t, w.line.Set(x))
	if w.hosts != "" {
		w.resolves(x == badnet.Toxics{})
	}
}

// car is a taxi with that way to its API, running.
func (w *badWay) car() *Trip {
	return started(w.t, func(o *Options) {
		o.Way, o.Env, o.Terminal = w.lay, w.env, w.program()
		w.log = o.Log.(*log)
	})
}

// TestBadNetworksAndWrongClocks has one taxi for each. They wait more than they work, so
// they run side by side and not two at a time, as t.Parallel would have it.
func TestBadNetworksAndWrongClocks(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*testing.T){
		"a mix of bad networks":          mixOfBadNetworks,
		"a board without a battery":      startIn1970,
		"the clock is set":               setWhileAPaymentWaits,
		"a token that died in its sleep": tokenThatDiedInItsSleep,
	}
	for name, day := range badDays {
		tests[name] = day.ride
	}
	var all sync.WaitGroup
	for name, test := range tests {
		all.Go(func() { t.Run(name, test) })
	}
	all.Wait()
}

// ride: the network is bad when the fare is told, and again when it is approved. The
// driver reads what is in the way, and in the end the fare is captured once.
func (day badDay) ride(t *testing.T) {
	if day.slow && *days == 1 {
		t.Skip("make net has it")
	}
	ctx := withTimeout(t, 3*time.Minute)
	way := day.way(t)
	trip := way.car()
	bad := day.bad(way)
	require.NoError(t, trip.Board(ctx))
	way.set(bad)
	require.NoError(t, trip.Stop(fare))
	day.named(ctx, t, trip, "connecting")
	if day.fault != "" {
		way.set(badnet.Toxics{})
	}
	reference, err := trip.Scan(ctx)
	require.NoError(t, err)
	way.set(bad)
	require.NoError(t, trip.API.Act(reference, vippstest.Approve, 0))
	day.named(ctx, t, trip, "due")
	way.set(badnet.Toxics{})
	require.NoError(t, trip.Shows(ctx, "paid"))
	require.NoError(t, errors.Join(trip.Leave(), trip.Settle(ctx)))
	require.NoError(t, trip.capturedOnce(ctx))
	_, err = trip.Driver.Await(ctx, Patience, "no fault", func(html string) bool { return !strings.Contains(html, string(day.fault)+"</strong>") })
	require.NoError(t, err)
}

// named waits until the driver reads what is in the way.
func (day badDay) named(ctx context.Context, t *testing.T, trip *Trip, screen string) {
	if day.fault == "" {
		return
	}
	_, err := trip.Driver.Await(ctx, Patience, string(day.fault), func(html string) bool {
		return strings.Contains(html, ">"+string(day.fault)+"</strong>") && Kind(html) == screen
	})
	require.NoError(t, err)
	require.NoError(t, Poll(ctx, Patience, "doctor says "+day.doctor, func() (bool, error) {
		out, _, code := trip.Daemon.command("doctor")
		return code != 0 && strings.Contains(out, day.doctor), nil
	}))
}

// capturedOnce is nil if the first trip came to one payment, captured once.
func (t *Trip) capturedOnce(ctx context.Context) error {
	got, err := t.Result(ctx)
	want := paidOnce()
	want.Reference = got.Reference
	switch {
	case err != nil:
		return err
	case got != want || len(t.Payments()) != 1:
		return fmt.Errorf("came to %+v of %d payments, want %+v of one", got, len(t.Payments()), want)
	}
	return t.API.Check()
}

// weather draws what is wrong with the network for a while.
func (w *badWay) weather(random *rand.Rand) badnet.Toxics {
	intercepts := badnet.Toxics{Instead: serveWith(w.t, newAuthority(w.t).good(w.name), http.NotFoundHandler())}
	late := time.Duration(random.Int64N(int64(2 * time.Second)))
	all := []badnet.Toxics{
		{}, {Latency: late}, {Loss: 0.3}, {Cut: 0.3}, {Vanish: true}, {Stall: true}, {Refuse: true}, intercepts,
		{Latency: late, Loss: 0.3}, {Loss: 0.3, Cut: 0.1},
	}
	return all[random.IntN(len(all))]
}

// mixOfBadNetworks drives one paid trip after the other under weather that the seed
// draws, which changes at any moment. Each must be captured exactly once. "make net
// ROUNDS=200" is the long form.
func mixOfBadNetworks(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("seed %d, %d rounds", *seed, *days)
	random := rand.New(rand.NewPCG(*seed, 3))
	ctx := withTimeout(t, 24*time.Hour)
	way := overTLS(t)
	trip := way.car()
	trip.API.SetHabit(vippstest.Habit{Action: vippstest.Approve, After: vippstest.Duration(100 * time.Millisecond)})
	for round := 1; round <= *days; round++ {
		require.NoError(t, trip.Meter.Hired())
		require.NoError(t, trip.ShowsHired(ctx))
		var past []badnet.Toxics
		told := random.IntN(3)
		for n := range 3 {
			past = append(past, way.weather(random))
			way.set(past[n])
			if n == told {
				require.NoError(t, trip.Stop(fare))
			}
			pause(ctx, time.Duration(random.Int64N(int64(4*time.Second))))
		}
		way.set(badnet.Toxics{})
		_, err := trip.Driver.Await(ctx, 2*Patience, "paid", func(html string) bool { return Kind(html) == "paid" })
		require.NoError(t, err, "round %d, after %+v", round, past)
		require.NoError(t, trip.Meter.Vacant())
		all := trip.API.Payments()
		p := all[len(all)-1]
		require.EqualValues(t, []any{"AUTHORIZED", fare, fare, 0, 1},
			[]any{p.State, int(p.Authorized), int(p.Captured), int(p.Cancelled), p.Calls[vippstest.OpCapture].Executed},
			"round %d, after %+v: %+v", round, past, p)
		require.Len(t, all, round, "round %d, after %+v: one payment a trip", round, past)
		require.NoError(t, trip.meterAtRest(ctx, round))
	}
	require.NoError(t, trip.API.Check())
	var verified struct{ Entries int }
	require.NoError(t, trip.Daemon.Command(ctx, &verified, "outbox", "verify"))
	t.Logf("%d trips under bad networks captured exactly once, %d journal entries follow from each other", *days, verified.Entries)
}
