package link_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/link"
	"taxiterminal/fleet/link/linktest"
	"taxiterminal/vipps"
)

// door is where a gateway's NATS server would be, with a certificate of a time. It gets
// no further than TLS.
func door(t *testing.T, from, to time.Time) (address string, trust *tls.Config) {
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: to, IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, pair.Public(), pair)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, `INFO {"server_id":"x","version":"2.12.0","proto":1,"tls_required":true,"nonce":"bm9uY2Vub25jZQ","headers":true,"max_payload":1048576}`+"\r\n")
			_ = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: pair}}}).Handshake()
			_ = c.Close()
		}
	}()
	return l.Addr().String(), &tls.Config{RootCAs: pool}
}

// A car whose clock is wrong is told so, and not that there is no network.
func TestAGatewayThatIsNotBelievedIsNamed(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		from, to time.Time
		trusted  bool
		want     vipps.Class
	}{
		"the clock is in 1970": {now.AddDate(56, 0, 0), now.AddDate(57, 0, 0), true, vipps.ClassClock},
		"somebody else":        {now.Add(-time.Hour), now.Add(time.Hour), false, vipps.ClassCertificate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, trust := door(t, c.from, c.to)
			if !c.trusted {
				trust = nil
			}
			one := linktest.NewTerminal(t)
			car, err := link.Dial(link.Config{URLs: []string{"tls://" + address}, Terminal: one.ID, Sign: one.Sign, TLS: trust})
			require.NoError(t, err)
			t.Cleanup(car.Close)
			require.Eventually(t, func() bool {
				res := car.Get(t.Context(), reference)
				require.Equal(t, vipps.Retry, res.Kind, "nothing can have left")
				return res.Err.Class == c.want
			}, 10*time.Second, 10*time.Millisecond)
		})
	}
}
