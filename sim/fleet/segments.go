package fleet

import (
	"errors"
	"fmt"
	"strings"
)

// bits are read from the front.
type bits struct {
	data []byte
	at   int
}

func (b *bits) left() int { return 8*len(b.data) - b.at }

// take reads the next n bits; what is missing at the end is zero.
func (b *bits) take(n int) int {
	v := 0
	for range n {
		v <<= 1
		if b.left() > 0 {
			v |= int(b.data[b.at/8]>>(7-b.at%8)) & 1
		}
		b.at++
	}
	return v
}

// alphanumeric are the characters of that mode (table 5).
const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

var errBadSymbol = errors.New("camera: the symbol is damaged")

// readSegments reads the text (7.4).
func readSegments(b bits, version int) (string, error) {
	var text strings.Builder
	wide := 0 // lengths are longer from version 10 on
	if version >= 10 {
		wide = 1
	}
	for b.left() >= 4 {
		mode := b.take(4)
		if mode == 0 {
			break
		}
		lengths, ok := map[int][2]int{1: {10, 12}, 2: {9, 11}, 4: {8, 16}}[mode]
		if !ok {
			return "", fmt.Errorf("%w: mode %d", errBadSymbol, mode)
		}
		n := b.take(lengths[wide])
		if n > b.left() {
			return "", errBadSymbol
		}
		if err := readSegment(&text, &b, mode, n); err != nil {
			return "", err
		}
	}
	return text.String(), nil
}

func readSegment(text *strings.Builder, b *bits, mode, n int) error {
	for n > 0 {
		switch {
		case mode == 4:
			text.WriteByte(byte(b.take(8)))
			n--
		case mode == 1:
			digits := min(n, 3)
			fmt.Fprintf(text, "%0*d", digits, b.take(3*digits+1))
			n -= digits
		case n == 1:
			v := b.take(6)
			if v >= len(alphanumeric) {
				return errBadSymbol
			}
			text.WriteByte(alphanumeric[v])
			n--
		default:
			v := b.take(11)
			if v >= len(alphanumeric)*len(alphanumeric) {
				return errBadSymbol
			}
			text.WriteString(string(alphanumeric[v/45]) + string(alphanumeric[v%45]))
			n -= 2
		}
	}
	return nil
}
