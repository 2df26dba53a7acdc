package meter

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRegistry(t *testing.T) {
	made := 0
	factory := func(map[string]any, *slog.Logger) (Driver, error) { made++; return nil, nil }
	t.Cleanup(Replace("zeta", factory))
	t.Cleanup(Replace("alpha", factory))
	require.Equal(t, []string{"alpha", "zeta"}, Types())
	require.PanicsWithValue(t, "meter: driver registered twice: alpha", func() { Register("alpha", factory) })

	_, err := New("alpha", nil, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.Equal(t, 1, made)
	_, err = New("beta", nil, nil)
	require.ErrorIs(t, err, ErrUnknownDriver)
	require.EqualError(t, err, `unknown meter driver "beta": this program has alpha, zeta`)

	restore := Replace("alpha", func(map[string]any, *slog.Logger) (Driver, error) { made += 10; return nil, nil })
	_, _ = New("alpha", nil, nil)
	require.Equal(t, 11, made)
	restore()
	_, _ = New("alpha", nil, nil)
	require.Equal(t, 12, made, "the old factory is back")
}
