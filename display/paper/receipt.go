package paper

import (
	"slices"

	"taxiterminal/display/locale"
	"taxiterminal/money"
	"taxiterminal/trip/receipt"
)

// Receipt is a receipt on paper. A refund and a fare that the driver typed are
// marked as such, and so is a copy.
func Receipt(r receipt.Receipt, c *locale.Catalogue, o Options) []Line {
	w := newWriter(c, o, r.Currency)
	var marks []string
	if slices.ContainsFunc(r.Payments, func(p receipt.Payment) bool { return p.Means == receipt.Refund }) {
		marks = append(marks, w.word("receipt.refund"))
	}
	w.head(w.word("receipt.title"), marks...)
	w.row(w.word("receipt.vehicle"), r.Vehicle, Plain)
	w.row(w.word("receipt.trip"), r.Number, Plain)
	w.when("receipt.begun", r.Begun)
	w.when("receipt.ended", r.Ended)
	w.rule()
	w.items(r.Lines)
	w.rule()
	w.money(w.word("receipt.total"), r.Total, Strong)
	w.taxes(r.Taxes)
	w.blank()
	w.payments(r)
	if r.Typed {
		w.blank()
		w.text(w.word("receipt.typed"), Plain)
	}
	w.blank()
	w.middle(w.word("receipt.thanks"), Plain)
	return w.lines
}

func (w *writer) items(lines []receipt.Line) {
	for _, l := range lines {
		w.money(w.word("receipt.item."+string(l.Item)), l.Total, Plain)
		if l.Quantity != "" {
			w.text(w.word("receipt.unit."+string(l.Unit), "quantity", w.number(l.Quantity)), Plain)
		}
	}
}

// payments write how the total was settled, and what is missing.
func (w *writer) payments(r receipt.Receipt) {
	var settled money.Minor
	for _, p := range r.Payments {
		if p.Means != receipt.Refund {
			settled += p.Amount
		}
		w.money(w.means(p.Means), p.Amount, Plain)
		if p.Reference != "" {
			w.text(w.word("receipt.reference", "reference", p.Reference), Plain)
		}
	}
	if due := r.Total - settled; due > 0 {
		w.money(w.word("receipt.due"), due, Strong)
	}
}
