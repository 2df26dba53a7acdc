package vipps

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Person is what a customer agreed to share, as far as it serves a trip: a name and
// a phone number. E-mail and postal addresses are not read at all. Like a Secret it
// prints as a placeholder, whatever the verb; whoever needs the text asks for it.
// Hold it no longer than the trip requires.
type Person struct{ name, phone Secret }

// nameMax is how much of a name is kept, in bytes.
const nameMax = 200

// NewPerson keeps a name, tidied to one line, and a phone number, reduced to the
// digits of an MSISDN. What cannot be one is left out.
func NewPerson(name, phone string) Person {
	return Person{name: NewSecret(oneLine(name)), phone: NewSecret(msisdn(phone))}
}

// IsZero says that nothing was shared.
func (p Person) IsZero() bool { return p.name.IsZero() && p.phone.IsZero() }

// Name is the whole name in one line, or empty.
func (p Person) Name() string { return p.name.Reveal() }

// Phone is country code and number, 9 to 15 digits as ByPhoneNumber wants them, or
// empty.
func (p Person) Phone() string { return p.phone.Reveal() }

// String is a placeholder.
func (p Person) String() string { return redacted }

// Format writes a placeholder for every verb.
func (p Person) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is a placeholder.
func (p Person) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText is a placeholder.
func (p Person) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON is a placeholder.
func (p Person) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// oneLine makes a name of whatever was typed into an app.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	return strings.TrimSpace(cut(strings.Join(strings.Fields(s), " "), nameMax))
}

// msisdn reads a phone number in any of the ways in which people and systems write
// one, or gives nothing: a number without its country code is nobody's number.
func msisdn(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-().", r) {
			return -1
		}
		return r
	}, s)
	if plain, ok := strings.CutPrefix(s, "+"); ok {
		s = plain
	} else {
		s = strings.TrimPrefix(s, "00")
	}
	if !phonePattern.MatchString(s) {
		return ""
	}
	return s
}

// wireUserDetails is the part of a payment that describes the customer.
type wireUserDetails struct {
	FirstName    looseText `json:"firstName"`
	LastName     looseText `json:"lastName"`
	MobileNumber looseText `json:"mobileNumber"`
}

func (w wireUserDetails) person() Person {
	return NewPerson(string(w.FirstName+" "+w.LastName), string(w.MobileNumber))
}

// looseText is a text that may have come as a number; anything else is empty.
type looseText string

// UnmarshalJSON never fails.
func (l *looseText) UnmarshalJSON(raw []byte) error {
	*l = looseText(firstText(map[string]json.RawMessage{"": raw}, ""))
	return nil
}
