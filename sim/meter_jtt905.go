package sim

import (
	"fmt"
	"slices"

	"taxiterminal/device/meter"
	"taxiterminal/device/meter/jtt905"
	"taxiterminal/money"
)

var jtt905Protocol = Protocol{
	Name:  "jtt905",
	About: "Tells when a trip begins and ends, and the fare at its end: the passenger pays then.",
	make: func(o MeterOptions, _ money.Currency) (Meter, error) {
		return jtt905Meter{jtt905.NewSimulator(jtt905.SimulatorConfig{
			Plate: jtt905Plate, Certificate: jtt905Certificate,
			Flagfall: roundUp(o.Flagfall), PerSecond: roundUp(o.PerSecond), Speed: o.Speed,
		})}, nil
	},
	table: func(MeterOptions, money.Currency) []string {
		return []string{
			`line = "9600 8N1"`, `role = "isu"`,
			fmt.Sprintf("plate = %q", jtt905Plate), fmt.Sprintf("certificate = %q", jtt905Certificate),
		}
	},
}

// Of the simulated car and its driver. They belong to nobody.
const (
	jtt905Plate       = "AB1234"
	jtt905Certificate = "SIMULATEDDRIVER001"
)

type jtt905Meter struct{ *jtt905.Simulator }

func (m jtt905Meter) Tells() Tells { return Tells{Live: true, Keep: true} }

func (m jtt905Meter) Reading() Reading {
	r := m.Simulator.Reading()
	return Reading{On: r.On, Plugged: r.Plugged, Position: jtt905Positions[r.State], Fare: r.Fare, Extras: r.Surcharge, Total: r.Total}
}

var jtt905Positions = map[jtt905.State]meter.Position{
	jtt905.Vacant: meter.ForHire, jtt905.TimeOn: meter.Hired, jtt905.TimeOff: meter.Stopped,
}

func (m jtt905Meter) Extras(amount money.Minor) error { return m.Surcharge(amount) }

func (m jtt905Meter) SetFare(fare money.Minor) error {
	if err := inSteps(fare); err != nil {
		return err
	}
	return m.Simulator.SetFare(fare)
}

func (m jtt905Meter) Keys() []Key {
	return slices.Concat(clockKeys(m), powerKeys(m), []Key{
		{Name: "signout", Label: "Sign out", About: "end the shift and tell its totals", When: free, Press: m.SignOut},
		{Name: "signin", Label: "Sign in", About: "begin a shift", When: free, Press: m.SignIn},
		fault("loseanswers", "miss the next three answers", func() { m.LoseAnswers(3) }),
		fault("loserequests", "miss the next three requests", func() { m.LoseRequests(3) }),
		fault("misprint", "the amount of the next record has a digit above nine", func() { m.Misprint(1) }),
		fault("fail", "the status tells a fault", func() { m.Fail(4) }),
		fault("mend", "the status tells none", func() { m.Fail(0) }),
		fault("badspeed", "the speed signal is abnormal", func() { m.BadSpeed(true) }),
		fault("goodspeed", "the speed signal is normal", func() { m.BadSpeed(false) }),
		fault("resetclock", "put the clock back to the year 2000", m.ResetClock),
		fault("resend", "send the record of the last trip again", m.Resend),
		fault("sendold", "send the record of a trip of three days ago, 42.00", func() { m.SendOld(900_000, 4200, 3) }),
		fault("card", "the next trip is paid at the meter, with a card", func() { m.SwipeCard(32) }),
	})
}
