package web

import (
	"sync/atomic"
	"time"

	"taxiterminal/display"
	"taxiterminal/display/web/html"
)

// frame is one View, rendered at most once for every kind of page and language.
type frame struct {
	view     display.View
	replaced chan struct{} // closed when a newer frame is there
	pages    map[variant]func() html.Node
}

// variant is a kind of page in a language.
type variant struct {
	kind pageKind
	tag  string
}

// pageKind is which page, and how much of it.
type pageKind int

const (
	passenger pageKind = iota
	driver             // with buttons and trips
	locked             // the driver's page before the PIN
)

var kinds = []pageKind{passenger, driver, locked}

// html is the region of the screen for a variant.
func (f *frame) html(v variant) html.Node { return f.pages[v]() }

// left is the time until the code dies; ok is false when there is no such time.
func (f *frame) left(now time.Time) (left time.Duration, ok bool) {
	if f.view.Expires.IsZero() {
		return 0, false
	}
	return max(f.view.Expires.Sub(now), 0), true
}

// hub holds the newest frame. Replacing one wakes everyone who waits on it; who
// does not wait is not waited for.
type hub struct{ current atomic.Pointer[frame] }

func (h *hub) show(f *frame) {
	if old := h.current.Swap(f); old != nil {
		close(old.replaced)
	}
}

func (h *hub) newest() *frame { return h.current.Load() }
