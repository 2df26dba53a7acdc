package mdt

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/money"
)

type moneyMinor = money.Minor

// inPieces feeds p in the given pieces, with ticks of an idle line at the end.
func inPieces(p []byte, cuts []int) found {
	d := NewDecoder(FromMeter, char9600)
	var f found
	now := time.Now()
	for _, n := range cuts {
		n = min(max(n, 0), len(p))
		d.Feed(p[:n], now, f.take)
		p = p[n:]
	}
	d.Feed(p, now, f.take)
	for range 300 { // more than a second for each of a frame's worth of false starts
		now = now.Add(time.Second)
		d.Idle(now, f.take)
	}
	f.stats = d.Stats()
	return f
}

// stream draws frames, whole and damaged, with noise between them.
func stream(t *rapid.T) []byte {
	var p []byte
	for range rapid.IntRange(0, 12).Draw(t, "parts") {
		switch rapid.IntRange(0, 3).Draw(t, "part") {
		case 0:
			p = append(p, rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "noise")...)
		case 1:
			p = append(p, rapid.SliceOfN(rapid.SampledFrom([]byte{stx, etx, 0x41, 0x43, 0x4B, 0, 1, 11, 36, 255}), 0, 40).Draw(t, "likely")...)
		case 2:
			f := must(message(FromMeter).Draw(t, "cut"))
			p = append(p, f[:rapid.IntRange(0, len(f)).Draw(t, "length")]...)
		default:
			p = append(p, must(message(FromMeter).Draw(t, "whole"))...)
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
			used += f.Len + overhead
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

// After any noise, frames that follow are found as soon as the line is idle for
// long enough.
func TestFramesAfterNoiseAreFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		noise := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "noise")
		f := inPieces(append(noise, tripFrame...), nil)
		if len(f.frames) == 0 || !bytes.Equal(f.frames[len(f.frames)-1].Data, tripFrame[3:39]) {
			t.Fatalf("trip data not found after %x", noise)
		}
	})
}

func TestIncompleteFrameIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		char time.Duration
		wait time.Duration
	}{
		{10 * time.Second / 115200, 100 * time.Millisecond},
		{char9600, 3 * 41 * char9600},
		{10 * time.Second / 1200, 3 * 41 * 10 * time.Second / 1200},
	} {
		d := NewDecoder(FromMeter, c.char)
		var f found
		now := time.Now()
		d.Feed(tripFrame[:30], now, f.take)
		d.Idle(now.Add(c.wait-time.Millisecond), f.take)
		require.Zero(t, d.Stats().Discarded, "still waiting")
		d.Idle(now.Add(c.wait+time.Millisecond), f.take)
		require.Equal(t, 30, d.Stats().Discarded)
		require.Empty(t, f.frames)
	}
}

func TestFrameInsideAnIncompleteOne(t *testing.T) {
	t.Parallel()
	d := NewDecoder(FromMeter, char9600)
	var f found
	now := time.Now()
	d.Feed(unhex("02 68 10 30 30 30 30"), now, f.take)
	d.Feed(unhex("02 41 01 32 70 03"), now.Add(50*time.Millisecond), f.take)
	require.Empty(t, f.frames)
	d.Idle(now.Add(101*time.Millisecond), f.take)
	require.Len(t, f.frames, 1, "no byte was thrown away with the frame that did not end")
	require.Equal(t, 7, d.Stats().Discarded)
}

func TestUnknownIDs(t *testing.T) {
	t.Parallel()
	short := Frame{ID: 0xAB, Data: []byte("whatever")}.Append(nil)
	f := decode(FromMeter, short)
	require.Len(t, f.frames, 1)
	m, err := Parse(f.frames[0], FromMeter)
	require.NoError(t, err)
	require.Equal(t, Opaque{ID: 0xAB, Len: 8}, m)

	long := Frame{ID: 0xAB, Data: make([]byte, maxUnlisted+1)}.Append(nil)
	require.Empty(t, decode(FromMeter, long).frames, "noise must not make the decoder wait for long")
}

func TestLengthDecidesNotETX(t *testing.T) {
	t.Parallel()
	p := Frame{ID: 0x58, Data: []byte{etx, stx, 0x41, 1, '2', 0x70, etx}}.Append(nil)
	f := decode(FromMeter, p)
	require.Len(t, f.frames, 1, "the frame within the data is data")
	require.Equal(t, ID(0x58), f.frames[0].ID)
}

// LEN is unsigned: public readers of this protocol break above 127.
func TestLongFrames(t *testing.T) {
	t.Parallel()
	for _, n := range []int{127, 128, 200, 255} {
		f := decode(FromMeter, Frame{ID: 0x52, Data: make([]byte, n)}.Append(nil))
		require.Len(t, f.frames, 1)
		require.Equal(t, n, f.frames[0].Len)
		bad := Frame{ID: 0x52, Data: make([]byte, n)}.Append(nil)
		bad[10] ^= 1
		require.Empty(t, decode(FromMeter, bad).frames, "checked at every length")
	}
}

