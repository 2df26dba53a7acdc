package trip

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
)

func TestATripIsReadBackFromItsJournal(t *testing.T) {
	at := time.Date(2026, 10, 12, 14, 0, 0, 0, time.UTC)
	want, got := State{}, State{}
	for _, e := range []Event{
		Begun{ID: ID{"T122", "K7Q2X", 42}, Currency: money.NOK},
		FareShown{Fare{Total: 28650}},
		SettledBy{Cash},
	} {
		at = at.Add(time.Minute)
		want, _ = Step(want, at, e)
		body, err := json.Marshal(e)
		require.NoError(t, err)
		got, err = Replay(got, at, string(e.Kind()), body)
		require.NoError(t, err)
		got, err = Replay(got, at, QueueEvents+"parked", []byte("whatever"))
		require.NoError(t, err)
	}
	require.True(t, want.Equal(got))
	require.Equal(t, Settled, got.Phase)

	_, err := Replay(got, at, "teleported", nil)
	require.ErrorContains(t, err, "unknown to this version")
}
