package fleet

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/sim/clock"
)

// TestACarWithAWrongClockInAFleet: whatever a car's clock says, the passenger's page
// shows the trip as it is, and a claim is taken and confirmed.
func TestACarWithAWrongClockInAFleet(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(programs, "clock")
	require.NoError(t, os.Mkdir(dir, 0o700))
	if err := clock.Build(dir, "taxiterminal/cmd/taxiterm"); errors.Is(err, clock.ErrUnknown) {
		t.Skipf("SKIPPED LOUDLY: %v", err)
	} else {
		require.NoError(t, err)
	}
	for name, at := range map[string]time.Time{"in 1970": time.Unix(10, 0), "five years ahead": time.Now().AddDate(5, 0, 0)} {
		for _, scenario := range []string{"sticker", "car-offline-claim"} {
			t.Run(scenario+" "+name, func(t *testing.T) {
				set, err := clock.New(filepath.Join(t.TempDir(), "clock"))
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, set.Close()) })
				require.NoError(t, set.At(at))
				s, _ := Find(scenario)
				o := ordinary(t)
				o.Terminal, o.Car.Env = filepath.Join(dir, "taxiterm"), []string{set.Env()}
				r, err := s.Run(withTimeout(t, 3*time.Minute), o)
				require.NoError(t, err, "%+v", r)
			})
		}
	}
}
