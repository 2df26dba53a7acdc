package paper

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"taxiterminal/display/locale"
	"taxiterminal/money"
	"taxiterminal/trip/receipt"
)

// Options are what paper needs to know beyond what it reports.
type Options struct {
	Width  int      // columns; at least MinWidth is taken
	Header []string // the operator: name, organisation number, address
	Brand  string   // what the payment app is called, e.g. "Vipps"
	// Zone is where the clock on the paper runs; nil is the computer's own.
	Zone *time.Location
	// Copy marks what was printed before.
	Copy bool
}

// writer is a sheet with the words to write on it.
type writer struct {
	*sheet
	Options
	*locale.Catalogue
	currency money.Currency
}

func newWriter(c *locale.Catalogue, o Options, currency money.Currency) *writer {
	if o.Zone == nil {
		o.Zone = time.Local
	}
	return &writer{newSheet(o.Width), o, c, currency}
}

// word is a text of the catalogue; args are name, value, name, value.
func (w *writer) word(key string, args ...string) string {
	named := locale.Args{}
	for i := 1; i < len(args); i += 2 {
		named[args[i-1]] = args[i]
	}
	return w.Text(key, named)
}

func (w *writer) amount(m money.Minor) string { return w.Money(money.Of(m, w.currency)) }

// money writes a row with an amount.
func (w *writer) money(label string, m money.Minor, style Style) { w.row(label, w.amount(m), style) }

// count writes a row with a number, if there is anything to count.
func (w *writer) count(key string, n int) {
	if n > 0 {
		w.row(w.word(key), strconv.Itoa(n), Plain)
	}
}

// when writes a row with a time of day, if it is known.
func (w *writer) when(key string, t time.Time) {
	if !t.IsZero() {
		w.row(w.word(key), w.time(t), Plain)
	}
}

func (w *writer) time(t time.Time) string {
	t = t.In(w.Zone)
	two := func(n int) string { return fmt.Sprintf("%02d", n) }
	return w.word("receipt.time", "year", strconv.Itoa(t.Year()), "month", two(int(t.Month())), "day", two(t.Day()),
		"hour", two(t.Hour()), "minute", two(t.Minute())) + locale.Zone(t)
}

// number is a decimal with a point in the language's own way, e.g. "12,4".
func (w *writer) number(decimal string) string {
	point := strings.Trim(w.Money(money.Of(0, "")), "0") // "0,00" without its zeros
	return strings.Replace(decimal, ".", point, 1)
}

// percent is a rate without its sign, e.g. "12" or "13,5".
func (w *writer) percent(rate int) string {
	decimal := money.Minor(rate).Decimal()
	return w.number(strings.TrimSuffix(strings.TrimRight(decimal, "0"), "."))
}

func (w *writer) means(m receipt.Means) string {
	return w.word("receipt.means."+string(m), "brand", w.Brand)
}

// head writes the operator and what this is.
func (w *writer) head(title string, marks ...string) {
	for i, line := range w.Header {
		style := Plain
		if i == 0 {
			style = Strong
		}
		w.middle(line, style)
	}
	if len(w.Header) > 0 {
		w.blank()
	}
	w.middle(title, Big)
	if w.Copy {
		w.middle(w.word("receipt.copy"), Strong)
	}
	for _, mark := range marks {
		w.middle(mark, Strong)
	}
	w.blank()
}

// taxes write what is in the amounts, by rate.
func (w *writer) taxes(taxes []receipt.Tax) {
	for _, t := range taxes {
		w.money(w.word("receipt.vat", "rate", w.percent(t.Rate)), t.Tax, Plain)
		w.money(w.word("receipt.net", "rate", w.percent(t.Rate)), t.Net, Plain)
	}
}
