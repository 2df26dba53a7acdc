package gwp5043

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// inPieces feeds p in the given pieces, with ticks of an idle line at the end.
func inPieces(p []byte, cuts []int) found {
	d := NewDecoder(char115200)
	var f found
	now := time.Now()
	for _, n := range cuts {
		n = min(max(n, 0), len(p))
		d.Feed(p[:n], now, f.take)
		p = p[n:]
	}
	d.Feed(p, now, f.take)
	for range maxFrame { // enough for a frame's worth of false starts
		now = now.Add(time.Second)
		d.Idle(now, f.take)
	}
	f.stats = d.Stats()
	return f
}

// message draws any message.
func message() *rapid.Generator[Message] {
	return rapid.Custom(func(t *rapid.T) Message {
		u32 := func(name string) uint32 { return rapid.Uint32().Draw(t, name) }
		u16 := func(name string) uint16 { return rapid.Uint16().Draw(t, name) }
		h := Head{u32("now"), rapid.StringMatching(`[0-9A-Z]{1,8}`).Draw(t, "serial")}
		if rapid.Bool().Draw(t, "live") {
			return &Live{h, u16("speed"), u32("distance"), u16("travel"), u16("wait"), u16("fare")}
		}
		return &Record{Head: h, Printed: rapid.Bool().Draw(t, "printed"), Board: u32("board"), Exit: u32("exit"), Distance: u32("distance"),
			Travel: u16("travel"), Wait: u16("wait"), Fare16: u16("fare16"), Speed: u16("speed"),
			Device: rapid.StringMatching(`[0-9A-Z]{0,8}`).Draw(t, "device"), Receipt: u32("receipt"), Fare: u32("fare"), K: u32("k")}
	})
}

// stream draws frames, whole and damaged, with noise between them.
func stream(t *rapid.T) []byte {
	var p []byte
	for range rapid.IntRange(0, 12).Draw(t, "parts") {
		switch rapid.IntRange(0, 3).Draw(t, "part") {
		case 0:
			p = append(p, rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "noise")...)
		case 1:
			likely := []byte{stx, etx, dle, byte(CmdLive), byte(CmdClosed), byte(CmdPrint), 0, 0, 0, liveLen, recordLen}
			p = append(p, rapid.SliceOfN(rapid.SampledFrom(likely), 0, 40).Draw(t, "likely")...)
		case 2:
			f := Encode(message().Draw(t, "cut"))
			p = append(p, f[:rapid.IntRange(0, len(f)).Draw(t, "length")]...)
		default:
			p = append(p, Encode(message().Draw(t, "whole"))...)
		}
	}
	return p
}

func TestPiecesDoNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := stream(t)
		whole := inPieces(p, nil)
		require.Equal(t, whole, inPieces(p, rapid.SliceOfN(rapid.IntRange(0, 30), 0, 40).Draw(t, "cuts")))
		require.Equal(t, whole, inPieces(p, ones(len(p))))
		used := whole.stats.Discarded
		for _, f := range whole.frames {
			used += len(f.Data) + overhead
		}
		require.Equal(t, len(p), used, "every byte is part of a frame or counted as discarded")
	})
}

func ones(n int) []int {
	cuts := make([]int, n)
	for i := range cuts {
		cuts[i] = 1
	}
	return cuts
}

func TestDecodeEncodeIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := message().Draw(t, "message")
		f := decode(Encode(want))
		require.Len(t, f.frames, 1)
		require.Zero(t, f.stats.Discarded)
		got, err := Parse(f.frames[0])
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

// After any noise, a frame that follows is found as soon as the line is idle.
func TestFramesAfterNoiseAreFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		noise := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "noise")
		f := inPieces(append(noise, golden[0].bytes...), nil)
		if len(f.frames) == 0 || !bytes.Equal(f.frames[len(f.frames)-1].Data, golden[0].bytes[headLen:headLen+liveLen]) {
			t.Fatalf("frame not found after %x", noise)
		}
	})
}

