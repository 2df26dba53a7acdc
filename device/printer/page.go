package printer

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// CodePage is what the bytes above 127 mean to a printer.
type CodePage string

const (
	PC858  CodePage = "cp858"  // Western European with the euro sign
	PC850  CodePage = "cp850"  // the same without it
	PC865  CodePage = "cp865"  // Nordic
	WPC252 CodePage = "cp1252" // Windows
)

// CodePages are all of them.
func CodePages() []CodePage { return []CodePage{PC858, PC850, PC865, WPC252} }

// page is a code page and the number by which ESC t knows it.
type page struct {
	number byte
	chars  *charmap.Charmap
}

var pages = map[CodePage]page{
	PC858:  {19, charmap.CodePage858},
	PC850:  {2, charmap.CodePage850},
	PC865:  {5, charmap.CodePage865},
	WPC252: {16, charmap.Windows1252},
}

// append adds a text, one byte for each character that takes a place.
func (p page) append(out []byte, text string) []byte {
	for _, r := range norm.NFC.String(text) {
		if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
			continue // takes no place: an accent that no letter has, a mark of direction
		}
		out = append(out, p.encode(r))
	}
	return out
}

// encode is a character's byte, or that of its nearest likeness, or a space. It is
// never a control character.
func (p page) encode(r rune) byte {
	if unicode.Is(unicode.Zs, r) {
		return ' ' // the page's own hard space is a black box on some printers
	}
	if b, ok := p.byte(r); ok {
		return b
	}
	if like, ok := likeness[r]; ok {
		b, _ := p.byte(like)
		return b
	}
	base, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r))) // without its accent
	if b, ok := p.byte(base); ok {
		return b
	}
	return ' '
}

func (p page) byte(r rune) (byte, bool) {
	b, ok := p.chars.EncodeRune(r)
	return b, ok && !unicode.IsControl(r) && b >= ' ' && b != 0x7f
}

// likeness has characters that texts here use or names are written with, and that
// have no letter in them. Each stands for one, so that columns stay columns.
var likeness = map[rune]rune{
	'−': '-', '–': '-', '—': '-', '‐': '-', '‑': '-',
	'…': '.', '•': '*', '·': '.', '×': 'x', '€': 'E',
	'‘': '\'', '’': '\'', '‚': ',', '“': '"', '”': '"', '„': '"', '«': '"', '»': '"', '‹': '\'', '›': '\'',
	'ø': 'o', 'Ø': 'O', 'æ': 'a', 'Æ': 'A', 'å': 'a', 'Å': 'A', 'ð': 'd', 'Ð': 'D', 'þ': 't', 'Þ': 'T',
	'ł': 'l', 'Ł': 'L', 'đ': 'd', 'Đ': 'D', 'ŋ': 'n', 'Ŋ': 'N', 'ŧ': 't', 'Ŧ': 'T', 'ı': 'i', 'ß': 's',
	'œ': 'o', 'Œ': 'O',
}
