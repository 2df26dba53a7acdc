package web

import (
	"embed"
	"log/slog"
	"sync"
	"time"

	"taxiterminal/display"
	"taxiterminal/display/locale"
	"taxiterminal/display/qr"
	"taxiterminal/display/web/html"
)

//go:embed static
var static embed.FS

// renderer turns Views into HTML. It is safe for concurrent use.
type renderer struct {
	set      *locale.Set
	version  string
	pin      bool // there is one
	location *time.Location
	log      *slog.Logger
	codes    codeCache
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
	r := &renderer{set: set, version: o.Version, pin: o.PIN != "", location: o.Location, log: o.Log}
	if r.location == nil {
		r.location = time.Local
	}
	return r, nil
}

// frame prepares a View for showing; nothing is rendered before a page asks.
func (r *renderer) frame(v display.View) *frame {
	f := &frame{view: v, replaced: make(chan struct{}), pages: map[variant]func() html.Node{}}
	for _, kind := range kinds {
		for _, c := range r.set.Catalogues() {
			f.pages[variant{kind, c.Tag()}] = sync.OnceValue(func() html.Node {
				return r.region(kind, r.scene(v, c))
			})
		}
	}
	return f
}

// region is the part of a page that changes with the View.
func (r *renderer) region(kind pageKind, s scene) html.Node {
	if kind == passenger {
		return passengerPage(s)
	}
	s.Locked = kind == locked
	s.Lockable = kind == driver && r.pin
	return driverPage(s)
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
