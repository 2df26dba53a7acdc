package capture

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// charset turns printed bytes into text. National is a seven-bit set that replaces
// some of the ASCII signs, as old printers and meters do.
type charset struct {
	page     *charmap.Charmap // nil: multi
	multi    encoding.Encoding
	national map[byte]rune
}

// auto is the charset that follows ESC t and ESC R.
const auto = "auto"

var pages = map[string]*charmap.Charmap{
	"cp437": charmap.CodePage437, "cp850": charmap.CodePage850, "cp852": charmap.CodePage852,
	"cp858": charmap.CodePage858, "cp865": charmap.CodePage865, "cp1252": charmap.Windows1252,
	"iso8859-1": charmap.ISO8859_1, "iso8859-15": charmap.ISO8859_15,
}

// positions are the ASCII signs that national sets replace, in the order of the
// tables below.
const positions = "#$@[\\]^`{|}~"

// nationals are the sets of ESC R, as far as they are met in taxis.
var nationals = map[int]string{
	1:  "#$à°ç§^`éùè¨",
	2:  "#$§ÄÖÜ^`äöüß",
	3:  "£$@[\\]^`{|}~",
	4:  "#$@ÆØÅ^`æøå~",
	5:  "#¤ÉÄÖÅÜéäöåü",
	9:  "#¤ÉÆØÅÜéæøåü",
	10: "#$ÉÆØÅÜéæøåü",
}

// sevenBit are the names of the national sets for meters that use one without
// saying so.
var sevenBit = map[string]int{"ascii-de": 2, "ascii-dk": 4, "ascii-se": 5, "ascii-fi": 5, "ascii-no": 9}

// escPages are the code pages by the number in ESC t.
var escPages = map[int]string{0: "cp437", 2: "cp850", 5: "cp865", 16: "cp1252", 18: "cp852", 19: "cp858"}

// charsetNames are what the configuration may say.
func charsetNames() []string {
	names := append(slices.Collect(maps.Keys(pages)), slices.Collect(maps.Keys(sevenBit))...)
	names = append(names, auto, "utf-8", "gbk", "big5")
	slices.Sort(names)
	return names
}

// charsetOf gives the charset of that name; auto begins as code page 437.
func charsetOf(name string) charset {
	switch name {
	case "utf-8":
		return charset{}
	case "gbk":
		return charset{multi: simplifiedchinese.GBK}
	case "big5":
		return charset{multi: traditionalchinese.Big5}
	case auto:
		return charset{page: charmap.CodePage437}
	}
	if n, ok := sevenBit[name]; ok {
		return charset{page: charmap.CodePage437, national: nationalSet(n)}
	}
	return charset{page: pages[name]}
}

// nationalSet is what ESC R n replaces, nil for plain ASCII and unknown sets.
func nationalSet(n int) map[byte]rune {
	letters := []rune(nationals[n])
	if len(letters) == 0 {
		return nil
	}
	set := map[byte]rune{}
	for i, b := range []byte(positions) {
		if letters[i] != rune(b) {
			set[b] = letters[i]
		}
	}
	return set
}

// decode appends p as text and counts what is no text in this charset.
func (c charset) decode(b *strings.Builder, p []byte) (bad int) {
	if c.page == nil {
		return c.decodeMulti(b, p)
	}
	for _, x := range p {
		r, ok := c.national[x]
		if !ok {
			r = c.page.DecodeByte(x)
		}
		bad += put(b, r)
	}
	return bad
}

func (c charset) decodeMulti(b *strings.Builder, p []byte) (bad int) {
	if c.multi != nil {
		if q, err := c.multi.NewDecoder().Bytes(p); err == nil {
			p = q
		}
	}
	for len(p) > 0 {
		r, n := utf8.DecodeRune(p)
		bad += put(b, r)
		p = p[n:]
	}
	return bad
}

// put writes one character; exotic spaces become plain ones, and what cannot be
// printed becomes a replacement character.
func put(b *strings.Builder, r rune) (bad int) {
	switch {
	case r == '\n':
	case unicode.IsSpace(r):
		r = ' '
	case r == utf8.RuneError || !unicode.IsPrint(r):
		r, bad = utf8.RuneError, 1
	}
	b.WriteRune(r)
	return bad
}

// encode is the other way round, for the simulator: characters that the charset does
// not have become question marks.
func (c charset) encode(text string) []byte {
	var out []byte
	back := map[rune]byte{}
	for b, r := range c.national {
		back[r] = b
	}
	for _, r := range text {
		switch b, ok := back[r]; {
		case ok:
			out = append(out, b)
		case c.page != nil:
			out = append(out, orQuestion(c.page.EncodeRune(r)))
		case c.multi == nil:
			out = utf8.AppendRune(out, r)
		default:
			q, err := c.multi.NewEncoder().Bytes([]byte(string(r)))
			if err != nil {
				q = []byte{'?'}
			}
			out = append(out, q...)
		}
	}
	return out
}

func orQuestion(b byte, ok bool) byte {
	if !ok {
		return '?'
	}
	return b
}
