package serialport

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseLine(t *testing.T) {
	t.Parallel()
	good := map[string]Line{
		"9600 8N1":    {9600, 8, NoParity, 1},
		" 2400  7e2 ": {2400, 7, EvenParity, 2},
		"115200 8o1":  {115200, 8, OddParity, 1},
		"1200 5M2":    {1200, 5, MarkParity, 2},
		"19200 6S1":   {19200, 6, SpaceParity, 1},
	}
	for in, want := range good {
		got, err := ParseLine(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
		again, err := ParseLine(got.String())
		require.NoError(t, err)
		require.Equal(t, want, again, "String is the notation that ParseLine reads")
	}
	bad := []string{"", "9600", "8N1", "9600 8N", "9600 8N12", "9600 9N1", "9600 4N1", "9600 8X1", "9600 8N3",
		"9600 8N0", "0 8N1", "-9600 8N1", "99999999 8N1", "9600 8N1 rts", "abc 8N1", "9600 日"}
	for _, in := range bad {
		_, err := ParseLine(in)
		require.Error(t, err, in)
	}
}

func TestCharTime(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Duration{
		"1200 8N1":   8333333,
		"9600 8N1":   1041666,
		"9600 8E1":   1145833,
		"38400 8N1":  260416,
		"115200 8N1": 86805,
		"9600 7E2":   1145833,
	} {
		l, err := ParseLine(in)
		require.NoError(t, err)
		require.Equal(t, want, l.CharTime(), in)
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	jitter := 0.0
	b := backoff{min: minBackoff, max: maxBackoff, jitter: func() float64 { return jitter }}
	for _, want := range []time.Duration{200, 400, 800, 1600, 2000, 2000} {
		require.Equal(t, want*time.Millisecond, b.next())
	}
	jitter = 0.999
	require.InDelta(t, 2500, b.next().Milliseconds(), 1)
	b.reset()
	jitter = 0
	require.Equal(t, minBackoff, b.next())
}
