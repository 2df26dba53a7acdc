// Package phone reads the phone number that a driver types for a passenger, and
// writes it so that it can be shown again without being given away.
//
//	msisdn, err := phone.Parse("412 34 567", "NO") // "4741234567"
//	shown := phone.Mask(msisdn)                    // "+47 ••• •• 567"
//
// What counts as a mobile number in which country comes from Google's
// libphonenumber, in its Go form. The package keeps nothing and logs nothing, and
// no error of it quotes what was typed.
package phone

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Reason is why a text is not a number that a payment can be sent to.
type Reason string

const (
	Empty     Reason = "empty"      // nothing was typed
	NotDigits Reason = "not_digits" // something else than digits, spaces and the signs between them
	TooShort  Reason = "too_short"
	TooLong   Reason = "too_long"
	NoCountry Reason = "no_country" // the country code does not exist
	NotInUse  Reason = "not_in_use" // the country gives out no such number
	NotMobile Reason = "not_mobile" // a land line or a service number
	BadHome   Reason = "bad_home"   // the car's own country is not one that is known here
)

// Reasons are all of them.
func Reasons() []Reason {
	return []Reason{Empty, NotDigits, TooShort, TooLong, NoCountry, NotInUse, NotMobile, BadHome}
}

// Error says why, and what to type instead. It never holds what was typed.
type Error struct{ Reason Reason }

func (e *Error) Error() string { return "phone number: " + hints[e.Reason] }

var hints = map[Reason]string{
	Empty:     "nothing typed, want a mobile number",
	NotDigits: "want digits only, with a country code such as +47 if it is a foreign number",
	TooShort:  "digits are missing, read it once more",
	TooLong:   "too many digits, read it once more",
	NoCountry: "no country has this code, read it once more",
	NotInUse:  "no such number is in use, read it once more",
	NotMobile: "not a mobile number, ask for the one of the passenger's own phone",
	BadHome:   "the car's country is not NO, SE, DK or FI, correct the configuration",
}

// homes are the countries whose numbers may be typed without a country code.
var homes = map[string]bool{"NO": true, "SE": true, "DK": true, "FI": true}

// maxTyped is longer than any number with all its spaces, in bytes.
const maxTyped = 40

// typed is what a person types between the digits. Letters are refused because the
// library would read them as keys of a telephone.
var typed = regexp.MustCompile(`^\+?[0-9 \x{a0}./()-]+$`)

// msisdn is the form of the payment API (customer.phoneNumber): country code and
// number, digits only.
var msisdn = regexp.MustCompile(`^[1-9][0-9]{8,14}$`)

// Parse reads what a driver typed: a national number of the car's own country
// (NO, SE, DK or FI), or any number with its country code after "+" or "00". It
// gives the number as the payment API wants it, 9 to 15 digits with the country
// code and without a sign, if it can be a mobile number. Every error is an *Error.
func Parse(text, country string) (string, error) {
	switch text = strings.TrimSpace(text); {
	case !homes[country]:
		return "", &Error{BadHome}
	case text == "":
		return "", &Error{Empty}
	case len(text) > maxTyped:
		return "", &Error{TooLong}
	case !typed.MatchString(text), !strings.ContainsAny(text, "0123456789"):
		return "", &Error{NotDigits}
	}
	number, err := phonenumbers.Parse(text, country)
	if err != nil {
		return "", &Error{reasonOf(err)}
	}
	if reason := mobile(number); reason != "" {
		return "", &Error{reason}
	}
	digits := strings.TrimPrefix(phonenumbers.Format(number, phonenumbers.E164), "+")
	if !msisdn.MatchString(digits) {
		return "", &Error{NotInUse}
	}
	return digits, nil
}

func reasonOf(err error) Reason {
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return NoCountry
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		return TooLong
	}
	return TooShort // also "not a number": there is hardly a digit in it
}

// mobile says why a number cannot be a mobile one; empty if it can. Some countries,
// Denmark among them, do not tell the two apart.
func mobile(n *phonenumbers.PhoneNumber) Reason {
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return ""
	case phonenumbers.UNKNOWN:
	default:
		return NotMobile
	}
	switch phonenumbers.IsPossibleNumberWithReason(n) {
	case phonenumbers.TOO_SHORT, phonenumbers.INVALID_LENGTH: // between two lengths
		return TooShort
	case phonenumbers.TOO_LONG:
		return TooLong
	case phonenumbers.INVALID_COUNTRY_CODE:
		return NoCountry
	}
	return NotInUse
}

// hidden stands for a number of which nothing can be shown.
const hidden = "•••"

// Mask shows a number that Parse gave so that the person who typed it knows it
// again: country code and the last three digits, the rest in a form that does not
// tell how many they are. Anything else is hidden altogether.
func Mask(number string) string {
	if !msisdn.MatchString(number) {
		return hidden
	}
	n, err := phonenumbers.Parse("+"+number, "")
	if err != nil {
		return hidden
	}
	code := strconv.Itoa(int(n.GetCountryCode()))
	return "+" + code + " ••• •• " + number[len(number)-3:]
}
