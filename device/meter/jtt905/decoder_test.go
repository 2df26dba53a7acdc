package jtt905

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
	d := NewDecoder(char9600)
	var f found
	for _, n := range cuts {
		n = min(max(n, 0), len(p))
		d.Feed(p[:n], noon, f.take)
		p = p[n:]
	}
	d.Feed(p, noon, f.take)
	d.Idle(noon.Add(time.Second), f.take)
	f.stats = d.Stats()
	return f
}

func ones(n int) []int {
	cuts := make([]int, n)
	for i := range cuts {
		cuts[i] = 1
	}
	return cuts
}

// wallClock draws the meter's time, to the unit given.
func wallClock(t *rapid.T, name string, unit time.Duration) time.Time {
	return at("2000-01-01 00:00").Add(unit * time.Duration(rapid.Int64Range(0, int64(90*365*24*time.Hour/unit)).Draw(t, name)))
}

// number draws one that fits into n bytes of BCD.
func number(t *rapid.T, name string, n int) int64 {
	most := int64(1)
	for range n {
		most *= 100
	}
	return rapid.Int64Range(0, most-1).Draw(t, name)
}

func amount(t *rapid.T, name string) moneyMinor { return 10 * moneyMinor(number(t, name, 3)) }

func anyTrip(t *rapid.T) Trip {
	boarded := wallClock(t, "boarded", time.Minute)
	return Trip{
		Plate: rapid.StringMatching(`[A-Z0-9]{0,6}`).Draw(t, "plate"), Licence: rapid.StringMatching(`[0-9]{0,16}`).Draw(t, "licence"),
		Boarded: boarded, Alighted: boarded.Add(time.Minute * time.Duration(rapid.IntRange(0, 1439).Draw(t, "minutes"))),
		Distance: number(t, "distance", 3), Empty: number(t, "empty", 2), Surcharge: amount(t, "surcharge"), Amount: amount(t, "amount"),
		Waiting: time.Minute * time.Duration(rapid.IntRange(0, 5999).Draw(t, "waiting")),
		Number:  rapid.Uint32().Draw(t, "number"), Payment: rapid.SampledFrom([]Payment{PaidCash, PaidM1Card, PaidCPUCard, PaidOther}).Draw(t, "payment"),
		CardLen: rapid.SampledFrom([]int{0, 0, 32, 900}).Draw(t, "card"),
	}
}

// message draws any message.
func message() *rapid.Generator[Message] {
	return rapid.Custom(func(t *rapid.T) Message {
		flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
		b := rapid.Byte().Draw(t, "byte")
		switch rapid.IntRange(0, 12).Draw(t, "kind") {
		case 0:
			return Started{wallClock(t, "time", time.Second)}
		case 1, 2:
			return Ended{anyTrip(t), flag("resent")}
		case 3:
			return Heartbeat{Flags: Flags{flag("hired"), flag("operating"), flag("on"), flag("off"), flag("speed"), b & 0x70}, Licence: "42"}
		case 4:
			return SignIn{b}
		case 5:
			return SignOut{b}
		case 6:
			return ShiftTotals{Plate: "AB1234", K: number(t, "K", 2), In: wallClock(t, "in", time.Minute), Out: wallClock(t, "out", time.Minute),
				Distance: number(t, "distance", 3), BusinessDistance: number(t, "business", 3), Trips: number(t, "trips", 2), Timing: number(t, "timing", 3),
				Total: amount(t, "total"), CardTotal: amount(t, "cards"), CardTrips: number(t, "card trips", 2), BetweenShifts: number(t, "between", 2),
				LifeDistance: number(t, "life", 4), LifeBusiness: number(t, "life business", 4), UnitPrice: moneyMinor(number(t, "price", 2)),
				LifeTrips: rapid.Uint32().Draw(t, "life trips"), Resent: flag("resent")}
		case 7:
			return Answer{rapid.SampledFrom([]Command{CmdShift, CmdStarted, CmdEnded, CmdEndedAgain}).Draw(t, "to"), flag("ok")}
		case 8:
			return SignAnswer{To: rapid.SampledFrom([]Command{CmdSignIn, CmdSignOut, CmdShiftAgain}).Draw(t, "to"), Plate: "AB1234",
				At: wallClock(t, "at", time.Minute), State: uint16(b), Until: wallClock(t, "until", time.Hour), Count: number(t, "count", 2), Result: b}
		case 9:
			return HeartbeatAnswer{uint16(b), wallClock(t, "until", time.Hour), number(t, "count", 1), flag("short")}
		case 10:
			return StatusRequest{wallClock(t, "time", time.Second)}
		case 11:
			return Status{Vendor: b % 100, Kind: b, Serial: number(t, "serial", 3), Hardware: b, Software: b, Sub: b, State: b, Work: b, Plate: "AB1234", Trips: rapid.Uint32().Draw(t, "trips")}
		}
		if flag("request") {
			return HistoryRequest{rapid.Uint32().Draw(t, "number")}
		}
		if flag("empty") {
			return History{}
		}
		return History{new(anyTrip(t))}
	})
}

func TestDecodeEncodeIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := message().Draw(t, "message")
		p, err := Encode(certified(want))
		require.NoError(t, err)
		f := decode(p)
		require.Len(t, f.frames, 1)
		require.Zero(t, f.stats.Discarded)
		got, err := Parse(f.frames[0])
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

// stream draws frames, whole and damaged, with noise between them.
func stream(t *rapid.T) []byte {
	var p []byte
	for range rapid.IntRange(0, 10).Draw(t, "parts") {
		switch rapid.IntRange(0, 3).Draw(t, "part") {
		case 0:
			p = append(p, rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "noise")...)
		case 1:
			p = append(p, rapid.SliceOfN(rapid.SampledFrom([]byte{mark0, mark1, 0, 1, 2, 4, 0x46, 0xE8, 0xFF}), 0, 40).Draw(t, "likely")...)
		case 2:
			f := must(message().Draw(t, "cut"))
			p = append(p, f[:rapid.IntRange(0, len(f)).Draw(t, "length")]...)
		default:
			p = append(p, must(message().Draw(t, "whole"))...)
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
			used += len(f.Data) + headLen + tailLen
		}
		require.Equal(t, len(p), used, "every byte is part of a frame or counted as discarded")
	})
}

// After any noise, a frame that follows is found as soon as the line is idle.
func TestFramesAfterNoiseAreFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		noise := rapid.SliceOfN(rapid.SampledFrom([]byte{mark0, mark1, 0, 2, 4, 0xE8, 0x46, 0x7F}), 0, 300).Draw(t, "noise")
		f := inPieces(append(noise, endedFrame...), nil)
		require.NotEmpty(t, f.frames)
		m, err := Parse(f.frames[len(f.frames)-1])
		require.NoError(t, err)
		require.Equal(t, Ended{Trip: tripEnded}, m)
	})
}

func TestIncompleteFrameIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ char, wait time.Duration }{
		{char9600, 100 * time.Millisecond},
		{10 * time.Second / 1200, 20 * 10 * time.Second / 1200},
	} {
		d := NewDecoder(c.char)
		var f found
		d.Feed(endedFrame[:30], noon, f.take)
		d.Idle(noon.Add(c.wait-time.Millisecond), f.take)
		require.Zero(t, d.Stats().Discarded, "still waiting")
		d.Idle(noon.Add(c.wait+time.Millisecond), f.take)
		require.Equal(t, 30, d.Stats().Discarded)
		require.Empty(t, f.frames)
	}
}

func TestFrameInsideAnIncompleteOne(t *testing.T) {
	t.Parallel()
	p := append(unhex("55AA 0400 02 00 00E8 30 30"), endedFrame...)
	d := NewDecoder(char9600)
	var f found
	d.Feed(p, noon, f.take)
	require.Empty(t, f.frames)
	d.Idle(noon.Add(101*time.Millisecond), f.take)
	require.Len(t, f.frames, 1, "no byte was thrown away with the frame that did not end")
	require.Equal(t, 10, d.Stats().Discarded)
}

func TestSecretsAreWiped(t *testing.T) {
	t.Parallel()
	card := bytes.Repeat([]byte("4925000000000004"), 2)
	withCard := Frame{Device: DeviceTaximeter, Command: CmdEnded, Data: append(bytes.Clone(parts(endedFrame).Data), card...)}.Append(nil)
	for name, p := range map[string][]byte{
		"certificate":    endedFrame,
		"card":           withCard,
		"heartbeat":      must(certified(beat(true))),
		"status":         must(certified(Status{Plate: "AB1234"})),
		"shift":          must(certified(ShiftTotals{In: noon, Out: noon})),
		"sign-in":        must(certified(SignAnswer{To: CmdSignIn, At: noon, Until: noon})),
		"driver's chip":  taximeter(0x0020, []byte(testCertificate)).Append(nil),
		"vendor":         taximeter(0x9916, []byte(testCertificate)).Append(nil),
		"another device": Frame{Device: 0x10, Command: CmdEnded, Data: []byte(testCertificate)}.Append(nil),
	} {
		d := NewDecoder(char9600)
		d.Feed(p, noon, func(f Frame) {
			for _, secret := range []string{testCertificate[:6], "4925"} {
				require.NotContains(t, string(f.Data), secret, name)
				require.NotContains(t, string(d.buf[:]), secret, name)
			}
		})
		require.Equal(t, 1, d.Stats().Frames, name)
	}
	f := decode(withCard)
	m, err := Parse(f.frames[0])
	require.NoError(t, err)
	require.Equal(t, Ended{Trip: tripEnded.but(func(t *Trip) { t.CardLen = len(card) })}, m)
}

