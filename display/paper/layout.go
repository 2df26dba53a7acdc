// Package paper writes a receipt and the report of a shift as lines of text of one
// width, for a narrow printer or for a window of a terminal. It knows neither: the
// lines say how they are meant, and whoever prints them knows how.
//
//	lines := paper.Receipt(r, catalogue, paper.Options{Width: 32, Brand: "Vipps", Header: head})
//	fmt.Print(paper.Text(lines, 32))
//
// What is long is wrapped at spaces and, within a reference, at hyphens; a figure is
// never cut. Amounts stand at the right edge; where a label leaves no room for its
// amount, the amount gets a line of its own.
package paper

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line is one line. Its Text has no control characters and, unless a single figure
// is longer, at most as many characters as the paper has columns, half as many if
// the Style is Big.
type Line struct {
	Text    string
	Style   Style
	Centred bool
}

// Style is how a line is meant.
type Style string

const (
	Plain  Style = ""
	Strong Style = "strong" // bold
	Big    Style = "big"    // twice as high and as wide
)

// MinWidth is the narrowest paper, in columns.
const MinWidth = 24

// sheet is paper that is being written on.
type sheet struct {
	width int
	lines []Line
}

func newSheet(width int) *sheet { return &sheet{width: max(width, MinWidth)} }

// blank leaves a line free.
func (s *sheet) blank() { s.lines = append(s.lines, Line{}) }

// rule draws a line across.
func (s *sheet) rule() { s.lines = append(s.lines, Line{Text: strings.Repeat("-", s.width)}) }

// text writes a text at the left edge.
func (s *sheet) text(text string, style Style) { s.put(text, style, false) }

// middle writes a text in the middle.
func (s *sheet) middle(text string, style Style) { s.put(text, style, true) }

func (s *sheet) put(text string, style Style, centred bool) {
	width := s.width
	if style == Big {
		width /= 2
	}
	for _, line := range wrap(clean(text), width) {
		s.lines = append(s.lines, Line{unbind(line), style, centred})
	}
}

// row writes a label at the left and a value at the right edge of one line, or of
// two where they do not fit next to each other.
func (s *sheet) row(label, value string, style Style) {
	label, value = clean(label), clean(value)
	space := s.width - columns(label) - columns(value)
	if space < 1 {
		s.put(label, style, false)
		label, space = "", s.width-columns(value)
	}
	s.lines = append(s.lines, Line{Text: unbind(label + strings.Repeat(" ", max(0, space)) + value), Style: style})
}

func columns(text string) int { return utf8.RuneCountInString(text) }

// nbsp and its narrow sister hold an amount together until it has its line.
const (
	nbsp   = '\u00a0'
	narrow = '\u202f'
)

// clean makes one line of a text: whatever would move a cursor becomes a space.
func clean(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == utf8.RuneError, r == '\u2028', r == '\u2029':
			return ' '
		}
		return r
	}, text))
}

func unbind(text string) string {
	return strings.NewReplacer(string(nbsp), " ", string(narrow), " ").Replace(text)
}

// wrap breaks a text at its spaces. A word that is wider than the paper is broken
// after a hyphen if it has one, and anywhere if not.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' }) {
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
		for columns(line) > width {
			cut := breakOf(line, width)
			lines, line = append(lines, line[:cut]), line[cut:]
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// breakOf is the byte at which to break a word that is too wide.
func breakOf(word string, width int) int {
	fits, n := len(word), 0
	for i := range word {
		if n == width {
			fits = i
			break
		}
		n++
	}
	if hyphen := strings.LastIndexByte(word[:fits], '-'); hyphen >= 0 {
		return hyphen + 1
	}
	return fits
}

// Text is lines as a terminal of that width shows them, each ended.
func Text(lines []Line, width int) string {
	var b strings.Builder
	for _, l := range lines {
		if l.Centred {
			b.WriteString(strings.Repeat(" ", max(0, width-columns(l.Text))/2))
		}
		b.WriteString(l.Text)
		b.WriteByte('\n')
	}
	return b.String()
}
