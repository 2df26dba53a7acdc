package meter

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRegistry(t *testing.T) {
	t.Cleanup(func() { clear(registry.factories) }) // this package has no drivers of its own
	made := 0
	factory := func(map[string]any, *slog.Logger) (Driver, error) { made++; return nil, nil }
	Register("zeta", factory)
	Register("alpha", factory)
	require.Equal(t, []string{"alpha", "zeta"}, Types())
	require.PanicsWithValue(t, "meter: driver registered twice: alpha", func() { Register("alpha", factory) })

	_, err := New("alpha", nil, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.Equal(t, 1, made)
	_, err = New("beta", nil, nil)
	require.ErrorIs(t, err, ErrUnknownDriver)
	require.EqualError(t, err, `unknown meter driver "beta": this program has alpha, zeta`)
}
