package page

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// seal makes and knows short proofs: HMAC-SHA-256 over a purpose and the parts,
// cut to 128 bits, in base64url.
type seal struct{ key []byte }

// purpose keeps a proof of one kind from being one of another.
type purpose string

const (
	forForm   purpose = "taxi passenger form 1"
	forReturn purpose = "taxi passenger return 1"
)

const sealBytes = 16

// of joins the parts with zero bytes, which none of them holds.
func (s seal) of(p purpose, parts ...string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(string(p) + "\x00" + strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:sealBytes])
}

// holds compares in constant time.
func (s seal) holds(proof string, p purpose, parts ...string) bool {
	return hmac.Equal([]byte(proof), []byte(s.of(p, parts...)))
}

// form is the token of what a page asks for.
func (s seal) form(l Link, b Bill) string { return s.of(forForm, formParts(l, b)...) }

// holdsForm: the form was made by us, for this link, and the bill is the same still.
func (s seal) holdsForm(token string, l Link, b Bill) bool {
	return s.holds(token, forForm, formParts(l, b)...)
}

func formParts(l Link, b Bill) []string {
	return []string{string(l.Kind), l.Text, b.Trip, b.Amount.String()}
}
