package sim

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// onEveryMeter are the trips on which meters could make a difference. The others are
// played on the first meter only, or with -everywhere on all that can do them.
var onEveryMeter = []string{"paid", "offline-at-stop", "killed-while-due", "cash", "cable-pulled", "typed-fare"}

func TestScenarios(t *testing.T) {
	for i, p := range Protocols() {
		for _, s := range Scenarios() {
			if i > 0 && !*everywhere && !slices.Contains(onEveryMeter, s.Name) {
				continue
			}
			t.Run(p.Name+"/"+s.Name, func(t *testing.T) {
				t.Parallel()
				o, _ := ordinary(t)
				o.Meter.Protocol = p.Name
				if errors.Is(s.Offered(o), ErrNotOffered) {
					t.Skip("not offered for this meter")
				}
				r, err := s.Run(withTimeout(t, 3*time.Minute), o)
				require.NoError(t, err, "%+v", r)
			})
		}
	}
}

func TestEveryScenarioThatWasAskedForIsThere(t *testing.T) {
	for _, name := range []string{
		"paid", "offline-at-stop", "offline-before-capture", "lost-create-response", "lost-capture-response", "killed-while-due",
		"killed-after-approval", "rejected-then-paid", "expired-then-paid", "cash", "cash-after-approval", "resumed", "corrected-down", "cable-pulled",
		"shared-number", "refused-sharing", "push", "push-not-enabled", "tip", "refund", "partial-refund", "userinfo-late",
	} {
		_, ok := Find(name)
		require.True(t, ok, name)
	}
}

func TestAWrongOutcomeFailsTheScenario(t *testing.T) {
	t.Parallel()
	s, _ := Find("paid")
	s.Want.Captured++
	o, _ := ordinary(t)
	_, err := s.Run(withTimeout(t, 3*time.Minute), o)
	require.ErrorContains(t, err, "came to")
}
