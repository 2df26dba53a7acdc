package gwp5043

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/device/meter"
	"taxiterminal/device/meter/metertest"
)

// shift are the frames of two trips, one a second, from a meter that was at rest.
func shift() (frames [][]byte) {
	rec := newDesk(nil)
	note := func(m Message) {
		frames = append(frames, Encode(m))
		rec.now = rec.now.Add(time.Second)
	}
	rest := func(n int) {
		for range n {
			r := rec.record
			r.Now = rec.stamp() + 1
			note(&r)
		}
	}
	run := func(n int) {
		for range n {
			note(rec.live())
		}
	}
	rec.hire().costs(99).vacate()
	rec.record.Exit -= 3600
	rec.record.Board -= 3600 + 7
	rec.record.Travel = 7
	rest(4)
	rec.hire()
	run(3)
	rec.costs(60)
	run(3)
	rec.vacate()
	rest(3)
	rec.hire().costs(47)
	run(3)
	rec.vacate()
	rest(3)
	return frames
}

// play gives the frames to a new driver and gives what was told: positions, records with
// their keys, and the first way in which the contract is broken.
func play(frames [][]byte) (news []string, sound map[string]string, broken string) {
	d := newDesk(nil)
	c := metertest.Contract{Capabilities: d.driver.Capabilities()}
	sound = map[string]string{}
	tell := func(e meter.Event) {
		if fault := c.Event(e); fault != "" && broken == "" {
			broken = fmt.Sprintf("%s: %+v", fault, e)
		}
		switch e := e.(type) {
		case meter.PositionChanged:
			news = append(news, fmt.Sprintf("%s %t", e.Position, e.Resync))
		case meter.TripRecord:
			news = append(news, fmt.Sprintf("%s %s %v", e.Record.Key, e.Record.Total.Decimal(), e.Record.Doubts))
			if len(e.Record.Doubts) == 0 {
				sound[e.Record.Key] = e.Record.Total.Decimal()
			}
		}
	}
	d.s.sink, d.s.trip.sink = tell, tell
	for _, f := range frames {
		d.now = d.now.Add(minWait + time.Millisecond)
		d.s.idle(d.now)
		d.now = d.now.Add(time.Second - minWait - time.Millisecond)
		d.s.bytes(f, d.now)
	}
	return news, sound, broken
}

// One flipped bit, wherever it is, changes nothing: no wrong amount, no second trip, no
// missing one.
func TestOneFlippedBitChangesNothing(t *testing.T) {
	t.Parallel()
	frames := shift()
	want, sound, _ := play(frames)
	require.Len(t, want, 7, "%v", want)
	require.Len(t, sound, 2)
	for i, whole := range frames {
		for bit := range 8 * len(whole) {
			frames[i] = bytes.Clone(whole)
			frames[i][bit/8] ^= 1 << (bit % 8)
			got, _, broken := play(frames)
			require.Empty(t, broken)
			require.Equal(t, want, got, "frame %d %x, byte %d, bit %d", i, whole[1], bit/8, bit%8)
		}
		frames[i] = whole
	}
}

// The same flip in both copies of the fare, or of anything with its redundant twin, is not
// seen within the frame.
func TestTheSameFlipInBothCopies(t *testing.T) {
	t.Parallel()
	const board, exit, travel, fare16, fare32 = headLen + 12, headLen + 16, headLen + 24, headLen + 28, headLen + 60
	frames := shift()
	want, _, _ := play(frames)
	const firstC1 = 10
	require.Equal(t, byte(CmdClosed), frames[firstC1][1])
	require.Equal(t, byte(CmdLive), frames[firstC1-1][1])
	for _, at := range [][2]int{{fare16, fare32 + 2}, {fare16 + 1, fare32 + 3}, {board + 2, travel}, {board + 3, travel + 1}, {exit + 2, travel}, {exit + 3, travel + 1}} {
		for bit := range 8 {
			whole := frames[firstC1]
			frames[firstC1] = bytes.Clone(whole)
			frames[firstC1][at[0]] ^= 1 << bit
			frames[firstC1][at[1]] ^= 1 << bit
			got, _, broken := play(frames)
			require.Empty(t, broken)
			require.Equal(t, amounts(want), amounts(got), "bytes %v, bit %d", at, bit)
			if at[0] != exit+3 || bit != 0 { // a second that could be
				require.Equal(t, want, got, "bytes %v, bit %d", at, bit)
			}
			frames[firstC1] = whole
		}
	}
}

// amounts are news without keys.
func amounts(news []string) (out []string) {
	for _, n := range news {
		if strings.HasPrefix(n, "01234567-") {
			_, n, _ = strings.Cut(n, " ")
		}
		out = append(out, n)
	}
	return out
}

// However many frames are damaged, lost or repeated: whatever is told without a doubt is a
// trip that was driven, with its amount.
func TestNoDamageMakesACharge(t *testing.T) {
	t.Parallel()
	frames := shift()
	_, want, _ := play(frames)
	rapid.Check(t, func(t *rapid.T) {
		var line [][]byte
		for _, f := range frames {
			f = bytes.Clone(f)
			switch rapid.IntRange(0, 7).Draw(t, "fault") {
			case 0: // lost
				f = nil
			case 1: // repeated
				f = append(f, f...)
			case 2, 3: // some bits
				for range rapid.IntRange(1, 6).Draw(t, "flips") {
					f[rapid.IntRange(0, len(f)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
				}
			case 4: // one byte less, or another more
				i := rapid.IntRange(0, len(f)-1).Draw(t, "at")
				f = append(f[:i], f[i+rapid.IntRange(0, 1).Draw(t, "drop"):]...)
			}
			line = append(line, f)
		}
		_, sound, broken := play(line)
		if broken != "" {
			t.Fatal(broken)
		}
		for key, total := range sound {
			if want[key] != total {
				t.Fatalf("sound record %s of %s was never sent", key, total)
			}
		}
	})
}
