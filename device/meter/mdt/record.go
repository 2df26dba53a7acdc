package mdt

import (
	"taxiterminal/device/meter"
	"taxiterminal/money"
)

// record translates trip data and says whether its sum is right, or need not be.
func (c Config) record(m TripData) (r *meter.Record, sound bool) {
	r = &meter.Record{
		Total:       m.NetTotal,
		Fare:        m.Fare,
		Supplements: m.Extras,
		Tax:         m.Tax + m.MTATax,
		Distance:    new(c.metres(m.Distance)),
	}
	return r, !c.CheckSum || r.Total == r.Fare+r.Supplements+r.Tax
}

// metres turns tenths of the meter's unit into metres.
func (c Config) metres(tenths int64) int64 {
	if c.Unit == Mile {
		return (tenths*1609344 + 5000) / 10000 // 1609.344 m to the mile
	}
	return tenths * 100
}

// displayRecord is the record that the long form of 41 amounts to.
func displayRecord(d Display) *meter.Record {
	return &meter.Record{Total: d.Fare + d.Extras, Fare: d.Fare, Supplements: d.Extras, Tariff: string(rune(d.Rate))}
}

// sameAmounts compares what the passenger would be asked for.
func sameAmounts(a, b meter.Record) bool {
	type amounts struct{ total, fare, supplements, tax money.Minor }
	return amounts{a.Total, a.Fare, a.Supplements, a.Tax} == amounts{b.Total, b.Fare, b.Supplements, b.Tax}
}
