package soak

import (
	"context"
	"slices"
	"sync"
)

// gates are where the effects of one process wait until the life lets them happen.
type gates struct {
	mu    sync.Mutex
	stops []*stop
	off   bool // no power: nothing has an effect any more
}

// stop is one effect that waits.
type stop struct {
	name string
	went chan verdict
}

type verdict int

const (
	goOn verdict = iota
	lose         // what waits is lost: a request on its way out, an answer on its way in
	dead         // the process has no power, or does not wait any more
)

// pass waits at a gate.
func (g *gates) pass(ctx context.Context, name string) verdict {
	s := &stop{name, make(chan verdict, 1)}
	g.mu.Lock()
	if g.off {
		g.mu.Unlock()
		return dead
	}
	g.stops = append(g.stops, s)
	g.mu.Unlock()
	select {
	case v := <-s.went:
		return v
	case <-ctx.Done():
		g.take(func(q *stop) bool { return q == s })
		return dead
	}
}

// waiting names what waits, in an order that does not depend on the scheduler.
func (g *gates) waiting() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	names := make([]string, 0, len(g.stops))
	for _, s := range g.stops {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return names
}

// open lets one of that name go on.
func (g *gates) open(name string, v verdict) {
	if s := g.take(func(q *stop) bool { return q.name == name }); s != nil {
		s.went <- v
	}
}

func (g *gates) take(which func(*stop) bool) *stop {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.IndexFunc(g.stops, which)
	if i < 0 {
		return nil
	}
	s := g.stops[i]
	g.stops = slices.Delete(g.stops, i, i+1)
	return s
}

// cut ends the power: what waits never happens.
func (g *gates) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.off = true
	for _, s := range g.stops {
		s.went <- dead
	}
	g.stops = nil
}

func (g *gates) powered() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.off
}
