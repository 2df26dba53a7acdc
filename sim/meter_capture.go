package sim

import (
	"fmt"
	"slices"
	"time"

	"taxiterminal/device/meter/capture"
	"taxiterminal/money"
)

var captureProtocol = Protocol{
	Name:  "capture",
	About: "Prints a receipt when the trip is closed and tells nothing before: the passenger pays then.",
	make: func(o MeterOptions, c money.Currency) (Meter, error) {
		s, err := capture.NewSimulator(capture.SimulatorConfig{
			Profile: captureProfile(o, c), Flagfall: o.Flagfall, PerSecond: o.PerSecond, Speed: o.Speed,
		})
		return captureMeter{s}, err
	},
	table: func(o MeterOptions, c money.Currency) []string {
		return []string{`line = "9600 8N1"`, fmt.Sprintf("profile = %q", captureProfile(o, c))}
	},
}

// captureProfile is the one that is asked for, or one whose receipts are in the currency.
func captureProfile(o MeterOptions, c money.Currency) string {
	return orDefault(o.Profile, map[money.Currency]string{
		money.NOK: "no-48", money.SEK: "se-42", money.DKK: "dk-42", money.EUR: "fi-32",
	}[c])
}

type captureMeter struct{ *capture.Simulator }

func (m captureMeter) Tells() Tells { return Tells{} }

func (m captureMeter) Reading() Reading {
	r := m.Simulator.Reading()
	return Reading{On: r.On, Plugged: r.Plugged, Position: r.Position, Fare: r.Fare, Extras: r.Extras, Total: r.Total}
}

func (m captureMeter) Keys() []Key {
	keys := clockKeys(m)
	keys[len(keys)-1].About = "close the trip and print the receipt"
	return slices.Concat(keys, []Key{
		{Name: "toll", Label: "Toll +25", About: "add a road toll of 25.00", When: onTrip, Press: func() error { return m.Toll(extra) }},
		{Name: "part", Label: "Part receipt", About: "print a part receipt, where the layout has one", When: onTrip, Press: m.PrintPart},
		{Name: "copy", Label: "Copy", About: "print the last receipt once more, marked as a copy", Press: m.Copy},
		{Name: "reprint", Label: "Print again", About: "print the last receipt once more, without a mark", Press: m.Reprint},
		{Name: "shift", Label: "Shift report", About: "print the shift report", Press: m.PrintShift},
	}, powerKeys(m), []Key{
		fault("picture", "the next print is a picture without text", func() { m.Pictures(1) }),
		fault("miscount", "the total of the next receipt is 1.00 too high", func() { m.Miscount(1) }),
		fault("cutshort", "the next print ends after two thirds", func() { m.CutShort(1) }),
		fault("skew", "the meter's clock is wrong by two hours", func() { m.Skew(2 * time.Hour) }),
		fault("unskew", "the meter's clock is right again", func() { m.Skew(0) }),
		fault("noise", "send bytes that nobody meant to send", func() { m.Noise([]byte("\x00\xff\x80\x1b\x7f\x81\xfe")) }),
	})
}
