package vehicle

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	// MaxSVG is the largest picture in bytes; the API's are a tenth of it.
	MaxSVG = 256 << 10
	// MaxText is the longest text in bytes that a code may encode: more makes modules
	// too small for a sticker.
	MaxText = 512
)

// CheckPicture says why a downloaded picture or text cannot be used: empty, too
// large, not an SVG image, or one that holds more than drawing (scripts, HTML, event
// handlers), because it is shown on a page of ours. The error quotes neither.
func CheckPicture(svg, text string) error {
	switch {
	case text == "":
		return errors.New("check code: text is empty; fetch it with Accept: text/targetUrl")
	case len(text) > MaxText:
		return fmt.Errorf("check code: text is longer than %d bytes; is it the picture?", MaxText)
	case !printable(text):
		return errors.New("check code: text is not one line of ASCII; is it the picture?")
	case svg == "":
		return errors.New("check picture: empty")
	case len(svg) > MaxSVG:
		return fmt.Errorf("check picture: larger than %d bytes", MaxSVG)
	case !utf8.ValidString(svg):
		return errors.New("check picture: not UTF-8; fetch it with Accept: image/svg+xml")
	}
	return checkSVG(svg)
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

var errNotSVG = errors.New("check picture: not an SVG image; fetch it with Accept: image/svg+xml")

// checkSVG walks through the whole document.
func checkSVG(svg string) error {
	d := xml.NewDecoder(strings.NewReader(svg))
	root := false
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && root:
			return nil
		case err != nil:
			return errNotSVG
		}
		start, ok := token.(xml.StartElement)
		switch {
		case !ok:
			continue
		case !root && start.Name.Local != "svg":
			return errNotSVG
		}
		root = true
		if err := checkElement(start); err != nil {
			return err
		}
	}
}

func checkElement(e xml.StartElement) error {
	switch strings.ToLower(e.Name.Local) {
	case "script", "foreignobject", "iframe", "object", "embed":
		return fmt.Errorf("check picture: holds a %s, which no code needs", strings.ToLower(e.Name.Local))
	}
	for _, a := range e.Attr {
		name := strings.ToLower(a.Name.Local)
		if strings.HasPrefix(name, "on") || strings.Contains(strings.ToLower(a.Value), "javascript:") {
			return errors.New("check picture: holds a script in an attribute, which no code needs")
		}
	}
	return nil
}
