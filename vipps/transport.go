package vipps

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"
)

const (
	connectTimeout = 10 * time.Second // name look-up and TCP; the same again for TLS
	callTimeout    = 30 * time.Second // one HTTP request, connecting included
)

// newTransport makes connections that survive between polls and are noticed when
// they do not: a dead HTTP/2 connection would otherwise swallow every request until
// TCP gives up on it, a quarter of an hour after the tunnel.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: connectTimeout}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    connectTimeout,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second},
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// wireError sorts a failure below HTTP.
func wireError(err error) *Error {
	e := &Error{Class: ClassNetwork, Hint: hintNetwork, Err: err}
	var (
		unverified *tls.CertificateVerificationError
		invalid    x509.CertificateInvalidError
		unknown    x509.UnknownAuthorityError
		host       x509.HostnameError
		notTLS     tls.RecordHeaderError
		alert      tls.AlertError
	)
	switch {
	case errors.Is(err, errTooLong):
		e.Class, e.Hint = ClassGarbled, hintPortal
	case errors.Is(err, context.Canceled):
		e.Class, e.Hint = ClassInterrupted, ""
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Class, e.Hint = ClassCertificate, "the certificate is not valid at this terminal's time; check its clock"
	case errors.As(err, &unverified), errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &invalid):
		e.Class, e.Hint = ClassCertificate, "somebody else answers in the place of Vipps; check the network, and that ca-certificates is installed"
	case errors.As(err, &notTLS), errors.As(err, &alert):
		e.Class, e.Hint = ClassCertificate, "no secure connection can be made; check the network and the base URL"
	}
	return e
}
