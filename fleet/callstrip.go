package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
	_ "time/tzdata" // days are the operator's, also on a server without zones

	"taxiterminal/fleet/journal"
	"taxiterminal/fleet/office"
	"taxiterminal/fleet/registry"
	"taxiterminal/outbox"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
)

const (
	someTrips = 100
	mostTrips = 100_000 // some years of a large fleet's day, a year of a small one
)

// zones are those of the operator's country.
var zones = map[receipt.Country]string{
	receipt.Norway: "Europe/Oslo", receipt.Sweden: "Europe/Stockholm", receipt.Denmark: "Europe/Copenhagen", receipt.Finland: "Europe/Helsinki",
}

func (g *Gateway) zone() *time.Location {
	zone, err := time.LoadLocation(zones[g.cfg.Page.Country])
	if err != nil {
		return time.UTC
	}
	return zone
}

var notRead = &office.Error{Status: http.StatusServiceUnavailable, Message: "the cars' journals are still being read", Code: office.TooEarly, Hint: "try again in a minute"}

// query reads which trips are wanted.
func (g *Gateway) query(ctx context.Context, r request) (q journal.Query, err error) {
	if !g.journalsRead() {
		return q, notRead
	}
	q.Open = r.on("open")
	if id := r.FormValue("car"); id != "" {
		v, err := g.registry.Vehicle(ctx, id)
		if err != nil {
			return q, err
		}
		q.Vehicle = v.ID
	}
	if q.From, err = g.day(r.FormValue("from"), 0); err != nil {
		return q, err
	}
	if q.To, err = g.day(r.FormValue("to"), 1); err != nil {
		return q, err
	}
	if !q.To.IsZero() && !q.From.Before(q.To) {
		return q, malformed("from: want a day that is not after to")
	}
	return q, nil
}

// day is the beginning of a day, or of one so many days later; or a time as it is.
func (g *Gateway) day(text string, later int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, g.zone()); err == nil {
		return t.AddDate(0, 0, later), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, malformed("day %s: want one such as 2026-10-12", quoted(text))
	}
	return t, nil
}

func (g *Gateway) listTrips(ctx context.Context, r request) (any, error) {
	q, err := g.query(ctx, r)
	if err != nil {
		return nil, err
	}
	csv := r.FormValue("format") == "csv"
	some := someTrips
	if csv {
		some = mostTrips
	}
	if q.Limit, err = r.number("n", some, mostTrips); err != nil {
		return nil, err
	}
	trips := g.journals.Trips(q)
	if trips == nil {
		trips = []journal.Trip{}
	}
	if !csv {
		return trips, nil
	}
	var b bytes.Buffer
	err = journal.WriteCSV(&b, trips)
	return document{"text/csv; charset=utf-8", "trips.csv", b.Bytes()}, err
}

func (g *Gateway) report(ctx context.Context, r request) (any, error) {
	q, err := g.query(ctx, r)
	if err != nil {
		return nil, err
	}
	totals := journal.Totals(g.journals.Trips(q), g.zone())
	if r.FormValue("format") == "csv" {
		var b bytes.Buffer
		err = journal.WriteTotalsCSV(&b, totals)
		return document{"text/csv; charset=utf-8", "report.csv", b.Bytes()}, err
	}
	out := office.Report{From: r.FormValue("from"), To: r.FormValue("to"), Zone: g.zone().String(), Totals: totals}
	for _, f := range g.journals.Files() {
		if f.Broken || f.Missing || f.Waiting > 0 {
			out.Incomplete = append(out.Incomplete, f)
		}
	}
	return out, nil
}

// trip reads one with its rows.
func (g *Gateway) trip(ctx context.Context, reference string) (trip.State, []outbox.Link, error) {
	if !g.journalsRead() {
		return trip.State{}, nil, notRead
	}
	s, rows, err := g.journals.Trip(ctx, reference)
	if errors.Is(err, journal.ErrNoTrip) {
		err = &office.Error{Status: http.StatusNotFound, Message: "no trip " + quoted(reference), Code: string(registry.NotFound), Hint: "taxifleet trips lists them; want a reference such as T122-K7Q2X-0042"}
	}
	return s, rows, err
}

func (g *Gateway) showTrip(ctx context.Context, r request) (any, error) {
	s, rows, err := g.trip(ctx, r.PathValue("reference"))
	if err != nil {
		return nil, err
	}
	t := office.Trip{
		ID: s.ID.String(), Phase: s.Phase, Settled: s.Settlement, Means: s.Means, Currency: s.Currency, Total: s.Owed(),
		Captured: s.Captured(), Refunded: s.Refunded(), Problem: string(s.Problem.Kind), Begun: s.BegunAt,
		Receipt: receipt.Of(s, receipt.Rules{Country: g.cfg.Page.Country}), Payments: []office.Payment{},
	}
	for _, a := range s.Attempts {
		t.Payments = append(t.Payments, office.Payment{
			Reference: s.ID.Reference(a.N), State: a.State, Asked: a.Asked, Authorized: a.Authorized,
			Captured: a.Captured, Cancelled: a.Cancelled, Refunded: a.Refunded,
		})
	}
	for _, row := range rows {
		t.Events = append(t.Events, eventOf(row))
	}
	return t, nil
}

// eventOf leaves out what opens a payment or a receipt.
func eventOf(row outbox.Link) office.Event {
	e := office.Event{Seq: row.Seq, At: row.At, Kind: row.Kind}
	var body map[string]json.RawMessage
	if json.Unmarshal(row.Body, &body) != nil {
		return e
	}
	delete(body, "redirect_url")
	delete(body, "return_url")
	if len(body) > 0 {
		e.Body, _ = json.Marshal(body) // was read from JSON a moment ago
	}
	return e
}
