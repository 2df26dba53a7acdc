package trip

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
)

// TestNothingIsFetchedOfAPaymentThatAPhoneMayHaveMade: a claim asks for nothing to be
// shared, so that the errand would go on in vain for as long as the API tells.
func TestNothingIsFetchedOfAPaymentThatAPhoneMayHaveMade(t *testing.T) {
	for _, claimed := range []bool{false, true} {
		var s State
		list := []Event{
			Begun{ID: ID{Vehicle: "T122", File: "K7Q2X", Number: 1}, Currency: money.NOK, Terms: Terms{Share: "phoneNumber"}},
			FareShown{Fare: Fare{Total: 25000, Fare: 25000}},
		}
		if claimed {
			list = append(list, ClaimShown{N: 1})
		}
		list = append(list, Observed{N: 1, Payment: Payment{State: "AUTHORIZED", Authorized: 25000, Captured: 25000}}, Vacated{})
		for _, e := range list {
			s, _ = Step(s, time.Time{}, e)
		}
		require.Equal(t, !claimed, s.Attempts[0].Profile.Open)
		require.Equal(t, claimed, s.Closed())
	}
}
