package sim

import (
	"slices"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/device/meter/gwp5043"
	"taxiterminal/money"
)

var gwp5043Protocol = Protocol{
	Name:  "gwp5043",
	About: "Only sends, the running fare too, and has no stop: the passenger pays when the trip is closed.",
	make: func(o MeterOptions, _ money.Currency) (Meter, error) {
		return gwp5043Meter{gwp5043.NewSimulator(gwp5043.SimulatorConfig{
			Decimals: 1, Flagfall: o.Flagfall, PerSecond: o.PerSecond, Speed: o.Speed, OldTrip: true,
		})}, nil
	},
	table: func(MeterOptions, money.Currency) []string {
		return []string{`line = "115200 8N1"`, "decimals = 1"}
	},
}

type gwp5043Meter struct{ *gwp5043.Simulator }

func (m gwp5043Meter) Tells() Tells { return Tells{Live: true} }

func (m gwp5043Meter) Reading() Reading {
	r := m.Simulator.Reading()
	return Reading{On: r.On, Plugged: r.Plugged, Position: gwp5043Positions[r.State], Fare: r.Fare, Total: r.Fare}
}

var gwp5043Positions = map[gwp5043.State]meter.Position{gwp5043.Vacant: meter.ForHire, gwp5043.Occupied: meter.Hired}

func (m gwp5043Meter) Hired() error             { return m.Occupied() }
func (m gwp5043Meter) Vacant() error            { return m.Vacancy() }
func (m gwp5043Meter) TimeOff() error           { return noKey("time off") }
func (m gwp5043Meter) Resume() error            { return noKey("resume") }
func (m gwp5043Meter) Extras(money.Minor) error { return noKey("extras") }
func (m gwp5043Meter) PowerOn()                 { m.Simulator.PowerOn(true) }

func (m gwp5043Meter) SetFare(fare money.Minor) error {
	if err := inSteps(fare); err != nil {
		return err
	}
	return m.Simulator.SetFare(fare)
}

// The bits of a frame that the faults flip: in its first byte, which hides the frame,
// and in the lowest byte of a record's fare.
const (
	startBit = 0
	fareBit  = 8*(6+63) + 7
)

func (m gwp5043Meter) Keys() []Key {
	return slices.Concat([]Key{
		{Name: "occupied", Label: "Occupied", About: "start a trip", When: free, Press: m.Occupied},
		{Name: "vacancy", Label: "Vacancy", About: "close the trip", When: driving, Press: m.Vacancy},
		{Name: "print", Label: "Print", About: "print and send the record of the last trip", Press: m.Print},
	}, powerKeys(m), []Key{
		fault("onsilent", "switch the meter on: silent until a key is pressed", func() { m.Simulator.PowerOn(false) }),
		fault("lose", "the next three frames vanish", func() { m.Lose(3) }),
		fault("damage", "the next three frames have a wrong first byte", func() { m.Flip(startBit, 3) }),
		fault("flipfare", "the fare of the next record has a wrong bit", func() { m.Flip(fareBit, 1) }),
		fault("clock", "put the meter's clock on by an hour", func() { m.ShiftClock(time.Hour) }),
		fault("exchange", "put another meter in this one's place", func() { m.Exchange("76543210") }),
	})
}
