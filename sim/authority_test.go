package sim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	stdlog "log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// authority signs certificates, for those who believe it.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// century is longer than any clock in these tests is wrong by.
const century = 100 * 365 * 24 * time.Hour

func newAuthority(t testing.TB) *authority {
	a := &authority{t: t, key: newKey(t)}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-century), NotAfter: time.Now().Add(century),
	}
	a.cert = a.sign(a.cert, a.key)
	return a
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func (a *authority) sign(template *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	require.NoError(a.t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(a.t, err)
	return cert
}

// issue makes a server's certificate.
func (a *authority) issue(name string, from, to time.Time) tls.Certificate {
	key := newKey(a.t)
	leaf := a.sign(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, NotBefore: from, NotAfter: to,
	}, key)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}
}

// good is one of the usual length.
func (a *authority) good(name string) tls.Certificate {
	return a.issue(name, time.Now().Add(-30*24*time.Hour), time.Now().Add(60*24*time.Hour))
}

// believed is the environment of a program that believes this authority alone.
func (a *authority) believed() []string {
	dir := a.t.TempDir()
	file := filepath.Join(dir, "ca.pem")
	require.NoError(a.t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}), 0o600))
	return []string{"SSL_CERT_FILE=" + file, "SSL_CERT_DIR=" + dir}
}

// serveTLS puts a server with a certificate in front of an address. It speaks HTTP/2, as
// the payment API does.
func serveTLS(t testing.TB, cert tls.Certificate, api string) (address string) {
	u, err := url.Parse(api)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(u)
	proxy.ErrorLog = stdlog.New(io.Discard, "", 0)
	return serveWith(t, cert, proxy)
}

func serveWith(t testing.TB, cert tls.Certificate, h http.Handler) (address string) {
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = stdlog.New(io.Discard, "", 0)
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "https://")
}
