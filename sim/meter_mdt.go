package sim

import (
	"slices"

	"taxiterminal/device/meter"
	"taxiterminal/device/meter/mdt"
	"taxiterminal/money"
)

var mdtProtocol = Protocol{
	Name:  "mdt",
	About: "Tells every key and, while it is stopped, the fare: the passenger pays at Stopped.",
	make: func(o MeterOptions, _ money.Currency) (Meter, error) {
		return mdtMeter{mdt.NewSimulator(mdt.SimulatorConfig{
			Flagfall: o.Flagfall, PerSecond: o.PerSecond, Speed: o.Speed,
			LongForm: o.LongForm, TLC: o.TLC, FareAtVacant: o.FareAtVacant,
		}), o}, nil
	},
	table: mdtTable,
}

func mdtTable(o MeterOptions, _ money.Currency) []string {
	usual := "pulsar"
	switch {
	case o.FareAtVacant:
		usual = "fare_at_vacant"
	case o.LongForm:
		usual = "centrodyne"
	}
	profile := orDefault(o.Profile, usual)
	table := []string{`profile = "` + profile + `"`}
	if profile == "pulsar" {
		table = append(table, "running_fare = true")
	}
	return table
}

type mdtMeter struct {
	*mdt.Simulator
	options MeterOptions
}

func (m mdtMeter) Tells() Tells { return Tells{Live: true, Stop: !m.options.FareAtVacant} }

func (m mdtMeter) Reading() Reading {
	r := m.Simulator.Reading()
	return Reading{On: r.On, Plugged: r.Plugged, Position: mdtPositions[r.State], Fare: r.Fare, Extras: r.Extras, Total: r.Total}
}

var mdtPositions = map[mdt.State]meter.Position{
	mdt.Vacant: meter.ForHire, mdt.TimeOn: meter.Hired, mdt.TimeOff: meter.Stopped, mdt.Payment: meter.Stopped,
}

func (m mdtMeter) Keys() []Key {
	keys := clockKeys(m)
	payment := Key{Name: "payment", Label: "Payment", About: "begin the payment", When: onTrip, Press: m.Payment}
	return slices.Concat(slices.Insert(keys, len(keys)-1, payment), powerKeys(m), []Key{
		fault("loseacks", "miss the next three acknowledgements", func() { m.LoseAcks(3) }),
		fault("loserequests", "miss the next three requests", func() { m.LoseRequests(3) }),
		fault("miscount", "the next two totals are 1.00 too high", func() { m.Miscount(2) }),
		fault("busy", "refuse requests", func() { m.Busy(true) }),
		fault("idle", "answer requests again", func() { m.Busy(false) }),
		fault("fail", "report a failure", func() { m.Fail(1) }),
		fault("mend", "report that the failure is over", func() { m.Fail(0) }),
		fault("timedout", "report that it waited for the terminal in vain", m.TimeOut),
		fault("tripdata", "send the record of the last trip without being asked", m.SendTripData),
		fault("card", "send a frame of a card reader", func() { m.SwipeCard(mdt.IDCardData, "0000000000000000") }),
	})
}