func TestFrameInsideAnIncompleteOne(t *testing.T) {
	t.Parallel()
	d := NewDecoder(char115200)
	var f found
	now := time.Now()
	d.Feed(vec4[:20], now, f.take)
	d.Feed(golden[0].bytes, now.Add(50*time.Millisecond), f.take)
	d.Idle(now.Add(minWait), f.take)
	require.Empty(t, f.frames, "still waiting")
	d.Idle(now.Add(minWait+time.Millisecond), f.take)
	require.Len(t, f.frames, 1, "no byte was thrown away with the frame that did not end")
	require.Equal(t, 20, d.Stats().Discarded)
}

func TestHeadsAndEndsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, at := range []int{0, 1, 2, 3, 4, 5, 36, 37} {
		for bit := range 8 {
			p := bytes.Clone(golden[0].bytes)
			p[at] ^= 1 << bit
			require.Empty(t, inPieces(p, nil).frames, "byte %d, bit %d", at, bit)
		}
	}
	// A length that belongs to the other command.
	p := bytes.Clone(golden[0].bytes)
	p[1] = byte(CmdClosed)
	require.Empty(t, inPieces(p, nil).frames)
}

func TestSerialNumberMustBePrintable(t *testing.T) {
	t.Parallel()
	for _, serial := range []string{"", "0123\x0045", "0123 45", "0123\xB44"} {
		_, err := Parse(decode(Encode(&Live{Head: Head{1, serial}})).frames[0])
		require.EqualError(t, err, "frame C2, field serial: not understood", "%q", serial)
	}
	m, err := Parse(decode(Encode(&Live{Head: Head{1, "  123456"}})).frames[0])
	require.NoError(t, err)
	require.Equal(t, "123456", m.head().Serial)
}

func FuzzDecoder(f *testing.F) {
	for _, g := range golden {
		f.Add(g.bytes, uint64(1))
		f.Add(append(g.bytes[:30:30], g.bytes...), uint64(2))
	}
	f.Fuzz(func(t *testing.T, p []byte, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var cuts []int
		for n := 0; n < len(p); {
			c := rng.IntN(20)
			cuts, n = append(cuts, c), n+c
		}
		whole := inPieces(p, nil)
		require.Equal(t, whole, inPieces(p, cuts))
		for _, fr := range whole.frames {
			m, err := Parse(fr)
			if err != nil {
				continue
			}
			back := decode(Encode(m)).frames
			require.Len(t, back, 1, "what is understood can be said again")
			same, err := Parse(back[0])
			require.NoError(t, err)
			require.Equal(t, m, same)
		}
	})
}

// FuzzSession looks for a panic, and for amounts without a doubt that the line never had.
func FuzzSession(f *testing.F) {
	f.Add(bytes.Repeat(golden[5].bytes, 3), uint16(1000))
	f.Add(append(bytes.Clone(golden[4].bytes), golden[5].bytes...), uint16(900))
	f.Fuzz(func(t *testing.T, p []byte, ms uint16) {
		d := newDesk(t)
		for len(p) > 0 {
			n := min(len(p), maxFrame)
			d.s.bytes(p[:n], d.now)
			p = p[n:]
			d.wait(time.Duration(ms%5000) * time.Millisecond)
		}
		d.open().wait(10 * time.Second)
	})
}

// BenchmarkDecoder shows how many lines of 115200 baud one core could decode.
func BenchmarkDecoder(b *testing.B) {
	var frames []byte
	for _, g := range golden {
		frames = append(frames, g.bytes...)
	}
	b.Run("frames", func(b *testing.B) { benchmarkDecoder(b, frames) })
	// Every sixth byte begins a frame of 92 bytes that is none.
	b.Run("worst", func(b *testing.B) { benchmarkDecoder(b, bytes.Repeat(vec4[:headLen], 100)) })
}

func benchmarkDecoder(b *testing.B, p []byte) {
	d := NewDecoder(char115200)
	now := time.Now()
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		d.Feed(p, now, func(f Frame) { _, _ = Parse(f) })
	}
	const line = 115200 / 10 // bytes a second
	b.ReportMetric(float64(len(p))*float64(b.N)/b.Elapsed().Seconds()/line, "x115200")
}
