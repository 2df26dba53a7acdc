package qr

import (
	"image"
	"image/color"
)

// Fit is the largest whole number of pixels a module may have so that the symbol
// with its quiet zone fits into a square of the given side; 0 if none does.
func (c *Code) Fit(pixels int) int { return max(pixels, 0) / c.Span() }

// Raster draws the symbol with its quiet zone, scale pixels a module (at least 1),
// black on white. The image's side is Span times scale.
func (c *Code) Raster(scale int) *image.Paletted {
	scale = max(scale, 1)
	side := c.Span() * scale
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range c.dark {
		row := img.Pix[(y+QuietZone)*scale*img.Stride:]
		for x := range c.dark[y] {
			if c.dark[y][x] {
				fill(row[(x+QuietZone)*scale:][:scale])
			}
		}
		for copied := 1; copied < scale; copied++ {
			copy(row[copied*img.Stride:][:img.Stride], row[:img.Stride])
		}
	}
	return img
}

// fill paints pixels in the palette's second colour.
func fill(pixels []uint8) {
	for i := range pixels {
		pixels[i] = 1
	}
}
