package claim

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Domains keep a signature or hash of one kind from passing as one of another.
const (
	domainClaim = "\xfftaxi terminal fare claim\x00"
	domainKey   = "\xfftaxi terminal claim key\x00"
	domainCode  = "\xfftaxi terminal confirmation code\x00"
)

const keyIDSize = 8

// KeyID names a terminal's key in a claim. It is a short hash: enough to find the
// key, and no proof of anything.
type KeyID [keyIDSize]byte

// KeyIDOf is the name of a public key.
func KeyIDOf(public ed25519.PublicKey) KeyID {
	sum := sha256.Sum256(append([]byte(domainKey), public...))
	return KeyID(sum[:keyIDSize])
}

// String is the id in hexadecimal digits, for look-ups and logs.
func (k KeyID) String() string { return fmt.Sprintf("%x", k[:]) }

// Why a claim is not good. Compare with errors.Is.
var (
	ErrMalformed  = errors.New("fare claim: malformed; scan the code again")
	ErrVersion    = errors.New("fare claim: made by a newer terminal; update the gateway")
	ErrUnknownKey = errors.New("fare claim: no terminal has this key; enrol the terminal anew")
	ErrRevokedKey = errors.New("fare claim: the terminal was revoked")
	ErrAltered    = errors.New("fare claim: altered, the signature does not fit")
	ErrWrongCar   = errors.New("fare claim: signed by the terminal of another car")
	ErrExpired    = errors.New("fare claim: too old; show a new code in the car")
	ErrSuperseded = errors.New("fare claim: the car has gone on to another fare; show a new code in the car")
	ErrUsed       = errors.New("fare claim: used already; look at its payment")
)

// Sign makes the text of a claim. sign signs bytes as they are with Ed25519, as the
// Sign method of an nkeys.KeyPair does; public is its public key.
func Sign(c Claim, public ed25519.PublicKey, sign func([]byte) ([]byte, error)) (string, error) {
	if err := c.check(); err != nil {
		return "", fmt.Errorf("sign claim: %w", err)
	}
	if len(public) != ed25519.PublicKeySize {
		return "", errors.New("sign claim: want an Ed25519 public key of 32 bytes")
	}
	message := c.append([]byte(domainClaim), KeyIDOf(public))
	sig, err := sign(message)
	if err != nil {
		return "", fmt.Errorf("sign claim: %w", err)
	}
	if !ed25519.Verify(public, message, sig) {
		return "", errors.New("sign claim: the signature does not fit the public key; check the terminal's key file")
	}
	return encoding.EncodeToString(append(message[len(domainClaim):], sig...)), nil
}

// URL is the address that the code on the screen holds. host is the gateway's, with
// a port if it needs one.
func URL(host, text string) string { return "https://" + host + "/p/" + text }

// Unverified is a claim that is written as it should be and says nothing yet. It
// prints as its key id.
type Unverified struct {
	claim Claim
	key   KeyID
	body  []byte
	sig   []byte
}

// Parse reads the text of a claim. The error is an ErrMalformed or ErrVersion.
func Parse(text string) (Unverified, error) {
	if len(text) > MaxText {
		return Unverified{}, malformed("longer than any claim")
	}
	for i := range len(text) {
		if text[i] == '\r' || text[i] == '\n' { // which the decoder would skip
			return Unverified{}, malformed("not base64url")
		}
	}
	raw, err := encoding.DecodeString(text)
	if err != nil {
		return Unverified{}, malformed("not base64url")
	}
	split := max(0, len(raw)-signature)
	c, key, err := read(raw[:split])
	if err != nil {
		return Unverified{}, err
	}
	return Unverified{claim: c, key: key, body: raw[:split], sig: raw[split:]}, nil
}

// Key is whose claim it says it is.
func (u Unverified) Key() KeyID { return u.key }

// Format writes the key id for every verb.
func (u Unverified) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "claim of key "+u.key.String())
}

// LogValue is the key id.
func (u Unverified) LogValue() slog.Value { return slog.StringValue("claim of key " + u.key.String()) }

// Terminal is what the gateway knows about the owner of a key. A nil Public means
// that there is none.
type Terminal struct {
	Public  ed25519.PublicKey
	Vehicle string
	Revoked bool
}

// Verify gives the claim if the terminal has signed it for its own car. The error is
// one of ErrUnknownKey, ErrAltered, ErrRevokedKey and ErrWrongCar.
func (u Unverified) Verify(t Terminal) (Claim, error) {
	switch {
	case len(t.Public) != ed25519.PublicKeySize, KeyIDOf(t.Public) != u.key:
		return Claim{}, ErrUnknownKey
	case !ed25519.Verify(t.Public, append([]byte(domainClaim), u.body...), u.sig):
		return Claim{}, ErrAltered
	case t.Revoked:
		return Claim{}, ErrRevokedKey
	case u.claim.Trip.Vehicle != t.Vehicle:
		return Claim{}, ErrWrongCar
	}
	return u.claim, nil
}
