package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestScenarios(t *testing.T) {
	for _, s := range Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			o, _ := ordinary(t)
			r, err := s.Run(withTimeout(t, 3*time.Minute), o)
			require.NoError(t, err, "%+v", r)
		})
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
