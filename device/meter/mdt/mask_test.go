package mdt

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const pan = "4925000000000004"

func hidden(pieces ...[]byte) []byte {
	var m mask
	var out []byte
	for _, p := range pieces {
		p = bytes.Clone(p)
		m.hide(p)
		out = append(out, p...)
	}
	return out
}

func TestMaskHidesCardsOnly(t *testing.T) {
	t.Parallel()
	card := Frame{ID: IDCardData, Data: []byte(pan)}.Append(nil)
	in := append(append(bytes.Clone(tripFrame), card...), tripFrame...)
	want := append(append(bytes.Clone(tripFrame), Frame{ID: IDCardData, Data: make([]byte, len(pan))}.Append(nil)...), tripFrame...)
	require.Equal(t, want, hidden(in), "id, length and validity stay, and so do the neighbours")
}

func TestMaskHidesIncompleteAndDamagedFrames(t *testing.T) {
	t.Parallel()
	card := Frame{ID: IDCardTracks, Data: []byte(pan + pan)}.Append(nil)
	for name, pieces := range map[string][][]byte{
		"cut off":            {card[:25], tripFrame},
		"header in pieces":   {card[:1], card[1:2], card[2:3], card[3:]},
		"after noise":        {{0xFF, stx}, card},
		"length flipped":     {{stx, byte(IDCardTracks), 0x10}, card[3:]},
		"within a false one": {{stx, byte(IDDriverPIN), 6}, card},
		"a short one inside": {{stx, byte(IDCardData), 30, '4', stx, byte(IDDriverPIN), 0, 0x54, etx}, []byte(pan), []byte("12345678")},
		"empty false one":    {{stx, byte(IDDriverPIN), 0}, card},
	} {
		got := hidden(pieces...)
		require.NotContains(t, string(got), "5678", name)
		for i := 0; i+4 <= len(pan); i++ {
			require.NotContains(t, string(got), pan[i:i+4], name)
		}
	}
}

// The mask works byte by byte: pieces change nothing, nothing but card frames is
// altered, and a frame stays as good or bad as it was.
func TestMaskProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var p []byte
		frames := 0
		for range rapid.IntRange(1, 6).Draw(t, "frames") {
			if rapid.Bool().Draw(t, "card") {
				data := rapid.SliceOfN(rapid.ByteRange('0', '9'), 0, 60).Draw(t, "data")
				p = append(p, Frame{ID: rapid.SampledFrom([]ID{IDCardData, IDCardTracks, IDCardTransaction, IDDriverPIN}).Draw(t, "id"), Data: data}.Append(nil)...)
			} else {
				p = append(p, must(RunningFare{Fare: 1, Extras: 2})...)
			}
			frames++
		}
		got := hidden(p)
		cut := rapid.IntRange(0, len(p)).Draw(t, "cut")
		require.Equal(t, got, hidden(p[:cut], p[cut:]))
		clean := decode(FromMeter, got)
		require.Equal(t, frames, clean.stats.Frames)
		require.Zero(t, clean.stats.Discarded)
		require.Equal(t, decode(FromMeter, p).frames, clean.frames, "what the decoder lets through is the same")
	})
}
