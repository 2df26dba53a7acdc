package qr

import "strconv"

// Path is the data of one SVG path that fills the dark modules, in units of a
// module, shifted by the quiet zone: it belongs into a viewBox of "0 0 Span Span"
// over a white ground. Each run of dark modules in a row is one rectangle. The
// text consists of digits, spaces, minus signs and the letters M, h, v and z only.
func (c *Code) Path() string {
	path := make([]byte, 0, 12*c.Size()*c.Size()/4)
	for y := range c.dark {
		for x := 0; x < c.Size(); {
			run := c.run(x, y)
			if run > 0 {
				path = appendRun(path, x+QuietZone, y+QuietZone, run)
			}
			x += max(run, 1)
		}
	}
	return string(path)
}

// run is the number of dark modules in a row from x on.
func (c *Code) run(x, y int) int {
	n := 0
	for c.Dark(x+n, y) {
		n++
	}
	return n
}

func appendRun(path []byte, x, y, width int) []byte {
	path = append(path, 'M')
	path = strconv.AppendInt(path, int64(x), 10)
	path = append(path, ' ')
	path = strconv.AppendInt(path, int64(y), 10)
	path = append(path, 'h')
	path = strconv.AppendInt(path, int64(width), 10)
	path = append(path, "v1h-"...)
	path = strconv.AppendInt(path, int64(width), 10)
	return append(path, 'z')
}

// SVG is a whole image with its own white ground and quiet zone. It has no size of
// its own: shown at a multiple of Span pixels, every module is equally wide.
func (c *Code) SVG() string {
	span := strconv.Itoa(c.Span())
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ` + span + ` ` + span +
		`" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h` + span + `v` + span + `H0z"/>` +
		`<path fill="#000" d="` + c.Path() + `"/></svg>`
}
