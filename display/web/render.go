package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"sync"
	"time"

	"taxiterminal/display"
	"taxiterminal/display/locale"
	"taxiterminal/display/qr"
)

//go:embed static
var static embed.FS

//go:embed templates
var templates embed.FS

// renderer turns Views into HTML. It is safe for concurrent use.
type renderer struct {
	set       *locale.Set
	templates *template.Template
	version   string
	pin       bool // there is one
	location  *time.Location
	log       *slog.Logger
	codes     codeCache
}

func newRenderer(o Options) (*renderer, error) {
	tags, err := o.languages()
	if err != nil {
		return nil, err
	}
	set, err := locale.Load(tags...)
	if err != nil {
		return nil, err
	}
	parsed, err := template.ParseFS(templates, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse page templates: %w", err)
	}
	r := &renderer{
		set: set, templates: parsed, version: o.Version, pin: o.PIN != "", location: o.Location, log: o.Log,
	}
	if r.location == nil {
		r.location = time.Local
	}
	return r, nil
}

// frame prepares a View for showing; nothing is rendered before a page asks.
func (r *renderer) frame(v display.View) *frame {
	f := &frame{view: v, replaced: make(chan struct{}), pages: map[variant]func() []byte{}}
	for _, kind := range kinds {
		for _, c := range r.set.Catalogues() {
			f.pages[variant{kind, c.Tag()}] = sync.OnceValue(func() []byte {
				return r.region(kind, r.scene(v, c))
			})
		}
	}
	return f
}

// region is the part of a page that changes with the View.
func (r *renderer) region(kind pageKind, s scene) []byte {
	name := "driver"
	if kind == passenger {
		name = "passenger"
	}
	s.Locked = kind == locked
	s.Lockable = kind == driver && r.pin
	return r.execute(name, s)
}

// page is a whole page around a region.
func (r *renderer) page(kind pageKind, c *locale.Catalogue, region []byte) []byte {
	name := "driver"
	if kind == passenger {
		name = "passenger"
	}
	return r.execute("page", shell{
		catalogue: c, Page: name, Version: r.version, Region: template.HTML(region),
	})
}

// execute renders without indentation and empty lines, one tag or text a line.
func (r *renderer) execute(name string, data any) []byte {
	var raw, tidy bytes.Buffer
	if err := r.templates.ExecuteTemplate(&raw, name, data); err != nil {
		// The templates are part of the program and all of them are rendered in
		// its tests; what could be rendered is still the best thing to show.
		r.log.Error("render page", "template", name, "error", err)
	}
	for line := range bytes.Lines(raw.Bytes()) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			tidy.Write(line)
			tidy.WriteByte('\n')
		}
	}
	return tidy.Bytes()
}

// codeCache keeps the last symbol, because a View is shown many times while its
// code stays the same.
type codeCache struct {
	mu   sync.Mutex
	text string
	code *qr.Code
	err  error
}

func (c *codeCache) get(text string) (*qr.Code, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if text != c.text {
		c.text = text
		c.code, c.err = qr.Encode(text)
	}
	return c.code, c.err
}
