package jtt905

import (
	"time"

	"taxiterminal/device/meter"
)

// record translates a trip.
func (c Config) record(t Trip) meter.Record {
	r := meter.Record{
		Total:       t.Amount,
		Supplements: t.Surcharge,
		Distance:    new(t.Distance * 100),
		Start:       c.local(t.Boarded),
		Finish:      c.local(t.Alighted),
		Key:         t.key().String(),
	}
	if c.SurchargeAdded {
		r.Total += t.Surcharge
	}
	if r.Fare = r.Total - r.Supplements; r.Fare < 0 {
		r.Doubts = append(r.Doubts, meter.DoubtSum)
	}
	if t.Payment == PaidM1Card || t.Payment == PaidCPUCard {
		r.Doubts = append(r.Doubts, meter.DoubtPaid)
	}
	return r
}

// local puts the meter's wall clock into its zone.
func (c Config) local(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, c.zone())
}

// wall is the meter's wall clock at t, given as if it were UTC.
func (c Config) wall(t time.Time) time.Time {
	t = t.In(c.zone())
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

func (c Config) zone() *time.Location { return time.FixedZone("", int(c.Offset/time.Second)) }
