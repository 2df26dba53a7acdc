package journal

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"taxiterminal/money"
	"taxiterminal/trip"
)

// Query chooses trips. The zero Query chooses all.
type Query struct {
	Vehicle  string    // empty: of all
	From, To time.Time // From inclusive, To exclusive; zero: no limit
	Open     bool      // only those to which something may still happen
	Limit    int       // the newest so many; 0: no limit
}

func (q Query) wants(t Trip) bool {
	return (q.Vehicle == "" || t.Vehicle == q.Vehicle) && (!q.Open || t.Open) &&
		(q.From.IsZero() || !t.At.Before(q.From)) && (q.To.IsZero() || t.At.Before(q.To))
}

// Trips are those that fit, newest first.
func (j *Journals) Trips(q Query) []Trip {
	j.mu.RLock()
	var list []Trip
	for _, k := range j.books.all {
		for _, t := range k.trips {
			if q.wants(t.Trip) {
				list = append(list, t.Trip)
			}
		}
	}
	j.mu.RUnlock()
	slices.SortFunc(list, func(a, b Trip) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Reference, a.Reference), cmp.Compare(a.Terminal, b.Terminal))
	})
	if q.Limit > 0 {
		list = list[:min(q.Limit, len(list))]
	}
	return list
}

// Line is one trip as in Trips, by its reference or that of one of its payments.
func (j *Journals) Line(reference string) (Trip, bool) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	t, ok := j.books.find(reference)
	if !ok {
		return Trip{}, false
	}
	return t.Trip, true
}

// Total is the sum of a vehicle's trips of one day, in one currency.
type Total struct {
	Day      string         `json:"day"` // e.g. "2026-10-12"
	Vehicle  string         `json:"vehicle"`
	Currency money.Currency `json:"currency"`
	Trips    int            `json:"trips"`
	Total    money.Minor    `json:"total"`
	Tip      money.Minor    `json:"tip"`
	App      money.Minor    `json:"app"`
	Refunded money.Minor    `json:"refunded"`
	Cash     money.Minor    `json:"cash"`
	Card     money.Minor    `json:"card"`
	Invoice  money.Minor    `json:"invoice"`
	Unpaid   money.Minor    `json:"unpaid"`
	Due      money.Minor    `json:"due"`
	Open     int            `json:"open"`
	Problems int            `json:"problems,omitempty"` // trips that are not in the sums
}

// Totals sums up trips by vehicle and day, the day being that of zone in which the
// trip began; oldest day first. Total + what was taken beyond it = App + Cash + Card +
// Invoice + Unpaid + Due, before refunds.
func Totals(trips []Trip, zone *time.Location) []Total {
	type key struct {
		day, vehicle string
		currency     money.Currency
	}
	sums := map[key]*Total{}
	for _, t := range trips {
		k := key{t.At.In(zone).Format(time.DateOnly), t.Vehicle, t.Currency}
		if sums[k] == nil {
			sums[k] = &Total{Day: k.day, Vehicle: k.vehicle, Currency: k.currency}
		}
		sums[k].add(t)
	}
	list := make([]Total, 0, len(sums))
	for _, s := range sums {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b Total) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Vehicle, b.Vehicle), cmp.Compare(a.Currency, b.Currency))
	})
	return list
}

func (s *Total) add(t Trip) {
	if t.Problem != "" {
		s.Problems++
		return
	}
	s.Trips++
	if t.Open {
		s.Open++
	}
	s.Total += t.Total
	s.Tip += t.Tip
	s.App += t.App
	s.Refunded += t.Refunded
	s.Unpaid += t.Unpaid
	s.Due += t.Due
	switch t.Means {
	case trip.Card:
		s.Card += t.ByHand
	case trip.Invoice:
		s.Invoice += t.ByHand
	default:
		s.Cash += t.ByHand
	}
}

// WriteCSV writes trips for a spreadsheet: a header, then one row each, amounts in
// major units with a point. No cell begins with a character that a spreadsheet takes
// for a formula.
func WriteCSV(w io.Writer, trips []Trip) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{"reference", "vehicle", "began", "clock", "state", "means", "currency", "total", "tip", "app", "refunded", "by_hand", "unpaid", "due", "open", "problem"})
	for _, t := range trips {
		clock := "car"
		if t.Guessed {
			clock = "gateway"
		}
		row := []string{t.Reference, t.Vehicle, t.At.Format(time.RFC3339), clock, string(cmp.Or(trip.Phase(t.Settlement), t.Phase)), string(t.Means), string(t.Currency)}
		for _, m := range []money.Minor{t.Total, t.Tip, t.App, t.Refunded, t.ByHand, t.Unpaid, t.Due} {
			row = append(row, m.Decimal())
		}
		_ = c.Write(append(row, strconv.FormatBool(t.Open), t.Problem))
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("report write: %w", err)
	}
	return nil
}

// WriteTotalsCSV writes sums in the manner of WriteCSV.
func WriteTotalsCSV(w io.Writer, totals []Total) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{"day", "vehicle", "currency", "trips", "total", "tip", "app", "refunded", "cash", "card", "invoice", "unpaid", "due", "open", "problems"})
	for _, t := range totals {
		row := []string{t.Day, t.Vehicle, string(t.Currency), strconv.Itoa(t.Trips)}
		for _, m := range []money.Minor{t.Total, t.Tip, t.App, t.Refunded, t.Cash, t.Card, t.Invoice, t.Unpaid, t.Due} {
			row = append(row, m.Decimal())
		}
		_ = c.Write(append(row, strconv.Itoa(t.Open), strconv.Itoa(t.Problems)))
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("report write: %w", err)
	}
	return nil
}
