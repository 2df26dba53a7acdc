package capture

import (
	"errors"
	"fmt"
	"strings"

	"taxiterminal/money"
)

// Numbers is how a meter prints numbers.
type Numbers struct {
	Currency  money.Currency
	Decimal   string // the decimal sign; empty: there is none
	Thousands string // every sign that may stand between groups of three
	Implied   int    // digits after a decimal sign that is not printed, 0 or 2
}

// errNumber is kept without the text that was read, which may be anything.
var errNumber = errors.New("is no number in the configured notation")

// maxDigits is more than any fare has and less than overflows.
const maxDigits = 12

// Money reads an amount: whole units, or with two decimals. A sign may stand before
// or behind it. Everything that could be meant in two ways is refused.
func (n Numbers) Money(s string) (money.Minor, error) {
	if n.Decimal != "" {
		s = strings.TrimSuffix(strings.TrimSpace(s), n.Decimal+"-") // as in 468,-
	}
	whole, frac, negative, err := n.split(s)
	if err != nil {
		return 0, err
	}
	switch {
	case n.Implied > 0:
		return signed(negative, digits(whole)), nil
	case frac == "":
		return signed(negative, digits(whole)*100), nil
	case len(frac) == 2:
		return signed(negative, digits(whole)*100+digits(frac)), nil
	}
	return 0, fmt.Errorf("%w: %d decimals", errNumber, len(frac))
}

// Metres reads kilometres with at most three decimals.
func (n Numbers) Metres(s string) (int64, error) {
	n.Implied = 0
	whole, frac, negative, err := n.split(s)
	if err != nil || negative || len(frac) > 3 {
		return 0, errNumber
	}
	return digits(whole)*1000 + digits((frac + "000")[:3]), nil
}

// split takes a number apart into digits before and after the decimal sign.
func (n Numbers) split(s string) (whole, frac string, negative bool, err error) {
	s, negative = sign(strings.TrimSpace(s))
	whole = s
	if n.Decimal != "" {
		var has bool
		if whole, frac, has = strings.Cut(s, n.Decimal); has && frac == "" {
			return "", "", false, errNumber
		}
	}
	whole, ok := n.ungroup(whole)
	if !ok || !allDigits(whole) || whole == "" || frac != "" && !allDigits(frac) || len(whole)+len(frac) > maxDigits {
		return "", "", false, errNumber
	}
	return whole, frac, negative, nil
}

func sign(s string) (string, bool) {
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		return strings.TrimSpace(rest), true
	}
	if rest, ok := strings.CutSuffix(s, "-"); ok {
		return strings.TrimSpace(rest), true
	}
	return s, false
}

// ungroup takes out the thousands signs, if they stand where they must and are all
// the same.
func (n Numbers) ungroup(s string) (string, bool) {
	i := strings.IndexAny(s, n.Thousands)
	if n.Thousands == "" || i < 0 {
		return s, true
	}
	groups := strings.Split(s, s[i:i+1])
	if len(groups[0]) < 1 || len(groups[0]) > 3 {
		return "", false
	}
	for _, g := range groups[1:] {
		if len(g) != 3 {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

func allDigits(s string) bool {
	for _, b := range []byte(s) {
		if b < '0' || b > '9' {
			return false
		}
	}
	return true
}

// digits is the value of at most maxDigits digits.
func digits(s string) (v int64) {
	for _, b := range []byte(s) {
		v = v*10 + int64(b-'0')
	}
	return v
}

func signed(negative bool, v int64) money.Minor {
	if negative {
		v = -v
	}
	return money.Minor(v)
}
