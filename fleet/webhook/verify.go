package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"taxiterminal/vipps"
)

// Why a webhook is not believed. Compare with errors.Is.
var (
	ErrUnsigned  = errors.New("verify webhook: no signature, or not of the expected scheme; check that the proxy passes the Authorization header on")
	ErrContent   = errors.New("verify webhook: the body is not the one that was signed; check that nothing between rewrites it")
	ErrSignature = errors.New("verify webhook: the signature does not fit; somebody else's, or the secret or address is not that of the registration")
	ErrDate      = errors.New("verify webhook: signed, but without a readable date")
)

// scheme is the start of the Authorization header.
const scheme = "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="

// Verify checks a webhook against the secret and the address of one registration and
// says when it was sent, by the sender's clock. header and body are as they came.
//
// The signed host is that of the registered address. How a port is written in it is
// not documented, so with and without are tried.
func Verify(secret vipps.Secret, address string, header http.Header, body []byte) (sent time.Time, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || secret.IsZero() {
		return time.Time{}, fmt.Errorf("verify webhook: the registration has no address or no secret: %w", ErrSignature)
	}
	date, content, signature, err := signed(header)
	if err != nil {
		return time.Time{}, err
	}
	sum := sha256.Sum256(body)
	if want, err := base64.StdEncoding.Strict().DecodeString(content); err != nil || !hmac.Equal(want, sum[:]) {
		return time.Time{}, ErrContent
	}
	if !fits(secret, u, date, content, signature) {
		return time.Time{}, ErrSignature
	}
	if sent, err = http.ParseTime(date); err != nil {
		return time.Time{}, ErrDate
	}
	return sent.UTC(), nil
}

// signed takes the three headers apart. Each must be there once.
func signed(header http.Header) (date, content string, signature []byte, err error) {
	var values [3]string
	for i, name := range []string{"X-Ms-Date", "X-Ms-Content-Sha256", "Authorization"} {
		list := header.Values(name)
		if len(list) != 1 || list[0] == "" {
			return "", "", nil, ErrUnsigned
		}
		values[i] = list[0]
	}
	text, ok := strings.CutPrefix(values[2], scheme)
	if !ok {
		return "", "", nil, ErrUnsigned
	}
	signature, err = base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(signature) != sha256.Size {
		return "", "", nil, ErrUnsigned
	}
	return values[0], values[1], signature, nil
}

// fits compares the signature with that of every way to write the host. All are
// computed, in time that does not depend on which one fits.
func fits(secret vipps.Secret, u *url.URL, date, content string, signature []byte) bool {
	good := false
	for _, host := range []string{u.Host, u.Hostname()} {
		mac := hmac.New(sha256.New, []byte(secret.Reveal()))
		_, _ = io.WriteString(mac, "POST\n"+u.RequestURI()+"\n"+date+";"+host+";"+content)
		good = hmac.Equal(mac.Sum(nil), signature) || good
	}
	return good
}
