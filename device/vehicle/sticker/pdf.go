package sticker

import (
	"fmt"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

const (
	slug       = 8.0 // paper around the cut sticker, with Marks
	markLength = 5.0
	hairline   = 0.1
)

// never is the date in every file: the same stickers give the same bytes.
var never = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

// Write writes one PDF with a page for each sticker, or nothing if one of them
// cannot be printed. Errors say which one, counted from 1.
func Write(w io.Writer, stickers ...Sticker) error {
	if n := len(stickers); n < 1 || n > MaxStickers {
		return fmt.Errorf("write stickers: %d of them: use 1 to %d a file", n, MaxStickers)
	}
	pdf := document()
	for i, s := range stickers {
		if err := s.check(); err != nil {
			return fmt.Errorf("write sticker %d: %w", i+1, err)
		}
		l, err := lay(pdf, s)
		if err != nil {
			return fmt.Errorf("write sticker %d: %w", i+1, err)
		}
		l.page(pdf)
	}
	if err := pdf.Output(w); err != nil {
		return fmt.Errorf("write stickers: %w", err)
	}
	return nil
}

func document() *fpdf.Fpdf {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(never)
	pdf.SetModificationDate(never)
	pdf.SetMargins(0, 0, 0)
	pdf.SetAutoPageBreak(false, 0)
	pdf.AddUTF8FontFromBytes(family, regular, goregular.TTF)
	pdf.AddUTF8FontFromBytes(family, bold, gobold.TTF)
	pdf.SetTitle("taxi stickers", true)
	return pdf
}

// page draws everything, from top to bottom, and gives the y below the last line.
func (l layout) page(pdf *fpdf.Fpdf) float64 {
	left := l.paper(pdf)
	x, y := left+l.width/2, left+margin*l.scale
	skip := l.slack + gap*l.scale

	if len(l.operator.lines) > 0 {
		y = l.operator.draw(pdf, x, y) + skip
	}
	y = l.headline.draw(pdf, x, y)
	y = l.text.draw(pdf, x, y) + skip
	y = l.code(pdf, x, y) + skip
	y = l.plate(pdf, x, y)
	if len(l.hint.lines) > 0 {
		y = l.hint.draw(pdf, x, y+skip)
	}
	for _, p := range l.others {
		y = p.draw(pdf, x, y+skip)
	}
	if len(l.id.lines) > 0 {
		y = l.id.draw(pdf, x, y+skip)
	}
	return y
}

// paper starts a page and gives where the sticker begins on it, from the left and
// from the top.
func (l layout) paper(pdf *fpdf.Fpdf) float64 {
	from := 0.0
	if l.sticker.Marks {
		from = slug
	}
	pdf.AddPageFormat("P", fpdf.SizeType{Wd: l.width + 2*from, Ht: l.height + 2*from})
	pdf.SetPageBox("trim", from, from, l.width, l.height) // stays for the next page, so always set
	if l.sticker.Marks {
		l.marks(pdf)
	}
	return from
}

// marks are hair lines that show where to cut, outside of what is cut out.
func (l layout) marks(pdf *fpdf.Fpdf) {
	pdf.SetDrawColor(0, 0, 0)
	pdf.SetLineWidth(hairline)
	for _, x := range []float64{slug, slug + l.width} {
		pdf.Line(x, 0, x, markLength)
		pdf.Line(x, 2*slug+l.height-markLength, x, 2*slug+l.height)
	}
	for _, y := range []float64{slug, slug + l.height} {
		pdf.Line(0, y, markLength, y)
		pdf.Line(2*slug+l.width-markLength, y, 2*slug+l.width, y)
	}
}

// plate is the band with the car's number, white on black.
func (l layout) plate(pdf *fpdf.Fpdf, x, y float64) float64 {
	width := l.width - 2*margin*l.scale
	pdf.SetFillColor(0, 0, 0)
	pdf.RoundedRect(x-width/2, y, width, l.band, bandRound*l.scale, "1234", "F")
	capital := 0.72 * l.number.size * mmPerPoint // height of a capital letter
	base := y + (l.band+capital)/2
	l.number.draw(pdf, x, base-l.number.size*ascent*mmPerPoint)
	return y + l.band
}

// code draws the symbol with its quiet zone in a frame.
func (l layout) code(pdf *fpdf.Fpdf, x, y float64) float64 {
	outer := l.side + 2*frame*l.scale
	pdf.SetFillColor(255, 255, 255)
	pdf.SetDrawColor(150, 150, 150)
	pdf.SetLineWidth(0.25 * l.scale)
	pdf.RoundedRect(x-outer/2, y, outer, outer, bandRound*l.scale, "1234", "DF")

	m := l.sticker.Modules
	module := l.side / float64(len(m)+2*quietZone)
	left, top := x-l.side/2+quietZone*module, y+frame*l.scale+quietZone*module
	pdf.SetFillColor(0, 0, 0)
	at := func(row, column int) bool { return m[row][column] }
	runs(len(m), at, func(row, column, n int) {
		pdf.Rect(left+float64(column)*module, top+float64(row)*module, float64(n)*module, module, "F")
	})
	// Once more in columns: screens show hair lines between rows that only touch.
	runs(len(m), func(column, row int) bool { return at(row, column) }, func(column, row, n int) {
		if n > 1 {
			pdf.Rect(left+float64(column)*module, top+float64(row)*module, module, float64(n)*module, "F")
		}
	})
	return y + outer
}

// runs finds what is dark and side by side.
func runs(size int, dark func(line, at int) bool, draw func(line, at, n int)) {
	for line := range size {
		for at := 0; at < size; at++ {
			n := 0
			for at+n < size && dark(line, at+n) {
				n++
			}
			if n > 0 {
				draw(line, at, n)
				at += n
			}
		}
	}
}
