// Package money holds amounts the way the law and the payment API count them:
// whole minor units (øre, cent) in an int64, next to the currency they are in.
// There is no float anywhere between the meter's digits and the JSON number that
// asks the passenger to pay.
package money

import (
	"fmt"
	"strconv"
	"strings"
)

// Minor is a number of minor units (1/100 of the currency) whose currency is
// known from the context: all amounts of one trip share the trip's currency.
type Minor int64

// Currency is an ISO 4217 code that Vipps MobilePay settles in.
type Currency string

const (
	NOK Currency = "NOK"
	DKK Currency = "DKK"
	EUR Currency = "EUR"
	SEK Currency = "SEK"
)

// digits is the number of decimals of every currency here; all of them have 100
// minor units to the major one.
const digits = 2

// ParseCurrency reads an ISO 4217 code, upper case, and refuses one whose minor
// units this package does not know.
func ParseCurrency(code string) (Currency, error) {
	switch c := Currency(code); c {
	case NOK, DKK, EUR, SEK:
		return c, nil
	}
	return "", fmt.Errorf("currency %q: want NOK, DKK, EUR or SEK", code)
}

// Amount is a sum of money that carries its currency, for the edges of the
// program: the payment API, the screens, reports.
type Amount struct {
	Value    Minor    `json:"value"`
	Currency Currency `json:"currency"`
}

// Of pairs minor units with their currency.
func Of(v Minor, c Currency) Amount { return Amount{Value: v, Currency: c} }

// String is the amount with a point and the code, e.g. "286.50 NOK", for logs and
// scripts. Screens format by language instead.
func (a Amount) String() string { return a.Value.Decimal() + " " + string(a.Currency) }

// Decimal is the value in major units with a point and two decimals, e.g. "-0.05".
func (m Minor) Decimal() string {
	sign, u := "", uint64(m)
	if m < 0 {
		sign, u = "-", -uint64(m)
	}
	return fmt.Sprintf("%s%d.%02d", sign, u/100, u%100)
}

// ParseDecimal reads major units with at most two decimals and a point or comma,
// e.g. "286.5" or "286,50", as people type them. Thousands signs are refused
// because "1.234" would be ambiguous.
func ParseDecimal(s string) (Minor, error) {
	s = strings.Replace(strings.TrimSpace(s), ",", ".", 1)
	whole, frac, _ := strings.Cut(s, ".")
	if whole == "" || len(frac) > digits || strings.ContainsAny(whole+frac, "+-") {
		return 0, fmt.Errorf("amount %q: want digits with at most two decimals, such as 286.50", s)
	}
	v, err := strconv.ParseInt(whole+frac+strings.Repeat("0", digits-len(frac)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("amount %q: want digits with at most two decimals, such as 286.50", s)
	}
	return Minor(v), nil
}
