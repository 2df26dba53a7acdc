package gwp5043

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const char115200 = 10 * time.Second / 115200

func unhex(s string) []byte {
	p, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return p
}

var vec4 = unhex("02b4000000545b2e3d6531323334353637385b2e3d655b2e3d650000001e001e001e001e001e0000001e0000001e0000001e0000001e38373635343332310000001e0000001e323134333635383732313433363538370000001e0310")

// golden are frames whose bytes are known from outside this package. ignored are ranges of
// bytes that a message does not keep.
var golden = []struct {
	name    string
	bytes   []byte
	want    Message
	ignored [][2]int
}{
	{"live", unhex("02c20000001e5b2cd89a30313233343536370037000000000000000003e80e100708003c0310"),
		&Live{Head{0x5b2cd89a, "01234567"}, 55, 1000, 3600, 1800, 60}, nil},
	{"live, undefined bytes used", unhex("02c20000001e5b2e3d6331323334353637380014303030303030000000140014001400140310"),
		&Live{Head{0x5b2e3d63, "12345678"}, 20, 20, 20, 20, 20}, [][2]int{{20, 26}}},
	{"closed, all numbers 10", unhex("02c1000000545b2e3d6431323334353637385b2e3d645b2e3d640000000a000a000a000a000a0000000000000000000000000000000038373635343332310000000a0000000a323134333635383732313433363538370000000a0310"),
		&Record{Head: Head{0x5b2e3d64, "12345678"}, Board: 0x5b2e3d64, Exit: 0x5b2e3d64, Distance: 10, Travel: 10, Wait: 10, Fare16: 10, Speed: 10,
			Device: "87654321", Receipt: 10, Fare: 10, K: 10}, [][2]int{{70, 86}}},
	{"print, all numbers 30", vec4,
		&Record{Head: Head{0x5b2e3d65, "12345678"}, Printed: true, Board: 0x5b2e3d65, Exit: 0x5b2e3d65, Distance: 30, Travel: 30, Wait: 30, Fare16: 30, Speed: 30,
			Device: "87654321", Receipt: 30, Fare: 30, K: 30}, [][2]int{{38, 54}, {70, 86}}},
	{"live with the end in its data", unhex("02c20000001e69b5f6803031323334353637000000000000000000000310003c000000230310"),
		&Live{Head{0x69b5f680, "01234567"}, 0, 784, 60, 0, 35}, nil},
	{"closed", unhex("02c10000005469b5f8d8303132333435363769b5f46469b5f89c00001ce8043800b400870000000000000000000000000000000000003132333435363738000012670000008744303030310000000000000000000000000003e80310"),
		&Record{Head: Head{0x69b5f8d8, "01234567"}, Board: 0x69b5f464, Exit: 0x69b5f89c, Distance: 7400, Travel: 1080, Wait: 180, Fare16: 135,
			Device: "12345678", Receipt: 4711, Fare: 135, K: 1000}, [][2]int{{70, 86}}},
}

// found is what a decoder gave: frames with data of their own.
type found struct {
	frames []Frame
	stats  Stats
}

func (f *found) take(fr Frame) {
	fr.Data = bytes.Clone(fr.Data)
	f.frames = append(f.frames, fr)
}

func decode(p []byte) found {
	d := NewDecoder(char115200)
	var f found
	d.Feed(p, time.Now(), f.take)
	f.stats = d.Stats()
	return f
}

func TestGoldenFrames(t *testing.T) {
	t.Parallel()
	for _, g := range golden {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			f := decode(g.bytes)
			require.Len(t, f.frames, 1)
			require.Zero(t, f.stats.Discarded)
			got, err := Parse(f.frames[0])
			require.NoError(t, err)
			require.Equal(t, g.want, got)
			kept := bytes.Clone(g.bytes)
			for _, r := range g.ignored {
				clear(kept[r[0]:r[1]])
			}
			require.Equal(t, kept, Encode(g.want))
		})
	}
}

// The clock of the worked frames, and what a record of theirs becomes.
func TestGoldenRecord(t *testing.T) {
	t.Parallel()
	live := golden[0].want.(*Live)
	cfg := Config{Zone: time.UTC}
	require.Equal(t, time.Date(2018, 6, 22, 11, 8, 10, 0, time.UTC), cfg.when(live.Now))

	bangkok, err := time.LoadLocation("Asia/Bangkok")
	require.NoError(t, err)
	r := golden[5].want.(*Record)
	require.True(t, r.exact())
	cfg.Zone = bangkok
	got := cfg.record(r)
	require.Equal(t, "01234567-69b5f464-69b5f89c", got.Key)
	require.EqualValues(t, 13500, got.Total)
	require.EqualValues(t, 13500, got.Fare)
	require.EqualValues(t, 7400, *got.Distance)
	require.Equal(t, 18*time.Minute, got.Finish.Sub(got.Start))
	require.Equal(t, time.Date(2026, 3, 14, 23, 51, 0, 0, bangkok), got.Start)
	for decimals, total := range map[int]int64{0: 13500, 1: 1350, 2: 135} {
		require.EqualValues(t, total, Config{Decimals: decimals}.amount(135))
	}
	// The maker's own examples contradict themselves: they are read, but not trusted.
	require.False(t, golden[2].want.(*Record).consistent())
}
