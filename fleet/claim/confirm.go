package claim

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"taxiterminal/money"
)

// SecretSize is the length in bytes of the secret that a terminal and the gateway
// agree upon at enrolment. It comes from crypto/rand.
const SecretSize = 32

// Secret makes and reads the six digits. It prints as a placeholder, whatever the
// verb.
//
// The bytes are a string behind a pointer because fmt cannot call methods on
// unexported fields: a Secret deep inside a printed struct shows an address instead.
type Secret struct{ key *string }

// NewSecret copies the bytes of a secret.
func NewSecret(key []byte) (Secret, error) {
	if len(key) != SecretSize {
		return Secret{}, fmt.Errorf("confirmation secret: want %d bytes, got %d; enrol the terminal anew", SecretSize, len(key))
	}
	text := string(key)
	return Secret{&text}, nil
}

// IsZero says that there is no secret; it makes and reads no code.
func (s Secret) IsZero() bool { return s.key == nil }

// Format writes a placeholder for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// LogValue is a placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalText refuses: a secret is kept in its own sealed place, not on the way by.
func (s Secret) MarshalText() ([]byte, error) {
	return nil, errors.New("confirmation secret: not to be written")
}

// Outcome is what the six digits say.
type Outcome string

const (
	Paid    Outcome = "paid"     // the API says that the amount is captured
	NotPaid Outcome = "not_paid" // the payment is over without any money, and will have none
)

// Code is the six digits of an outcome, for the passenger to show to the driver.
// Empty if there is no secret.
func (s Secret) Code(reference string, amount money.Amount, o Outcome) string {
	if s.IsZero() {
		return ""
	}
	h := hmac.New(sha256.New, []byte(*s.key))
	for _, field := range []string{domainCode, reference, string(amount.Currency), string(o)} {
		_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(field))))
		_, _ = io.WriteString(h, field)
	}
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(amount.Value)))
	// 2^64 is not a multiple of a million; what that favours is one part in 10^13.
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(h.Sum(nil))%1_000_000)
}

// Read says what digits mean for a payment: the outcome, or false if they are wrong.
// Spaces and hyphens, as people type them, do not count. In the one case of a million
// in which both outcomes have the same digits they are NotPaid, so that nobody
// leaves unpaid by chance. Ask a Guard before.
func (s Secret) Read(reference string, amount money.Amount, digits string) (Outcome, bool) {
	digits = strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(digits)
	if s.IsZero() || len(digits) != 6 {
		return "", false
	}
	for _, o := range []Outcome{NotPaid, Paid} {
		if subtle.ConstantTimeCompare([]byte(s.Code(reference, amount, o)), []byte(digits)) == 1 {
			return o, true
		}
	}
	return "", false
}
