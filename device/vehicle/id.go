package vehicle

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// ValidVehicle reports whether a car's id can stand at the start of a key and in
// the name of a code: a letter, then up to 15 letters and digits.
var ValidVehicle = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,15}$`).MatchString

// validFile is for a journal's own random name.
var validFile = regexp.MustCompile(`^[A-Za-z0-9]{1,8}$`).MatchString

// ValidID reports whether a code may have this id: 1 to 128 characters of
// [A-Za-z0-9_-]. The API takes more (spaces, %, some letters beyond ASCII), but
// those have to be escaped in paths and are mistyped.
func ValidID(s string) bool { return len(s) <= maxID && codeID.MatchString(s) }

const maxID = 128

var codeID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// target is the API's own pattern (merchant redirect, redirectUrl).
var target = regexp.MustCompile(`^https://[\w.]+([\w#!:.?+=&%@\-/]+)?$`)

// maxTarget is ours: longer than any address that makes sense, short enough to log
// nothing silly and keep in every event.
const maxTarget = 1024

// ValidTarget reports whether a code may lead there: https, then a letter, digit,
// underscore or dot, then only [A-Za-z0-9_#!:.?+=&%@/-], at most 1024 characters.
// No other address is taken by the API, among them those with ~ , ; ( $ * or a space.
func ValidTarget(s string) bool { return len(s) <= maxTarget && target.MatchString(s) }

// alphabet is Crockford's base 32: no letter that looks like a digit.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewID makes an id for a new code of a car, e.g. "taxi-T122-7GK2QX": it says whose
// it is, and its end makes it unlike any that was used up before. rnd is
// crypto/rand.Reader but in tests.
func NewID(vehicle string, rnd io.Reader) (string, error) {
	if !ValidVehicle(vehicle) {
		return "", fmt.Errorf("make code id: vehicle id is not a letter and up to 15 letters and digits")
	}
	end, err := random(6, rnd)
	if err != nil {
		return "", fmt.Errorf("make code id: %w", err)
	}
	return idPrefix(vehicle) + end, nil
}

// Ours reports whether an id was made by NewID for this car, in whatever journal.
func Ours(vehicle, id string) bool {
	end, ok := strings.CutPrefix(id, idPrefix(vehicle))
	return ok && len(end) == 6 && strings.Trim(end, alphabet) == ""
}

func idPrefix(vehicle string) string { return "taxi-" + vehicle + "-" }

// NewToken makes 16 characters (80 bits) to put into a target, so that nobody finds
// the page of a car by counting. See Guessable.
func NewToken(rnd io.Reader) (string, error) {
	for {
		s, err := random(16, rnd)
		if err != nil {
			return "", fmt.Errorf("make token: %w", err)
		}
		if !guessable(s) {
			return s, nil
		}
	}
}

func random(n int, rnd io.Reader) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(rnd, b); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b), nil
}

// Guessable reports whether a target holds nothing that looks random, so that
// whoever knows the address of one car knows those of all. It is a warning to the
// operator, not a proof: it looks for ten letters and digits in a row, hyphens
// aside, that change between digits, capitals and small letters at least three times.
func Guessable(target string) bool {
	_, rest, _ := strings.Cut(strings.TrimPrefix(target, "https://"), "/")
	runs := strings.FieldsFunc(rest, func(r rune) bool { return r != '-' && class(r) == other })
	for _, run := range runs {
		if !guessable(run) {
			return false
		}
	}
	return true
}

func guessable(run string) bool {
	count, changes, last := 0, 0, other
	for _, r := range run {
		c := class(r)
		if c == other {
			continue
		}
		if count++; last != other && c != last {
			changes++
		}
		last = c
	}
	return count < 10 || changes < 3
}

// kind is what a character of a token is.
type kind int

const (
	other kind = iota
	digit
	small
	capital
)

func class(r rune) kind {
	switch {
	case '0' <= r && r <= '9':
		return digit
	case 'a' <= r && r <= 'z':
		return small
	case 'A' <= r && r <= 'Z':
		return capital
	}
	return other
}
