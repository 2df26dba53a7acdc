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

// The passenger approves what was asked before the gap: that stands, and the driver's word
// about the new amount is wanted still.
func TestAnApprovalEndsNoDoubt(t *testing.T) {
	var s State
	for _, e := range []Event{
		Begun{ID: ID{Vehicle: "T122", File: "K7Q2X", Number: 42}, Currency: money.NOK},
		FareShown{Fare{Total: 25000, Fare: 25000}}, Created{N: 1, RedirectURL: "https://qr.example/1"},
		GapSeen{}, FareShown{Fare{Total: 31000, Fare: 31000}},
		Observed{N: 1, Payment: Payment{State: "AUTHORIZED", Authorized: 25000}, Ends: OpCancel},
	} {
		s, _ = Step(s, time.Time{}, e)
	}
	require.Equal(t, ProblemDoubtful, s.Problem.Kind)
	require.Equal(t, Notice{NoticeDoubtfulGap, 31000}, s.Notice)
	require.EqualValues(t, 25000, s.Held())
	_, commands := Step(s, time.Time{}, NewAsked{})
	require.Contains(t, ops(commands), OpCreate, "the difference")
}

// The meter went on after a correction, and was lost: nobody was told at the correction,
// because nothing was taken yet.
func TestWhatIsTooMuchIsToldWhenTheMeterIsLost(t *testing.T) {
	var s State
	for _, e := range []Event{
		Begun{ID: ID{Vehicle: "T122", File: "K7Q2X", Number: 42}, Currency: money.NOK},
		FareShown{Fare{Total: 25000, Fare: 25000}}, Created{N: 1, RedirectURL: "https://qr.example/1"},
		Observed{N: 1, Payment: Payment{State: "AUTHORIZED", Authorized: 25000}},
		FareShown{Fare{Total: 20000, Fare: 20000}}, Resumed{},
		Observed{N: 1, Payment: Payment{State: "AUTHORIZED", Authorized: 25000, Captured: 25000}, Ends: OpCapture},
		MeterLost{},
	} {
		s, _ = Step(s, time.Time{}, e)
	}
	require.Equal(t, Notice{NoticeOverpaid, 5000}, s.Notice)
}

func ops(commands []Command) (list []Op) {
	for _, c := range commands {
		list = append(list, c.Op)
	}
	return list
}

// What is too much while somebody has to look at the trip is told when he has.
func TestWhatIsTooMuchIsToldWhenATripIsNoLongerParked(t *testing.T) {
	var s State
	for _, e := range []Event{
		Begun{ID: ID{Vehicle: "T122", File: "K7Q2X", Number: 42}, Currency: money.NOK},
		FareShown{Fare{Total: 25000, Fare: 25000}}, Created{N: 1, RedirectURL: "https://qr.example/1"},
		Observed{N: 1, Payment: Payment{State: "AUTHORIZED", Authorized: 25000, Captured: 20000}},
		CallRejected{N: 1, Op: OpCapture, Code: "invalid", Payment: Payment{State: "AUTHORIZED", Authorized: 25000, Captured: 20000}},
		FareShown{Fare{Total: 15000, Fare: 15000}},
	} {
		s, _ = Step(s, time.Time{}, e)
	}
	require.Equal(t, Parked, s.Phase)
	s, _ = Step(s, time.Time{}, RetryAsked{})
	require.Equal(t, Notice{NoticeOverpaid, 5000}, s.Notice)
}
