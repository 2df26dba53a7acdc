package fleet

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestScenarios(t *testing.T) {
	for _, s := range Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			r, err := s.Run(withTimeout(t, 3*time.Minute), ordinary(t))
			require.NoError(t, err, "%+v", r)
		})
	}
}
