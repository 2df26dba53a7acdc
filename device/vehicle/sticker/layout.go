package sticker

import "codeberg.org/go-pdf/fpdf"

// size of a cut sticker in mm, and by how much everything on it is larger than on A7.
type size struct {
	width, height, scale float64
}

var sizes = map[Format]size{
	A7: {74, 105, 1},
	A6: {105, 148, 1.4},
}

// All measures below are in mm and for A7.
const (
	margin = 5.0
	gap    = 1.6 // between things that do not belong together

	bandMin, bandMax = 9.0, 13.0 // height of the band with the car's number
	bandRound        = 1.8

	// minModule is the least width of a module that telephones read from a seat.
	minModule = 0.5
	// frame is the line around the code's quiet zone, and its room.
	frame = 0.8
)

// layout is a sticker with everything on it in its size.
type layout struct {
	size
	sticker Sticker

	operator, headline, text, hint, id paragraph
	others                             []paragraph
	number                             paragraph
	band                               float64 // height
	side                               float64 // of the code with its quiet zone
	slack                              float64 // room that is left over, for each of the gaps
}

func lay(pdf *fpdf.Fpdf, s Sticker) (layout, error) {
	l := layout{size: sizes[s.Format], sticker: s}
	if !l.layWords(pdf) {
		return layout{}, ErrCrowded
	}
	l.layCode()
	if l.side/float64(len(s.Modules)+2*quietZone) < minModule {
		return layout{}, ErrCrowded
	}
	return l, nil
}

// layWords gives every text the size that it can have, in points on A7.
func (l *layout) layWords(pdf *fpdf.Fpdf) bool {
	s, first := l.sticker, l.sticker.Words[0]
	placed := []struct {
		to     *paragraph
		words  []word
		within room
		grey   int
	}{
		{&l.operator, words(s.Operator, bold), l.room(2, 8.5, 5.5), 70},
		{&l.headline, words(first.Headline, bold), l.room(2, 18, 10), 0},
		{&l.text, words(first.Text, regular), l.room(2, 9, 6.5), 0},
		{&l.hint, words(first.Hint, bold), l.room(2, 8, 6), 0},
		{&l.id, words(s.ID, regular), l.room(3, 5.5, 4.5), 90},
	}
	for _, p := range placed {
		fits := false
		if *p.to, fits = fit(pdf, p.words, p.within); !fits {
			return false
		}
		p.to.grey = p.grey
	}
	l.layNumber(pdf)
	return l.layOthers(pdf)
}

func (l *layout) room(lines int, largest, smallest float64) room {
	return room{l.width - 2*margin*l.scale, lines, largest * l.scale, smallest * l.scale}
}

// layNumber makes the car's number as large as its band is wide.
func (l *layout) layNumber(pdf *fpdf.Fpdf) {
	within := l.room(1, 30, 8)
	within.width -= 6 * l.scale
	l.number, _ = fit(pdf, words(l.sticker.Vehicle, bold), within)
	l.number.grey = 255
	l.band = max(bandMin*l.scale, min(bandMax*l.scale, l.number.size*mmPerPoint*1.3))
}

// layOthers gives all further languages the same size: that of the longest.
func (l *layout) layOthers(pdf *fpdf.Fpdf) bool {
	within := l.room(3, 6.25, 5)
	for _, w := range l.sticker.Words[1:] {
		p, fits := fit(pdf, w.inOne(), within)
		if !fits {
			return false
		}
		within.max = min(within.max, p.size)
	}
	for _, w := range l.sticker.Words[1:] {
		p := paragraph{lines: wrap(pdf, w.inOne(), within.max, within.width), size: within.max}
		l.others = append(l.others, p)
	}
	return true
}

// inOne is one paragraph of all that is said in a language.
func (w Words) inOne() []word {
	ws := words(w.Headline, bold)
	for _, more := range []string{w.Text, w.Hint} {
		if part := words(more, regular); len(part) > 0 {
			ws = append(append(ws, word{"·", regular}), part...)
		}
	}
	return ws
}

// layCode gives the code what the words leave, at most the whole width.
func (l *layout) layCode() {
	free := l.height - 2*margin*l.scale - l.band
	for _, p := range append([]paragraph{l.operator, l.headline, l.text, l.hint, l.id}, l.others...) {
		free -= p.height()
	}
	free -= float64(l.gaps()) * gap * l.scale
	free -= 2 * frame * l.scale
	l.side = min(free, l.width-2*(margin+frame)*l.scale)
	l.slack = (free - l.side) / float64(l.gaps())
}

// gaps counts what draw leaves between things.
func (l *layout) gaps() int {
	n := 2 // around the code
	for _, p := range append([]paragraph{l.operator, l.hint, l.id}, l.others...) {
		if len(p.lines) > 0 {
			n++
		}
	}
	return n
}
