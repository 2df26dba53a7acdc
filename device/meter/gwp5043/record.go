package gwp5043

import (
	"fmt"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/money"
)

// key names the trip: the same for every record of it, and for no other.
func (r *Record) key() string { return fmt.Sprintf("%s-%08x-%08x", r.Serial, r.Board, r.Exit) }

// same says whether both say the same of the same trip.
func (r *Record) same(other *Record) bool {
	a, b := *r, *other
	a.Now, a.Speed, a.Printed = 0, 0, false
	b.Now, b.Speed, b.Printed = 0, 0, false
	return a == b
}

// exact says that the record agrees with itself to the second and the last count.
func (r *Record) exact() bool {
	return r.consistent() && uint16(r.Exit-r.Board) == r.Travel
}

// timeSlack is how far apart two of the meter's stamps of the same moment may be.
const timeSlack = 2 // seconds

// consistent says that the record does not contradict itself.
func (r *Record) consistent() bool {
	off := int16(uint16(r.Exit-r.Board) - r.Travel) // travel time starts again after 18 hours
	return uint16(r.Fare) == r.Fare16 && r.Exit >= r.Board && int64(r.Exit) <= int64(r.Now)+timeSlack &&
		off >= -timeSlack && off <= timeSlack
}

// near says whether two stamps can be of the same moment.
func near(a, b uint32) bool { return since(a, b).Abs() <= timeSlack*time.Second }

// age is how long ago the trip ended, by the meter's clock.
func (r *Record) age() time.Duration { return since(r.Exit, r.Now) }

// record translates.
func (c Config) record(r *Record, doubts ...meter.Doubt) meter.Record {
	return meter.Record{
		Total:    c.amount(int64(r.Fare)),
		Fare:     c.amount(int64(r.Fare)),
		Distance: new(int64(r.Distance)),
		Start:    c.when(r.Board),
		Finish:   c.when(r.Exit),
		Key:      r.key(),
		Doubts:   doubts,
	}
}

// amount turns the meter's counts into minor units.
func (c Config) amount(counts int64) money.Minor {
	for range 2 - c.Decimals {
		counts *= 10
	}
	return money.Minor(counts)
}

// when reads a stamp of the meter's clock, which counts as if its zone were UTC.
func (c Config) when(stamp uint32) time.Time {
	u := time.Unix(int64(stamp), 0).UTC()
	return time.Date(u.Year(), u.Month(), u.Day(), u.Hour(), u.Minute(), u.Second(), 0, c.Zone)
}
