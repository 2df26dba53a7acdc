package receipt

import (
	"fmt"
	"time"

	"taxiterminal/trip"
)

// Country is where a car is licensed, whose tax is in its fares (ISO 3166-1).
type Country string

const (
	Norway  Country = "NO"
	Sweden  Country = "SE"
	Denmark Country = "DK"
	Finland Country = "FI"
)

// Countries are all of them.
func Countries() []Country { return []Country{Norway, Sweden, Denmark, Finland} }

// ParseCountry reads a code of two upper-case letters.
func ParseCountry(code string) (Country, error) {
	if _, ok := vat[Country(code)]; ok {
		return Country(code), nil
	}
	return "", fmt.Errorf("country %q: want NO, SE, DK or FI", code)
}

// ExemptRate is for a country or an operator without value added tax on fares; lines
// of it carry no tax and no receipt mentions a rate.
const ExemptRate = 0

// change is a rate and the midnight, in the country's own time, from which it holds.
type change struct {
	from time.Time
	rate int // hundredths of a percent
}

// vat are the rates on carrying passengers, oldest first. A rate is chosen by the
// end of the trip, so one that is already law for next year can stand here. The first
// row of a country only says that nothing older is needed.
var vat = map[Country][]change{
	// Parliament's yearly decision on value added tax, passenger transport: 12 % from
	// 2018, 6 % from April 2020 to September 2021, 12 % since.
	Norway: {
		{midnight(2018, time.January, 1, cet), 1200},
		{midnight(2020, time.April, 1, cest), 600},
		{midnight(2021, time.October, 1, cest), 1200},
	},
	// Mervärdesskattelagen, 6 % on carrying passengers, taxis included; the tax
	// agency's guidance of 2016.
	Sweden: {{midnight(2016, time.January, 1, cet), 600}},
	// Momsloven section 13(1) no. 15: carrying passengers is exempt; payroll tax
	// takes its place, which is not the passenger's affair.
	Denmark: {{midnight(2016, time.January, 1, cet), ExemptRate}},
	// Arvonlisäverolaki, passenger transport: 10 % to the end of 2024, 14 % in 2025,
	// 13.5 % from 2026.
	Finland: {
		{midnight(2018, time.January, 1, eet), 1000},
		{midnight(2025, time.January, 1, eet), 1400},
		{midnight(2026, time.January, 1, eet), 1350},
	},
}

// The clock of the night in which a rate changed. With it written next to the date
// the program needs no database of time zones, which a small board may lack.
var (
	cet  = time.FixedZone("CET", 1*60*60)
	cest = time.FixedZone("CEST", 2*60*60)
	eet  = time.FixedZone("EET", 2*60*60)
)

func midnight(y int, m time.Month, d int, z *time.Location) time.Time {
	return time.Date(y, m, d, 0, 0, 0, 0, z)
}

// Rate is the value added tax inside a fare, in hundredths of a percent (1200 is
// 12 %), of a trip that ended at a moment; 0 where fares are exempt and for a
// country that is not in the list. Before the first date that is known, it is the
// newest rate.
func Rate(c Country, at time.Time) int {
	changes := vat[c]
	for i := len(changes) - 1; i >= 0; i-- {
		if !at.Before(changes[i].from) {
			return changes[i].rate
		}
	}
	return newest(c)
}

func newest(c Country) int {
	changes := vat[c]
	if len(changes) == 0 {
		return ExemptRate
	}
	return changes[len(changes)-1].rate
}

// Rules are what a receipt needs to know beyond the trip.
type Rules struct {
	Country Country
	// Fixed is the operator's own rate in hundredths of a percent, 0 to 10000, in
	// place of the country's; nil for the country's.
	Fixed *int
}

// epoch is older than every trip that this program can have recorded: a clock that
// says less was never set.
var epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// Known is a moment of the car's clock, or zero if the clock cannot have been set.
func Known(t time.Time) time.Time {
	if t.Before(epoch) {
		return time.Time{}
	}
	return t.UTC()
}

// Rate is the rate for a trip, by when it ended. A trip that was recorded by a
// clock that was not set is taxed by the newest rate in the table.
func (r Rules) Rate(s trip.State) int {
	switch end := EndOf(s); {
	case r.Fixed != nil:
		return min(max(*r.Fixed, 0), 10000)
	case end.IsZero():
		return newest(r.Country)
	default:
		return Rate(r.Country, end)
	}
}

// EndOf is when a trip ended by the car's clock, UTC, as near as its state tells:
// when its newest payment was asked for, which is the moment of the stop; without
// any, when it was settled. Zero while the meter runs, while neither is known, and
// if the clock was not set.
func EndOf(s trip.State) time.Time {
	if s.Position == trip.Running {
		return time.Time{}
	}
	if a, ok := s.Last(); ok {
		return Known(a.RequestedAt)
	}
	return Known(s.SettledAt)
}

// BeginOf is when a trip began by the car's clock, UTC; zero if the clock was not set.
func BeginOf(s trip.State) time.Time { return Known(s.BegunAt) }
