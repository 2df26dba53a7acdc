package vipps

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

var (
	// errActiveSVG is a picture that does more than be looked at.
	errActiveSVG = errors.New("picture is not a plain SVG")
	// errBrokenSVG is a picture that begins like an SVG and is not one.
	errBrokenSVG = errors.New("picture is not well-formed")
	errNoSVG     = errors.New("picture is not an SVG")
)

// svgElements are those that draw, name or group. Whatever else the standard has
// (script, foreignObject, animations that can rewrite a link, embedded media) has no
// business in the picture of a code.
var svgElements = []string{
	"svg", "g", "defs", "title", "desc", "metadata", "symbol", "use", "style", "path", "rect", "circle", "ellipse",
	"line", "polyline", "polygon", "text", "tspan", "image", "clipPath", "mask", "pattern", "linearGradient",
	"radialGradient", "stop", "filter", "switch", "marker",
}

// checkSVG reads the whole document. Its errors quote nothing but names.
func checkSVG(doc []byte) error {
	d := xml.NewDecoder(bytes.NewReader(doc))
	r := svgReader{}
	for {
		tok, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && r.started:
			return nil
		case err != nil && r.started:
			return errBrokenSVG
		case err != nil:
			return errNoSVG
		}
		if err := r.read(tok); err != nil {
			return err
		}
	}
}

// svgReader is what has to be remembered while reading.
type svgReader struct {
	started bool
	open    int // elements
	style   int // the same, once inside a style element
	sheet   strings.Builder
}

func (r *svgReader) read(tok xml.Token) error {
	switch tok := tok.(type) {
	case xml.StartElement:
		return r.start(tok)
	case xml.EndElement:
		return r.end()
	case xml.CharData:
		switch {
		case r.style > 0:
			r.sheet.Write(tok) // in pieces, if there are comments in between
		case r.open == 0 && len(bytes.TrimSpace(tok)) > 0:
			return errNoSVG
		}
	case xml.ProcInst:
		return checkInstruction(tok)
	case xml.Directive:
		return checkDoctype(tok)
	}
	return nil
}

func (r *svgReader) start(e xml.StartElement) error {
	switch {
	case !r.started && e.Name.Local != "svg":
		return errNoSVG
	case r.started && r.open == 0:
		return errBrokenSVG
	}
	r.started = true
	r.open++
	if r.style > 0 || e.Name.Local == "style" {
		r.style++
	}
	return checkElement(e)
}

func (r *svgReader) end() error {
	r.open--
	if r.style == 0 {
		return nil
	}
	if r.style--; r.style > 0 {
		return nil
	}
	defer r.sheet.Reset()
	return checkStyle(r.sheet.String())
}

// inertSpaces are vocabularies that drawing programs leave behind; nobody draws them.
var inertSpaces = []string{
	"http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://purl.org/dc/elements/1.1/", "http://creativecommons.org/ns#",
	"http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd", "http://www.inkscape.org/namespaces/inkscape",
}

func checkElement(e xml.StartElement) error {
	switch {
	case slices.Contains(inertSpaces, e.Name.Space):
		return nil
	case e.Name.Space != "" && e.Name.Space != "http://www.w3.org/2000/svg", !slices.Contains(svgElements, e.Name.Local) && !strings.HasPrefix(e.Name.Local, "fe"):
		return fmt.Errorf("%w: element %q", errActiveSVG, cut(e.Name.Local, 40))
	}
	for _, a := range e.Attr {
		if !inert(a) {
			return fmt.Errorf("%w: attribute %q of %q", errActiveSVG, cut(a.Name.Local, 40), cut(e.Name.Local, 40))
		}
	}
	return nil
}

// embedded are pictures inside the picture, such as a logo.
var embedded = regexp.MustCompile(`^data:image/(png|jpeg|gif|webp)[;,]`)

// inert says that an attribute runs nothing and points to nothing outside.
func inert(a xml.Attr) bool {
	name, value := strings.ToLower(a.Name.Local), strings.ToLower(strings.TrimSpace(a.Value))
	switch {
	case strings.HasPrefix(name, "on"), name == "base" || name == "src":
		return false
	case name == "href":
		return strings.HasPrefix(value, "#") || embedded.MatchString(value)
	}
	return checkStyle(value) == nil
}

// outside are references of a style or a paint to anything but a part of the same
// document. A backslash can spell any of them differently.
var outside = regexp.MustCompile(`(?i)@import|javascript:|image-set|src\s*\(|expression\s*\(|\\|url\(\s*["']?\s*[^#"'\s]`)

func checkStyle(text string) error {
	if outside.MatchString(text) {
		return fmt.Errorf("%w: style refers to something outside", errActiveSVG)
	}
	return nil
}

// checkInstruction takes the XML declaration only: a style sheet is a reference.
func checkInstruction(p xml.ProcInst) error {
	if p.Target != "xml" {
		return fmt.Errorf("%w: processing instruction", errActiveSVG)
	}
	return nil
}

// checkDoctype takes the usual one, which nobody follows, and no entities.
func checkDoctype(d xml.Directive) error {
	if bytes.ContainsAny(d, "[<") {
		return fmt.Errorf("%w: document type with declarations", errActiveSVG)
	}
	return nil
}
