package jtt905

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func covered(pieces ...[]byte) []byte {
	var m mask
	var out []byte
	for _, p := range pieces {
		p = bytes.Clone(p)
		m.cover(p)
		out = append(out, p...)
	}
	return out
}

func TestMaskHidesSecretsOnly(t *testing.T) {
	t.Parallel()
	bare := tripEnded
	in := append(append(bytes.Clone(endedFrame), must(startOf(0))...), endedFrame...)
	want := append(append(must(Ended{Trip: bare}), must(startOf(0))...), must(Ended{Trip: bare})...)
	require.Equal(t, want, covered(in), "valid frames stay valid, and what is public stays")
}

func TestMaskHidesIncompleteAndDamagedFrames(t *testing.T) {
	t.Parallel()
	long := bytes.Clone(endedFrame)
	long[2], long[3] = 0x03, 0xFF
	for name, pieces := range map[string][][]byte{
		"cut off":           {endedFrame[:48], endedFrame},
		"header in pieces":  {endedFrame[:1], endedFrame[1:5], endedFrame[5:]},
		"after noise":       {{0xFF, mark0, mark0}, endedFrame},
		"length flipped":    {long, endedFrame},
		"shorter than true": {unhex("55AA 0005 02 00 00E8"), endedFrame[8:], endedFrame},
		"in a false one":    {unhex("55AA 0046 02 00 00E8"), endedFrame},
		"many false ones":   {bytes.Repeat(unhex("55AA 0200 02 00 00E9"), 9), endedFrame},
	} {
		got := string(covered(pieces...))
		for i := 0; i+6 <= len(testCertificate); i++ {
			require.NotContains(t, got, testCertificate[i:i+6], name)
		}
	}
}

// The mask works byte by byte: pieces change nothing, a frame stays as good or bad as it
// was, and what the decoder lets through is the same.
func TestMaskProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var p []byte
		frames := rapid.IntRange(1, 6).Draw(t, "frames")
		for range frames {
			p = append(p, must(certified(message().Draw(t, "message")))...)
		}
		got := covered(p)
		cut := rapid.IntRange(0, len(p)).Draw(t, "cut")
		require.Equal(t, got, covered(p[:cut], p[cut:]))
		require.NotContains(t, string(got), testCertificate)
		require.Equal(t, decode(p), decode(got))
	})
}
