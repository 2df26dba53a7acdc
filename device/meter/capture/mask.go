package capture

import (
	"regexp"
	"strings"
)

// A receipt may carry a card number, a phone number or a name. The driver keeps
// nothing of a receipt but its fields and never logs its text; what is left to hide
// is in raw tapes (mask) and in what a person looks at while learning a layout
// (maskText).

// mask hides digits of a raw line, in place, in whatever pieces it comes: from the
// seventh digit on, every digit of a number, in which single spaces and hyphens may
// stand. Amounts, dates and receipt numbers are shorter. It also hides the rest of a
// line after a word for a person or a telephone.
type mask struct {
	digits int  // of the present number
	gap    bool // a separator was the last byte
	word   [maxLabel]byte
	n      int  // letters of the present word; more than maxLabel: too many
	high   bool // the last byte was not ASCII
	hiding bool // until the line ends
}

const (
	shownDigits = 6
	maxLabel    = 16
)

// labels stand before what is about people. A dot stands for a letter that is not ASCII,
// whatever the charset makes of it.
var labels = []string{"sj.f.r", "f.rer", "f.rare", "chauff.r", "kuljettaja", "driver", "navn", "namn", "nimi", "name",
	"kunde", "kund", "asiakas", "customer", "passasjer", "telefon", "tlf", "tel", "puh", "phone", "mobil"}

// hide overwrites in place.
func (m *mask) hide(p []byte) {
	for i, b := range p {
		p[i] = m.show(b)
	}
}

// show is what may be seen of b.
func (m *mask) show(b byte) byte {
	if b < ' ' {
		*m = mask{}
		return b
	}
	if m.hiding {
		return hidden(b)
	}
	m.label(b)
	switch {
	case b >= '0' && b <= '9':
		m.gap = false
		if m.digits++; m.digits > shownDigits {
			return '*'
		}
	case (b == ' ' || b == '-') && m.digits > 0 && !m.gap:
		m.gap = true
	default:
		m.digits, m.gap = 0, false
	}
	return b
}

// hidden keeps spaces, so that columns stay where they are.
func hidden(b byte) byte {
	if b == ' ' {
		return b
	}
	return '*'
}

// label follows the words of the line, and hides what comes after one that stands for
// a person or a telephone.
func (m *mask) label(b byte) {
	high := m.high
	m.high = b >= 0x80
	if letter(b) {
		if high && m.high {
			return // the second byte of a letter in UTF-8
		}
		if m.n < maxLabel {
			m.word[m.n] = b
		}
		m.n = min(m.n+1, maxLabel+1)
		return
	}
	word := m.word[:min(m.n, maxLabel)]
	for _, l := range labels {
		m.hiding = m.hiding || len(l) == m.n && isLabel(word, l)
	}
	m.n = 0
}

// letter is true for what words are made of, brackets and braces included, which
// are letters in the national sets.
func letter(b byte) bool { return b >= 0x80 || b|0x20 >= 'a' && b|0x20 <= '}' }

func isLabel(word []byte, l string) bool {
	for i := range l {
		if b := word[i]; l[i] != '.' && b|0x20 != l[i] {
			return false
		}
	}
	return true
}

var longNumber = regexp.MustCompile(`\d(?:[ -]?\d){11,18}`)

// maskText hides card numbers, and lines about people, in text that is shown.
func maskText(text string) string {
	text = longNumber.ReplaceAllStringFunc(text, func(s string) string {
		if !luhn(s) {
			return s
		}
		return strings.Repeat("*", len(s))
	})
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = maskPerson(l)
	}
	return strings.Join(lines, "\n")
}

// maskPerson hides what follows a label.
func maskPerson(line string) string {
	var m mask
	for i, r := range line {
		if m.label(narrow(r)); m.hiding {
			i++ // r is ASCII: all others are letters
			return line[:i] + strings.Map(func(r rune) rune { return rune(hidden(narrow(r))) }, line[i:])
		}
	}
	return line
}

// narrow makes one byte of a character, as a code page would.
func narrow(r rune) byte {
	if r < 0x80 {
		return byte(r)
	}
	return 0x80
}

// luhn is true for the digits of s if they may be a card number.
func luhn(s string) bool {
	sum, n := 0, 0
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] < '0' || s[i] > '9' {
			continue
		}
		d := int(s[i] - '0')
		if n%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		n++
	}
	return n >= 12 && n <= 19 && sum%10 == 0
}
