package vipps

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Peer is who was called, for [Wire] to judge what stood in the way.
type Peer struct {
	Host  string
	Roots *x509.CertPool // who is believed to sign for it; nil for the system's
}

// Wire sorts a failure below HTTP, or below whatever else runs over TLS, by what a
// person can do about it.
func Wire(err error, p Peer) *Error { return wireError(err, p, time.Now()) }

func wireError(err error, p Peer, now time.Time) *Error {
	e := &Error{Class: ClassNetwork, Hint: hintNetwork, Err: err}
	var (
		unknown *net.DNSError
		notTLS  tls.RecordHeaderError
		alert   tls.AlertError
	)
	switch chain, refused := unverified(err); {
	case errors.Is(err, errTooLong):
		e.Class, e.Hint = ClassGarbled, hintPortal
	case errors.Is(err, context.Canceled):
		e.Class, e.Hint = ClassInterrupted, ""
	case refused:
		e.Class, e.Hint = distrust(chain, p, now)
	case errors.As(err, &notTLS), errors.As(err, &alert):
		e.Class, e.Hint = ClassCertificate, "no secure connection can be made; check the network and the base URL"
	case errors.As(err, &unknown) && unknown.IsNotFound:
		e.Hint = "there is a network, but its name server does not know " + p.Host + "; another network, or another address"
	case errors.As(err, &unknown):
		e.Hint = "no name server answers; " + hintNetwork
	}
	return e
}

// unverified says whether the other side's certificates were refused, and which they
// are, its own first.
func unverified(err error) (chain []*x509.Certificate, refused bool) {
	var (
		verify  *tls.CertificateVerificationError
		invalid x509.CertificateInvalidError
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
	)
	if errors.As(err, &verify) {
		return verify.UnverifiedCertificates, true
	}
	return nil, errors.As(err, &invalid) || errors.As(err, &unknown) || errors.As(err, &host)
}

// longExpired is longer than an operator of anything leaves an expired certificate in
// place: with more, it is the clock that is wrong.
const longExpired = 30 * 24 * time.Hour

// distrust tells a wrong clock from an interception. Certificates that would have been
// believed on the day of their issue are the right ones, and only the date is in the
// way. Then a clock that is before that day is wrong, and one that is far behind the end
// of their time too. In between nobody here can know.
func distrust(chain []*x509.Certificate, p Peer, now time.Time) (Class, string) {
	if len(chain) == 0 || !genuine(chain, p) {
		return ClassCertificate, "somebody else answers in the place of " + p.Host + "; check the network, and that ca-certificates is installed"
	}
	clock := "this computer's clock says " + now.UTC().Format("2006-01-02 15:04 UTC")
	if now.Before(issued(chain)) || now.After(chain[0].NotAfter.Add(longExpired)) {
		return ClassClock, clock + ", which is wrong; set it (timedatectl set-ntp true)"
	}
	return ClassCertificate, fmt.Sprintf("%s and the certificate of %s was good until %s; if the clock is wrong, set it, else the other side must renew",
		clock, p.Host, chain[0].NotAfter.UTC().Format("2006-01-02"))
}

// genuine: the certificates lead to somebody who is believed, dates aside.
func genuine(chain []*x509.Certificate, p Peer) bool {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{DNSName: p.Host, Roots: p.Roots, Intermediates: between, CurrentTime: issued(chain)})
	return err == nil
}

// issued is when all of the certificates were there.
func issued(chain []*x509.Certificate) (last time.Time) {
	for _, c := range chain {
		if c.NotBefore.After(last) {
			last = c.NotBefore
		}
	}
	return last
}

// peer is who a request goes to.
func (c *Client) peer(r request) Peer {
	var p Peer
	if u, err := url.Parse(r.address(c.base)); err == nil {
		p.Host = u.Hostname()
	}
	if t, ok := c.transport.(*http.Transport); ok && t.TLSClientConfig != nil {
		p.Roots = t.TLSClientConfig.RootCAs
	}
	return p
}
