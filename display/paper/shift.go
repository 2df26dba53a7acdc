package paper

import (
	"fmt"
	"strconv"

	"taxiterminal/display/locale"
	"taxiterminal/trip/shift"
)

// Shift is the report of a shift on paper. The amounts above its total add up to it.
func Shift(s shift.Summary, c *locale.Catalogue, o Options) []Line {
	w := newWriter(c, o, s.Currency)
	var marks []string
	if s.To.IsZero() {
		marks = append(marks, w.word("shift.so_far"))
	}
	w.head(w.word("shift.title"), marks...)
	w.when("shift.from", s.From)
	w.when("shift.to", s.To)
	w.trips(s)
	w.rule()
	w.takings(s)
	w.rule()
	w.money(w.word("shift.total"), s.Total, Strong)
	w.money(w.word("shift.tips"), s.Tips, Plain)
	w.taxes(s.Taxes)
	w.rule()
	w.open(s.Open)
	return w.lines
}

func (w *writer) trips(s shift.Summary) {
	w.row(w.word("shift.trips"), strconv.Itoa(s.Trips), Plain)
	if s.Trips > 0 {
		w.row(w.word("shift.first"), short(s.First), Plain)
		w.row(w.word("shift.last"), short(s.Last), Plain)
	}
	w.count("shift.typed", s.Typed)
	w.count("shift.void", s.Void)
	w.count("shift.gone", s.Gone)
}

// short is a trip's number as people say it.
func short(number int64) string { return fmt.Sprintf("%04d", number) }

func (w *writer) takings(s shift.Summary) {
	w.text(w.word("shift.takings"), Strong)
	for _, t := range s.Takings {
		w.money(w.word("shift.count", "means", w.means(t.Means), "trips", strconv.Itoa(t.Trips)), t.Amount, Plain)
	}
	if s.Due != 0 {
		w.money(w.word("shift.due"), s.Due, Plain)
	}
	if s.Over != 0 {
		w.money(w.word("shift.over"), -s.Over, Plain)
	}
}

func (w *writer) open(list []shift.Open) {
	if len(list) == 0 {
		w.text(w.word("shift.no_opens"), Plain)
		return
	}
	w.text(w.word("shift.opens"), Strong)
	for _, o := range list {
		w.money(o.Trip+" "+w.word("shift.open."+string(o.Kind)), o.Amount, Plain)
		w.when("shift.since", o.Since)
		if o.Reference != "" {
			w.text(w.word("receipt.reference", "reference", o.Reference), Plain)
		}
	}
}
