package fleet

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// codeOnScreen finds the symbol in the passenger's page: its side in modules with the
// quiet zone, and the path that draws it.
var (
	codeOnScreen = regexp.MustCompile(`<svg class="code" data-span="(\d+)"[^>]*>(?s:.*?)<path class="dark" d="([^"]*)"`)
	runOnScreen  = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-\d+z`)
)

var errNoCode = errors.New("camera: there is no code on the screen")

// Read is what a phone's camera reads from the passenger's page: the text of the code
// that stands there. It takes a whole and clean symbol (ISO/IEC 18004, versions 1 to
// 20), as a screen shows it, and so needs no error correction.
func Read(html string) (string, error) {
	found := codeOnScreen.FindStringSubmatch(html)
	if found == nil {
		return "", errNoCode
	}
	span, err := strconv.Atoi(found[1])
	if err != nil {
		return "", errNoCode
	}
	s, err := newSymbol(span - 2*quietZone)
	if err != nil {
		return "", err
	}
	for _, run := range runOnScreen.FindAllStringSubmatch(found[2], -1) {
		x, y, n := number(run[1])-quietZone, number(run[2])-quietZone, number(run[3])
		if x < 0 || y < 0 || y >= s.size || x+n > s.size {
			return "", errNoCode
		}
		for i := range n {
			s.dark[y][x+i] = true
		}
	}
	return s.text()
}

const quietZone = 4

func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return n
}

// symbol is a QR symbol without its quiet zone.
type symbol struct {
	size, version int
	dark          [][]bool
	fixed         [][]bool // of a pattern, not of the data
}

func newSymbol(size int) (*symbol, error) {
	version := (size - 17) / 4
	if version < 1 || version > len(blocks[0]) || 17+4*version != size {
		return nil, fmt.Errorf("camera: no symbol has %d modules", size)
	}
	s := &symbol{size: size, version: version}
	for range size {
		s.dark = append(s.dark, make([]bool, size))
		s.fixed = append(s.fixed, make([]bool, size))
	}
	s.markPatterns()
	return s, nil
}

// markPatterns marks finders with the format beside them, timing, alignment and
// version.
func (s *symbol) markPatterns() {
	far := s.size - 8
	s.mark(0, 0, 9, 9)
	s.mark(far, 0, 8, 9)
	s.mark(0, far, 9, 8)
	s.mark(6, 0, 1, s.size)
	s.mark(0, 6, s.size, 1)
	if s.version >= 7 {
		s.mark(s.size-11, 0, 3, 6)
		s.mark(0, s.size-11, 6, 3)
	}
	at := s.alignments()
	for i, x := range at {
		for j, y := range at {
			last := len(at) - 1
			if i == 0 && (j == 0 || j == last) || i == last && j == 0 {
				continue // a finder is there
			}
			s.mark(x-2, y-2, 5, 5)
		}
	}
}

func (s *symbol) mark(x, y, width, height int) {
	for dy := range height {
		for dx := range width {
			s.fixed[y+dy][x+dx] = true
		}
	}
}

// alignments are the coordinates of the alignment patterns' centres.
func (s *symbol) alignments() []int {
	if s.version == 1 {
		return nil
	}
	n := s.version/7 + 2
	step := (s.version*4 + n*2 + 1) / (n*2 - 2) * 2
	at := make([]int, n)
	at[0] = 6
	for i := range n - 1 {
		at[n-1-i] = s.size - 7 - i*step
	}
	return at
}

// text reads the symbol.
func (s *symbol) text() (string, error) {
	level, mask := s.format()
	data := s.deinterleave(s.codewords(mask), level)
	return readSegments(bits{data: data}, s.version)
}

// format is the row of blocks and eccs for the level, and the mask (7.9).
func (s *symbol) format() (level, mask int) {
	word := 0
	for _, x := range []int{0, 1, 2, 3, 4} {
		word <<= 1
		if s.dark[8][x] {
			word |= 1
		}
	}
	word ^= 0b10101
	return map[int]int{0b01: 0, 0b00: 1, 0b11: 2, 0b10: 3}[word>>3], word & 7
}

// codewords follows the data upwards and downwards in columns of two (7.7.3).
func (s *symbol) codewords(mask int) []byte {
	var words []byte
	var word, n int
	up := true
	for right := s.size - 1; right > 0; right -= 2 {
		if right == 6 {
			right--
		}
		for i := range s.size {
			y := i
			if up {
				y = s.size - 1 - i
			}
			for _, x := range []int{right, right - 1} {
				if s.fixed[y][x] {
					continue
				}
				word <<= 1
				if s.dark[y][x] != masked(mask, x, y) {
					word |= 1
				}
				if n++; n == 8 {
					words, word, n = append(words, byte(word)), 0, 0
				}
			}
		}
		up = !up
	}
	return words
}

// masked says whether a mask turns a module over (7.8.2).
func masked(mask, x, y int) bool {
	switch mask {
	case 0:
		return (x+y)%2 == 0
	case 1:
		return y%2 == 0
	case 2:
		return x%3 == 0
	case 3:
		return (x+y)%3 == 0
	case 4:
		return (x/3+y/2)%2 == 0
	case 5:
		return x*y%2+x*y%3 == 0
	case 6:
		return (x*y%2+x*y%3)%2 == 0
	}
	return ((x+y)%2+x*y%3)%2 == 0
}

// blocks and eccs are, for L, M, Q and H and versions 1 to 20, the number of blocks
// and of correction codewords in each (table 9).
var (
	blocks = [4][20]int{
		{1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8},
		{1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16},
		{1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20},
		{1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25},
	}
	eccs = [4][20]int{
		{7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28},
		{10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26},
		{13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30},
		{17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28},
	}
)

// deinterleave puts the data of the blocks one after the other (7.6). The first blocks
// may be shorter by one.
func (s *symbol) deinterleave(words []byte, level int) []byte {
	n, ecc := blocks[level][s.version-1], eccs[level][s.version-1]
	total := len(words) - n*ecc
	short, longer := total/n, total%n
	parts := make([][]byte, n)
	at := 0
	for i := range short + 1 {
		for b := range n {
			if i < short || b >= n-longer {
				parts[b] = append(parts[b], words[at])
				at++
			}
		}
	}
	return []byte(strings.Join(texts(parts), ""))
}

func texts(parts [][]byte) []string {
	var all []string
	for _, p := range parts {
		all = append(all, string(p))
	}
	return all
}
