package locale

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"taxiterminal/money"
)

// nbsp keeps an amount on one line.
const nbsp = "\u00a0"

// numbers writes decimals as a language does, from Unicode CLDR: "1 286,50" with
// a non-breaking space in Norwegian, "1,286.50" in English.
type numbers struct {
	printer *message.Printer
	point   string // decimal sign
	minus   string // U+2212 in Norwegian
}

// numbersOf learns the signs of a language from samples, because x/text offers
// no way to ask for them.
func numbersOf(tag language.Tag) numbers {
	p := message.NewPrinter(tag)
	half := p.Sprint(number.Decimal(0.5, number.Scale(1)))
	return numbers{
		printer: p,
		point:   half[len("0") : len(half)-len("5")],
		minus:   strings.TrimSuffix(p.Sprint(number.Decimal(-1)), "1"),
	}
}

// decimal groups the whole units and adds two decimals. The amount stays in
// integers all the way.
func (n numbers) decimal(m money.Minor) string {
	sign, units := "", uint64(m)
	if m < 0 {
		sign, units = n.minus, -uint64(m)
	}
	cents := units % 100
	return sign + n.printer.Sprint(number.Decimal(units/100)) + n.point +
		string([]byte{byte('0' + cents/10), byte('0' + cents%10)})
}

// Money is an amount for people, e.g. "286,50 kr", all its spaces non-breaking. The
// pattern of the currency is the catalogue's "money.<code>".
func (c *Catalogue) Money(a money.Amount) string {
	before, figures, after := c.MoneyParts(a)
	return before + figures + after
}

// MoneyParts is Money in three pieces, for screens that write the currency
// smaller than the figures: what stands before them and after them keeps its
// space. An amount without a currency has figures only.
func (c *Catalogue) MoneyParts(a money.Amount) (before, figures, after string) {
	figures = c.numbers.decimal(a.Value)
	pattern, ok := c.texts["money."+string(a.Currency)]
	switch {
	case ok && len(pattern) == 3:
		unbroken := strings.NewReplacer(" ", nbsp)
		return unbroken.Replace(pattern[0]), figures, unbroken.Replace(pattern[2])
	case a.Currency == "":
		return "", figures, ""
	}
	return "", figures, nbsp + string(a.Currency)
}

// Decimal writes a number that has a point, e.g. "12.4", with the language's sign.
func (c *Catalogue) Decimal(number string) string {
	return strings.Replace(number, ".", c.numbers.point, 1)
}

// Point is the language's decimal sign.
func (c *Catalogue) Point() string { return c.numbers.point }
