package vipps_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// overTCP is a client with its own transport, of a simulator on a port.
func overTCP(t *testing.T, sim *vippstest.Sim, change ...func(*vipps.Config)) (*vipps.Client, *vippstest.Server) {
	t.Helper()
	server, err := sim.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	cfg := simConfig(server.URL())
	for _, c := range change {
		c(&cfg)
	}
	client, err := vipps.New(cfg)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return client, server
}

// net/http replays a POST with an Idempotency-Key when a kept-alive connection
// breaks before the answer, unless its body cannot be rewound. This is the test
// that fails when somebody makes the body rewindable again.
func TestTheTransportReplaysNoWrite(t *testing.T) {
	t.Parallel()
	for _, kind := range []vippstest.FaultKind{vippstest.LostRequest, vippstest.LostResponse} {
		for op, call := range operations(t) {
			if isRead(op) {
				continue
			}
			t.Run(string(kind)+"/"+string(op), func(t *testing.T) {
				t.Parallel()
				sim := newSim(t, vippstest.Options{})
				client, _ := overTCP(t, sim)
				prepare(t, op, sim, client) // which leaves a connection open
				before := sim.Calls(vippstest.Op(op), reference)
				fault(t, sim, vippstest.Fault{Kind: kind, Op: vippstest.Op(op)})
				res := call(t.Context(), client)
				require.Equal(t, vipps.Unknown, res.Kind, "%v", res.Err)
				require.Equal(t, vipps.ClassNetwork, res.Err.Class)
				now := sim.Calls(vippstest.Op(op), reference)
				require.Equal(t, 1, now.Seen+now.Lost-before.Seen-before.Lost, "one call is one request")
				require.Equal(t, vipps.Done, call(t.Context(), client).Kind)
				checkMoney(t, sim, op)
			})
		}
	}
}

func TestRefusedConnectionsAreWithoutEffect(t *testing.T) {
	t.Parallel()
	for op, call := range operations(t) {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			sim := newSim(t, vippstest.Options{})
			client, _ := overTCP(t, sim)
			prepare(t, op, sim, client)
			require.NoError(t, sim.SetNetwork(vippstest.Refused, 0))
			client.CloseIdleConnections() // the reset may not have arrived yet
			res := call(t.Context(), client)
			require.Equal(t, vipps.Retry, res.Kind, "%v", res.Err)
			require.Equal(t, vipps.ClassNetwork, res.Err.Class)
			require.NoError(t, sim.SetNetwork(vippstest.Up, 0))
			require.Equal(t, vipps.Done, call(t.Context(), client).Kind)
		})
	}
}

func TestPollsShareOneConnection(t *testing.T) {
	t.Parallel()
	sim := newSim(t, vippstest.Options{})
	var dials atomic.Int32
	client, _ := overTCP(t, sim, func(c *vipps.Config) {
		dialer := &net.Dialer{}
		c.Transport = &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dials.Add(1)
			return dialer.DialContext(ctx, network, addr)
		}}
	})
	readable(t, client)
	fault(t, sim, vippstest.Fault{Kind: vippstest.Status, Status: 500, Op: vippstest.OpGet, Skip: 3})
	fault(t, sim, vippstest.Fault{Kind: vippstest.Garbage, Op: vippstest.OpGet, Skip: 6})
	for range 10 {
		client.Get(t.Context(), reference)
	}
	require.EqualValues(t, 1, dials.Load(), "answers are read to their end, good or bad")
}

func TestNamesThatDoNotResolve(t *testing.T) {
	t.Parallel()
	client, err := vipps.New(simConfig("https://no-such-host.invalid"))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	res := client.Create(ctx, "key", encode(t, plain()))
	require.Equal(t, vipps.Retry, res.Kind)
	require.Equal(t, vipps.ClassNetwork, res.Err.Class)
}