func TestSensitiveDataAreWiped(t *testing.T) {
	t.Parallel()
	secret := bytes.Repeat([]byte("4925000000000004"), 4)[:60]
	for _, id := range []ID{IDCardData, IDCardTracks, IDCardTransaction, IDDriverPIN} {
		d := NewDecoder(FromMeter, char9600)
		var got []Frame
		d.Feed(Frame{ID: id, Data: secret}.Append(nil), time.Now(), func(f Frame) {
			require.False(t, bytes.Contains(d.buf[:], secret[:4]), "wiped before anybody sees the frame")
			got = append(got, f)
		})
		require.Equal(t, []Frame{{ID: id, Len: 60}}, got)
		m, err := Parse(got[0], FromMeter)
		require.NoError(t, err)
		require.Equal(t, Opaque{ID: id, Len: 60, Wiped: true}, m)

		bad := Frame{ID: id, Data: secret}.Append(nil)
		bad[40] ^= 1
		d.Feed(bad, time.Now(), func(Frame) {})
		d.Idle(time.Now().Add(time.Minute), func(Frame) {})
		require.Equal(t, [maxFrame]byte{}, d.buf, "nothing of a damaged one stays in the buffer")
	}
}

func TestFieldsTakeSpacesAndNothingElse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]money.Minor{
		"00001840": 1840, "    1840": 1840, "1840    ": 1840, "  1840  ": 1840, "       0": 0, "99999999": 99999999,
	} {
		f := &fields{data: []byte(text)}
		require.Equal(t, want, f.money("fare", 8), text)
		require.NoError(t, f.err, text)
	}
	for _, text := range []string{"        ", "-0001840", "+0001840", "0018.40 ", "18 40   ", "0000184A", "\x0000001840"[:8], "００"[:6] + "  "} {
		f := &fields{data: []byte(text)}
		f.number("fare", 8)
		require.Error(t, f.err, "%q", text)
	}
}

func TestContentErrors(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]Frame{
		"41 with state 7":      {ID: IDStateChange, Data: []byte("7")},
		"41 long, fare blank":  {ID: IDStateChange, Data: []byte("21     0250")},
		"42 with code 12":      {ID: IDFailure, Data: []byte{12}},
		"42 with a letter":     {ID: IDFailure, Data: []byte("x")},
		"46 with status 3":     {ID: IDPrinterStatus, Data: []byte("3")},
		"4A with enabled 2":    {ID: IDMeterStatus, Data: []byte("102")},
		"4B with a letter":     {ID: IDTripData, Data: bytes.Repeat([]byte("x"), 36)},
		"68 with a minus sign": {ID: IDRunningFare, Data: []byte("-000184000000250")},
	} {
		_, err := Parse(f, FromMeter)
		var fe *FieldError
		require.ErrorAs(t, err, &fe, name)
		require.Equal(t, f.ID, fe.ID, name)
	}
}

func TestBinaryFailureCodes(t *testing.T) {
	t.Parallel()
	for code := range byte(10) {
		for _, b := range []byte{code, '0' + code} {
			m, err := Parse(Frame{ID: IDFailure, Data: []byte{b}, Len: 1}, FromMeter)
			require.NoError(t, err)
			require.Equal(t, Failure{code}, m)
		}
	}
}

func TestStateChangeOfUnknownForm(t *testing.T) {
	t.Parallel()
	m, err := Parse(Frame{ID: IDStateChange, Data: []byte("2xyz"), Len: 4}, FromMeter)
	require.NoError(t, err)
	require.Equal(t, StateChange{State: TimeOff, Unknown: true}, m)
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	for _, m := range []Message{
		TripData{Fare: 100_000_000}, TripData{Extras: 10_000}, TripData{Fare: -1}, Failure{10}, Opaque{ID: 0x52},
		StateChange{State: TimeOff, Display: &Display{Fare: 100_000}},
	} {
		_, err := Encode(m)
		require.Error(t, err, "%+v", m)
	}
}

func FuzzDecoder(f *testing.F) {
	for _, g := range golden {
		f.Add(g.bytes, uint64(1))
	}
	f.Add(unhex("FF 00 02 41 01 31 73 03 02 41 01 32 71 03 02 68 10 30 30 30 30 02 41 01 32 70 03"), uint64(2))
	f.Add(unhex("02 43 3C 34 39 32 35 02 44 FF 02 02 02 AB 40"), uint64(3))
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
			m, err := Parse(fr, FromMeter)
			if err != nil {
				continue
			}
			if again, err := Encode(m); err == nil {
				back := decode(FromMeter, again).frames
				require.Len(t, back, 1, "what is understood can be said again")
				same, err := Parse(back[0], FromMeter)
				require.NoError(t, err)
				if sc, ok := m.(StateChange); ok && sc.Unknown {
					m = StateChange{State: sc.State}
				}
				require.Equal(t, m, same)
			}
		}
	})
}

// BenchmarkDecoder shows how many lines of 115200 baud one core could decode.
func BenchmarkDecoder(b *testing.B) {
	var frames []byte
	for _, g := range golden {
		if g.side == FromMeter {
			frames = append(frames, g.bytes...)
		}
	}
	b.Run("frames", func(b *testing.B) { benchmarkDecoder(b, frames) })
	// Every third byte begins a frame of 260 bytes that is none.
	b.Run("worst", func(b *testing.B) { benchmarkDecoder(b, bytes.Repeat([]byte{stx, byte(IDCardData), 255}, 100)) })
}

func benchmarkDecoder(b *testing.B, p []byte) {
	d := NewDecoder(FromMeter, char9600)
	now := time.Now()
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		d.Feed(p, now, func(Frame) {})
	}
	const line = 115200 / 10 // bytes a second
	b.ReportMetric(float64(len(p))*float64(b.N)/b.Elapsed().Seconds()/line, "x115200")
}
