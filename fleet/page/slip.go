package page

import (
	"strings"
	"time"

	"taxiterminal/display/locale"
	"taxiterminal/money"
	"taxiterminal/trip/receipt"
)

// slip is a receipt in words.
type slip struct {
	When     string
	Lines    []line
	Total    string
	Taxes    []line
	Payments []line
	Typed    bool
}

// line is what, how much of it or a reference, the amount.
type line struct{ What, Note, Amount string }

// slip puts a receipt into words; nil for nil.
func (s scene) slip(r *receipt.Receipt) *slip {
	if r == nil {
		return nil
	}
	in := func(m money.Minor) string { return s.Money(money.Of(m, r.Currency)) }
	out := &slip{When: s.when(r.Ended), Total: in(r.Total), Typed: r.Typed}
	for _, l := range r.Lines {
		out.Lines = append(out.Lines, line{s.T("item." + string(l.Item)), s.quantity(l), in(l.Total)})
	}
	for _, t := range r.Taxes {
		what := s.catalogue.Text("receipt.vat", locale.Args{"rate": s.rate(t.Rate)})
		out.Taxes = append(out.Taxes, line{What: what, Amount: in(t.Tax)})
	}
	for _, p := range r.Payments {
		out.Payments = append(out.Payments, line{s.T("means." + string(p.Means)), p.Reference, in(p.Amount)})
	}
	return out
}

// quantity is e.g. "12,4 km"; empty without.
func (s scene) quantity(l receipt.Line) string {
	if l.Quantity == "" || l.Unit == "" {
		return ""
	}
	return s.catalogue.Text("unit."+string(l.Unit), locale.Args{"quantity": s.catalogue.Decimal(l.Quantity)})
}

// rate is a VAT rate without needless zeros, e.g. "12" or "25,5".
func (s scene) rate(hundredths int) string {
	text := money.Minor(hundredths).Decimal()
	return s.catalogue.Decimal(strings.TrimSuffix(strings.TrimRight(text, "0"), "."))
}

// when is a moment as the language writes it; empty if it is not known.
func (s scene) when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(s.renderer.location)
	return s.catalogue.Text("receipt.time", locale.Args{
		"day": t.Format("02"), "month": t.Format("01"), "year": t.Format("2006"),
		"hour": t.Format("15"), "minute": t.Format("04"),
	})
}