// certificate makes a server certificate for 127.0.0.1 that signs itself.
func certificate(t *testing.T, from, to time.Time, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestCertificatesThatAreRefused(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, c := range map[string]struct {
		cert    tls.Certificate
		trusted bool
		class   vipps.Class
		hint    string
	}{
		"unknown authority":                     {certificate(t, now.Add(-time.Hour), now.Add(time.Hour), "127.0.0.1"), false, vipps.ClassCertificate, "somebody else"},
		"of another host":                       {certificate(t, now.Add(-time.Hour), now.Add(time.Hour), "portal.example"), true, vipps.ClassCertificate, "somebody else"},
		"expired just now, or the clock is off": {certificate(t, now.Add(-2*time.Hour), now.Add(-time.Hour), "127.0.0.1"), true, vipps.ClassCertificate, "must renew"},
		"the clock is in 1970":                  {certificate(t, now.AddDate(56, 0, 0), now.AddDate(57, 0, 0), "127.0.0.1"), true, vipps.ClassClock, "set it"},
		"the clock is years ahead":              {certificate(t, now.AddDate(-5, 0, 0), now.AddDate(-4, 0, 0), "127.0.0.1"), true, vipps.ClassClock, "set it"},
		"in 1970, and somebody else":            {certificate(t, now.AddDate(56, 0, 0), now.AddDate(57, 0, 0), "127.0.0.1"), false, vipps.ClassCertificate, "somebody else"},
		"years ahead, and another host":         {certificate(t, now.AddDate(-5, 0, 0), now.AddDate(-4, 0, 0), "portal.example"), true, vipps.ClassCertificate, "somebody else"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewUnstartedServer(http.NotFoundHandler())
			server.TLS = &tls.Config{Certificates: []tls.Certificate{c.cert}}
			server.Config.ErrorLog = quiet()
			server.StartTLS()
			t.Cleanup(server.Close)
			cfg := simConfig(server.URL)
			pool := x509.NewCertPool()
			if c.trusted {
				leaf, err := x509.ParseCertificate(c.cert.Certificate[0])
				require.NoError(t, err)
				pool.AddCert(leaf)
			}
			cfg.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
			refused(t, cfg, c.class, c.hint)
		})
	}
	t.Run("no TLS at all", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(server.Close)
		refused(t, simConfig("https://"+strings.TrimPrefix(server.URL, "http://")), vipps.ClassCertificate, "network")
	})
}

func refused(t *testing.T, cfg vipps.Config, class vipps.Class, hint string) {
	t.Helper()
	client, err := vipps.New(cfg)
	require.NoError(t, err)
	res := client.Create(t.Context(), "key", encode(t, plain()))
	require.Equal(t, vipps.Retry, res.Kind, "%v", res.Err)
	require.Equal(t, class, res.Err.Class, "%v", res.Err)
	require.Contains(t, res.Err.Hint, hint)
}

func TestRedirectsAndCookiesAreNotFollowed(t *testing.T) {
	t.Parallel()
	var followed, cookies atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case len(r.Cookies()) > 0:
			cookies.Add(1)
		case r.URL.Path == "/login":
			followed.Add(1)
		case strings.HasPrefix(r.URL.Path, "/accesstoken/"):
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "x"})
			_, _ = io.WriteString(w, `{"access_token":"t","expires_in":3600}`)
		default:
			http.Redirect(w, r, "/login", http.StatusFound)
		}
	}))
	t.Cleanup(server.Close)
	for op, call := range operations(t) {
		client, err := vipps.New(simConfig(server.URL))
		require.NoError(t, err)
		res := call(t.Context(), client)
		require.Equal(t, vipps.ClassPortal, res.Err.Class, op)
		client.CloseIdleConnections()
	}
	require.Zero(t, followed.Load())
	require.Zero(t, cookies.Load())
}

// The same over HTTP/2, where the standard library has other rules of its own.
func TestTheTransportReplaysNoWriteOverHTTP2(t *testing.T) {
	t.Parallel()
	var creates atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/accesstoken/") {
			_, _ = io.WriteString(w, `{"access_token":"t","expires_in":3600}`)
			return
		}
		if r.ProtoMajor != 2 {
			t.Errorf("want HTTP/2, got %s", r.Proto)
		}
		creates.Add(1)
		_, _ = io.ReadAll(r.Body)
		panic(http.ErrAbortHandler) // resets the stream
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = quiet()
	server.StartTLS()
	t.Cleanup(server.Close)
	cfg := simConfig(server.URL)
	cfg.Transport = server.Client().Transport
	client, err := vipps.New(cfg)
	require.NoError(t, err)
	res := client.Create(t.Context(), "key", encode(t, plain()))
	require.Equal(t, vipps.Unknown, res.Kind, "%v", res.Err)
	require.EqualValues(t, 1, creates.Load())
}

func TestAnswerThatBreaksOff(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/accesstoken/") {
			_, _ = io.WriteString(w, `{"access_token":"t","expires_in":3600}`)
			return
		}
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"title":"half a`)
	}))
	t.Cleanup(server.Close)
	client, err := vipps.New(simConfig(server.URL))
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	res := client.Create(t.Context(), "key", encode(t, plain()))
	require.Equal(t, vipps.Unknown, res.Kind, "a refusal that was not read to its end is none")
	require.True(t, errors.Is(res.Err, io.ErrUnexpectedEOF))
}
