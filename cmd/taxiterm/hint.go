package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"time"
)

// hinted is an error with what to do next.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// onDisk says what to do when the enrolment cannot be kept.
func onDisk(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return hinted{err, "run this as the daemon's user: sudo -u taxiterm taxiterm enroll ..."}
	}
	return err
}

// unreached says what to do when there is no gateway that answers. A wrong clock looks
// like a bad certificate, and cars have wrong clocks.
func unreached(err error, now time.Time) error {
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var asked *url.Error
	clock := "this computer's clock says " + now.UTC().Format("2006-01-02 15:04 UTC")
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return hinted{errors.New("the gateway's certificate is not valid at this time"), clock + "; if that is wrong, set it (timedatectl), else the office must renew the certificate"}
	case errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &invalid):
		return hinted{errors.New("this is not the gateway: its certificate is not good for the address"),
			fmt.Sprintf("check the address; a portal of the network may be in between; %s", clock)}
	case errors.Is(err, http.ErrSchemeMismatch):
		return hinted{errors.New("no HTTPS at this address"), "check the address and its port"}
	case errors.As(err, &asked):
		return hinted{fmt.Errorf("gateway not reached: %w", asked.Err), "check the address and the network, then run the same command again; the token is still good"}
	}
	return hinted{err, "check the address; the token is still good"}
}
