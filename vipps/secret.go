package vipps

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted stands wherever a secret would have been printed.
const redacted = "[redacted]"

// Secret is a text that must not be printed: a client secret, a subscription key,
// an access token. Every verb of fmt, slog and the encoders show a placeholder.
//
// The text is behind a pointer because fmt cannot call methods on unexported
// fields: a Secret deep inside a printed struct shows an address instead.
type Secret struct{ text *string }

// NewSecret wraps a text that must not be printed. The empty text gives the zero
// Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// IsZero says that there is no secret.
func (s Secret) IsZero() bool { return s.text == nil }

// Reveal is the text itself, for whoever sends it, computes with it or keeps it
// sealed. Every place that calls this is one to look at.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String is a placeholder.
func (s Secret) String() string { return redacted }

// GoString is a placeholder.
func (s Secret) GoString() string { return redacted }

// Format writes a placeholder for every verb, also the wrong ones, for which fmt
// would otherwise fall back to the bare fields.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is a placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText is a placeholder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON is a placeholder.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
