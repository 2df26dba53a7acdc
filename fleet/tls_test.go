package fleet_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/enrol/ticket"
	"taxiterminal/fleet/link"
	"taxiterminal/fleet/office"
	"taxiterminal/fleet/registry"
)

// certificate is one for the gateway's name, in two files, and who believes it.
func certificate(t *testing.T) (cert, key string, trust *tls.Config) {
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"pay.taxi.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, pair.Public(), pair)
	require.NoError(t, err)
	raw, err := x509.MarshalPKCS8PrivateKey(pair)
	require.NoError(t, err)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600))
	pool := x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool.AddCert(parsed)
	return cert, key, &tls.Config{RootCAs: pool}
}

// With a certificate of its own, passengers, cars and the office all come over TLS.
func TestAllDoorsHaveTheCertificate(t *testing.T) {
	cert, key, trust := certificate(t)
	r, ctx := started(t, `http:certificate = "`+cert+`"`, `http:key = "`+key+`"`), t.Context()
	web := &http.Client{Transport: &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, r.at.HTTP)
	}}}
	added, err := r.office.AddCar(ctx, office.AddCar{ID: "T122"})
	require.NoError(t, err)
	res, err := web.Get(added.Page)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)

	token, err := r.office.NewToken(ctx, "T122", office.TokenRequest{})
	require.NoError(t, err)
	pair, err := nkeys.CreateUser()
	require.NoError(t, err)
	w, err := ticket.Enrol(ctx, web, publicURL, token.Token, "box", pair)
	require.NoError(t, err)
	require.Len(t, w.URLs, 1)
	require.True(t, strings.HasPrefix(w.URLs[0], "tls://pay.taxi.example:"), w.URLs[0])
	_, port, err := net.SplitHostPort(strings.TrimPrefix(strings.TrimPrefix(r.at.NATS, "nats://"), "tls://"))
	require.NoError(t, err)
	c, err := link.Dial(link.Config{URLs: []string{"tls://127.0.0.1:" + port}, Terminal: w.Terminal, Sign: pair.Sign, TLS: trust})
	require.NoError(t, err)
	defer c.Close()
	require.Eventually(t, func() bool { return c.State().Up }, 10*time.Second, 10*time.Millisecond)

	admin, err := r.office.AddAdmin(ctx, office.AddAdmin{Name: "kari", Role: registry.Operate})
	require.NoError(t, err)
	kari, err := office.Remote("https://"+r.at.Admin, admin.Token, trust)
	require.NoError(t, err)
	in, err := kari.Terminals(ctx, false)
	require.NoError(t, err)
	require.Len(t, in, 1)
	stranger, err := office.Remote("https://"+r.at.Admin, admin.Token, nil)
	require.NoError(t, err)
	_, err = stranger.Cars(ctx)
	require.ErrorContains(t, err, "certificate", "a token goes to nobody else")
}

// With certificates from Let's Encrypt nobody is served under another name, and cars
// are told to come with TLS.
func TestCertificatesAreFetchedForTheOwnNameOnly(t *testing.T) {
	r := started(t, `http:autocert = true`, `http:cache = "`+t.TempDir()+`"`)
	for _, at := range []string{r.at.HTTP, r.at.Admin} {
		_, err := tls.Dial("tcp", at, &tls.Config{ServerName: "other.example"})
		require.ErrorContains(t, err, "remote error: tls", "the door speaks TLS and refuses")
		_, err = tls.Dial("tcp", at, &tls.Config{ServerName: "pay.taxi.example", NextProtos: []string{"acme-tls/1"}})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "protocol", "there was nothing to prove, but it can be asked for")
	}
}

func TestTheAddressOfARemoteGatewayIsChecked(t *testing.T) {
	for _, server := range []string{"fleet.example", "http://fleet.example", "ftp://fleet.example", "https://kari@fleet.example", "://"} {
		_, err := office.Remote(server, "taxiadmin_x", nil)
		require.Error(t, err, server)
	}
	_, err := office.Remote("https://fleet.example", "", nil)
	require.ErrorContains(t, err, "TAXIFLEET_TOKEN")
}
