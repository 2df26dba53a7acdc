package metertest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"taxiterminal/device/meter"
	"taxiterminal/money"
)

// Contract follows a driver's events and knows what may come next according to
// package meter. The zero value with Capabilities is ready for a new driver.
type Contract struct {
	Capabilities meter.Capabilities
	// Shown are the totals that the meter has shown. A record without doubts must have
	// one of them, and must close only one trip, so the trips' totals must all differ.
	// Nil looks at no total.
	Shown map[money.Minor]bool

	position meter.Position
	atStop   *meter.Record // told since the meter stopped
	closed   *meter.Record // a final record whose ForHire has not come yet
	finals   []meter.Record
}

// Event takes the driver's next event and says how it breaks the contract, or
// nothing.
func (c *Contract) Event(e meter.Event) string {
	switch e := e.(type) {
	case meter.PositionChanged:
		return c.positionChanged(e)
	case meter.TripRecord:
		return c.tripRecord(e)
	case meter.RunningFare:
		if c.Capabilities.LiveState && c.position != meter.Hired {
			return "running fare while not hired"
		}
	case meter.Health:
		if e.State == "" {
			return "health without a state"
		}
	}
	return ""
}

func (c *Contract) positionChanged(e meter.PositionChanged) string {
	was := c.position
	c.position = e.Position
	pending := c.closed
	c.closed = nil
	if e.Position != meter.Stopped || !e.Resync {
		c.atStop = nil
	}
	switch {
	case was == "" && !e.Resync:
		return "first position without Resync"
	case was == e.Position && !e.Resync:
		return "position repeated"
	case was == meter.ForHire && e.Position == meter.Stopped && !e.Resync:
		return "stopped without having been hired"
	case pending != nil && e.Position != meter.ForHire:
		return "final record not followed by ForHire"
	}
	return ""
}

func (c *Contract) tripRecord(e meter.TripRecord) string {
	if len(e.Record.Doubts) == 0 && c.Shown != nil && !c.Shown[e.Record.Total] {
		return fmt.Sprintf("sound record of %s, which the meter never showed", e.Record.Total.Decimal())
	}
	if e.Final {
		return c.final(e.Record)
	}
	switch {
	case !c.Capabilities.LiveState:
		return "record that is not final without live positions"
	case c.position != meter.Stopped:
		return "record of a stop while not stopped"
	case c.atStop != nil && reflect.DeepEqual(*c.atStop, e.Record):
		return "same record twice at one stop"
	}
	c.atStop = &e.Record
	return ""
}

func (c *Contract) final(r meter.Record) string {
	if slices.Contains(r.Doubts, meter.DoubtStale) {
		return "" // about a trip that is over, whatever the meter does now
	}
	switch {
	case c.closed != nil:
		return "two final records for one trip"
	case c.Capabilities.LiveState && c.position == meter.ForHire && r.Key == "":
		return "final record while no trip is open"
	case c.repeated(r):
		return "trip closed twice"
	}
	c.finals = append(c.finals, r)
	if c.Capabilities.LiveState && c.position != meter.ForHire {
		c.closed = &r
	}
	return ""
}

// repeated says whether r closes a trip that was closed before: one of the same key,
// or, among sound records, one of the same total, since those of a test all differ.
func (c *Contract) repeated(r meter.Record) bool {
	return slices.ContainsFunc(c.finals, func(old meter.Record) bool {
		sound := len(r.Doubts) == 0 && len(old.Doubts) == 0
		return r.Key != "" && r.Key == old.Key || sound && c.Shown != nil && r.Total == old.Total
	})
}

// show prints an event in short, without what depends on when the simulated trip was
// and how long it took: the distance, the times, and the key, which may be made of them.
func show(e meter.Event) string {
	switch e := e.(type) {
	case meter.PositionChanged:
		return fmt.Sprintf("%s resync=%t", e.Position, e.Resync)
	case meter.TripRecord:
		r := e.Record
		return fmt.Sprintf("record final=%t total=%d fare=%d supplements=%d tax=%d tariff=%q keyed=%t doubts=%v",
			e.Final, r.Total, r.Fare, r.Supplements, r.Tax, r.Tariff, r.Key != "", r.Doubts)
	}
	return fmt.Sprintf("%T %+v", e, e)
}

// list prints events one a line.
func list(events []meter.Event) string {
	var b strings.Builder
	for _, e := range events {
		b.WriteString(show(e) + "\n")
	}
	return b.String()
}
