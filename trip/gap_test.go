package trip

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
)

// After a gap the meter may be in another passenger's ride. What it says then is not asked
// for as the rest of what this one has paid, or may have, until the driver says so.
func TestWhoseRideItIsStaysOpenUntilTheDriverSaysSo(t *testing.T) {
	shown := func(total money.Minor) Event { return FareShown{Fare{Total: total, Fare: total}} }
	wrong := FareShown{Fare{Total: 31000, Fare: 31000, Doubt: DoubtSum}}
	begun := []Event{Begun{ID: ID{Vehicle: "T122", File: "K7Q2X", Number: 42}, Currency: money.NOK}, shown(25000)}
	paid := append(begun, Created{N: 1, RedirectURL: "https://qr.example/1"},
		Observed{N: 1, Payment: Payment{State: "AUTHORIZED", Authorized: 25000}},
		Observed{N: 1, Payment: Payment{State: "AUTHORIZED", Authorized: 25000, Captured: 25000}, Ends: OpCapture})
	for _, c := range []struct {
		name   string
		before []Event
		events []Event
	}{
		{"another amount", paid, []Event{GapSeen{}, shown(31000)}},
		{"a request that may have been approved", begun, []Event{GapSeen{}, shown(31000)}},
		{"resumed and stopped again", paid, []Event{GapSeen{}, shown(31000), Resumed{}, shown(33000)}},
		{"the same once more, resumed", paid, []Event{GapSeen{}, shown(31000), shown(31000), Resumed{}, shown(33000)}},
		{"a wrong sum, read again", paid, []Event{GapSeen{}, wrong, shown(31000)}},
		{"a wrong sum, then another amount", paid, []Event{GapSeen{}, Resumed{}, wrong, shown(33000)}},
		{"a wrong sum twice, then another amount", paid, []Event{GapSeen{}, wrong, wrong, shown(33000)}},
		{"paid in cash", append(begun, SettledBy{Means: Cash}), []Event{GapSeen{}, shown(31000), Resumed{}, shown(33000)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s State
			var commands []Command
			for _, e := range c.before {
				s, _ = Step(s, time.Time{}, e)
			}
			for _, e := range c.events {
				var more []Command
				s, more = Step(s, time.Time{}, e)
				commands = append(commands, more...)
			}
			require.Equal(t, DoubtGap, s.Fare.Doubt)
			for _, cmd := range commands {
				require.NotEqual(t, OpCreate, cmd.Op, "asked for without the driver's word")
			}
			s, _ = Step(s, time.Time{}, NewAsked{})
			require.Empty(t, s.Fare.Doubt)
			s, _ = Step(s, time.Time{}, Resumed{})
			s, _ = Step(s, time.Time{}, shown(35000))
			require.Empty(t, s.Fare.Doubt, "his word is about the ride")
		})
	}
	s := State{}
	for _, e := range append(paid, GapSeen{}, shown(25000), Resumed{}, shown(31000)) {
		s, _ = Step(s, time.Time{}, e)
	}
	require.Empty(t, s.Fare.Doubt, "the amount that was paid is on the meter still: it is the same ride")
}
