package sticker

import (
	"strings"
	"unicode/utf8"

	"codeberg.org/go-pdf/fpdf"
)

const (
	family  = "go"
	regular = ""
	bold    = "B"

	mmPerPoint = 25.4 / 72
	leading    = 1.2 // from line to line, in font sizes
	ascent     = 0.9 // from the top of a line to its base line, in font sizes
)

// word is one word in one style.
type word struct {
	text  string
	style string
}

func words(text, style string) []word {
	var ws []word
	for _, w := range strings.Fields(text) {
		ws = append(ws, word{w, style})
	}
	return ws
}

// room is where a paragraph has to go: at most this wide, this many lines, and the
// sizes in points between which it may choose.
type room struct {
	width    float64 // mm
	lines    int
	max, min float64
}

// paragraph is text that is laid out, centred.
type paragraph struct {
	lines [][]word
	size  float64 // points
	grey  int     // 0 is black
}

// height in mm.
func (p paragraph) height() float64 {
	return float64(len(p.lines)) * p.size * leading * mmPerPoint
}

// fit chooses few lines before large letters: a line more only where one line less
// would have to be smaller than three quarters of the largest size.
func fit(pdf *fpdf.Fpdf, ws []word, r room) (paragraph, bool) {
	if len(ws) == 0 {
		return paragraph{}, true
	}
	for n := 1; n <= r.lines; n++ {
		least := max(r.min, r.max*0.75)
		if n == r.lines {
			least = r.min
		}
		for size := r.max; size >= least; size -= 0.25 {
			if lines := wrap(pdf, ws, size, r.width); len(lines) <= n {
				return paragraph{lines: lines, size: size}, true
			}
		}
	}
	return paragraph{}, false
}

// wrap fills lines one after the other.
func wrap(pdf *fpdf.Fpdf, ws []word, size, width float64) [][]word {
	var lines [][]word
	var line []word
	for _, w := range split(pdf, ws, size, width) {
		if longer := append(line[:len(line):len(line)], w); len(line) == 0 || measure(pdf, longer, size) <= width {
			line = longer
			continue
		}
		lines, line = append(lines, line), []word{w}
	}
	return append(lines, line)
}

// split cuts words that are longer than a line.
func split(pdf *fpdf.Fpdf, ws []word, size, width float64) []word {
	var out []word
	for _, w := range ws {
		for measure(pdf, []word{w}, size) > width {
			n := fitting(pdf, w, size, width)
			out = append(out, word{w.text[:n], w.style})
			w.text = w.text[n:]
		}
		out = append(out, w)
	}
	return out
}

// fitting is how many bytes of a word fill a line, at least one character's.
func fitting(pdf *fpdf.Fpdf, w word, size, width float64) int {
	_, n := utf8.DecodeRuneInString(w.text)
	for next := n; next < len(w.text); {
		_, more := utf8.DecodeRuneInString(w.text[next:])
		if next += more; measure(pdf, []word{{w.text[:next], w.style}}, size) > width {
			break
		}
		n = next
	}
	return n
}

// measure is the width of a line in mm.
func measure(pdf *fpdf.Fpdf, line []word, size float64) float64 {
	var sum float64
	for i, w := range line {
		pdf.SetFont(family, w.style, size)
		if i > 0 {
			sum += pdf.GetStringWidth(" ")
		}
		sum += pdf.GetStringWidth(w.text)
	}
	return sum
}

// draw puts the paragraph's top middle at a point and gives the y below it.
func (p paragraph) draw(pdf *fpdf.Fpdf, x, y float64) float64 {
	pdf.SetTextColor(p.grey, p.grey, p.grey)
	for _, line := range p.lines {
		left := x - measure(pdf, line, p.size)/2
		for _, w := range line {
			pdf.SetFont(family, w.style, p.size)
			pdf.Text(left, y+p.size*ascent*mmPerPoint, w.text)
			left += pdf.GetStringWidth(w.text) + pdf.GetStringWidth(" ")
		}
		y += p.size * leading * mmPerPoint
	}
	return y
}