// Nothing but zeros stays in the buffer behind what is still needed.
func TestUsedBytesAreOverwritten(t *testing.T) {
	t.Parallel()
	d := NewDecoder(char9600)
	d.Feed(append(bytes.Clone(endedFrame), []byte(testCertificate)...), noon, func(Frame) {})
	require.Equal(t, make([]byte, maxFrame), d.buf[:])
}

func TestContentThatMakesNoSense(t *testing.T) {
	t.Parallel()
	with := func(at int, b ...byte) Frame {
		f := parts(bytes.Clone(endedFrame))
		copy(f.Data[at:], b)
		return f
	}
	for field, f := range map[string]Frame{
		"plate":          with(0, 7),
		"boarding time":  with(42, 0x13),
		"boarding time ": with(43, 0x3A),
		"boarding time'": with(42, 0x06, 0x31), // the 31st of June
		"alighting time": with(46, 0x24),
		"distance":       with(50, 0x0A),
		"empty distance": with(51, 0xA0),
		"surcharge":      with(53, 0xFF),
		"waiting time":   with(56, 0x0B),
		"amount":         with(60, 0x8A),
		"payment kind":   with(65, 2),
		"length":         taximeter(CmdEnded, make([]byte, 65)),
		"length ":        taximeter(CmdHeartbeat, make([]byte, 35)),
		"result":         taximeter(CmdEnded, []byte{0x91}),
		"time":           taximeter(CmdStarted, make([]byte, lenTime)),
	} {
		_, err := Parse(f)
		var fe *FieldError
		require.ErrorAs(t, err, &fe, field)
		require.Equal(t, string(bytes.TrimRight([]byte(field), " '")), fe.Field)
		require.Equal(t, f.Command, fe.Command)
	}
	m, err := Parse(Frame{Device: 5, Command: CmdEnded, Data: []byte{1}})
	require.NoError(t, err)
	require.Equal(t, Opaque{Device: 5, Command: CmdEnded, Len: 1}, m)
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]Message{
		"not a step":   Ended{Trip: tripEnded.but(func(t *Trip) { t.Amount = 805 })},
		"too much":     Ended{Trip: tripEnded.but(func(t *Trip) { t.Amount = 10_000_000 })},
		"negative":     Ended{Trip: tripEnded.but(func(t *Trip) { t.Distance = -1 })},
		"long plate":   Ended{Trip: tripEnded.but(func(t *Trip) { t.Plate = "AB12345" })},
		"last century": Started{at("1970-01-01 00:00")},
		"opaque":       Opaque{},
	} {
		_, err := Encode(m)
		require.Error(t, err, name)
	}
	require.Panics(t, func() { taximeter(CmdEnded, make([]byte, lenMax)).Append(nil) })
}

func FuzzDecoder(f *testing.F) {
	for _, g := range golden {
		f.Add(g.bytes, uint64(1))
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
			again, err := Encode(m)
			if err != nil {
				continue // a year of another century, which frames can carry
			}
			back := decode(again).frames
			require.Len(t, back, 1, "what is understood can be said again")
			same, err := Parse(back[0])
			require.NoError(t, err)
			require.Equal(t, m, same)
		}
		var m mask
		m.cover(p)
	})
}

// BenchmarkDecoder shows how many lines of 115200 baud one core could decode and parse.
func BenchmarkDecoder(b *testing.B) {
	var frames []byte
	for _, g := range golden {
		frames = append(frames, g.bytes...)
	}
	b.Run("frames", func(b *testing.B) { benchmarkDecoder(b, frames) })
	// Every fourth byte begins a frame of 1026 bytes whose end mark is there.
	b.Run("worst", func(b *testing.B) { benchmarkDecoder(b, bytes.Repeat([]byte{mark0, mark1, 3, 0xFB}, 500)) })
}

func benchmarkDecoder(b *testing.B, p []byte) {
	d := NewDecoder(char9600)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		d.Feed(p, noon, func(f Frame) { _, _ = Parse(f) })
	}
	const line = 115200 / 10 // bytes a second
	b.ReportMetric(float64(len(p))*float64(b.N)/b.Elapsed().Seconds()/line, "x115200")
}
