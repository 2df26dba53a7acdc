package locale

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnHourThatComesTwiceHasItsZone(t *testing.T) {
	oslo, err := time.LoadLocation("Europe/Oslo")
	require.NoError(t, err)
	for utc, want := range map[string]string{
		"2026-10-24T23:59:59Z": "",      // 01:59
		"2026-10-25T00:00:00Z": " CEST", // 02:00, for the first time
		"2026-10-25T00:59:59Z": " CEST",
		"2026-10-25T01:00:00Z": " CET", // 02:00 again
		"2026-10-25T01:59:59Z": " CET",
		"2026-10-25T02:00:00Z": "",
		"2026-03-29T00:59:59Z": "", // the hour that is left out
		"2026-03-29T01:00:00Z": "",
	} {
		at, err := time.Parse(time.RFC3339, utc)
		require.NoError(t, err)
		require.Equal(t, want, Zone(at.In(oslo)), utc)
		require.Empty(t, Zone(at))
	}
}
