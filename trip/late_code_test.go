package trip

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
)

// TestACodeThatComesAfterALookIsTaken: a look at the payment may find it before the
// answer to the create, or to whoever asked what came of it, brings its code.
func TestACodeThatComesAfterALookIsTaken(t *testing.T) {
	var s State
	for _, e := range []Event{
		Begun{ID: ID{Vehicle: "T122", File: "K7Q2X", Number: 1}, Currency: money.NOK},
		FareShown{Fare: Fare{Total: 25000, Fare: 25000}},
		Observed{N: 1, Payment: Payment{State: "CREATED"}},
		Created{N: 1, RedirectURL: "https://example.com/code"},
	} {
		s, _ = Step(s, time.Time{}, e)
	}
	a, live := s.Live()
	require.True(t, live)
	require.Equal(t, AttemptCreated, a.State)
	require.Equal(t, "https://example.com/code", a.RedirectURL)
	again, cmds := Step(s, time.Time{}, Created{N: 1, RedirectURL: "https://example.com/other"})
	require.Empty(t, cmds)
	require.True(t, again.Equal(s), "the first code stands")
}
