package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/device/serialport"
	"taxiterminal/terminal/control"
)

// lineEvent and meterEvent make events for people who watch. A record's key is left
// out: some hold the car's plate.
func lineEvent(s serialport.Status, at time.Time) control.MeterEvent {
	e := control.MeterEvent{At: at, Kind: control.KindLine, State: string(s.State), Hint: s.Hint}
	if s.Err != nil {
		e.Detail = s.Err.Error()
	}
	return e
}

func meterEvent(m meter.Event, at time.Time) control.MeterEvent {
	e := control.MeterEvent{At: at}
	switch m := m.(type) {
	case meter.PositionChanged:
		e.Kind, e.State, e.Resync = control.KindPosition, string(m.Position), m.Resync
	case meter.RunningFare:
		e.Kind, e.Running = control.KindRunning, &control.RunningFare{Fare: m.Fare, Supplements: m.Supplements}
	case meter.TripRecord:
		e.Kind, e.Record = control.KindRecord, recordOf(m)
	case meter.Health:
		e.Kind, e.State, e.Detail = control.KindHealth, string(m.State), m.Detail
	}
	return e
}

func recordOf(m meter.TripRecord) *control.MeterRecord {
	r := &control.MeterRecord{
		Final: m.Final, Total: m.Record.Total, Fare: m.Record.Fare, Supplements: m.Record.Supplements,
		Tax: m.Record.Tax, Metres: m.Record.Distance, Tariff: m.Record.Tariff,
	}
	if t := m.Record.Start; !t.IsZero() {
		r.Start = &t
	}
	if t := m.Record.Finish; !t.IsZero() {
		r.Finish = &t
	}
	for _, d := range m.Record.Doubts {
		r.Doubts = append(r.Doubts, string(d))
	}
	return r
}

// eventPrinter prints events as they come: JSON a line each, or for people.
func (o *options) eventPrinter(w io.Writer) func(control.MeterEvent) error {
	if o.json {
		out := json.NewEncoder(w)
		return func(e control.MeterEvent) error { return out.Encode(e) }
	}
	return func(e control.MeterEvent) error {
		if e.Lost > 0 {
			fmt.Fprintf(w, "%12s  %d events were lost\n", "", e.Lost)
		}
		_, err := fmt.Fprintf(w, "%s  %-8s  %s\n", e.At.Local().Format("15:04:05.000"), e.Kind, eventText(e))
		return err
	}
}

func eventText(e control.MeterEvent) string {
	words := []string{strings.ReplaceAll(e.State, "_", " ")}
	switch {
	case e.Running != nil:
		words = []string{"fare " + e.Running.Fare.Decimal()}
		if e.Running.Supplements != 0 {
			words = append(words, ", supplements "+e.Running.Supplements.Decimal())
		}
	case e.Record != nil:
		words = []string{recordText(*e.Record)}
	}
	if e.Resync {
		words = append(words, " (read after a gap)")
	}
	if e.Detail != "" {
		words = append(words, ": "+e.Detail)
	}
	if e.Hint != "" {
		words = append(words, "; "+e.Hint)
	}
	return strings.Join(words, "")
}

func recordText(r control.MeterRecord) string {
	words := []string{"total " + r.Total.Decimal(), "fare " + r.Fare.Decimal()}
	if r.Supplements != 0 {
		words = append(words, "supplements "+r.Supplements.Decimal())
	}
	if r.Tax != 0 {
		words = append(words, "tax "+r.Tax.Decimal())
	}
	if r.Metres != nil {
		words = append(words, fmt.Sprintf("%d m", *r.Metres))
	}
	if r.Start != nil && r.Finish != nil {
		words = append(words, r.Start.Local().Format("2006-01-02 15:04")+" to "+r.Finish.Local().Format("15:04"))
	}
	words = append(words, map[bool]string{true: "final", false: "not final"}[r.Final])
	if len(r.Doubts) > 0 {
		words = append(words, "DOUBTED: "+strings.Join(r.Doubts, " "))
	}
	return strings.Join(words, ", ")
}
