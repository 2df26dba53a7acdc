package metertest

import (
	"bytes"
	"math/rand/v2"
	"time"
)

// harmless are faults that take nothing away: the driver must tell exactly what it
// tells on a perfect line.
var harmless = map[string]Fault{
	"bytes":      splitEvery(1, 0),
	"slow bytes": splitEvery(1, 2*time.Millisecond),
	"pairs":      splitEvery(2, 0),
	"anywhere":   splitAnywhere,
	"late":       late,
	"glued":      glue,
	"twice":      repeat,
	"junk":       junk,
}

// harmful are faults that destroy frames, each some of them. Amounts may be missing
// or doubted, but never wrong.
var harmful = map[string]Fault{
	"flipped bit":  sometimes(flipBit),
	"missing byte": sometimes(dropByte),
	"extra byte":   sometimes(insertByte),
	"lost":         sometimes(lose),
	"cut short":    sometimes(truncate),
	"everything":   anyOf(flipBit, dropByte, insertByte, lose, truncate, repeat, late, junk, splitAnywhere),
}

func whole(p []byte) []Piece { return []Piece{{Data: p}} }

func splitEvery(n int, pause time.Duration) Fault {
	return func(_ *rand.Rand, p []byte) (out []Piece) {
		for ; len(p) > n; p = p[n:] {
			out = append(out, Piece{After: pause, Data: p[:n]})
		}
		return append(out, Piece{After: pause, Data: p})
	}
}

func splitAnywhere(rng *rand.Rand, p []byte) (out []Piece) {
	for len(p) > 1 && rng.IntN(3) > 0 {
		n := 1 + rng.IntN(len(p)-1)
		out = append(out, Piece{After: time.Duration(rng.IntN(5)) * time.Millisecond, Data: p[:n]})
		p = p[n:]
	}
	return append(out, Piece{Data: p})
}

// glue holds the second half of a frame back, and delivers it in one piece with
// what follows.
func glue(_ *rand.Rand, p []byte) []Piece {
	half := len(p) / 2
	return []Piece{{Data: p[:half]}, {After: 20 * time.Millisecond, Data: p[half:], Glued: true}}
}

func late(rng *rand.Rand, p []byte) []Piece {
	return []Piece{{After: time.Duration(rng.IntN(300)) * time.Millisecond, Data: p}}
}

func repeat(_ *rand.Rand, p []byte) []Piece {
	return []Piece{{Data: p}, {After: time.Millisecond, Data: p}}
}

func junk(rng *rand.Rand, p []byte) []Piece {
	noise := make([]byte, 1+rng.IntN(8))
	for i := range noise {
		noise[i] = byte(rng.UintN(256))
	}
	return []Piece{{Data: noise}, {Data: p}}
}

func flipBit(rng *rand.Rand, p []byte) []Piece {
	p = bytes.Clone(p)
	p[rng.IntN(len(p))] ^= 1 << rng.UintN(8)
	return whole(p)
}

func dropByte(rng *rand.Rand, p []byte) []Piece {
	i := rng.IntN(len(p))
	return whole(append(bytes.Clone(p[:i]), p[i+1:]...))
}

func insertByte(rng *rand.Rand, p []byte) []Piece {
	i := rng.IntN(len(p))
	return whole(append(append(bytes.Clone(p[:i]), byte(rng.UintN(256))), p[i:]...))
}

func lose(*rand.Rand, []byte) []Piece { return nil }

func truncate(rng *rand.Rand, p []byte) []Piece { return whole(p[:rng.IntN(len(p))]) }

// sometimes does f to every third frame.
func sometimes(f Fault) Fault {
	return func(rng *rand.Rand, p []byte) []Piece {
		if rng.IntN(3) == 0 {
			return f(rng, p)
		}
		return whole(p)
	}
}

func anyOf(faults ...Fault) Fault {
	return sometimes(func(rng *rand.Rand, p []byte) []Piece { return faults[rng.IntN(len(faults))](rng, p) })
}
