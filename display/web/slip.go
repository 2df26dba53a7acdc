package web

import (
	"strconv"
	"strings"
	"time"

	"taxiterminal/display/locale"
	"taxiterminal/money"
	"taxiterminal/trip/receipt"
)

// Slip is a receipt with its words.
type Slip struct {
	Trip, When string
	Lines      []SlipLine
	Total      string
	Taxes      []SlipLine
	Payments   []SlipLine
	Typed      string // the words of the mark; empty without
}

// SlipLine is one line of a receipt: what, how much of it or a reference, the amount.
type SlipLine struct{ What, Note, Amount string }

// slip puts a receipt into words.
func (s scene) slip(r receipt.Receipt) Slip {
	slip := Slip{
		Trip:  s.text("page.trip", locale.Args{"trip": r.Number}),
		When:  s.span(r.Begun, r.Ended),
		Total: s.in(r.Currency, r.Total),
	}
	for _, l := range r.Lines {
		slip.Lines = append(slip.Lines, SlipLine{s.T("receipt.item." + string(l.Item)), s.quantity(l), s.in(r.Currency, l.Total)})
	}
	for _, t := range r.Taxes {
		what := s.text("receipt.vat", locale.Args{"rate": s.rate(t.Rate)})
		slip.Taxes = append(slip.Taxes, SlipLine{What: what, Amount: s.in(r.Currency, t.Tax)})
	}
	for _, p := range r.Payments {
		slip.Payments = append(slip.Payments, SlipLine{s.T("receipt.means." + string(p.Means)), p.Reference, s.in(r.Currency, p.Amount)})
	}
	if r.Typed {
		slip.Typed = s.T("receipt.typed")
	}
	return slip
}

// in is an amount of a currency that is known from the context.
func (s scene) in(c money.Currency, m money.Minor) string { return s.Money(money.Of(m, c)) }

// quantity is e.g. "12,4 km"; empty without.
func (s scene) quantity(l receipt.Line) string {
	if l.Quantity == "" || l.Unit == "" {
		return ""
	}
	return s.text("receipt.unit."+string(l.Unit), locale.Args{"quantity": s.decimal(l.Quantity)})
}

// rate is a VAT rate without needless zeros, e.g. "12" or "25,5".
func (s scene) rate(hundredths int) string {
	text := money.Minor(hundredths).Decimal()
	return s.decimal(strings.TrimSuffix(strings.TrimRight(text, "0"), "."))
}

// decimal is a number with a point, as the language writes it.
func (s scene) decimal(number string) string { return s.catalogue.Decimal(number) }

// span is when a trip began and ended, as far as that is known.
func (s scene) span(begun, ended time.Time) string {
	switch {
	case ended.IsZero() && begun.IsZero():
		return ""
	case ended.IsZero():
		return s.when(begun)
	case begun.IsZero():
		return s.when(ended)
	}
	ended = ended.In(s.location)
	return s.when(begun) + "–" + ended.Format("15:04") + locale.Zone(ended)
}

// when is a moment in the car's time zone, as the language writes it; empty if it is
// not known.
func (s scene) when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(s.location)
	return s.text("receipt.time", locale.Args{
		"day": t.Format("02"), "month": t.Format("01"), "year": t.Format("2006"),
		"hour": t.Format("15"), "minute": t.Format("04"),
	}) + locale.Zone(t)
}

// age is how long ago something was, in its largest unit.
func (s scene) age(since, now time.Time) string {
	key, n := "driver.age_minutes", max(0, now.Sub(since)/time.Minute)
	switch {
	case n >= 48*60:
		key, n = "driver.age_days", n/(24*60)
	case n >= 2*60:
		key, n = "driver.age_hours", n/60
	}
	return s.text(key, locale.Args{"count": strconv.Itoa(int(n))})
}
