// Package sticker draws the print-ready page for a car's code: what is printed,
// laminated and stuck where passengers see it.
//
//	err := sticker.Write(file, sticker.Sticker{
//		Format:  sticker.A7,
//		Modules: modules,
//		Vehicle: "T122",
//		ID:      "taxi-T122-7GK2QX",
//		Words: []sticker.Words{
//			{Headline: "Betal her", Text: "Skann koden med kameraet", Hint: "Sjekk at siden viser T122"},
//			{Headline: "Pay here", Text: "Scan the code with your camera", Hint: "Check that the page shows T122"},
//		},
//	})
//
// From top to bottom: the operator's name, the headline and text of the first
// language, the code, the car's number as large as it goes, the hint of the first
// language, the other languages small, and the id of the code for whoever calls the
// office. The words are laid out first, each as large as it fits between two sizes;
// the code gets the room that is left, and a sticker whose code would be too small to
// scan is refused rather than printed.
//
// The hint is there because anybody can paste a code of their own over this one: a
// passenger who compares the car's number on the sticker with that on the page
// notices it.
//
// Everything is drawn as vectors, in black and grey, so that any printer will do. The
// fonts are the Go fonts, embedded as far as they are used. The same stickers always
// give the same bytes.
package sticker

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Format is the size of the cut sticker.
type Format string

const (
	A7 Format = "A7" // 74 x 105 mm
	A6 Format = "A6" // 105 x 148 mm
)

// Sticker is one page.
type Sticker struct {
	Format Format
	// Marks adds 8 mm of paper on each side, with marks where to cut.
	Marks bool
	// Modules are the dark modules of the code [row][column], without quiet zone.
	Modules [][]bool
	// Vehicle is the number by which passengers know the car, at most 16 characters.
	Vehicle string
	// ID is the id of the code, at most 128 characters; may be empty.
	ID string
	// Operator is a name above everything, at most 80 characters; may be empty.
	Operator string
	// Words are in one to six languages, the most important first.
	Words []Words
}

// Words are what the sticker says in one language.
type Words struct {
	Headline string // what this is, at most 60 characters
	Text     string // what to do, at most 120 characters; may be empty
	Hint     string // what to look out for, at most 120 characters; may be empty
}

const (
	// MaxStickers is how many pages one file may have.
	MaxStickers = 500
	maxWords    = 6
	quietZone   = 4
)

// Reasons why a sticker cannot be printed.
var (
	ErrCrowded = errors.New("the words leave no room for a code that can be scanned: use fewer languages, shorter words or A6")
	ErrModules = errors.New("modules are not a QR symbol: 21 to 177 rows of as many columns each, without quiet zone")
)

// check says what is wrong with what was asked for, before anything is drawn.
func (s Sticker) check() error {
	if _, ok := sizes[s.Format]; !ok {
		return fmt.Errorf("format %q unknown: use A7 or A6", s.Format)
	}
	if err := checkModules(s.Modules); err != nil {
		return err
	}
	if n := len(s.Words); n < 1 || n > maxWords {
		return fmt.Errorf("words in %d languages: use 1 to %d", n, maxWords)
	}
	fields := []field{{"vehicle", s.Vehicle, 1, 16}, {"id", s.ID, 0, 128}, {"operator", s.Operator, 0, 80}}
	for _, w := range s.Words {
		fields = append(fields, field{"headline", w.Headline, 1, 60}, field{"text", w.Text, 0, 120}, field{"hint", w.Hint, 0, 120})
	}
	for _, f := range fields {
		if err := f.check(); err != nil {
			return err
		}
	}
	return nil
}

func checkModules(m [][]bool) error {
	if n := len(m); n < 21 || n > 177 || n%4 != 1 {
		return ErrModules
	}
	for _, row := range m {
		if len(row) != len(m) {
			return ErrModules
		}
	}
	return nil
}

// field is a text with the number of characters that it may have.
type field struct {
	name, text string
	min, max   int
}

func (f field) check() error {
	if !utf8.ValidString(f.text) {
		return fmt.Errorf("%s is not valid UTF-8", f.name)
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(f.text)); n < f.min || n > f.max {
		return fmt.Errorf("%s has %d characters: use %d to %d", f.name, n, f.min, f.max)
	}
	for _, r := range f.text {
		if !printable(r) {
			return fmt.Errorf("%s holds %q, which the font has not: use Latin letters", f.name, r)
		}
	}
	return nil
}

// printable is true for what both fonts have and a sticker may need: Latin letters
// with all their accents (Norwegian, Sami, Finnish, Polish, ...) and punctuation.
func printable(r rune) bool {
	switch {
	case r >= 0x20 && r <= 0x7e, r >= 0xa0 && r <= 0x17f && r != 0xad:
		return true
	}
	switch r {
	case '–', '—', '‘', '’', '‚', '“', '”', '„', '•', '…', '‹', '›', '€', '™', '→':
		return true
	}
	return false
}
