package hub

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// write puts a new certificate for 127.0.0.1 into two files and returns it.
func write(t *testing.T, certFile, keyFile string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: serial, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), 0o600))
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return cert
}

func TestCarsConnectOverTLSOnly(t *testing.T) {
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	cert := write(t, certFile, keyFile)
	config, err := Certificate(certFile, keyFile)
	require.NoError(t, err)
	h, err := Start(t.Context(), Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", TLS: config, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, h.Stop(t.Context())) }()
	require.NoError(t, h.Healthy(t.Context()))

	// Nobody answers for cars here; how far a stranger gets says what was agreed on.
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	_, err = nats.Connect(h.URL(), nats.Secure(&tls.Config{RootCAs: pool}), nats.Timeout(10*time.Second))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "certificate")
	_, err = nats.Connect(h.URL(), nats.Secure(&tls.Config{RootCAs: x509.NewCertPool()}))
	require.ErrorContains(t, err, "certificate")
}

func TestAReplacedCertificateIsServed(t *testing.T) {
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	_, err := Certificate(certFile, keyFile)
	require.ErrorIs(t, err, os.ErrNotExist)
	first := write(t, certFile, keyFile)
	c := &certificate{certFile: certFile, keyFile: keyFile}
	require.NoError(t, c.load())
	c.changed = c.changed.Add(-time.Hour) // files written in one tick of the clock

	served := func() []byte {
		pair, err := c.get(nil)
		require.NoError(t, err)
		return pair.Certificate[0]
	}
	require.NoError(t, os.WriteFile(certFile, []byte("half"), 0o600))
	require.Equal(t, first.Raw, served(), "a broken file changes nothing")
	second := write(t, certFile, keyFile)
	require.Equal(t, first.Raw, served(), "looked at a moment ago")
	c.looked = time.Time{}
	require.Equal(t, second.Raw, served())
}
