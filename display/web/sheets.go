package web

import (
	"strconv"
	"time"

	"taxiterminal/display"
	"taxiterminal/display/locale"
	"taxiterminal/money"
	"taxiterminal/trip/receipt"
	"taxiterminal/trip/shift"
)

// tripScene is what the pages know about one trip of the list.
type tripScene struct {
	scene
	Detail display.TripDetail
	Row    Row
	Slip   Slip
}

func (s scene) trip(d display.TripDetail) tripScene {
	s.words = withWords(s.words, locale.Args{"trip": d.Line.Trip, "amount": s.Money(d.Line.Total)})
	s.Screen, s.Reason, s.Trip, s.Driver.Actions = d.Line.Screen, d.Line.Reason, d.Line.Trip, d.Actions
	return tripScene{scene: s, Detail: d, Row: s.row(d.Line), Slip: s.slip(d.Receipt)}
}

// Refundable says whether money can be given back here.
func (t tripScene) Refundable() bool { return t.PIN && t.Detail.Refundable.Value > 0 }

// MostDecimal is what can be given back at most, as it is typed on the keypad.
func (t tripScene) MostDecimal() string { return t.decimal(t.Detail.Refundable.Value.Decimal()) }

// RefundAll is the button for it.
func (t tripScene) RefundAll() string {
	return t.text("driver.refund_all", locale.Args{"amount": t.Money(t.Detail.Refundable)})
}

// RefundConfirm asks about an amount that the page fills in.
func (t tripScene) RefundConfirm() string {
	return t.text("driver.refund_confirm", locale.Args{"amount": amountSlot})
}

// amountSlot stands where the page's script puts an amount.
const amountSlot = "§"

// Pattern is how an amount is written, with the slot for its figures.
func (t tripScene) Pattern() string { return t.pattern(t.Detail.Refundable.Currency) }

// shiftScene is what the pages know about a shift.
type shiftScene struct {
	scene
	Sum     shift.Summary
	Takings []SlipLine
	Taxes   []SlipLine
	Opens   []OpenLine
}

// OpenLine is something that is not finished.
type OpenLine struct{ Trip, What, Age, Amount, Reference string }

func (s scene) shift(sum shift.Summary, now time.Time) shiftScene {
	out := shiftScene{scene: s, Sum: sum}
	for _, t := range sum.Takings {
		what := s.text("shift.count", locale.Args{
			"means": s.T("receipt.means." + string(t.Means)), "trips": strconv.Itoa(t.Trips),
		})
		out.Takings = append(out.Takings, SlipLine{What: what, Amount: s.in(sum.Currency, t.Amount)})
	}
	for _, t := range sum.Taxes {
		out.Taxes = append(out.Taxes, s.taxLine(sum.Currency, t))
	}
	for _, o := range sum.Open {
		line := OpenLine{o.Trip, s.T("shift.open." + string(o.Kind)), "", s.in(sum.Currency, o.Amount), o.Reference}
		if !o.Since.IsZero() {
			line.Age = s.age(o.Since, now)
		}
		out.Opens = append(out.Opens, line)
	}
	return out
}

func (s scene) taxLine(c money.Currency, t receipt.Tax) SlipLine {
	return SlipLine{
		What:   s.text("receipt.vat", locale.Args{"rate": s.rate(t.Rate)}),
		Note:   s.in(c, t.Gross),
		Amount: s.in(c, t.Tax),
	}
}

// Closed says that the shift has ended.
func (s shiftScene) Closed() bool { return !s.Sum.To.IsZero() }

// Span is when the shift began, and ended if it did.
func (s shiftScene) Span() string {
	if s.Sum.From.IsZero() {
		return ""
	}
	if !s.Closed() {
		return s.when(s.Sum.From)
	}
	return s.when(s.Sum.From) + " – " + s.when(s.Sum.To)
}

// In is an amount in the shift's currency.
func (s shiftScene) In(m money.Minor) string { return s.in(s.Sum.Currency, m) }

// Less is an amount in the shift's currency that is taken off.
func (s shiftScene) Less(m money.Minor) string { return s.In(-m) }

// Numbers are the first and the last trip, e.g. "0038–0042".
func (s shiftScene) Numbers() string {
	if s.Sum.First == 0 {
		return ""
	}
	first, last := number(s.Sum.First), number(s.Sum.Last)
	if first == last {
		return first
	}
	return first + "–" + last
}

// number is a trip's number as the meter's lists have it.
func number(n int64) string {
	text := strconv.FormatInt(n, 10)
	for len(text) < 4 {
		text = "0" + text
	}
	return text
}
