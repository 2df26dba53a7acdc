package printer

// quietZone is the white margin of a code in modules (ISO/IEC 18004, 9.1). It is
// part of the picture, so that nothing printed next to it can spoil it.
const quietZone = 4

// maxScale is how many dots a module has at most: 8 are a millimetre at the usual
// 203 dots an inch, which every phone reads.
const maxScale = 8

// bandRows is how many rows of dots go into one command; printers with little memory
// take no more at once.
const bandRows = 128

// code draws modules in the middle, as large as they fit.
func (e *encoder) code(m Modules, dots int) error {
	span := m.Size() + 2*quietZone
	scale := min(maxScale, dots/span)
	if m.Size() < 1 || m.Size() > maxSize || scale < 1 {
		return ErrCodeTooWide
	}
	e.style(Line{Centred: true})
	rows := span * scale
	for top := 0; top < rows; top += bandRows {
		e.band(m, scale, top, min(bandRows, rows-top))
	}
	e.style(Line{})
	return nil
}

// band is one picture: rows of dots, each from left to right in whole bytes, the
// first dot in the highest bit, one is black.
func (e *encoder) band(m Modules, scale, top, rows int) {
	span := m.Size() + 2*quietZone
	width := (span*scale + 7) / 8
	e.out = append(e.out, rasterise...)
	e.out = append(e.out, byte(width), byte(width>>8), byte(rows), byte(rows>>8))
	for y := top; y < top+rows; y++ {
		row := make([]byte, width)
		for x := range span * scale {
			if dark(m, x/scale-quietZone, y/scale-quietZone) {
				row[x/8] |= 0x80 >> (x % 8)
			}
		}
		e.out = append(e.out, row...)
	}
}

func dark(m Modules, x, y int) bool {
	return x >= 0 && y >= 0 && x < m.Size() && y < m.Size() && m.Dark(x, y)
}
